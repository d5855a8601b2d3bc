"""The demo's refusals; a whole demo, killed and taken up again, lives in test_life.py."""

import pytest

from fti_assets.contracts.errors import Conflict
from fti_assets.demo.demo import run_demo
from fti_assets.demo.runner import sole_runner
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import definitions, opened
from fti_assets_tests.demo.test_life import LIFE


def test_a_second_demo_in_the_same_home_is_refused_and_runs_nothing(tmp_path):
    home = Home(tmp_path)
    with sole_runner(home), pytest.raises(Conflict, match="is in use by another run"):
        run_demo(definitions(), LIFE, home, lambda _: None)

    with opened(home, definitions()) as shop:
        assert shop.runs() == {}
    assert not (tmp_path / "summary.json").exists()


def test_a_demo_that_fails_leaves_no_summary_and_lets_the_next_one_in(tmp_path, monkeypatch):
    monkeypatch.setenv("FTI_HOME", str(tmp_path))
    home = Home(tmp_path)
    monkeypatch.setattr("fti_assets.demo.demo.live", _interrupted)

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_demo(definitions(), LIFE, home, lambda _: None)

    assert not (tmp_path / "summary.json").exists()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
