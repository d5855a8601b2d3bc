from pathlib import Path

import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.stores.home import Home


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTI_HOME", str(tmp_path / "mine"))
    assert Home().url == str(tmp_path / "mine")
    monkeypatch.setenv("FTI_HOME", "")
    assert Home().url == str(tmp_path / ".fti")
    monkeypatch.delenv("FTI_HOME")
    assert Home().url == str(tmp_path / ".fti")


@pytest.mark.parametrize("url", ["s3:/bucket", "s3://", "ftp://host/home", "hdfs://host/home"])
def test_a_scheme_that_nothing_stores_at_is_refused_and_makes_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeclarationError, match="expected a folder, or a bucket"):
        Home(url)
    assert list(tmp_path.iterdir()) == []


def test_naming_a_home_and_its_stores_writes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    stores = [home.features, home.datasets, home.registry, home.prediction_log, home.monitoring, home.models]
    assert len(set(map(id, stores))) == len(stores)
    assert home.features is home.features
    assert not (tmp_path / "home").exists()


def test_what_must_lie_on_this_machine_lies_in_a_folder_of_a_buckets_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home(tmp_path / "home").local == tmp_path / "home"
    one, other = Home("s3://bucket/one"), Home("s3://bucket/other")
    assert one.local.parent == other.local.parent == tmp_path / ".fti"
    assert one.local != other.local


def test_a_backtest_has_models_and_predictions_of_its_own_on_the_same_features(tmp_path: Path) -> None:
    home = Home(tmp_path)
    backtest = home.backtest("weekly")
    nested = backtest.backtest("again")
    assert backtest.features.storage == nested.features.storage == home.features.storage
    assert len({h.registry.storage for h in (home, backtest, nested)}) == 3
    with pytest.raises(DeclarationError, match="backtest name"):
        home.backtest("../weekly")
