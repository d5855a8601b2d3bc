from pathlib import Path

import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.stores.home import Home


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTI_HOME", str(tmp_path / "mine"))
    assert Home().root == tmp_path / "mine"
    monkeypatch.setenv("FTI_HOME", "")
    assert Home().root == tmp_path / ".fti"
    monkeypatch.delenv("FTI_HOME")
    assert Home().root == tmp_path / ".fti"


def test_naming_a_home_and_its_stores_writes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    stores = [home.features, home.datasets, home.registry, home.prediction_log, home.monitoring]
    assert all(store.root.is_relative_to(home.root) for store in stores)
    assert len({store.root for store in stores}) == len(stores)
    assert home.features is home.features
    assert not home.root.exists()


def test_a_backtest_has_models_and_predictions_of_its_own_on_the_same_features(tmp_path: Path) -> None:
    home = Home(tmp_path)
    backtest = home.backtest("weekly")
    nested = backtest.backtest("again")
    assert backtest.features.root == nested.features.root == home.features.root
    roots = {h.prediction_log.root for h in (home, backtest, nested)} | {
        h.registry.root for h in (home, backtest, nested)
    }
    assert len(roots) == 6
    with pytest.raises(DeclarationError, match="backtest name"):
        home.backtest("../weekly")
