"""Whether on-demand functions look at a row alone, as they must online."""

import numpy as np
import pandas as pd

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.on_demand import OnDemand
from fti_assets.validation.conform import conform_computed

ROUNDING = 1e-9
"""How far numbers may be apart, relatively: vectorized functions round the last bit as their length has it."""
_CANDIDATES, _SPREAD, _MOST = 500, 3, 6
"""Rows are chosen among so many, evenly spaced: a few evenly too, then for their nulls, in all at most the last."""


def check_row_wise(view: FeatureView, frame: pd.DataFrame) -> None:
    """Compute a handful of the frame's rows again, each alone and all in another order.

    Raises ContractViolation, naming the function and the column, where an on-demand function then gives
    something else: it looks at other rows (a mean, a rank, the row before), and online there are none.
    """
    joined = [c for c in frame.columns if not any(c in function.columns for function in view.functions)]
    rows = frame.iloc[telling_rows(frame[joined])] if len(frame) > 1 else frame.head(0)
    for function in view.functions if len(rows) else ():
        asked, expected = (rows[list(names)].reset_index(drop=True) for names in (joined, function.columns))
        alone = [asked.iloc[[n]].reset_index(drop=True) for n in range(len(asked))]
        turned = asked.iloc[::-1].reset_index(drop=True)
        # conforming before they stand together: integers beside another answer's floats would become floats
        answers = [conform_computed(function.function(f.copy(deep=False)), f, function) for f in (*alone, turned)]
        wanted = pd.concat([expected, expected.iloc[::-1]], ignore_index=True)
        _compare(function, pd.concat(answers, ignore_index=True), wanted)
        joined = [*joined, *function.columns]


def telling_rows(frame: pd.DataFrame) -> np.ndarray:
    """The positions of a few rows that between them have, as far as they go, each column both null and not."""
    candidates = np.unique(np.linspace(0, len(frame) - 1, _CANDIDATES, dtype=np.int64))
    null = frame.iloc[candidates].isna().to_numpy()
    shows = np.hstack([null, ~null])
    chosen = list(np.linspace(0, len(candidates) - 1, _SPREAD, dtype=np.int64))
    wanted = shows.any(axis=0) & ~shows[chosen].any(axis=0)
    while wanted.any() and len(chosen) < _MOST:
        chosen.append(shows[:, wanted].sum(axis=1).argmax())
        wanted &= ~shows[chosen[-1]]
    return candidates[np.unique(chosen)]


def _compare(function: OnDemand, otherwise: pd.DataFrame, expected: pd.DataFrame) -> None:
    for name, kind in function.columns.items():
        both_null = otherwise[name].isna() & expected[name].isna()
        if kind == "number":
            same = both_null | np.isclose(otherwise[name], expected[name], rtol=ROUNDING, atol=0)
        else:
            same = both_null | (otherwise[name] == expected[name]).fillna(False).astype(bool)
        if not same.all():
            first = int(np.flatnonzero(~same.to_numpy())[0])
            check = "is computed from its own row alone, as it must be online: a row gives something else beside others"
            shown = f"{expected[name].iloc[first]} in the batch, {otherwise[name].iloc[first]} otherwise"
            case = FailingCase(name, check, shown, int((~same).sum()))
            raise ContractViolation(f"on_demand {function.name}", [case])
