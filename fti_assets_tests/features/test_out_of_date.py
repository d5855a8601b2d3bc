"""Which partitions of a group are out of date: exactly those that read something that changed or came since."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import DAY, UTC, Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.features.out_of_date import partitions_out_of_date
from fti_assets.stores.feature_store import WHOLE, FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.provenance import Provenance

FIRST = date(2024, 1, 1)


class Sale(pa.DataFrameModel):
    """A sale."""

    shop: str
    sold_at: UTC
    amount: float


class Shop(pa.DataFrameModel):
    """A shop."""

    shop: str
    size: float


class Till:
    """The sales as the till knows them: one a day at noon, whose amount may be corrected."""

    def __init__(self) -> None:
        self.corrected: dict[date, float] = {}
        self.size = 1.0

    def sales(self, start: datetime, end: datetime) -> pd.DataFrame:
        days = Window(start, end).days
        rows = {
            "shop": "north",
            "sold_at": pd.to_datetime([midnight(day) + timedelta(hours=12) for day in days], utc=True).as_unit("us"),
            "amount": [self.corrected.get(day, float(day.toordinal() % 97)) for day in days],
        }
        return pd.DataFrame(rows)

    def shops(self, _start: datetime, _end: datetime) -> pd.DataFrame:
        return pd.DataFrame({"shop": ["north"], "size": [self.size]})


TILL = Till()
sales = FeatureGroup(Sale, keys="shop", event_time="sold_at", name="sales")
shops = FeatureGroup(Shop, keys="shop", name="shops", dimension=True)
quarters = sales.windows("shop", {"amount": ["sum", "mean"]}, over=["7d", "120d"], name="quarters")
at_sales = sales.windows("shop", {"amount": "sum"}, over="2d", at=sales, name="at_sales")
held_end = sales.windows("shop", {"amount": "sum"}, over="2d", closed="right", name="held_end")
doubled = FeatureGroup(Sale, keys="shop", event_time="sold_at", name="doubled")
weekly = FeatureGroup(Sale, keys="shop", event_time="sold_at", name="weekly", partitions="weekly")


def as_given(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def twice(rows: pd.DataFrame, _shops: pd.DataFrame, _before: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(amount=rows["amount"] * 2)


def thrice(rows: pd.DataFrame, _shops: pd.DataFrame, _before: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(amount=rows["amount"] * 3)


SALES = sales.computed(as_given, Source(Sale, lambda start, end: TILL.sales(start, end), name="till"))
SHOPS = shops.computed(as_given, Source(Shop, lambda start, end: TILL.shops(start, end), name="land_register"))
QUARTERS, AT_SALES, HELD_END = map(as_binding, (quarters, at_sales, held_end))
DOUBLED = doubled.computed(twice, sales, shops, sales["amount"].lookback("3d"))
WEEKLY = weekly.computed(as_given, sales)
READERS = (QUARTERS, AT_SALES, HELD_END, DOUBLED, WEEKLY)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    TILL.__init__()  # type: ignore[misc]
    return Home(tmp_path).features


def days(first: int, last: int) -> Window:
    """The days of those numbers, from 0 for the first on."""
    return Window.of_days(FIRST + first * DAY, FIRST + last * DAY)


def keys(first: int, last: int) -> list[str]:
    return [str(day) for day in days(first, last).days]


def told(binding: Binding, store: FeatureStore) -> list[str]:
    return [each.partition for each in partitions_out_of_date(binding, store)]


def causes(binding: Binding, store: FeatureStore) -> set[str]:
    return {cause for each in partitions_out_of_date(binding, store) for cause in each.causes}


def correct(number: int, amount: float, store: FeatureStore) -> None:
    TILL.corrected[FIRST + number * DAY] = amount
    materialize(SALES, days(number, number), store)


def test_of_a_window_of_120_days_exactly_those_that_read_a_corrected_day_are_out_of_date(
    store: FeatureStore, tmp_path: Path
) -> None:
    materialize(SALES, days(0, 199), store)
    materialize(QUARTERS, days(0, 199), store)
    assert told(QUARTERS, store) == []

    correct(30, -1.0, store)

    assert told(QUARTERS, store) == keys(31, 150)
    (cause,) = causes(QUARTERS, store)
    assert cause.startswith("features/sales 2024-01-31 was written after that, at 20")
    materialize(QUARTERS, days(31, 100), store)
    assert told(QUARTERS, store) == keys(101, 150)
    materialize(QUARTERS, days(101, 199), store)
    assert told(QUARTERS, store) == []

    anew = Home(tmp_path / "anew").features
    materialize(SALES, days(0, 199), anew)
    materialize(QUARTERS, days(0, 199), anew)
    assert store.read(quarters, days(0, 199)).equals(anew.read(quarters, days(0, 199)))


def test_what_was_computed_on_history_that_came_later_is_out_of_date(store: FeatureStore) -> None:
    for number in reversed(range(10)):  # the newest day first
        materialize(SALES, days(number, number), store)
        materialize(QUARTERS, days(number, number), store)

    assert told(QUARTERS, store) == keys(1, 9), "the first day had all the history that there is"

    materialize(QUARTERS, days(0, 9), store)
    assert told(QUARTERS, store) == []


def test_a_correction_that_is_taken_back_leaves_nothing_out_of_date(store: FeatureStore) -> None:
    materialize(SALES, days(0, 20), store)
    materialize(QUARTERS, days(0, 20), store)
    correct(5, -1.0, store)
    assert told(QUARTERS, store) == keys(6, 20)

    correct(5, float((FIRST + 5 * DAY).toordinal() % 97), store)

    assert told(QUARTERS, store) == []


def test_days_that_are_made_again_of_other_inputs_with_the_same_rows_are_up_to_date(store: FeatureStore) -> None:
    materialize(SALES, days(0, 9), store)
    materialize(SHOPS, WHOLE, store)
    materialize(DOUBLED, days(0, 9), store)
    TILL.size = 2.0
    materialize(SHOPS, WHOLE, store)
    assert told(DOUBLED, store) == keys(0, 9), "a dimension is read whole"
    assert "features/shops was written again" in causes(DOUBLED, store).pop()

    assert not materialize(DOUBLED, days(0, 9), store).changed

    assert told(DOUBLED, store) == []


def test_what_other_code_made_is_out_of_date(store: FeatureStore) -> None:
    materialize(SALES, days(0, 4), store)
    materialize(SHOPS, WHOLE, store)
    materialize(DOUBLED, days(0, 4), store)

    changed = doubled.computed(thrice, sales, shops, sales["amount"].lookback("3d"))

    assert told(changed, store) == keys(0, 4)
    assert causes(changed, store) == {"the code that makes it has changed"}


def test_of_rows_that_a_killed_writer_left_nobody_knows_what_they_were_made_from(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    materialize(SALES, days(0, 9), store)
    materialize(QUARTERS, days(0, 9), store)
    correct(3, -1.0, store)
    with monkeypatch.context() as killed:
        killed.setattr("fti_assets.stores.provenance.ProvenanceStore.keep", _killed)
        with pytest.raises(KeyboardInterrupt):
            materialize(QUARTERS, days(0, 9), store)

    assert told(QUARTERS, store) == keys(4, 9), "the days before have the rows that they had"
    assert causes(QUARTERS, store).pop().startswith("nobody knows")
    correct(3, float((FIRST + 3 * DAY).toordinal() % 97), store)
    assert told(QUARTERS, store) == keys(4, 9), "rows of the correction, though the inputs are those of before"


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_rows_that_were_written_before_provenance_was_kept_are_out_of_date(store: FeatureStore) -> None:
    materialize(SALES, days(0, 2), store)
    store.write(quarters, store.read(quarters, days(0, 2)).to_pandas(), days(0, 2))

    assert told(QUARTERS, store) == keys(0, 2)


def test_what_reads_a_table_that_was_deleted_and_made_again_is_up_to_date_where_it_is_the_same(
    store: FeatureStore, tmp_path: Path
) -> None:
    materialize(SALES, days(0, 9), store)
    materialize(QUARTERS, days(0, 9), store)
    elsewhere = Home(tmp_path / "elsewhere").features
    TILL.corrected[FIRST + 3 * DAY] = -1.0
    materialize(SALES, days(0, 9), elsewhere)
    (tmp_path / "features" / "sales").rename(tmp_path / "old")
    (tmp_path / "elsewhere" / "features" / "sales").rename(tmp_path / "features" / "sales")

    assert told(QUARTERS, store) == keys(4, 9)
    assert causes(QUARTERS, store) == {"features/sales has other rows: its table was made anew"}


def made_of(binding: Binding, store: FeatureStore) -> dict[datetime, list[object]]:
    """The slow twin: the very names of content of every partition that each partition of the group reads."""
    period, made = binding.group.period, {}
    for start in store.present(binding.group):
        partition = Window(start, start + period.length)
        made[start] = [(group.name, store.contents(group, window)) for group, window in binding.reach(partition)]
    return made


step = st.one_of(
    st.tuples(st.just("sales"), st.integers(0, 20), st.integers(0, 6), st.sampled_from([None, 1.0, 2.0])),
    st.tuples(st.just("shops"), st.sampled_from([1.0, 2.0])),
    st.tuples(st.just("make"), st.integers(0, len(READERS) - 1), st.integers(0, 20), st.integers(0, 6)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=3, max_size=8))
def test_out_of_date_is_what_would_read_other_contents_now(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[object, ...]]
) -> None:
    TILL.__init__()  # type: ignore[misc]
    store = Home(tmp_path_factory.mktemp("home")).features
    materialize(SALES, days(-7, 27), store)
    materialize(SHOPS, WHOLE, store)
    read: dict[str, dict[datetime, list[object]]] = {binding.group.name: {} for binding in READERS}
    for kind, *said in steps:
        if kind == "sales":
            number, more, amount = said
            for day in days(number, number + more).days:
                TILL.corrected.pop(day, None) if amount is None else TILL.corrected.update({day: amount})
            materialize(SALES, days(number, number + more), store)
        elif kind == "shops":
            TILL.size = said[0]
            materialize(SHOPS, WHOLE, store)
        else:
            binding, window = READERS[said[0]], days(said[1], said[1] + said[2])
            window = binding.group.period.covering(window)
            materialize(binding, window, store)
            now = made_of(binding, store)
            read[binding.group.name] |= {start: now[start] for start in binding.group.period.starts(window)}
    for binding in READERS:
        now = made_of(binding, store)
        expected = [start for start in now if read[binding.group.name][start] != now[start]]
        assert told(binding, store) == [binding.group.period.key(start) for start in expected]


def test_with_a_window_only_its_partitions_are_looked_at(store: FeatureStore) -> None:
    materialize(SALES, days(0, 20), store)
    materialize(QUARTERS, days(0, 20), store)
    correct(5, -1.0, store)

    within = partitions_out_of_date(QUARTERS, store, days(4, 8))

    assert [each.partition for each in within] == keys(6, 8)
    assert {each.asset for each in within} == {"features/quarters"}


def test_the_provenance_of_a_partition_names_its_inputs_and_their_versions(store: FeatureStore) -> None:
    materialize(SALES, days(0, 9), store)
    materialize(QUARTERS, days(0, 9), store)

    made = store.provenance.read("quarters", ["2024-01-05"])["2024-01-05"]

    assert list(made.inputs) == ["features/sales"]
    assert made.inputs["features/sales"].version == store.version(sales)
    assert Provenance.of(made.facts) == made
    assert store.provenance.read("sales", ["2024-01-05"])["2024-01-05"].inputs == {}, "sources are outside"
