"""Two versions of a small package, imported one after the other: what differs in what a function does."""

import functools
import hashlib
import importlib
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fti_assets.contracts.source_code import behaviour, value_text

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

def given(rows, share=0.5):
    total = [helpers.Clip().apply(r) for r in rows]
    return [t for t in total if is_late(t)], share
"""
Imported = Callable[..., str]


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imported]:
    """The behaviour of `shop.features.given`, where the package's files read so."""
    roots = iter(range(100))

    def given(features: str = FEATURES, helpers: str = HELPERS, **others: str) -> str:
        root = tmp_path / str(next(roots))
        (root / "shop").mkdir(parents=True)
        for name, text in {"__init__": "", "features": features, "helpers": helpers, **others}.items():
            (root / "shop" / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(root)
        _forget()
        return behaviour(importlib.import_module("shop.features").given)

    yield given
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
    ],
    ids=["comments and formatting", "a docstring", "a value's docstring", "a class's", "what is not called", "lines"],
)
def test_what_is_for_readers_does_not_change_it(imported: Imported, old: str, new: str) -> None:
    assert old in HELPERS
    assert imported() == imported(helpers=HELPERS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [(">= LIMIT", "> LIMIT"), ("LIMIT = 15", "LIMIT = 14"), ("low = -60", "low = -50"), ("max(x", "min(x")],
    ids=["a helper", "a constant", "a class's attribute", "a method"],
)
def test_what_it_calls_changes_it(imported: Imported, old: str, new: str) -> None:
    assert imported() != imported(helpers=HELPERS.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("share=0.5", "share=0.6"), ("if is_late(t)", "if not is_late(t)")])
def test_its_logic_and_defaults_change_it(imported: Imported, old: str, new: str) -> None:
    assert imported() != imported(FEATURES.replace(old, new))


@pytest.mark.parametrize(
    "features",
    [
        "import shop.helpers\ndef given(rows):\n    return shop.helpers.late(rows)",
        "import shop.helpers as h\ndef given(rows):\n    return h.late(rows)",
        "from . import helpers\ndef given(rows):\n    return helpers.late(rows)",
        "from .helpers import *\ndef given(rows):\n    return late(rows)",
        "def given(rows):\n    from shop.helpers import late\n    return late(rows)",
        "from functools import partial\nfrom shop.helpers import late\ngiven = partial(late)",
        "from shop.helpers import late\ngiven = lambda rows: late(rows)",
        "from shop.between import late\ndef given(rows):\n    return late(rows)",
        "from shop.helpers import late\nSTEPS = [late]\ndef given(rows):\n    return STEPS[0](rows)",
        "from shop import helpers\nclass R:\n    def __call__(self, x):\n        return helpers.late(x)\ngiven = R()",
        "from shop.helpers import late\ndef twice(f):\n  def g(x):\n    return f(x)\n  return g\ngiven = twice(late)",
    ],
)
def test_helpers_are_found_however_they_are_imported(imported: Imported, features: str) -> None:
    between = "from shop.helpers import late"
    changed = HELPERS.replace(">= LIMIT", "> LIMIT")
    assert imported(features, between=between) == imported(features, between=between)
    assert imported(features, between=between) != imported(features, changed, between=between)


