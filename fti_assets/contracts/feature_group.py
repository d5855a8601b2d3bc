"""A feature group: a contract, and what can be done with its rows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs
import pandera.pandas as pa

from fti_assets.contracts.binding import Aggregated, Binding, Computed, Input
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.group import Group
from fti_assets.contracts.names import as_names
from fti_assets.contracts.schema import generated_schema
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import DAY
from fti_assets.contracts.windows import Windows


@attrs.frozen(kw_only=True)
class FeatureGroup(Group):
    """The contract of one table of features: rows that one pipeline writes and any model reads.

    A row is known from `known_at` on, and partition D of the table holds the rows that became known in D.

    Args:
        schema: a Pandera DataFrameModel: the columns, their types and checks. Its docstring describes the group.
        keys: the columns that say what a row is about.
        event_time: the column that says when it is true.
        known_at: the column that says when it could be known; by default its event time.
        name: what the table is called; by default the schema's class name in snake_case.
        version: 2 is a table of its own beside the first, called `<name>_v2`.
        lookback: how old a row's event may be when a prediction uses it: `"36h"`, `"7d"`, a timedelta.
        ahead: how long before its event a row may be known, `"14d"`: of prices, promotions, forecasts and timetables.
            A view then takes the value that is in force, and `.at(column)` says at which moment.
        dimension: small and slowly changing: it has no times, is read whole, and counts as always known.
        partitions: how much time one holds: `hourly`, `daily` or `weekly` (from Monday 00:00), in UTC.
        on_invalid: rows that break the contract `fail` their batch, or go to `quarantine` with the reasons, each
            value judged by itself, as for a `Source`.
        invalid_up_to: the largest share of a partition's rows that may go to quarantine.
        owners: mail addresses, or `team:` and a name.
        tags: short labels, as the Dagster UI shows them.
        aggregation: the windows that the group is made of; `.windows(…)` sets it.

    Raises:
        DeclarationError: a column that is named is not in the schema, or is of the wrong kind.

    Example:
        >>> import pandera.pandas as pa
        >>> import fti_assets as fti
        >>> class Landing(pa.DataFrameModel):
        ...     flight_id: str
        ...     due_at: fti.UTC
        ...     landed_at: fti.UTC
        ...     delay: float
        >>> landings = fti.FeatureGroup(Landing, keys="flight_id", event_time="due_at", known_at="landed_at")
        >>> landings.name, landings.values
        ('landing', ('delay',))
    """

    aggregation: Windows | None = None

    def __getitem__(self, columns: str | tuple[str, ...]) -> Selection:
        """Some of the group's columns, for a view."""
        return Selection(self, as_names(columns))

    def select(self) -> Selection:
        """All value columns, for a view."""
        return Selection(self, self.values)

    def computed(self, function: Callable[..., Any], *inputs: Input) -> Computed:
        """Bind the group to a plain function of its inputs' frames, in order.

        A source gives the rows that became known in the window that is computed, a group its partitions of that window,
        a selection of a group also what lies before it by its look-back, and by how far ahead its rows are known.
        A function with a parameter `window: fti.Window` is called for each partition by itself, and given the
        partition's window by that name.
        """
        return Computed(self, function, inputs)

    def windows(
        self,
        by: str | Sequence[str],
        columns: Mapping[str, str | Sequence[str]],
        *,
        over: str | Sequence[str] | Mapping[str, str | Sequence[str]],
        name: str,
        every: str | timedelta | None = None,
        where: str | Mapping[str, str] | None = None,
        at: Group | None = None,
        sawtooth: bool = False,
        closed: str = "left",
        schema: type[pa.DataFrameModel] | None = None,
        description: str = "",
        event_time: str = "as_of",
        lookback: str | timedelta = DAY,
        partitions: str = "daily",
        version: int = 1,
        on_invalid: str = "fail",
        invalid_up_to: float = 0.05,
        owners: str | Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> "FeatureGroup":
        """A group of trailing windows over this one's rows, by the time they became known.

        The row of key k as of t covers the rows with `known_at` in [t - length, t), and is known at t. Its columns are
        called `<column>_<statistic>_<length>`; their types follow from the statistic. A shorter window that is empty
        has count and distinct 0 and nulls elsewhere. Nulls are not counted. `first` and `last` go by known time, then
        event time, then this group's keys.

        Args:
            by: the columns to aggregate by, which are the keys of the new group.
            columns: for each column its statistics, of count, sum, mean, std, min, max, first, last, distinct.
            over: the lengths of the windows, `"1h"`, `["7d", "30d"]`, or those of each column by name.
            name: what the new group is called.
            every: windows end at each instant of this grid at which the longest has a row of the key: a day, or a part
                of one that divides it.
            where: an SQL condition that rows must meet to count; or conditions by name for single statistics:
                `where={"late": "delay > 15"}` and the statistic `count_late`.
            at: in place of a grid, windows end at the event time of each row of this group, exact to the microsecond.
            sawtooth: with `at`, windows begin at the midnight that is their length before the day of t.
            closed: `"right"` for windows (t - length, t], which hold the rows known at their very end, such as a
                visit's own lab values, and not those known at their start.
            schema: a Pandera model of some of the columns, for ranges and checks of one's own.
            description: what the group is; by default the schema's docstring, or what is aggregated.
            event_time: what the end of a window is called.
            owners: by default those of this group.
            lookback: how old a row's event may be when a prediction uses it.
            partitions: how much time one holds: `hourly`, `daily` or `weekly`.
            version: 2 is a table of its own beside the first, called `<name>_v2`.
            on_invalid: rows that break the contract `fail` their batch, or go to `quarantine` with the reasons.
            invalid_up_to: the largest share of a partition's rows that may go to quarantine.
            tags: short labels, as the Dagster UI shows them.

        Raises:
            DeclarationError: a column, statistic or condition that there is not, or ends that cannot be.
        """
        windows = Windows(
            source=self, by=by, columns=columns, over=over, every=every, where=where, at=at, sawtooth=sawtooth,
            closed=closed, ends=event_time,
        )  # fmt: skip
        group = FeatureGroup(
            generated_schema(name, description or windows.description, windows.schema_columns, schema),
            keys=windows.by,
            event_time=event_time,
            name=name,
            version=version,
            lookback=lookback,
            partitions=partitions,
            on_invalid=on_invalid,
            invalid_up_to=invalid_up_to,
            owners=self.owners if owners is None else owners,
            tags=tags or {},
            aggregation=windows,
        )
        windows.check_partitions(group)
        return group


def as_binding(declared: Binding | FeatureGroup) -> Binding:
    """What computes a group: what `.computed` gave, or the windows that a group is made of.

    Raises DeclarationError for a group that nothing computes.
    """
    if not isinstance(declared, FeatureGroup):
        return declared
    if declared.aggregation is None:
        raise DeclarationError(
            f"feature group {declared.name}: nothing computes it: give {declared.name}.computed(function, source)"
        )
    return Aggregated(declared, declared.aggregation)
