"""What an audit finds, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["leak", "suspicion"]
"""A leak fails the audit; a suspicion does when the audit is strict."""


@dataclass(frozen=True)
class Finding:
    """One column that knows too much, or what kept it from being audited.

    `where` names the feature group, view or source, `because` the alteration or observation, `key` one of the rows and
    `known_at` when that row was known or predicted; `rows` counts those that moved at that moment.
    """

    severity: Severity
    where: str
    column: str
    because: str
    source: str = ""
    key: str = ""
    known_at: str = ""
    moment: str = ""
    before: str = ""
    after: str = ""
    rows: int = 0
    advice: str = ""


DEPENDS = (
    "A row was known by the moment, yet changes with what became known after it: at that time it could not have had "
    "this value, so a model trained on it will miss it in production. Look for a shift, rolling, groupby, merge or "
    "sort in the function that reaches beyond its row: keep each key's rows apart, look backwards only, and join by "
    "the moment at which rows became known."
)
ROW_MOVES = (
    "Whether a row exists by the moment depends on what became known after it. If rows take part in what happened "
    "later, declare known_at= as the time when that was known."
)
NOT_DETERMINISTIC = (
    "The same inputs gave different values, so nothing can be proved. Give random numbers a seed, take no time from "
    "the clock, keep nothing from one call to the next, and put rows in order before taking the first."
)
NOT_AUDITED = "The function, or a check of its input, did not take the altered rows; the other alterations still count."
NOT_BY_WINDOW = (
    "read(start, t) and read(t, end) together are not read(start, end), so the source cannot say what was known by t. "
    "Return the rows that became known in [start, end), whatever the two instants."
)
OF_THE_WINDOW = (
    "A row that became known in the window has other values when the source is asked for a longer one: they are made "
    "of rows that came later. Return rows as they are, and aggregate them with .windows(…)."
)
SOURCE_LOOKS_AHEAD = (
    "The source's rows from before the moment have other values without the rows that came later: they are made of "
    "all of time. Return rows as they are, and aggregate them with .windows(…)."
)
DATA_BESIDE = (
    "The function takes rows from beside its inputs, and those of later times change what it says of earlier ones. "
    "Only what comes as an input is cut at what was known: declare it as a source, or as a dimension if it was always "
    "known, and take it as an argument."
)
UNDATED_DATA = (
    "The function takes values from beside its inputs, and nothing says when they were known. Declare them as a "
    "source, or as a dimension if they were always known, and take them as an argument."
)
FILES_BESIDE = (
    "The function opens a file that is no input of its, so nothing says what was known when. Read it in a source, or "
    "declare a dimension."
)
CLOCK = (
    "At another time of day and year the same inputs give other values, so a backfill differs from the day itself. "
    "Take the time from a column, such as the event time."
)
CHANGES = (
    "A dimension counts as always known, but this one depends on when it is asked: rows of the past are given values "
    "of later. Make it a group with an event_time, one row for each change, and look it up as of the prediction."
)
NULL_UNTIL_KNOWN = (
    "The feature is null where there is no label, and there where there is one: it may be written down together with "
    "the outcome. Look at when its source fills it in."
)
OUTCOME = (
    "The dimension says of each key what the label is on the whole: it was made from the outcomes, those of the rows "
    "to predict among them. A dimension counts as always known; use .windows(…) of the labels' group instead."
)
LATE_ROWS = (
    "Windows end at these rows, which hold a time later than the moment at which they are declared to be known, and "
    "not a round one as plans are. If the row was written then, declare known_at= as that time."
)
NO_ROWS = "There was nothing to compare, so nothing is proved. Choose days on which the group has rows."
LATE_FACT = (
    "The row holds what happened after its declared known time, and a value is made from it. Declare known_at= as the "
    "later time, and read the source by it."
)
TOO_LATE = (
    "The feature exists for these keys, but later than the prediction: it is null when it is needed. Is known_at= "
    "declared right, is the group keyed by something that outlives one row?"
)
LOOK_ALIKE = (
    "One feature alone tells the label. Unless the task is that easy, it was written down after the outcome: look at "
    "where its source takes it from, and when it is known."
)


def without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a column and input: of several moments and alterations the one that moved most rows, leaks first."""
    kept: dict[tuple[str, ...], Finding] = {}
    for finding in findings:
        name = (finding.severity, finding.where, finding.column, finding.source, finding.advice)
        if name not in kept or finding.rows > kept[name].rows:
            kept[name] = finding
    return sorted(kept.values(), key=lambda f: f.severity)
