import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.assets.charts.plots import bar_chart, calibration_chart, line_chart, sparkline

NASTY = "<script>&\"']](x)![`é\x00\n\ud800 "
VALUES = st.one_of(st.none(), st.floats(-1e200, 1e200), st.sampled_from([float("nan"), float("inf")]))
XML = "{http://www.w3.org/2000/svg}"


def drawn(markdown: str) -> ET.Element:
    """The SVG of a Markdown image, parsed; there is one image and nothing else."""
    match = re.fullmatch(r"!\[([^\[\]<>&`\n]+)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert match is not None, markdown[:200]
    return ET.fromstring(base64.b64decode(match[2]))  # noqa: S314 - written by the code under test


def texts(markdown: str) -> list[str]:
    return [element.text or "" for element in drawn(markdown).iter(XML + "text")]


def paths(markdown: str, color: str = "#2563eb") -> list[str]:
    return [e.attrib["d"] for e in drawn(markdown).iter(XML + "path") if e.attrib.get("stroke") == color]


def daily(n: int, level: float = 0.5) -> list[tuple[str, float | None]]:
    return [(str(date(2013, 1, 1) + timedelta(days=i)), level + (i * 7919 % 101) / 1000) for i in range(n)]


@given(st.lists(VALUES, max_size=200), st.text(alphabet="a_<&é😀\n\x01", max_size=80))
@settings(max_examples=120, deadline=None)
def test_a_sparkline_is_always_small_enough_to_show_in_place(values: list[float | None], title: str) -> None:
    markdown = sparkline(values, title=title or "t")
    assert len(markdown) < 1_000
    assert drawn(markdown).tag == XML + "svg"


def test_sixty_wild_points_are_all_in_the_sparkline() -> None:
    markdown = sparkline([float(i % 2) for i in range(60)], title="log-loss of late_arrival, last 60 days")
    assert len(markdown) < 1_000
    (path,) = paths(markdown)
    assert path.startswith("M10 50l5-26 5 26 5-26")
    assert len(re.findall(r"-?\d+", path)) == 2 * 60
    assert texts(markdown) == ["log-loss of late_arrival, last 60 days", "low 0, high 1, last 1"]


def test_a_gap_breaks_the_sparkline_and_a_lone_point_is_a_dot() -> None:
    (path,) = paths(sparkline([1.0, 2.0, None, 2.0, float("nan"), 1.0, 1.0], title="t"))
    assert path == "M10 50l47-26M151 24h0M245 50l47 0"


def test_more_points_become_means_of_neighbours() -> None:
    (path,) = paths(sparkline([0.0, 1.0] * 60, title="flat once thinned"))
    assert set(re.findall(r"5 (-?\d+)", path)) == {"0"}


def test_words_say_so_where_there_is_nothing_to_draw() -> None:
    assert "no values" in texts(sparkline([], title="t"))
    assert "no values" in texts(sparkline([None, float("nan")], title="t"))
    assert "no values" in texts(line_chart({}, title="t", y_label="y"))
    assert "no values" in texts(line_chart({"a": [("x", None)]}, title="t", y_label="y"))
    assert "no values" in texts(bar_chart({}, title="t"))


def test_every_text_is_escaped() -> None:
    charts = [
        sparkline([1.0, 2.0], title=NASTY),
        line_chart({NASTY: [(NASTY, 1.0)]}, title=NASTY, y_label=NASTY),
        bar_chart({NASTY: 1.0}, title=NASTY, threshold=0.5),
    ]
    for chart in charts:
        assert any(t.startswith("<script>&\"']](x)") for t in texts(chart))
        assert not list(drawn(chart).iter("script"))


def test_a_line_chart_has_a_title_a_legend_round_ticks_and_a_line_per_series() -> None:
    chart = line_chart({"champion": daily(60), "baseline": daily(60, 0.6)}, title="Log-loss", y_label="nats")
    words = texts(chart)
    assert words[:4] == ["Log-loss", "nats", "champion", "baseline"]
    assert {"0.50", "0.60", "0.70", "2013-01-01"} <= set(words)
    assert paths(chart)[0].count("L") == 59
    assert len(paths(chart, "#ea580c")) == 1


def test_a_line_chart_sorts_labels_and_leaves_gaps_where_a_series_has_none() -> None:
    late = [(f"2013-01-0{d}", 1.0) for d in (3, 4)]
    chart = line_chart({"late": late, "all": [(f"2013-01-0{d}", 2.0) for d in (1, 2, 3, 4)]}, title="t", y_label="y")
    assert paths(chart)[0].count("L") == 1
    assert paths(chart, "#ea580c")[0].count("L") == 3
    assert [t for t in texts(chart) if t.startswith("2013")] == [f"2013-01-0{d}" for d in (1, 2, 3, 4)]
    (gapped,) = paths(line_chart({"g": [("a", 1.0), ("b", None), ("c", 1.0), ("d", 2.0)]}, title="t", y_label="y"))
    assert (gapped.count("M"), gapped.count("L")) == (2, 1)


def test_labels_that_no_series_sorts_stand_as_they_come() -> None:
    chart = line_chart({"w": [("Mon", 1.0), ("Tue", 2.0), ("Fri", 3.0)]}, title="t", y_label="y")
    assert [t for t in texts(chart) if t in ("Mon", "Tue", "Fri")] == ["Mon", "Tue", "Fri"]


@pytest.mark.parametrize(("series", "points"), [(1, 5_000), (10, 365), (40, 1_000)])
def test_a_line_chart_stays_below_30_kb(series: int, points: int) -> None:
    chart = line_chart(
        {f"slice {i} {NASTY * 9}": daily(points, i) for i in range(series)}, title="t" * 500, y_label="y"
    )
    assert len(chart) < 30_000
    if series > 10:
        assert "and 30 more, not drawn" in texts(chart)


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), VALUES), max_size=6), max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_numbers_can_be_charted(series: list[list[tuple[int, float | None]]]) -> None:
    chart = line_chart({f"s{i}": points for i, points in enumerate(series)}, title="t", y_label="y")
    bars = bar_chart({f"s{i}": y for i, points in enumerate(series) for _, y in points}, title="t", threshold=0.1)
    for markdown in (chart, bars):
        assert not re.search(r"\b(nan|inf)\b", base64.b64decode(markdown.split("base64,")[1][:-1]).decode())
        assert drawn(markdown).tag == XML + "svg"


