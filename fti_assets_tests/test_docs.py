"""The Python of the pages in docs/ is one system; it is run as written, on some days of flights that the test makes."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
import yaml
from click.testing import CliRunner

import fti_assets as fti
from fti_assets.cli.main import main
from fti_assets.contracts.time import midnight
from fti_assets.models.scorer import Scorer
from fti_assets.training.datasets import build_dataset
from fti_assets.training.promotion import gate
from fti_assets.training.train import train

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FIRST, LAST = "2013-03-01", "2013-03-14"
DAYS = fti.Window.of_days(FIRST, LAST)
DECLARATIONS, READINGS = "extending", "notebooks"
"""The last page of those that declare, and of those that read what was lived."""


def code_blocks(page: Path, language: str) -> list[str]:
    """The page's fenced blocks of a language; of "" those of none."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [code for of, code in blocks if of == language]


def pages_with_python() -> list[Path]:
    """The pages in the order of the site, those last that read a home, which somebody has to fill before."""
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    pages = [DOCS / name for name in _names(navigation) if code_blocks(DOCS / name, "python")]
    return sorted(pages, key=lambda page: any("fti.Home()" in code for code in code_blocks(page, "python")))


def _names(part: str | list[Any] | dict[str, Any]) -> list[str]:
    """The pages of a part of the site's navigation, in order."""
    if isinstance(part, str):
        return [part]
    parts = part if isinstance(part, list) else part.values()
    return [name for inner in parts for name in _names(inner)]


def module_name(page: Path) -> str:
    """The name of a page's module in the package `pages`."""
    return page.stem.replace("-", "_")


def flights() -> pd.DataFrame:
    """A flight every hour, in turn of UA and XX, of four aircraft, of which N0 arrives 40 minutes late, mostly."""
    hours = pd.date_range(DAYS.start, DAYS.end, freq="h", inclusive="left").as_unit("us")
    n = pd.Series(range(len(hours)))
    late = ((n % 4 == 0) & (n % 28 != 0)).astype(float) * 40
    due = pd.Series(hours) + pd.Timedelta(hours=5)
    return pd.DataFrame(
        {
            "flight_id": "f" + n.astype(str),
            "carrier": pd.Series(["UA", "XX"])[n % 2].to_numpy(),
            "tail_number": "N" + (n % 4).astype(str),
            "origin": "EWR",
            "destination": "LAX",
            "predict_at": hours,
            "distance": 2454,
            "due_at": due,
            "landed_at": due + pd.to_timedelta(late, unit="min").astype("timedelta64[us]"),
            "delay": late,
            "is_late": late > 15,
        }
    )


