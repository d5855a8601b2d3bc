"""Equal groups are one group, wherever they were written; two of one name that differ are refused."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

import fti_assets as fti


class Visit(pa.DataFrameModel):
    """A visit."""

    visit: str
    patient: str
    at: fti.UTC
    is_urgent: bool


def measured(ge: float = 0, docs: str = "What was measured.", **values: type) -> type[pa.DataFrameModel]:
    """A model that is another class at each call."""
    columns = {"patient": str, "at": fti.UTC, "weight": float, "height": float, **values}
    body = {"__annotations__": columns, "__doc__": docs, "weight": pa.Field(ge=ge)}
    return type("Measured", (pa.DataFrameModel,), body)


def checked(limit: float) -> type[pa.DataFrameModel]:
    """The same with a check of its own."""

    class Checked(pa.DataFrameModel):
        patient: str
        at: fti.UTC
        weight: float

        @pa.check("weight")
        def is_low(cls, weight: pd.Series) -> pd.Series:  # noqa: N805
            return weight < limit

    return Checked


def measures(schema: type[pa.DataFrameModel] | None = None, **changes: Any) -> fti.FeatureGroup:
    declared = {"keys": "patient", "event_time": "at", "name": "measures", "lookback": "5d", **changes}
    return fti.FeatureGroup(schema or measured(), **declared)


visits = fti.FeatureGroup(Visit, keys="visit", event_time="at", name="visits")


def view(features: Sequence[Any]) -> fti.FeatureView:
    return fti.FeatureView(visits, label=visits["is_urgent"].within(days=1), features=features)


def test_groups_of_a_model_that_is_written_at_each_call_are_equal_and_hash_alike() -> None:
    assert measured() is not measured()
    assert measures() == measures()
    assert len({measures(), measures(), visits}) == 2
    assert measures(checked(200.0)) == measures(checked(200.0))


@pytest.mark.parametrize(
    "other",
    [
        measures(measured(ge=1)),
        measures(measured(pulse=float)),
        measures(measured(docs="Something else.")),
        measures(measured(weight=int)),
        measures(lookback="4d"),
        measures(name="others"),
    ],
    ids=["check", "columns", "documentation", "type", "lookback", "name"],
)
def test_groups_that_say_another_thing_are_not_equal(other: fti.FeatureGroup) -> None:
    assert measures() != other


def test_what_a_check_compares_with_makes_another_schema() -> None:
    assert measures(checked(200.0)) != measures(checked(300.0))


def test_windows_of_equal_groups_are_equal() -> None:
    first, second = (measures().windows("patient", {"weight": "mean"}, over="7d", name="means") for _ in range(2))
    assert first == second
    assert len(view([first, second["weight_mean_7d"].prefixed("other_")]).groups) == 2


@pytest.mark.parametrize("column", ["weight", "height"])
def test_equal_groups_under_two_prefixes_are_read_as_one(column: str, tmp_path: Path) -> None:
    one = measures()
    answers = []
    for n, (first, second) in enumerate([(one, one), (measures(), measures())]):
        home, declared = fti.Home(tmp_path / str(n)), view([first["weight"], second[column].prefixed("other_")])
        assert [group.name for group in declared.groups] == ["visits", "measures"]
        write(home, visits, visit=["v"], patient=["ada"], at=[pd.Timestamp("2024-01-08 12:00Z")], is_urgent=[True])
        write(home, one, patient=["ada"], at=[pd.Timestamp("2024-01-06 11:00Z")], weight=[70.0], height=[1.7])
        answers.append(home.read(declared, "2024-01-08", "2024-01-08").iloc[0].to_dict())
    assert answers[0] == answers[1]
    assert (answers[0]["weight"], answers[0][f"other_{column}"]) == (70.0, {"weight": 70.0, "height": 1.7}[column])


def test_a_spine_that_was_imported_twice_is_the_spine() -> None:
    spine, again = (measures(measured(docs="A spine.")) for _ in range(2))
    declared = fti.FeatureView(spine, label=spine["weight"].within(days=1), features=[again["height"]])
    assert declared.joined == ()


def test_two_groups_of_one_name_that_differ_are_refused_in_a_view() -> None:
    said = "view of visits: two feature groups are called measures, and differ in lookback: declare it once"
    with pytest.raises(fti.DeclarationError, match=said):
        view([measures()["weight"], measures(lookback="1d")["height"]])


def test_two_groups_of_one_name_that_differ_are_refused_in_a_system() -> None:
    models = [fti.Model(name, view([measures(lookback=age)["weight"]])) for name, age in (("a", "1d"), ("b", "2d"))]
    said = "system ward: two feature groups are called measures, and differ in lookback: declare it once"
    with pytest.raises(fti.DeclarationError, match=said):
        fti.System("ward", models=models, since="2024-01-01")


def test_a_key_called_as_of_is_refused_where_windows_end_so_and_works_where_they_end_otherwise(tmp_path: Path) -> None:
    class Event(pa.DataFrameModel):
        event: str
        as_of: str
        at: fti.UTC
        value: float

    events, home = fti.FeatureGroup(Event, keys="event", event_time="at", name="events"), fti.Home(tmp_path)
    with pytest.raises(fti.DeclarationError, match="as_of is a key, and what the end of a window is called: expected"):
        events.windows("as_of", {"value": "sum"}, over="2d", name="sums")
    times = [pd.Timestamp("2024-01-01 12:00Z"), pd.Timestamp("2024-01-02 06:00Z")]
    write(home, events, event=["1", "2"], as_of=["a", "a"], at=times, value=[1.0, 2.0])
    by_day = events.windows("as_of", {"value": "sum"}, over="2d", name="sums", event_time="until")
    by_row = events.windows("as_of", {"value": "sum"}, over="2d", name="so_far", event_time="until", at=events)
    home.materialize(by_day, by_row, first="2024-01-02", last="2024-01-03")
    assert home.read(by_day, "2024-01-02", "2024-01-03")["value_sum_2d"].to_list() == [1.0, 3.0]
    [so_far] = home.read(by_row, "2024-01-02", "2024-01-03").to_dict("records")
    assert (so_far["as_of"], so_far["until"], so_far["value_sum_2d"]) == ("a", times[1], 1.0)


def write(home: fti.Home, group: fti.FeatureGroup, **columns: list[Any]) -> None:
    """Store rows of January's first nine days."""
    frame = pd.DataFrame(columns)
    times = frame[list(group.times)].astype("datetime64[us, UTC]")
    window = fti.Window.of_days(date(2024, 1, 1), date(2024, 1, 9))
    home.features.write(group, frame.assign(**times), window)