def test_calibrated_deciles_lie_on_the_diagonal() -> None:
    p = np.repeat(np.arange(10) / 10, 10)
    y = np.concatenate([[1] * k + [0] * (10 - k) for k in range(10)])
    chart = calibration_chart(y, p)
    circles = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in drawn(chart).iter(XML + "circle")]
    assert len(circles) == 10
    assert {round(x + y, 1) for x, y in circles} == {64 + 72 + 330}
    assert "gap +0.0000, ECE 0.0000, 100 rows" in texts(chart)
    assert len(chart) < 30_000


def test_calibration_of_no_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        calibration_chart([], [])


def test_bars_are_sorted_and_those_above_the_threshold_stand_out() -> None:
    chart = bar_chart({"low": 0.05, "none": None, "high": 0.4, "at": 0.1}, title="PSI", threshold=0.1)
    words = texts(chart)
    assert [w for w in words if w in ("high", "at", "low", "none")] == ["high", "at", "low", "none"]
    assert {"0.4", "0.1", "0.05", "no value", "threshold 0.1"} <= set(words)
    bars = [r.attrib for r in drawn(chart).iter(XML + "rect")][1:]
    assert [b["fill"] for b in bars] == ["#ea580c", "#2563eb", "#2563eb"]
    widths = [float(b["width"]) for b in bars]
    assert widths[0] / widths[1] == pytest.approx(4, abs=0.01)


def test_negative_bars_reach_to_the_left() -> None:
    chart = bar_chart({"up": 2.0, "down": -2.0}, title="Change")
    up, down = [r.attrib for r in drawn(chart).iter(XML + "rect")][1:]
    assert float(down["x"]) + float(down["width"]) == pytest.approx(float(up["x"]), abs=0.11)


def test_only_the_thirty_largest_bars_are_drawn() -> None:
    chart = bar_chart({f"{NASTY * 9}{i}": float(i) for i in range(500)}, title="Gain")
    assert len(list(drawn(chart).iter(XML + "rect"))) == 1 + 30
    assert "and 470 more, none larger" in texts(chart)
    assert len(chart) < 30_000


def test_every_chart_has_a_white_ground_and_words_for_those_who_cannot_see_it() -> None:
    charts = [
        sparkline([1.0, 3.0, 2.0], title="loss"),
        line_chart({"champion": daily(3)}, title="loss", y_label="nats"),
        calibration_chart([0, 1], [0.1, 0.9]),
        bar_chart({"wind": 2.0}, title="loss"),
    ]
    for chart in charts:
        ground = next(drawn(chart).iter(XML + "rect")).attrib
        assert (ground["fill"], ground["width"], ground["height"]) == ("#fff", "100%", "100%")
    said = [chart[2 : chart.index("]")] for chart in charts]
    assert said[0] == "loss: low 1, high 3, last 2"
    assert said[1] == "loss, nats. Last: champion 0.582"
    assert said[3] == "loss: wind 2"
    assert said[2].startswith("Calibration by decile: gap")


def test_plots_load_neither_dagster_nor_matplotlib() -> None:
    code = "import fti_assets.assets.charts.plots, sys; print({'dagster', 'matplotlib'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
