"""Every example in a docstring runs, and every public name has a docstring that says what it takes."""

import doctest
import importlib
import inspect

import pytest

import fti_assets
from fti_assets_tests.test_architecture import MODULES, module_name

WITH_EXAMPLES = [module_name(path) for path in MODULES if ">>>" in path.read_text()]
DECLARED = ["Window", "Source", "FeatureGroup", "FeatureView", "Model", "XGBoost", "Gate", "Evaluation", "Retrain"]
DECLARED += ["System", "Home"]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (results.failed, results.attempted > 0) == (0, True)


@pytest.mark.parametrize("name", DECLARED)
def test_what_a_person_declares_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(getattr(fti_assets, name)) or "")


@pytest.mark.parametrize("name", fti_assets.__all__)
def test_what_is_made_of_parts_says_what_each_part_is(name: str) -> None:
    public = getattr(fti_assets, name)
    documentation = inspect.getdoc(public) or ""
    assert name == "UTC" or documentation
    if inspect.isclass(public) and (hasattr(public, "__dataclass_fields__") or hasattr(public, "__attrs_attrs__")):
        parts = [part.lstrip("_") for part in inspect.signature(public).parameters]
        described = [part for part in parts if f"{part}:" in documentation or f"`{part}`" in documentation]
        assert sorted(set(parts) - set(described)) == []
