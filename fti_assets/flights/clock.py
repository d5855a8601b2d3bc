"""Minutes as durations and back, and true UTC from wall clocks that carry no zone."""

import pandas as pd

MINUTES_A_DAY = 24 * 60


def minutes(count: pd.Series) -> pd.Series:
    """Numbers of minutes as durations; null stays null."""
    return pd.to_timedelta(count, unit="min").astype("timedelta64[us]")


def in_minutes(length: pd.Series) -> pd.Series:
    """Durations as numbers of minutes; null stays null."""
    return length / pd.Timedelta(minutes=1)


def block_minutes(flights: pd.DataFrame) -> pd.Series:
    """Each flight's scheduled minutes from gate to gate."""
    return in_minutes(flights["scheduled_arrival"] - flights["scheduled_departure"])


def next_at_clock(after: pd.Series, clock: pd.Series, zone: pd.Series) -> pd.Series:
    """The first instants at or after `after` (UTC) at which the wall clock in `zone` reads `clock`.

    `clock` is hours times 100 plus minutes, so 1545 is 15:45; 2400 and 0 are midnight. The zone's clocks must not
    change between the two instants: no scheduled flight of 2013 spans such a change, and a test holds us to it.
    """
    wanted = clock // 100 * 60 + clock % 100
    shown = pd.Series(0, index=after.index)
    for name in zone.unique():
        here = zone == name
        local = after[here].dt.tz_convert(name).dt
        shown[here] = local.hour * 60 + local.minute
    return after + minutes((wanted - shown) % MINUTES_A_DAY)
