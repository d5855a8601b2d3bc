import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.assets.charts.plots import calibration_chart, sparkline

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


def test_every_text_is_escaped() -> None:
    chart = sparkline([1.0, 2.0], title=NASTY)
    assert any(t.startswith("<script>&\"']](x)") for t in texts(chart))
    assert not list(drawn(chart).iter("script"))


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


def test_every_chart_has_a_white_ground_and_words_for_those_who_cannot_see_it() -> None:
    charts = [
        sparkline([1.0, 3.0, 2.0], title="loss"),
        calibration_chart([0, 1], [0.1, 0.9]),
    ]
    for chart in charts:
        ground = next(drawn(chart).iter(XML + "rect")).attrib
        assert (ground["fill"], ground["width"], ground["height"]) == ("#fff", "100%", "100%")
    said = [chart[2 : chart.index("]")] for chart in charts]
    assert said[0] == "loss: low 1, high 3, last 2"
    assert said[1].startswith("Calibration by decile: gap")


def test_plots_load_neither_dagster_nor_matplotlib() -> None:
    code = "import fti_assets.assets.charts.plots, sys; print({'dagster', 'matplotlib'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
