"""Windows over integers of 64 bits: first, last and distinct are exact, sums and extremes are floats."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

import fti_assets as fti

ID = 2**53 + 1
END = datetime.fromisoformat("2024-01-04T00:00:00Z")
STATISTICS = ["first", "last", "distinct", "count", "min", "max", "sum"]
LIKED = [ID, None, ID + 1, 2**63 - 1, -(2**63), ID + 2, ID + 2]
TIMES = [END - timedelta(hours=7 * n) for n in range(7, 0, -1)]


class Like(pa.DataFrameModel):
    """What a user liked."""

    user: int
    at: fti.UTC
    liked: pd.Int64Dtype = pa.Field(nullable=True)
    nth: int


likes = fti.FeatureGroup(Like, keys="user", event_time="at", name="likes")
asked = fti.FeatureGroup(Like, keys="user", event_time="at", name="asked")
ENDS: dict[str, dict[str, Any]] = {"every six hours": {"every": "6h"}, "every day": {}, "at rows": {"at": asked}}


def put(home: fti.Home, group: fti.FeatureGroup, rows: list[tuple[Any, ...]]) -> None:
    columns = dict(zip(group.columns, zip(*rows, strict=True), strict=True))
    frame = pd.DataFrame({n: pd.Series(list(c), dtype=group.schema.pandas_types[n]) for n, c in columns.items()})
    source = fti.Source(Like, lambda start, end: frame[(frame["at"] >= start) & (frame["at"] < end)], name="log")
    home.materialize(group.computed(lambda rows: rows, source), first="2024-01-01", last="2024-01-05")


@pytest.mark.parametrize("ends", ENDS)
def test_of_ids_first_last_and_distinct_are_exact_and_extremes_and_sums_those_of_floats(
    tmp_path: Path, ends: str
) -> None:
    home = fti.Home(tmp_path)
    put(
        home,
        likes,
        [(ID, t, v, n) for n, (t, v) in enumerate(zip(TIMES, LIKED, strict=True))] + [(ID + 1, TIMES[0], ID, 0)],
    )
    put(home, asked, [(ID, END, None, 0)])
    windows = likes.windows(
        "user", {"liked": STATISTICS, "nth": "last"}, over=["1d", "4d"], name="windows", **ENDS[ends]
    )
    for day in ("2024-01-02", "2024-01-03", "2024-01-04"):
        home.materialize(windows, first=day, last=day)  # the later ones from kept tiles
    frame = home.read(windows, "2024-01-02", "2024-01-04")
    [row] = frame[(frame["as_of"] == END) & (frame["user"] == ID)].to_dict("records")
    for days in (1, 4):
        inside = [t >= END - timedelta(days=days) for t in TIMES]
        values = [v for v, there in zip(LIKED, inside, strict=True) if there and v is not None]
        floats = [float(v) for v in values]
        assert [row[f"liked_{statistic}_{days}d"] for statistic in STATISTICS] == [
            values[0], values[-1], len(set(values)), len(values),
            min(floats), max(floats), pytest.approx(float(sum(map(int, floats))), rel=1e-15),
        ]  # fmt: skip
        assert row[f"nth_last_{days}d"] == 6
