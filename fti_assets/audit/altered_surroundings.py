"""What moves when the surroundings of functions are others: the clock, and data that they take from beside inputs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from fti_assets.audit.alteration import Alteration, Compute, under
from fti_assets.audit.beside_inputs import another_clock, data_beside, exchanged, is_altered, replaced, without_later
from fti_assets.audit.findings import CLOCK, DATA_BESIDE, UNDATED_DATA


def with_another_clock(again: Compute, advice: str = CLOCK) -> Alteration:
    """The rows computed at another time."""
    return Alteration("another clock", [under(another_clock, again)], advice=advice, row_advice=advice)


def with_other_data(functions: Sequence[Callable[..., Any]], again: Compute, t: datetime) -> Iterator[Alteration]:
    """The rows computed with data beside the functions' inputs altered, one after the other.

    Data with times end at `t`: what moves of the rows known by then is a leak. Of data without times each row gets the
    values of the next: what moves is a suspicion, as such data may have been known always.
    """
    earlier = partial(without_later, t)
    for name in data_beside(*functions):
        if is_altered(name, earlier):
            because = f"without rows after {t:%Y-%m-%d %H:%M}"
            ways = [under(partial(replaced, name, earlier), again)]
            yield Alteration(because, ways, name.name, t, DATA_BESIDE, DATA_BESIDE)
        if is_altered(name, exchanged):
            ways = [under(partial(replaced, name, exchanged), again)]
            yield Alteration("values exchanged", ways, name.name, None, UNDATED_DATA, UNDATED_DATA, "suspicion")