def observations() -> pd.DataFrame:
    """An observation every hour at two airports, published five minutes later; LAX has twice the wind."""
    hours = pd.date_range(DAYS.start, DAYS.end, freq="h", inclusive="left").as_unit("us")
    frames = [
        pd.DataFrame(
            {"airport": name, "observed_at": hours, "published_at": hours + pd.Timedelta(minutes=5), "wind": wind}
        )
        for name, wind in (("EWR", 10.0), ("LAX", 20.0))
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working directory: a module for each page, which knows what those before it declare, and the sources."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "pages").mkdir()
    (folder / "pages" / "__init__.py").touch()
    before = ""
    for page in pages_with_python():
        name = module_name(page)
        code = [f"from pages.{before} import *\n" if before else "", *code_blocks(page, "python")]
        (folder / "pages" / f"{name}.py").write_text("\n".join(code))
        before = name
    every_flight = flights()
    every_flight[["flight_id", "carrier", "tail_number", "origin", "destination", "predict_at", "distance"]].to_parquet(
        folder / "departures.parquet"
    )
    every_flight[["flight_id", "carrier", "tail_number", "due_at", "landed_at", "delay", "is_late"]].to_parquet(
        folder / "arrivals.parquet"
    )
    observations().to_parquet(folder / "weather.parquet")
    pd.DataFrame({"airport": ["EWR", "LAX"], "altitude": [18.0, 125.0]}).to_parquet(folder / "airports.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FTI_HOME", str(folder / ".fti"))
        patch.syspath_prepend(str(folder))
        yield folder


@pytest.fixture(scope="module")
def declared(folder: Path) -> ModuleType:
    """All that the pages declare."""
    assert folder == Path.cwd()
    return importlib.import_module(f"pages.{DECLARATIONS}")


@pytest.fixture(scope="module")
def home(declared: ModuleType) -> fti.Home:
    """The home of the pages' system, after it has lived through its days."""
    assert declared.system.name == "flights"
    said = fti_command("demo", "--system", "pages.dagster")
    assert "is_late: log_loss by month" in said
    return fti.Home()


@pytest.fixture(scope="module")
def read(home: fti.Home) -> ModuleType:
    """What the pages read from the home."""
    assert home.registry.models() == ["delay", "is_late"]
    return importlib.import_module(f"pages.{READINGS}")


def fti_command(*arguments: str, code: int = 0) -> str:
    """What an `fti` command prints."""
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    return result.stdout


def test_the_pages_that_read_come_after_those_that_declare() -> None:
    names = [module_name(page) for page in pages_with_python()]
    assert names[names.index(DECLARATIONS) + 1 :] == ["monitoring", READINGS]


def test_the_view_has_what_its_page_says_of_it(declared: ModuleType, home: fti.Home) -> None:
    frame = home.read(declared.view, FIRST, LAST).set_index("flight_id")
    assert frame["predict_at"].min() == midnight("2013-03-03")  # since
    assert set(frame["carrier"]) == {"UA"}  # where
    row = frame.loc["f96"]  # 5 March, 00:00, of aircraft N0, which is late mostly
    assert (row["wind"], row["destination_wind"], row["altitude"], row["hour"]) == (10, 20, 125, 0)
    assert row["is_windier"]
    assert (row["last_delay"], row["aircraft_delay_last_2d"]) == (40, 40)
    assert row["aircraft_carrier_distinct_2d"] == 1
    # twelve flights of UA landed on 4 March, of which five were late
    assert (row["carrier_delay_mean_1d"], row["carrier_delay_count_late_1d"]) == (200 / 12, 5)
    assert ("carrier_is_late_mean_7d" in frame, "carrier_is_late_mean_1d" in frame) == (True, False)


def test_the_two_models_learn_their_labels_of_the_one_view(declared: ModuleType, home: fti.Home) -> None:
    late, delay = (home.dataset(model, "2013-03-08") for model in (declared.is_late, declared.delay))
    assert len(late) == len(delay) > 50
    assert (delay["label"] == late["label"] * 40).all()
    assert 0.4 < late["label"].mean() < 0.5


def test_the_gates_of_the_page_were_asked_and_the_champion_passed_them(declared: ModuleType, home: fti.Home) -> None:
    entry = home.registry.verdict("is_late", home.champion(declared.is_late).version)
    assert entry is not None
    gates = ["beats_baseline", "beats_champion", "max_calibration_gap", "slice_floor_carrier"]
    assert [(verdict["gate"], verdict["passed"]) for verdict in entry.verdicts] == [(gate, True) for gate in gates]


def test_the_policy_of_the_page_decides_as_it_says(declared: ModuleType) -> None:
    assert (declared.decision.retrain, declared.decision.reason) == (True, "the champion is 35 days old")


class Report(pa.DataFrameModel):
    """A report of any wind."""

    airport: str
    observed_at: fti.UTC
    published_at: fti.UTC
    wind: float


def test_an_invalid_row_is_set_aside_and_listed_as_the_page_shows(
    declared: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTI_HOME", str(tmp_path))
    reports = observations()
    reports.loc[reports["published_at"].eq("2013-03-05T12:05Z") & reports["airport"].eq("EWR"), "wind"] = 120
    known = reports["published_at"]
    source = fti.Source(Report, lambda start, end: reports[(known >= start) & (known < end)])
    sturdy = declared.sturdy_weather.computed(declared.as_it_is, source)
    assert fti.Home().materialize(sturdy, first=FIRST, last="2013-03-07") == {"sturdy_weather": 7 * 48 - 1}
    (_, listed) = code_blocks(DOCS / "invalid-rows.md", "")
    assert fti_command("quarantine", "list").split() == listed.split()


def test_the_leak_of_the_page_is_found_and_told_as_the_page_shows(folder: Path) -> None:
    (folder / "pages" / "leaking.py").write_text(
        "from pages.dagster import *\n"
        "from pages.leakage import leaky\n"
        "system = fti.System('flights', models=[is_late], since='2013-03-01', until='2013-03-15')\n"
        "features = system.feature_pipeline(*features.bindings, leaky)\n"
    )
    said = fti_command("audit", "leakage", "--system", "pages.leaking", code=1)
    (shown,) = code_blocks(DOCS / "leakage.md", "")
    for line in shown.splitlines():
        assert line in said.splitlines()
    assert said.splitlines()[-1].endswith("1 leak")


def test_the_audit_finds_nothing_in_the_system_of_the_pages(folder: Path) -> None:
    (folder / "pages" / "audited.py").write_text(
        "from pages.extending import *\n"
        "system = fti.System('flights', models=[is_late, delay], since='2013-03-01', until='2013-03-15')\n"
        "features = system.feature_pipeline(*features.bindings, usual_by_hand)\n"
    )
    said = fti_command("audit", "leakage", "--system", "pages.audited", "--from", "2013-03-05", "--days", "2")
    assert said.splitlines()[-1].endswith("no leak found")


def test_what_monitoring_says_is_read(read: ModuleType) -> None:
    (row, *_) = read.figures.iter_rows(named=True)
    assert (row["day"], row["predicted_on"]) == (midnight("2013-03-11"), midnight("2013-03-08"))
    assert (row["predictions"], row["labels"]) == (12, 12)
    assert row["loss"] < row["baseline_loss"]


def test_a_notebook_reads_groups_views_datasets_predictions_and_champions(read: ModuleType) -> None:
    assert len(read.hourly) == 2 * 2 * 24
    assert read.hourly["published_at"].min() == pd.Timestamp("2013-03-05T00:05Z")
    assert len(read.rows) == len(read.issued) == 24
    assert set(read.issued["model_version"]) == {read.champion.version}
    assert read.champion.cutoff == midnight("2013-03-08")
    assert len(read.learned) > 50
    assert read.written["carriers"] == 4


def test_features_for_rows_of_ones_own_are_those_known_at_their_time(read: ModuleType) -> None:
    (row,) = read.features_then.to_dict("records")
    assert (row["wind"], row["destination_wind"], row["last_delay"]) == (10, 20, 40)
    assert row["aircraft_delay_last_2d"] == 40


def test_an_estimator_and_a_gate_of_ones_own_are_trained_judged_and_served(
    declared: ModuleType, home: fti.Home
) -> None:
    model, cutoff = declared.by_ridge, midnight("2013-03-10")
    build_dataset(model, cutoff, DAYS.start, home)
    version = train(model, cutoff, home).version
    judged = gate(model, version, home, who="a test")
    assert judged.promoted
    assert [verdict.gate for verdict in judged.verdicts] == ["beats_baseline", "enough_rows"]
    assert version.read_json("signature.json")["estimator"] == "pages.extending:Ridge"
    rows, scorer = home.dataset(model, "2013-03-10"), Scorer(version)
    alone = np.concatenate([scorer.predict(rows.iloc[[n]]) for n in range(len(rows))])
    assert (alone == scorer.predict(rows)).all()


def test_an_aggregation_of_ones_own_is_what_brute_force_gives(declared: ModuleType, home: fti.Home) -> None:
    home.materialize(declared.usual_by_hand, first="2013-03-04", last="2013-03-05")
    landed = flights()
    for row in home.read(declared.usual, "2013-03-04", "2013-03-05").itertuples():
        known = landed[
            (landed["tail_number"] == row.tail_number)
            & (landed["landed_at"] < row.predict_at)
            & (landed["landed_at"] >= row.predict_at - pd.Timedelta(days=2))
        ]
        assert row.delay_median_2d == known["delay"].median()
