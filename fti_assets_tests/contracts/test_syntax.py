"""The syntax of code as text: what is equal, what differs, in every process and version of Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from fti_assets.contracts.syntax import parsed, syntax_text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n    '''doc'''\n    return x", "def f( x ): return x  # the same"),
        ("class A:\n    '''doc'''\n    x: int", "class A:\n    x: int\n    '''of x'''"),
        ("x = 'a' 'b'", 'x = "ab"'),
        ("x = u'a'", "x = 'a'"),
        ("pa.Field(gt=0, description='a')", "pa.Field(gt=0, title='b')"),
        ("FeatureGroup(A, owners=['a'])", "FeatureGroup(A, tags={'a': 'b'})"),
        ("fti.Model('a', owners=['a'])", "fti.Model('a', description='b')"),
    ],
)
def test_equal_code_has_equal_text(one: str, other: str) -> None:
    assert syntax_text(parsed(one)) == syntax_text(parsed(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1.0"),
        ("f(owners=1)", "f(owners=2)"),
        ("x = 'a'", "x = b'a'"),
        ("f'{a}'", "f'{a!r}'"),
        ("x = None", "x = ..."),
        ("return_ = lambda: None", "return_ = lambda: 0"),
    ],
)
def test_other_code_has_another_text(one: str, other: str) -> None:
    assert syntax_text(parsed(one)) != syntax_text(parsed(other))


HELPERS = """
from dataclasses import dataclass
from enum import Enum

LIMIT = 15


class Kind(Enum):
    LATE = 1


@dataclass
class Band:
    low: float = -0.5
    kinds: frozenset = frozenset({Kind.LATE})


def helper(delay):
    return delay >= LIMIT


def other(delay):
    return delay < LIMIT


VALUES = {'names': {'b', 'a', ('c', 1)}, 'band': Band(), 'steps': {abs, len, helper, other}}
"""
SYNTAX = '''
import functools
from . import b
from .b import LIMIT as L, helper

def f(rows, n: int = 3, *, k=b"x", flag=True):
    """doc"""
    a, *rest = rows
    t = (a, rest), [i for i in rows] if False else {**{}, "k": 1}
    s = f"{a!r:>{n}} and {'q'} {L:.3f} {{}} {a=}" 'tail' rf"\\d{n}"
    v = b.VALUES["names"]
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
    """The version was the same on Python 3.11, 3.12 and 3.13; a change of it marks everything as made by old code."""
    (tmp_path / "corpus").mkdir()
    for name, text in {"__init__": "", "a": SYNTAX, "b": HELPERS}.items():
        (tmp_path / "corpus" / f"{name}.py").write_text(text)
    paths = [str(tmp_path), str(Path(__file__).parents[2])]
    code = "from corpus.a import f; from fti_assets.contracts.code_version import code_version"
    versions = {
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}; sys.stdout.write(code_version(f))"],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
            text=True,
        ).stdout[:12]
        for seed in ("1", "2")
    }
    assert versions == {"e03dca871590"}
