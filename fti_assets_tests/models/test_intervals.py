import math
import time

import numpy as np
import pytest

from fti_assets.models.intervals import day_block_gain


def slow_gain(champion, candidate, days, metric: str, seed: int, resamples: int) -> tuple[float, float, float]:
    """The same draws, but with the rows of the drawn days copied out."""
    names = sorted(set(days))

    def gain(rows: list[int]) -> float:
        a, b = (sum(losses[i] for i in rows) / len(rows) for losses in (champion, candidate))
        return math.sqrt(a) - math.sqrt(b) if metric == "rmse" else a - b

    draws = np.random.default_rng(seed).multinomial(len(names), [1 / len(names)] * len(names), size=resamples)
    gains = []
    for draw in draws:
        drawn = [day for day, times in zip(names, draw, strict=True) for _ in range(times)]
        gains.append(gain([i for day in drawn for i in range(len(days)) if days[i] == day]))
    low, high = np.quantile(gains, [0.05, 0.95])
    return gain(list(range(len(days)))), low, high


@pytest.mark.parametrize("metric", ["log_loss", "rmse"])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_interval_equals_that_of_copied_rows(metric: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    champion, candidate = rng.random(60), rng.random(60)
    days = ["2013-01-0" + str(d) for d in rng.integers(1, 8, 60)]
    fast = day_block_gain(champion, candidate, days, metric=metric, seed=seed, resamples=40)
    assert fast == pytest.approx(slow_gain(champion, candidate, days, metric, seed, 40))


def test_a_candidate_better_by_a_constant_has_an_interval_of_no_width() -> None:
    champion = np.array([0.5, 0.75, 1.0, 0.25])
    gain, low, high = day_block_gain(champion, champion - 0.125, [1, 1, 2, 3], metric="log_loss")
    assert (gain, low, high) == pytest.approx((0.125, 0.125, 0.125))


def test_the_gain_of_rmse_is_the_difference_of_the_roots() -> None:
    assert day_block_gain([9.0, 9.0], [4.0, 4.0], [1, 2], metric="rmse") == (1.0, 1.0, 1.0)


def test_one_day_gives_no_width() -> None:
    gain, low, high = day_block_gain([0.5, 0.7], [0.4, 0.4], [1, 1], metric="log_loss")
    assert gain == low == high == pytest.approx(0.2)


def test_days_that_fail_together_widen_the_interval() -> None:
    champion = np.repeat([0.9, 0.1] * 10, 50)
    candidate = np.full(1000, 0.5)
    _, low, high = day_block_gain(champion, candidate, np.repeat(np.arange(20), 50), metric="log_loss")
    _, row_low, row_high = day_block_gain(champion, candidate, np.arange(1000), metric="log_loss")
    assert high - low > 4 * (row_high - row_low)


def test_the_same_seed_gives_the_same_answer_and_another_another() -> None:
    rng = np.random.default_rng(1)
    a, b, days = rng.random(500), rng.random(500), rng.integers(0, 20, 500)
    first = day_block_gain(a, b, days, metric="log_loss", seed=3)
    assert first == day_block_gain(a, b, days, metric="log_loss", seed=3)
    assert first[1:] != day_block_gain(a, b, days, metric="log_loss", seed=4)[1:]


def test_thirty_thousand_rows_take_a_fraction_of_a_second() -> None:
    rng = np.random.default_rng(0)
    days = np.datetime64("2013-01-01") + np.sort(rng.integers(0, 60, 30_000))
    start = time.process_time()
    gain, low, high = day_block_gain(rng.random(30_000), rng.random(30_000), days, metric="rmse")
    assert time.process_time() - start < 0.5
    assert low < gain < high


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="2 champion losses, 1 candidate losses, 2 days"):
        day_block_gain([1.0, 2.0], [1.0], [1, 2], metric="rmse")
    with pytest.raises(ValueError, match="no rows"):
        day_block_gain([], [], [], metric="rmse")
    with pytest.raises(ValueError, match="there is no loss 'auc'"):
        day_block_gain([1.0], [1.0], [1], metric="auc")
