import base64
import re
import xml.etree.ElementTree as ET

from fti_assets.assets.charts import svg


def test_a_drawing_is_an_image_in_markdown_on_white_and_well_formed():
    shown = svg.markdown("rows [by] day", 100, 50, [svg.text(1, 2, "a < b & c"), svg.line([(0, 0), (1, 1)], "red")])

    alt, content = re.fullmatch(r"!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)", shown).groups()
    root = ET.fromstring(base64.b64decode(content))  # noqa: S314  # our own bytes
    assert alt == "rows by day"
    assert [child.tag.split("}")[1] for child in root] == ["rect", "text", "path"]
    assert (root[0].get("fill"), root[1].text) == ("#fff", "a < b & c")


def test_a_line_breaks_at_gaps():
    assert svg.line([(0, 0), None, (2, 2), (3, 3)], "red").count("M") == 2


def test_words_are_cut_and_control_characters_are_blanks():
    assert svg.cut("missing", 5) == "miss…"
    assert svg.safe("a\x00b<") == "a b&lt;"


def test_ticks_are_round_and_enclose_the_values():
    places = svg.ticks([0.3, 9.7])
    assert (min(places), max(places), places[2.0]) == (0.0, 10.0, "2")
    assert svg.scale(1, 1, 0, 10)(1) == 5
    assert "M0.0 0.0L1.0 1.0" in svg.rule(0, 0, 1, 1)
