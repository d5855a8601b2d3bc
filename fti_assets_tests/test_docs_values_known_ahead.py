"""The page on values known ahead takes the promotion, price, ferry and forecast that its picture and words say."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

import fti_assets as fti
from fti_assets_tests.test_docs import declared, folder  # noqa: F401  # fixtures: the pages as modules

PROMOTIONS = [(5, 2, 5), (8, 3, 10), (12, 4, 15), (12, 7, 20), (13, 11, 30), (16, 6, 40)]
"""The points of the picture, by the days of March on which they are in force and known, and the discount."""


def march(day: float) -> pd.Timestamp:
    """An instant of March 2013, by its day."""
    return (pd.Timestamp("2013-02-28", tz="UTC") + pd.Timedelta(days=day)).round("s").as_unit("us")


def computed(group: fti.FeatureGroup, key: str, rows: list[tuple[float, float, Any]]) -> Any:
    """The group of rows of (day of the event, day known, value), of one key."""
    cells = [(key, march(event), march(known), value) for event, known, value in rows]
    frame = pd.DataFrame(cells, columns=list(group.columns))

    def read(start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        return frame[frame[group.known_at].ge(start) & frame[group.known_at].lt(end)].reset_index(drop=True)

    return group.computed(lambda rows: rows, fti.Source(group.schema, read, name=f"raw_{group.name}"))


def test_what_the_page_shows_is_taken(declared: ModuleType, tmp_path: Path) -> None:  # noqa: F811
    tables = [
        computed(declared.promotions, "tea", PROMOTIONS),
        computed(declared.prices, "tea", [(2, 1, 7.0), (10, 3, 8.0), (14, 10, 9.0)]),
        computed(
            declared.ferries, "Oban", [(13.7, 1, "Hebe"), (14.3, 1, "Isis"), (14.3, 8, "Iris"), (14.6, 1, "Juno")]
        ),
        computed(declared.forecasts, "Oban", [(14.5, 6, 11.0), (14.5, 8, 12.0), (14.5, 10, 13.0), (14.4, 8, 3.0)]),
    ]
    home = fti.Home(tmp_path)
    home.materialize(*tables, first="2013-02-01", last="2013-03-20")
    parcel = {"parcel_id": "p1", "product": "tea", "town": "Oban", "ordered_at": march(9)}
    rows = pd.DataFrame([{**parcel, "delivery_at": at} for at in (march(14.51), pd.NaT)])
    first, second = home.features_for(declared.deliveries, rows.astype({"delivery_at": "datetime64[us, UTC]"})).to_dict(
        "records"
    )
    wanted = {"discount": 20, "present_discount": 10, "price": 8, "ship": "Iris", "degrees": 12}
    assert {name: first[name] for name in wanted} == wanted
    assert second["present_discount"] == 10
    assert all(pd.isna(second[name]) for name in wanted if name != "present_discount")


def test_the_picture_shows_the_rows_of_the_test() -> None:
    picture = (Path(__file__).parent.parent / "docs" / "images" / "in_force.svg").read_text()
    for event, known, _ in PROMOTIONS:
        assert f'<circle cx="{84 + 36 * (event - 1)}" cy="{308 - 18 * (known - 1)}"' in picture


def test_a_function_that_asks_for_its_window_counts_what_landed_before_it(declared: ModuleType) -> None:  # noqa: F811
    landed = pd.DataFrame({"carrier": ["UA", "UA", "XX"], "tail_number": ["N1", "N1", "N2"]})
    landed["landed_at"] = [march(1), march(1.5), march(2)]
    fleet = declared.flown(landed, fti.Window.of_days("2013-03-02", "2013-03-02"))
    assert fleet.to_dict("records") == [{"carrier": "UA", "as_of": march(2), "aircraft": 1}]
    assert declared.fleets_by_hand.takes_window
