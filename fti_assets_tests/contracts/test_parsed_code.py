import ast
import sys
from pathlib import Path

import pytest

from fti_assets.contracts.parsed_code import Module, code_text, home_of, module_in, module_of, names_read


def parsed(tmp_path: Path, text: str) -> Module:
    path = tmp_path / "parsed.py"
    path.write_text(text)
    module = module_in(str(path), "a.parsed", {})
    assert module is not None
    return module


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n    '''doc'''\n    return x", "def f( x ): return x  # so it is"),
        ("class A:\n    '''doc'''\n    x: int", "class A:\n    x: int\n    '''of x'''"),
        ("x = 'a' 'b'", 'x = "ab"'),
        ("x = u'a'", "x = 'a'"),
        ("pa.Field(gt=0, description='a')", "pa.Field(gt=0, title='b')"),
        ("FeatureGroup(A, owners=['a'])", "FeatureGroup(A, tags={'a': 'b'})"),
    ],
)
def test_equal_code_has_equal_text(one: str, other: str) -> None:
    assert code_text(ast.parse(one)) == code_text(ast.parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("x = 1", "x = 1.0"), ("f(owners=1)", "f(owners=2)"), ("x = 'a'", "x = b'a'"), ("f'{a}'", "f'{a!r}'")],
)
def test_other_code_has_another_text(one: str, other: str) -> None:
    assert code_text(ast.parse(one)) != code_text(ast.parse(other))


def test_a_function_reads_names_that_are_not_its_own() -> None:
    text = "def f(a, b=LIMIT):\n    c = a.x + module.part.name\n    return [d for d in c if helper(d)]"
    (function,) = ast.parse(text).body
    names = names_read(function)
    assert {("LIMIT",), ("module", "part", "name"), ("helper",)} <= set(names)
    assert not {"a", "c"} & {name[0] for name in names}


def test_a_name_knows_the_statements_that_bind_or_change_it(tmp_path: Path) -> None:
    module = parsed(tmp_path, "try:\n    A = 1\nexcept ImportError:\n    A = 2\nA['x'] = 3\nA.update(y=4)\nB, *C = A\n")
    assert {name: len(found) for name, found in module.bound.items()} == {"A": 4, "B": 1, "C": 1}


def test_imports_are_followed_from_the_top_level_package(tmp_path: Path) -> None:
    text = "import a.b\nimport a.b as c\nfrom a import d\nfrom . import e\nfrom .f import g as h\n"
    module = parsed(tmp_path, text)
    imports = {name: path for s in ast.parse(text).body for name, path in module.imports(s).items()}
    assert imports == {"a": ("a",), "c": ("a", "b"), "d": ("a", "d"), "e": ("a", "e"), "h": ("a", "f", "g")}


def test_a_text_that_is_no_python_is_no_module(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n")
    assert module_in(str(path), "broken", {}) is None
    assert module_in("<stdin>", "none", {}) is None


def test_a_module_belongs_to_its_top_level_package_or_its_folder() -> None:
    assert home_of("fti_assets.contracts.names", "/x/names.py") == "fti_assets"
    assert home_of("no_package", "/x/no_package.py") == "/x"
    assert module_of("pandas.core.frame", "fti_assets") is None
    found = module_of(__name__, __name__.partition(".")[0])
    assert found is not None
    assert found.file == sys.modules[__name__].__file__
