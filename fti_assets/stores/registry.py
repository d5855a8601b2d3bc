"""The model registry: a directory of immutable versions and a journal of which one serves when.

`<root>/<model>/versions/<n>/` holds a version's files and `manifest.json`; `<root>/<model>/journal.jsonl` is the truth
about promotions, and `aliases.json` beside it a copy of its outcome for people and other tools.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fti_assets.contracts.errors import Conflict, Corrupt, NoChampion, unknown
from fti_assets.contracts.names import checked_name
from fti_assets.stores.journal import Journal, JournalRecord, instant, lineage
from fti_assets.stores.locks import locked
from fti_assets.stores.model_versions import ModelVersion, Versions
from fti_assets.stores.synced_files import canonical_json, replace

_ALIASES = ("champion", "previous", "challenger")


class Registry:
    """All models under one directory; any number of processes may read and write it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def register(
        self, model: str, files: Mapping[str, bytes], *, cutoff: datetime, facts: Mapping[str, Any]
    ) -> ModelVersion:
        """Store the files as the next version, or return the version that holds the same content already.

        `facts` is any JSON: dataset id, table versions, parameters, seed, packages, run id. A reader sees all of a
        version or nothing; a writer that dies leaves no trace.
        """
        home, versions = self._home(model), self._versions(model)
        record = versions.record(files, cutoff, facts)
        (home / "versions").mkdir(parents=True, exist_ok=True)
        with locked(home / ".lock"):
            for version in reversed(self.versions(model)):
                if version.content_id == record["content_id"]:
                    return version
            taken = [*versions.numbers, *(entry.version for entry in self.history(model))]
            added = versions.add(max(taken, default=0) + 1, files, record)
            self._refresh_aliases(model)
        return added

    def models(self) -> list[str]:
        """The names of the models with at least one version."""
        homes = [path.parent for path in self.root.glob("*/versions")]
        return sorted(home.name for home in homes if Versions(home, home.name).numbers)

    def versions(self, model: str) -> list[ModelVersion]:
        """All versions, ascending; none for a model that was never registered."""
        return [self._versions(model).load(number) for number in self._versions(model).numbers]

    def get(self, model: str, version: int) -> ModelVersion:
        """One version. LookupError naming what exists."""
        numbers = self._versions(model).numbers
        if not numbers:
            raise LookupError(unknown("model", model, self.models()))
        if version not in numbers:
            raise LookupError(f"model {model}: {unknown('version', str(version), map(str, numbers))}")
        return self._versions(model).load(version)

    def with_cutoff(self, model: str, cutoff: datetime) -> ModelVersion | None:
        """The newest version with that cutoff, if there is one."""
        cutoff = instant("cutoff", cutoff)
        return next((v for v in reversed(self.versions(model)) if v.cutoff == cutoff), None)

    def promote(
        self,
        model: str,
        version: int,
        *,
        who: str,
        why: str,
        effective: datetime,
        expected: int | None,
        verdicts: Sequence[Mapping[str, Any]] = (),
    ) -> JournalRecord:
        """Make a version champion from `effective` on; nothing happens when it is champion then already.

        ValueError before the version's cutoff, or when a verdict failed. Conflict when the champion as of `effective`
        is not `expected`. A manual promotion passes no verdicts and says why.
        """
        cutoff = self.get(model, version).cutoff
        effective = instant("effective", effective)
        if effective < cutoff:
            raise ValueError(
                f"model {model} version {version} has cutoff {cutoff}, so it may know what came before; "
                f"it cannot serve from {effective}: expected the cutoff or later"
            )
        answers = _checked(verdicts)
        failed = "; ".join(f"{v['gate']} ({v['reason']})" for v in answers if not v["passed"])
        if failed:
            raise ValueError(f"model {model} version {version} cannot be promoted, it failed {failed}")
        with locked(self._home(model) / ".lock"):
            line = lineage(self.history(model), effective)
            if line and line[-1].version == version:
                return line[-1]
            champion = line[-1].version if line else None
            if champion != expected:
                raise Conflict(
                    f"model {model} as of {effective}: expected {_named(expected)}, but it is {_named(champion)}; "
                    f"nothing was changed. Compare version {version} with the champion, then promote it again"
                )
            return self._append("promote", model, version, champion, who, why, effective, answers)

    def reject(
        self,
        model: str,
        version: int,
        *,
        who: str,
        why: str,
        verdicts: Sequence[Mapping[str, Any]],
        effective: datetime,
    ) -> JournalRecord:
        """Record that a version is not to serve, with the gates' verdicts; the champion stays."""
        self.get(model, version)
        answers = _checked(verdicts)
        with locked(self._home(model) / ".lock"):
            line = lineage(self.history(model), instant("effective", effective))
            return self._append(
                "reject", model, version, line[-1].version if line else None, who, why, effective, answers
            )

    def rollback(self, model: str, *, who: str, why: str, effective: datetime) -> JournalRecord:
        """Return to the champion before the present one from `effective` on; twice in a row goes back two.

        NoChampion when there is none to go back to.
        """
        self.champion(model, effective)
        with locked(self._home(model) / ".lock"):
            line = lineage(self.history(model), instant("effective", effective))
            if len(line) < 2:
                raise NoChampion(
                    f"model {model}: no champion came before version {line[-1].version} as of {effective}; "
                    "promote another version instead"
                )
            return self._append("rollback", model, line[-2].version, line[-1].version, who, why, effective)

    def champion(self, model: str, at: datetime | None = None) -> ModelVersion:
        """The version that serves as of `at`, by default after the latest effective entry.

        Among the promotions and rollbacks effective by then: the latest effective, of equals the last recorded.
        NoChampion, naming what exists.
        """
        history = self.history(model)
        line = lineage(history, None if at is None else instant("at", at))
        if line:
            return self.get(model, line[-1].version)
        numbers = self._versions(model).numbers
        if not numbers:
            raise NoChampion(unknown("model", model, self.models()))
        moves = sorted(f"{e.effective} ({e.action} version {e.version})" for e in history if e.action != "reject")
        raise NoChampion(
            f"model {model} has no champion{'' if at is None else f' as of {at}'}; versions: "
            f"{', '.join(map(str, numbers))}; champions since: {', '.join(moves[:1]) or 'never'}"
        )

    def serving(self, model: str, at: datetime) -> ModelVersion | None:
        """The champion as of `at`, None where nothing served."""
        try:
            return self.champion(model, at)
        except NoChampion:
            return None

    def alias(self, model: str, name: str) -> ModelVersion | None:
        """The version that is `champion`, `previous` (a rollback's target) or `challenger`, if there is one.

        The challenger is the newest version that was neither promoted nor rejected. Rewrites a stale `aliases.json`.
        """
        if name not in _ALIASES:
            raise LookupError(unknown("alias", name, _ALIASES))
        home = self._home(model)
        if self._versions(model).numbers and self._stale(model) and os.access(home, os.W_OK):
            with locked(home / ".lock"):
                self._refresh_aliases(model)
        number = self._aliases(model)[name]
        return None if number is None else self.get(model, number)

    def history(self, model: str) -> list[JournalRecord]:
        """All decisions, in the order they were recorded."""
        return self._journal(model).entries()

    def verdict(self, model: str, version: int) -> JournalRecord | None:
        """The last decision that promoted or rejected a version."""
        decisions = [e for e in self.history(model) if e.version == version and e.action != "rollback"]
        return decisions[-1] if decisions else None

    def verify(self, model: str) -> None:
        """Check every file, manifest and content id, and the journal's chain. Corrupt, naming the file or line."""
        numbers = self._versions(model).numbers
        if not numbers:
            raise LookupError(unknown("model", model, self.models()))
        for number in numbers:
            self._versions(model).verify(number)
        for entry in self.history(model):
            if entry.action != "reject" and entry.version not in numbers:
                where = f"{self._journal(model).path}, line {entry.index + 1}"
                raise Corrupt(f"{where}: {entry.action} of version {entry.version}, which is gone")

    def _home(self, model: str) -> Path:
        return self.root / checked_name("model", model)

    def _journal(self, model: str) -> Journal:
        return Journal(self._home(model) / "journal.jsonl", model)

    def _versions(self, model: str) -> Versions:
        return Versions(self._home(model), model)

    def _append(
        self,
        action: str,
        model: str,
        version: int,
        previous: int | None,
        who: str,
        why: str,
        effective: datetime,
        verdicts: Sequence[Mapping[str, Any]] = (),
    ) -> JournalRecord:
        if not who.strip() or not why.strip():
            raise ValueError(
                f"{action} of model {model} version {version}: expected who decides it and why, got nothing"
            )
        entry = self._journal(model).append(
            action, version, previous=previous, who=who, why=why, effective=effective, verdicts=verdicts
        )
        self._refresh_aliases(model)
        return entry

    def _aliases(self, model: str) -> dict[str, int | None]:
        history = self.history(model)
        served = [entry.version for entry in lineage(history)]
        decided = {entry.version for entry in history}
        undecided = [number for number in self._versions(model).numbers if number not in decided]
        return {
            "champion": served[-1] if served else None,
            "previous": served[-2] if len(served) > 1 else None,
            "challenger": undecided[-1] if undecided else None,
        }

    def _stale(self, model: str) -> bool:
        path = self._home(model) / "aliases.json"
        return not path.exists() or path.read_bytes() != canonical_json(self._aliases(model))

    def _refresh_aliases(self, model: str) -> None:
        if self._stale(model):
            replace(self._home(model) / "aliases.json", canonical_json(self._aliases(model)))


def _checked(verdicts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    for verdict in verdicts:
        if set(verdict) != {"gate", "passed", "reason"} or verdict["passed"] not in (True, False):
            raise ValueError(f"verdict {dict(verdict)}: expected gate, passed (true or false) and reason")
    return [{**verdict, "passed": bool(verdict["passed"])} for verdict in verdicts]


def _named(version: int | None) -> str:
    return "no champion" if version is None else f"version {version} as champion"
