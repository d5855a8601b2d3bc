"""Two versions of a small package, imported one after the other: what differs in what a function does."""

import functools
import importlib
import logging
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.code_version import code_of, code_version

HELPERS = """
LIMIT = 15
TABLE = {"a": 1}

def late(delay):
    return delay >= LIMIT

def unused():
    return 1

class Clip:
    low = -60

    def apply(self, x):
        return max(x, self.low)
"""
FEATURES = """
from shop import helpers
from shop.helpers import late as is_late

def computed(rows, share=0.5):
    total = [helpers.Clip().apply(r) for r in rows]
    return [t for t in total if is_late(t)], share
"""
Version = Callable[..., str]


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Version]:
    """The version of `shop.features.computed`, where the package's files read so."""
    roots = iter(range(100))

    def version_of(features: str = FEATURES, helpers: str = HELPERS, **others: str) -> str:
        root = tmp_path / str(next(roots))
        (root / "shop").mkdir(parents=True)
        for name, text in {"__init__": "", "features": features, "helpers": helpers, **others}.items():
            (root / "shop" / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(root)
        _forget()
        return code_version(importlib.import_module("shop.features").computed)

    yield version_of
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("shop", "flat_features", "flat_helpers")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return delay >= LIMIT", "    # a comment\n\n    return (delay\n            >= LIMIT)"),
        ("def late(delay):", 'def late(delay):\n    """Whether it is late."""'),
        ("LIMIT = 15", '"""All about delays."""\n\nLIMIT = 15\n"""Minutes."""'),
        ("class Clip:", 'class Clip:\n    """Values between bounds."""'),
        ("    return 1", "    return 2"),
        ("def unused():", "def another(x):\n    return x\n\ndef unused():"),
        ("    low = -60", "    low = -60\n    pass"),
    ],
    ids=["formatting", "a docstring", "a value's docstring", "a class's", "what is not called", "lines", "pass"],
)
def test_what_is_for_readers_does_not_change_it(version: Version, old: str, new: str) -> None:
    assert old in HELPERS
    assert version() == version(helpers=HELPERS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [(">= LIMIT", "> LIMIT"), ("LIMIT = 15", "LIMIT = 14"), ("low = -60", "low = -50"), ("max(x", "min(x")],
    ids=["a helper", "a constant", "a class's attribute", "a method"],
)
def test_what_it_calls_changes_it(version: Version, old: str, new: str) -> None:
    assert version() != version(helpers=HELPERS.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("share=0.5", "share=0.6"), ("if is_late(t)", "if not is_late(t)")])
def test_its_logic_and_defaults_change_it(version: Version, old: str, new: str) -> None:
    assert version() != version(FEATURES.replace(old, new))


@pytest.mark.parametrize(
    "features",
    [
        "import shop.helpers\ndef computed(rows):\n    return shop.helpers.late(rows)",
        "import shop.helpers as h\ndef computed(rows):\n    return h.late(rows)",
        "from . import helpers\ndef computed(rows):\n    return helpers.late(rows)",
        "from .helpers import *\ndef computed(rows):\n    return late(rows)",
        "def computed(rows):\n    from shop.helpers import late\n    return late(rows)",
        "def computed(rows):\n    from .between import late\n    return late(rows)",
        "def computed(rows):\n    import shop.between\n    return shop.between.late(rows)",
        "from functools import partial\nfrom shop.helpers import late\ncomputed = partial(late)",
        "from functools import cache\nfrom shop.helpers import late\ncomputed = cache(late)",
        "from shop.helpers import late\ncomputed = lambda rows: late(rows)",
        "from shop.helpers import late\ndef computed(rows):\n    step = lambda r: late(r)\n    return step(rows)",
        "from shop.between import late\ndef computed(rows):\n    return late(rows)",
        "from shop.helpers import late\nSTEPS = [late]\ndef computed(rows):\n    return STEPS[0](rows)",
        "from .helpers import late\nclass R:\n    def __call__(self, x):\n        return late(x)\ncomputed = R()",
        "from .helpers import late\nclass R:\n    def read(self, x):\n        return late(x)\ncomputed = R().read",
        "from .helpers import late\ndef twice(f):\n  def g(x):\n    return f(x)\n  return g\ncomputed = twice(late)",
    ],
)
def test_helpers_are_found_however_they_are_imported(version: Version, features: str) -> None:
    between = "from shop.helpers import late"
    changed = HELPERS.replace(">= LIMIT", "> LIMIT")
    assert version(features, between=between) == version(features, between=between)
    assert version(features, between=between) != version(features, changed, between=between)