def test_a_decorator_and_what_it_wraps_change_it(imported: Imported) -> None:
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
        def given(rows):
            return rows
        """
    others = [features, features.replace("logged(1)", "logged(2)"), features.replace("(rows), level", "(rows)")]
    assert len({imported(each) for each in [*others, features.replace("return rows", "return rows[1:]")]}) == 4


def test_a_description_of_a_column_changes_nothing_and_a_bound_does(imported: Imported) -> None:
    features = """
        import pandera.pandas as pa
        class Order(pa.DataFrameModel):
            price: float = pa.Field(gt=0, description="pounds")
        def given(rows):
            return rows[list(Order.to_schema().columns)]
        """
    assert imported(features) == imported(features.replace("pounds", "pounds sterling"))
    assert imported(features) != imported(features.replace("gt=0", "gt=1"))


def test_a_parameter_hides_what_the_module_calls_so(imported: Imported) -> None:
    features = "from shop.helpers import *\ndef given(late):\n    unused = late\n    return unused"
    assert "unused#" not in imported(features)
    assert "late#" not in imported(features)


def test_a_value_is_its_expression_so_a_path_of_this_machine_is_no_other_version(imported: Imported) -> None:
    features = "from pathlib import Path\nHERE = Path(__file__).parent\ndef given(rows):\n    return HERE / rows"
    assert imported(features) == imported(features)


def test_what_changes_a_module_value_later_counts(imported: Imported) -> None:
    features = "TABLE = {}\nTABLE['a'] = 1\ndef given(rows):\n    return TABLE[rows]"
    assert imported(features) != imported(features.replace("= 1", "= 2"))
    assert imported(features) != imported(features + "\nTABLE.update(b=3)")


def test_what_a_closure_holds_changes_it(imported: Imported) -> None:
    features = (
        "def made(n, seen):\n    def given(x):\n        return x + n, seen\n    return given\ngiven = made(1, {3, 2})"
    )
    assert imported(features) == imported(features.replace("{3, 2}", "{2, 3}"))
    assert imported(features) != imported(features.replace("made(1", "made(2"))


def test_functions_that_call_each_other_end(imported: Imported) -> None:
    features = "def odd(n):\n    return n and given(n - 1)\ndef given(n):\n    return not n or odd(n - 1)"
    assert "shop.features.odd" in imported(features)


def test_lambdas_of_one_line_are_told_apart(imported: Imported) -> None:
    features = "given, other = (lambda x: x + 1), (lambda x: x + 2)"
    assert imported(features) == imported(features.replace("+ 2", "+ 3"))
    assert imported(features) != imported(features.replace("+ 1", "+ 3"))


def test_modules_in_no_package_are_followed_in_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "flat_helpers.py").write_text(f"def step(x):\n    return x + {number}\n")
        (folder / "flat_features.py").write_text("from flat_helpers import step\ndef given(x):\n    return step(x)\n")
        monkeypatch.syspath_prepend(folder)
        _forget()
        found.append(behaviour(importlib.import_module("flat_features").given))
    _forget()
    assert found[0] != found[1]


def test_other_packages_and_this_library_count_by_name_alone() -> None:
    from fti_assets.flights.transformations import as_due

    reached = behaviour(as_due)
    assert "block_minutes" in reached
    assert "fti_assets.contracts" not in reached


@pytest.mark.parametrize("function", [len, abs, functools.partial(len)])
def test_a_function_without_source_is_known_by_its_name(function: Callable[..., Any]) -> None:
    assert behaviour(function) == behaviour(function)
    assert len({behaviour(f) for f in (len, abs, functools.partial(len))}) == 3


def test_a_reader_is_its_class_and_what_it_was_given() -> None:
    class Reader:
        def __init__(self, path: str) -> None:
            self.path = path

        def __call__(self) -> str:
            return self.path

    assert behaviour(Reader("a.csv")) == behaviour(Reader("a.csv"))
    assert behaviour(Reader("a.csv")) != behaviour(Reader("b.csv"))


def test_equal_values_have_equal_texts() -> None:
    assert value_text({"b", "a"}) == value_text({"a", "b"}) == "{'a', 'b'}"
    assert value_text({"limits": (1, 2.5), "names": ["x"]}) == "{'limits': [1, 2.5], 'names': ['x']}"


SYNTAX = '''
import functools
from . import b
from .b import LIMIT as L, helper

def f(rows, n: int = 3, *, k=b"x", flag=True):
    """doc"""
    a, *rest = rows
    t = (a, rest), [i for i in rows] if False else {**{}, "k": 1}
    s = f"{a!r:>{n}} and {'q'} {L:.3f} {{}} {a=}" 'tail' rf"\\d{n}"
    e = 1e10 + 0x10 + 1_000 + 1j + -1 + ...
    with open(s) as g, open(e): pass
    try:
        x = lambda q, *w, z=2: q[1:2, ..., ::3]
    except* ValueError as err:
        raise err from None
    match rows:
        case [1, *_] if n: return helper(x)
        case {"k": v, **rest}: return b.deep(v)
        case _: pass
    while (m := n - 1) > 0: n = m
    global G
    G = 1
    return {*a} if not s else (yield)
'''


def test_it_is_the_same_in_every_process_and_version_of_python(tmp_path: Path) -> None:
    """The digest was the same on Python 3.11, 3.12 and 3.13; a change of it marks everything as made by old code."""
    (tmp_path / "corpus").mkdir()
    for name, text in {"__init__": "", "a": SYNTAX, "b": HELPERS.replace("late", "helper")}.items():
        (tmp_path / "corpus" / f"{name}.py").write_text(text)
    paths = [str(tmp_path), str(Path(__file__).parents[2])]
    code = (
        "from corpus.a import f; from fti_assets.contracts.source_code import behaviour; sys.stdout.write(behaviour(f))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert {hashlib.sha256(text).hexdigest()[:12] for text in found} == {"e1dc4e63e4cf"}
