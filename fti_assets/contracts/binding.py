"""What computes a feature group: a function of its inputs' frames, or windows over another group."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import attrs

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.group import Group
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.contracts.windows import Read, Windows

Input = Source | Group | Selection


class Reach(NamedTuple):
    """What is read of a group: the partitions that a window touches; of a dimension everything."""

    group: Group
    window: Window


WINDOW = "window"
"""The parameter by which a function asks for the window that is due."""


@attrs.frozen
class Computed:
    """A group computed by a plain function of frames, one frame for each input.

    A function with a parameter `window: fti.Window` is called once for each partition, and is told which one is due: so
    its rows are the same whatever range they are computed in.
    """

    group: Group
    function: Callable[..., Any]
    inputs: tuple[Input, ...]

    def __attrs_post_init__(self) -> None:
        if not callable(self.function):
            raise self._error(f"expected a function first, got {self.function!r}")
        for source in self.inputs:
            if not isinstance(source, Input):
                raise self._error(f"input {source!r} is no source, group or selection")
            if isinstance(source, Selection) and source.moment:
                raise self._error(
                    f"input {source.group.name}.at({source.moment!r}): the moment is one of a view's spine, and a "
                    "function is given rows"
                )
        self._check_window()
        try:
            inspect.signature(self.function).bind(*self.inputs, **({WINDOW: None} if self.takes_window else {}))
        except TypeError as error:
            name = getattr(self.function, "__name__", repr(self.function))
            raise self._error(f"{name} does not take {len(self.inputs)} frames ({error})") from None

    @property
    def takes_window(self) -> bool:
        """Whether the function asks for the window that is due."""
        return WINDOW in inspect.signature(self.function).parameters

    def reach(self, window: Window) -> list[Reach]:
        """What is read of each group among the inputs to compute the partitions of a window."""
        return [
            Reach(source.group, window.widened(before=source.halo))
            if isinstance(source, Selection)
            else Reach(source, window)
            for source in self.inputs
            if not isinstance(source, Source)
        ]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups among the inputs."""
        groups = (source.group if isinstance(source, Selection) else source for source in self.inputs)
        return tuple(dict.fromkeys(group for group in groups if isinstance(group, Group)))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources among the inputs."""
        return tuple(dict.fromkeys(source for source in self.inputs if isinstance(source, Source)))

    def _check_window(self) -> None:
        if not self.takes_window:
            return
        annotation = inspect.signature(self.function).parameters[WINDOW].annotation
        if annotation not in (Window, "Window", "fti.Window"):
            named = "none" if annotation is inspect.Parameter.empty else repr(annotation)
            raise self._error(
                f"a parameter {WINDOW!r} is given the window that is due: expected the annotation fti.Window, there is "
                f"{named}; call a frame something else"
            )
        if self.group.dimension:
            raise self._error(f"a parameter {WINDOW!r}: a dimension is read whole, and no window of it is due")

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"{self.group.name}.computed: {message}")


@attrs.frozen
class Aggregated:
    """A group of windows over another group."""

    group: Group
    windows: Windows

    @property
    def reads(self) -> tuple[Read, ...]:
        """The groups that a partition is made of, and which of their time."""
        return self.windows.reads(self.group.period)

    @property
    def halo(self) -> timedelta:
        """How far before a partition the rows reach that it is made of."""
        return self.windows.halo(self.group.period)

    def reach(self, window: Window) -> list[Reach]:
        """What is read to compute the partitions of a window: of what is aggregated, and of where windows end."""
        asked = self.windows
        inside = timedelta(microseconds=1) if asked.holds_end else timedelta(0)
        end = window.end if asked.at else window.end - asked.step + inside
        source = Reach(asked.source, Window(window.start - self.halo, end))
        return [source, Reach(asked.at, window)] if asked.at else [source]

    @property
    def inputs(self) -> tuple[Group, ...]:
        """The group that is aggregated, and the one at whose rows windows end."""
        return self.groups

    @property
    def groups(self) -> tuple[Group, ...]:
        """The same."""
        return tuple(read.group for read in self.reads)

    @property
    def sources(self) -> tuple[Source, ...]:
        """None."""
        return ()


Binding = Computed | Aggregated