def test_what_a_function_imports_when_it_is_called_is_not_imported_to_look_at_it(version: Version) -> None:
    version("def computed(rows):\n    from shop.helpers import late\n    return late(rows)")
    assert "shop.helpers" not in sys.modules


def test_a_decorator_and_what_it_wraps_change_it(version: Version) -> None:
    features = """
        import functools
        def logged(level):
            def decorate(f):
                @functools.wraps(f)
                def g(rows):
                    return f(rows), level
                return g
            return decorate
        @logged(1)
        def computed(rows):
            return rows
        """
    others = [features, features.replace("logged(1)", "logged(2)"), features.replace("(rows), level", "(rows)")]
    assert len({version(text) for text in [*others, features.replace("return rows", "return rows[1:]")]}) == 4


def test_an_object_that_wraps_a_function_changes_it(version: Version) -> None:
    features = """
        import functools
        class Repeated:
            def __init__(self, function, times):
                functools.update_wrapper(self, function)
                self.times = times
            def __call__(self, rows):
                return self.__wrapped__(rows) * self.times
        def plain(rows):
            return rows
        computed = Repeated(plain, 2)
        """
    others = [features, features.replace("plain, 2", "plain, 3"), features.replace("return rows", "return rows[1:]")]
    assert len({version(text) for text in [*others, features.replace("* self", "+ self")]}) == 4


def test_a_name_that_stands_for_another_function_changes_it(version: Version) -> None:
    features = "from math import {} as f\nfrom shop.helpers import {} as g\ndef computed(x):\n    return f(x), g()"
    named = [features.format(f, g) for f in ("sin", "cos") for g in ("late", "unused")]
    assert len({version(text) for text in named}) == 4


def test_a_description_of_a_column_changes_nothing_and_a_bound_does(version: Version) -> None:
    features = """
        import pandera.pandas as pa
        class Order(pa.DataFrameModel):
            price: float = pa.Field(gt=0, description="pounds")
        def computed(rows):
            return rows[list(Order.to_schema().columns)]
        """
    assert version(features) == version(features.replace("pounds", "pounds sterling"))
    assert version(features) == version(features.replace("description", "title"))
    assert version(features) != version(features.replace("gt=0", "gt=1"))


def test_owners_are_for_readers_in_a_declaration_alone(version: Version) -> None:
    features = "from shop.helpers import unused as {0}\ndef computed(x):\n    return {0}(x, owners={1})"
    assert version(features.format("FeatureGroup", 1)) == version(features.format("FeatureGroup", 2))
    assert version(features.format("shares", 1)) != version(features.format("shares", 2))


def test_a_parameter_hides_what_the_module_calls_so(version: Version) -> None:
    features = "from shop.helpers import *\ndef computed(late):\n    unused = late\n    return unused"
    changed = HELPERS.replace(">= LIMIT", "> LIMIT").replace("return 1", "return 2")
    assert version(features) == version(features, changed)


def test_an_annotation_names_nothing_that_is_called(version: Version) -> None:
    features = "from shop.helpers import Clip\ndef computed(rows: Clip) -> Clip:\n    return rows"
    assert version(features) == version(features, HELPERS.replace("max(x", "min(x"))


