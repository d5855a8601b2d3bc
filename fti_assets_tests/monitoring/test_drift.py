import math
import time
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from fti_assets.contracts.kinds import Kind
from fti_assets.monitoring.drift import Reference, drift, drifted, fit_reference, from_bytes, to_bytes
from fti_assets.monitoring.profiles import Bins, counts, fit_bins, psi

KINDS = {"x": Kind.NUMBER, "carrier": Kind.TEXT, "late": Kind.BOOLEAN}


def world(rows: int, days: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, days, rows))
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=rows) + np.sin(day / 9),
            "carrier": pd.Series(rng.choice(["UA", "AA", "B6"], rows), dtype="str"),
            "late": rng.random(rows) < 0.2,
        }
    )
    return frame, np.datetime64("2013-01-01") + day


def test_a_threshold_is_the_mean_and_three_sd_of_the_trainings_own_weeks() -> None:
    frame, days = world(4_000, 31)
    reference = fit_reference(frame, KINDS, days, floor=0.0)
    bins = fit_bins(frame, KINDS)
    end = days.max() + 1
    for name in KINDS:
        whole = counts(frame, bins)[name]
        weeks = []
        for k in range(4):  # 31 days hold four weeks; the first three days are left out
            week = frame[(days >= end - 7 * (k + 1)) & (days < end - 7 * k)]
            weeks.append(psi(whole, counts(week, bins)[name]))
        assert reference.thresholds[name] == pytest.approx(np.mean(weeks) + 3 * np.std(weeks, ddof=1))
        assert reference.counts[name] == tuple(whole)
    assert reference.bins == bins


def test_the_floor_holds_where_training_is_calm_or_short() -> None:
    frame, days = world(4_000, 31)
    assert fit_reference(frame, KINDS, days, floor=9.0).thresholds == dict.fromkeys(KINDS, 9.0)
    assert fit_reference(frame, KINDS, days, chunk_days=20).thresholds == dict.fromkeys(KINDS, 0.1)
    assert fit_reference(frame, KINDS, days, chunk_days=60).thresholds == dict.fromkeys(KINDS, 0.1)


def test_a_feature_restless_in_training_has_a_higher_bar() -> None:
    frame, days = world(4_000, 60)
    thresholds = fit_reference(frame, KINDS, days).thresholds
    assert thresholds["x"] > 0.5
    assert thresholds["late"] == 0.1


def test_weeks_without_rows_are_left_out() -> None:
    frame, days = world(2_000, 28)
    kept = (days < np.datetime64("2013-01-08")) | (days >= np.datetime64("2013-01-15"))
    reference = fit_reference(frame[kept], KINDS, days[kept])
    assert all(math.isfinite(t) for t in reference.thresholds.values())
    assert sum(reference.counts["x"]) == kept.sum()


def test_the_order_of_rows_does_not_matter() -> None:
    frame, days = world(1_000, 30)
    order = np.random.default_rng(1).permutation(len(frame))
    assert to_bytes(fit_reference(frame.iloc[order], KINDS, days[order])) == to_bytes(fit_reference(frame, KINDS, days))


def test_days_may_be_dates() -> None:
    frame, days = world(200, 20)
    dates = [date(2013, 1, 1) + timedelta(days=int(n)) for n in (days - np.datetime64("2013-01-01")).astype(int)]
    assert fit_reference(frame, KINDS, dates) == fit_reference(frame, KINDS, days)


def test_what_moved_is_named_the_furthest_first_and_the_rest_is_not() -> None:
    frame, days = world(20_000, 60)
    reference = fit_reference(frame, KINDS, days)
    recent = frame.tail(2_000).copy()
    assert drifted(reference, drift(reference, counts(recent, reference.bins))) == []
    recent["late"] = True
    recent["carrier"] = pd.Series(["WN"] * len(recent), dtype="str", index=recent.index)
    psis = drift(reference, counts(recent, reference.bins))
    assert set(psis) == set(KINDS)
    assert drifted(reference, psis) == ["carrier", "late"]
    assert psis["carrier"] > psis["late"] > 1


def test_drift_is_the_psi_of_each_feature() -> None:
    bins = {"a": Bins("number", edges=(1.0,)), "b": Bins("number", edges=(1.0,))}
    reference = Reference(bins, {"a": (50, 50, 0), "b": (10, 0, 0)}, {"a": 0.1, "b": 0.1})
    psis = drift(reference, {"a": np.array([25, 75, 0]), "b": [0, 0, 0]})
    assert psis["a"] == psi([50, 50, 0], [25, 75, 0])
    assert math.isnan(psis["b"])
    assert drifted(reference, psis) == ["a"]


def test_a_reference_survives_bytes_exactly() -> None:
    frame, days = world(500, 30)
    reference = fit_reference(frame, KINDS, days)
    data = to_bytes(reference)
    assert from_bytes(data) == reference
    assert to_bytes(from_bytes(data)) == data


def test_ninety_columns_are_fast_to_fit_and_to_count() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(30_000, 90)), columns=[f"f{i}" for i in range(90)])
    days = np.datetime64("2013-01-01") + np.arange(30_000) * 365 // 30_000
    start = time.process_time()
    reference = fit_reference(frame, dict.fromkeys(frame.columns, Kind.NUMBER), days)
    assert time.process_time() - start < 3
    day = frame.head(1_000)
    start = time.process_time()
    counts(day, reference.bins)
    assert time.process_time() - start < 0.1


def test_what_cannot_be_a_reference_is_refused() -> None:
    frame, days = world(10, 5)
    with pytest.raises(ValueError, match="10 rows with 9 days"):
        fit_reference(frame, KINDS, days[:9])
    with pytest.raises(ValueError, match="0 rows with 0 days"):
        fit_reference(frame.head(0), KINDS, days[:0])
    with pytest.raises(ValueError, match="10 rows have no day"):
        fit_reference(frame, KINDS, np.full(10, np.datetime64("NaT")))
    with pytest.raises(ValueError, match="chunk_days=0"):
        fit_reference(frame, KINDS, days, chunk_days=0)
    reference = fit_reference(frame, KINDS, days)
    with pytest.raises(ValueError, match="recent counts: there is no feature 'carrier'; there are: x"):
        drift(reference, {"x": [1] * reference.bins["x"].size})
