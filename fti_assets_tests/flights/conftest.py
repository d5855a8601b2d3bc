"""Two weeks of real flights, built once: in the night of 10 March New York's clocks went forward."""

import pandas as pd
import pytest

from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.flights.features import defs
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home

BINDINGS = defs.bindings
FORTNIGHT = Window.of_days("2013-03-01", "2013-03-14")


@pytest.fixture(scope="session")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with every feature group of the flights for the fortnight. Not to be changed."""
    home = Home(tmp_path_factory.mktemp("fortnight"))
    for binding in BINDINGS:
        materialize(binding, WHOLE if binding.group.dimension else FORTNIGHT, home.features)
    return home


def utc(*texts: str | None) -> pd.Series:
    """A column of instants, null where there is none."""
    return pd.Series(pd.to_datetime(list(texts), utc=True)).dt.as_unit("us")