def test_what_a_closure_holds_changes_it(version: Version) -> None:
    features = (
        "def made(n, seen):\n    def computed(x):\n        return x + n, seen\n    return computed\n"
        "computed = made(1, {3, 2})"
    )
    assert version(features) == version(features.replace("{3, 2}", "{2, 3}"))
    assert version(features) != version(features.replace("made(1", "made(2"))


def test_functions_that_call_each_other_end(version: Version) -> None:
    features = "def odd(n):\n    return n and computed(n - 1)\ndef computed(n):\n    return not n or odd(n - 1)"
    assert version(features) != version(features.replace("n and", "n or"))


def test_a_long_chain_of_helpers_ends(version: Version) -> None:
    chain = "".join(f"def step{n}(x):\n    return step{n + 1}(x)\n" for n in range(2000))
    features = f"{chain}def step2000(x):\n    return x\ncomputed = step0"
    assert version(features) != version(features.replace("return x", "return -x"))


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_a_change_counts_exactly_where_it_is_reached(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """Functions that call others and name constants, at random: the twin follows the calls in the tables below."""
    size = data.draw(st.integers(1, 6))
    some = st.lists(st.integers(0, size - 1), max_size=3)
    calls, constants = [data.draw(st.lists(some, min_size=size, max_size=size)) for _ in range(2)]
    changed, is_function = data.draw(st.integers(0, size - 1)), data.draw(st.booleans())
    reached = [0]
    for number in reached:
        reached += [called for called in calls[number] if called not in reached]
    is_reached = changed in (reached if is_function else {c for number in reached for c in constants[number]})

    folder, versions = tmp_path_factory.mktemp("random"), []
    for name, by in (("before", 0), ("after", 1)):
        lines = [f"C{n} = {n + by * (n == changed and not is_function)}" for n in range(size)]
        for n in range(size):
            terms = [*(f"f{called}(x)" for called in calls[n]), *(f"C{constant}" for constant in constants[n])]
            lines += [f"def f{n}(x):", f"    return {' + '.join([*terms, str(by * (n == changed and is_function))])}"]
        path = folder / f"{name}.py"
        path.write_text("\n".join(lines))
        module: dict[str, Any] = {"__name__": name, "__file__": str(path)}
        exec(compile(path.read_text(), str(path), "exec"), module)  # noqa: S102  # the test's own text
        versions.append(code_version(module["f0"]))

    assert (versions[0] != versions[1]) == is_reached


def test_lambdas_of_one_line_are_told_apart(version: Version) -> None:
    features = "computed, other = (lambda x: x + 1), (lambda x: x + 2)"
    assert version(features) == version(features.replace("+ 2", "+ 3"))
    assert version(features) != version(features.replace("+ 1", "+ 3"))


def test_modules_in_no_package_are_followed_in_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "flat_helpers.py").write_text(f"def step(x):\n    return x + {number}\n")
        (folder / "flat_features.py").write_text("from flat_helpers import step\ndef given(x):\n    return step(x)\n")
        monkeypatch.syspath_prepend(folder)
        _forget()
        versions.append(code_version(importlib.import_module("flat_features").given))
    _forget()
    assert versions[0] != versions[1]


def test_other_packages_and_this_library_count_by_name_alone() -> None:
    from fti_assets.flights.transformations import as_due

    assert {getattr(node, "name", "") for node in code_of(as_due).syntax} == {
        "as_due",
        "block_minutes",
        "in_minutes",
        "_columns_of",
        "Due",
        "_Flight",
    }
    assert code_of(logging.getLogger).syntax == code_of(code_version).syntax == ()


@pytest.mark.parametrize("function", [len, abs, functools.partial(len)])
def test_a_function_without_source_is_known_by_its_name(function: Callable[..., Any]) -> None:
    assert code_version(function) == code_version(function)
    assert len({code_version(f) for f in (len, abs, functools.partial(len))}) == 3
