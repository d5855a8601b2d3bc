import warnings

import dagster as dg
import pytest

from fti_assets.assets.beta import accepting_beta


def warned(category: type[Warning]) -> str:
    """Built, with a warning."""
    warnings.warn("look out", category, stacklevel=2)
    return "built"


def test_betas_are_accepted_inside_and_only_there():
    assert accepting_beta(warned)(dg.BetaWarning) == "built"

    with pytest.raises(dg.BetaWarning):
        warned(dg.BetaWarning)


def test_other_warnings_are_heard():
    with pytest.warns(DeprecationWarning, match="look out"):
        accepting_beta(warned)(DeprecationWarning)


def test_the_function_keeps_its_name_and_docstring():
    assert (accepting_beta(warned).__name__, accepting_beta(warned).__doc__) == ("warned", "Built, with a warning.")


def test_what_is_accepted_is_still_beta():
    """When this fails, Dagster made it stable: `accepting_beta` can go there."""
    with pytest.warns(dg.BetaWarning, match="allow_nonexistent_upstream_partitions"):
        dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
    with pytest.warns(dg.BetaWarning, match="include_sources"):
        dg.AssetSelection.groups("sources", include_sources=True)
    with pytest.warns(dg.BetaWarning, match="backfill_policy"):

        @dg.asset(backfill_policy=dg.BackfillPolicy.single_run())
        def anything() -> None: ...
