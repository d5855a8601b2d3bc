"""The papers (README, CONTRIBUTING, CHANGELOG and the pages in docs/) lead nowhere that is not there."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from markdown.extensions.toc import slugify

import fti_assets

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
RECORDS = sorted((DOCS / "decisions").glob("0*.md"))
MOST_LINES = 160
"""Of a page; the one on speed has a table that a command writes."""
FORMER_WORDS = ("fti.feature_pipeline(", ".aggregated(", "BINDINGS", "MODELS", "LIFETIME", "spec/", "compute/")


def named(path: Path) -> str:
    """A file as the repository names it."""
    return str(path.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """What a page's links and pictures lead to, within the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target for target in targets if not re.match(r"https?://", target)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {slugify(heading.replace("`", ""), "-") for heading in headings}


@pytest.mark.parametrize("page", PAPERS, ids=named)
def test_every_link_and_picture_is_there(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAPERS, ids=named)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    files = re.findall(r"`((?:fti_assets|fti_assets_tests|docs|\.ci)/[\w./]*)`", page.read_text())
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=named)
def test_no_word_of_the_former_interface_is_left(page: Path) -> None:
    assert [word for word in FORMER_WORDS if word in page.read_text()] == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=named)
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text().splitlines()) <= MOST_LINES


def test_every_page_is_on_the_first_page_and_in_the_sites_navigation() -> None:
    pages = {named(page).removeprefix("docs/") for page in DOCS.glob("*.md")} - {"index.md"}
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert pages - {target.partition("#")[0] for target in links(DOCS / "index.md")} == set()
    assert {page for page in pages if page not in navigation} == set()


def test_every_public_name_is_in_the_reference() -> None:
    described = re.findall(r"^::: fti_assets\.(\w+)$", (DOCS / "reference.md").read_text(), flags=re.MULTILINE)
    assert sorted(described) == sorted(fti_assets.__all__)


def test_decisions_are_numbered_listed_and_say_what_was_given_up() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))
    assert links(DOCS / "decisions" / "index.md") == [record.name for record in RECORDS]
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"][-1]["Decisions"]
    assert navigation == [f"decisions/{name}" for name in ("index.md", *(record.name for record in RECORDS))]
    for record in RECORDS:
        text = record.read_text()
        number, title = re.match(r"# (\d+)\. (.+)", text).groups()  # type: ignore[union-attr]
        assert f"{number}. [{title}]({record.name})" in (DOCS / "decisions" / "index.md").read_text()
        assert len(text.splitlines()) <= 25
        for part in ("**What we do", "measured.**", "**What we gave up.**", "**When to look again.**"):
            assert part in text, record.name


def test_drawings_can_be_read_in_the_dark() -> None:
    drawings = sorted((DOCS / "images").glob("*.svg"))
    assert len(drawings) >= 5
    for drawing in drawings:
        text = drawing.read_text()
        assert ElementTree.fromstring(text).tag.endswith("svg")  # noqa: S314  # our own
        assert "prefers-color-scheme: dark" in text
