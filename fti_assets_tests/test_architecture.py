"""What holds for the package as a whole: layers, imports, sizes, words."""

import ast
import importlib
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import fti_assets
from fti_assets.assets.instance.dagster_private import TESTED

ROOT = Path(fti_assets.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__init__.py")
WITHOUT_DAGSTER = (
    "contracts",
    "stores",
    "validation",
    "models",
    "views",
    "features",
    "audit",
    "monitoring",
    "training",
    "inference",
)
ROOMS = (*WITHOUT_DAGSTER, "assets", "demo", "flights")


def module_name(path: Path) -> str:
    """The module of a file of the package."""
    return ".".join(("fti_assets", *path.relative_to(ROOT).with_suffix("").parts))


def _loaded_after(statement: str) -> set[str]:
    """The top-level packages that a fresh Python has loaded after a statement."""
    script = f"{statement}\nimport sys\nsys.stdout.write(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_each_layer_imports_only_to_its_left() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT.parent, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not _loaded_after("import fti_assets") & {"pandas", "polars", "numpy", "dagster", "xgboost", "deltalake"}


def test_nothing_but_the_shell_loads_dagster() -> None:
    names = [module_name(path) for path in MODULES if path.relative_to(ROOT).parts[0] in WITHOUT_DAGSTER]
    assert len(names) > 40
    assert "dagster" not in _loaded_after("import " + ", ".join(names))


def test_contracts_load_no_engine() -> None:
    names = [module_name(path) for path in (ROOT / "contracts").glob("[a-z]*.py")]
    assert not _loaded_after("import " + ", ".join(names)) & {"xgboost", "deltalake", "fastapi", "sqlite3"}


def test_files_are_small() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > 300} == {}
    assert statistics.median(lines.values()) < 100


def _described(tree: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, str]]:
    """The first lines of the docstrings of a module or class and of what is public in it.

    Methods of a derived class are left out: those that override have the words of their base.
    """
    yield name, (ast.get_docstring(tree) or "").split("\n")[0]
    if isinstance(tree, ast.ClassDef) and tree.bases:
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _described(node, node.name)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, (ast.get_docstring(node) or "").split("\n")[0]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_everything_public_is_described_by_a_sentence(path: Path) -> None:
    lines = dict(_described(ast.parse(path.read_text()), "the module"))
    assert {name: line for name, line in lines.items() if not line.endswith(".")} == {}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_nothing_is_pickled_evaluated_printed_or_postponed(path: Path) -> None:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} & {"eval", "exec", "print", "__import__"}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & {"pickle", "cloudpickle", "joblib", "dill"}
        if isinstance(node, ast.ImportFrom):
            found |= {node.module} & {"pickle", "cloudpickle", "joblib", "dill", "__future__"}
    assert found == set()


def test_each_public_name_is_there() -> None:
    assert dir(fti_assets) == sorted(fti_assets.__all__)
    for name in fti_assets.__all__:
        assert getattr(fti_assets, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'FeatureGrop'; public names: UTC, Window, Source"):
        _ = fti_assets.FeatureGrop


def test_the_tests_have_the_rooms_of_the_package() -> None:
    """An internal file needs a test of its own only where its room's face cannot show the fault."""
    rooms = {str(path.parent.relative_to(ROOT)) for path in MODULES} - {"."}
    tested = {str(path.parent.relative_to(TESTS)) for path in TESTS.rglob("test_*.py")} - {"."}
    assert rooms - tested == set()
    assert tested - rooms == {"benchmarks"}


def _imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_one_file_takes_names_from_inside_dagster() -> None:
    private = [path for path in MODULES if any(re.match(r"dagster[\w.]*\._", module) for module in _imported(path))]
    assert [module_name(path) for path in private] == ["fti_assets.assets.instance.dagster_private"]


def test_the_pooled_event_log_is_tested_with_versions_that_are_asked_for() -> None:
    asked = {requirement for requirement in _requirements() if requirement.startswith("dagster")}
    assert asked == {f"{name}>=1.13.5,<1.14" for name in ("dagster", "dagster-webserver", "dagster-dg-cli")}
    assert (1, 13, 5) <= TESTED[0] < TESTED[1] == (1, 14)


def test_files_are_touched_by_the_stores_alone() -> None:
    touching = {"read_text", "read_bytes", "write_text", "write_bytes", "write_parquet", "mkdir", "unlink", "rmtree"}
    for path in MODULES:
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {call.attr for call in calls if isinstance(call, ast.Attribute)}
        names |= {f"the builtin {call.id}" for call in calls if isinstance(call, ast.Name) and call.id == "open"}
        if path.relative_to(ROOT).parts[0] != "stores":
            assert (module_name(path), names & {*touching, "the builtin open"}) == (module_name(path), set())


def test_every_package_that_is_imported_is_declared() -> None:
    declared = {re.split("[<>=]", requirement)[0] for requirement in _requirements()}
    top_level = {module.partition(".")[0] for path in MODULES for module in _imported(path)}
    third_party = top_level - sys.stdlib_module_names - {"fti_assets"}
    distributions = packages_distributions()
    undeclared = {name for name in third_party if not declared & {d.lower() for d in distributions[name]}}
    assert len(third_party) > 10
    assert undeclared == set()


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dask"]]


def test_every_module_can_be_imported() -> None:
    for path in MODULES:
        importlib.import_module(module_name(path))
