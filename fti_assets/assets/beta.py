"""Dagster features that Dagster calls beta and that we rely on knowingly."""

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import dagster as dg

P = ParamSpec("P")
T = TypeVar("T")


def accepting_beta(build: Callable[P, T]) -> Callable[P, T]:
    """Build without Dagster's warnings of what is beta, or a preview.

    It is backfill policies, absent upstream partitions, sources in selections, and checks with partitions.
    """

    @functools.wraps(build)
    def quietly(*args: P.args, **kwargs: P.kwargs) -> T:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return build(*args, **kwargs)

    return quietly
