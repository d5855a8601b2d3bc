"""The model registry: immutable versions, and a journal of which one serves when.

Below `<model>/` lie `versions/` (manifests), `blobs/` (their files) and `journal/` (decisions). What serves follows
from the journal alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import attrs

from fti_assets.contracts.errors import Conflict, Corrupt, NoChampion, unknown
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.time import instant
from fti_assets.stores.journal import Journal, JournalRecord, lineage
from fti_assets.stores.model_versions import ModelVersion, Versions
from fti_assets.stores.storage import Storage

_ALIASES = ("champion", "previous", "challenger")


@attrs.frozen
class Registry:
    """All models below a storage; any number of processes may read and write it."""

    storage: Storage

    def register(
        self, model: str, files: Mapping[str, bytes], *, cutoff: datetime, facts: Mapping[str, Any]
    ) -> ModelVersion:
        """Store the files as the next version, or return the version that holds the same content already.

        `facts` is any JSON: dataset id, table versions, parameters, seed, packages, run id. A reader sees all of a
        version or nothing; a writer that dies leaves nothing that anybody sees.
        """
        return self._versions(model).add(files, cutoff, facts)

    def models(self) -> list[str]:
        """The names of the models with at least one version."""
        return [name for name in self.storage.names() if self._versions(name).all()]

    def versions(self, model: str) -> list[ModelVersion]:
        """All versions, ascending; none for a model that was never registered."""
        return self._versions(model).all()

    def get(self, model: str, version: int) -> ModelVersion:
        """One version. LookupError naming what exists."""
        versions = {known.version: known for known in self.versions(model)}
        if not versions:
            raise LookupError(unknown("model", model, self.models()))
        if version not in versions:
            raise LookupError(f"model {model}: {unknown('version', str(version), map(str, versions))}")
        return versions[version]

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
        chosen, effective, answers = self.get(model, version), instant("effective", effective), _checked(verdicts)
        if effective < chosen.cutoff:
            raise ValueError(
                f"model {model} version {version} has cutoff {chosen.cutoff}, so it may know what came before; "
                f"it cannot serve from {effective}: expected the cutoff or later"
            )
        failed = "; ".join(f"{v['gate']} ({v['reason']})" for v in answers if not v["passed"])
        if failed:
            raise ValueError(f"model {model} version {version} cannot be promoted, it failed {failed}")

        def decide(records: list[JournalRecord]) -> dict[str, Any] | None:
            champion = _champion(records, effective)
            if champion == version:
                return None
            if champion != expected:
                raise Conflict(
                    f"model {model} as of {effective}: expected {_named(expected)}, but it is {_named(champion)}; "
                    f"nothing was changed. Compare version {version} with the champion, then promote it again"
                )
            return _facts("promote", chosen, champion, who, why, effective, answers)

        return self._journal(model).append(decide) or lineage(self.history(model), effective)[-1]

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
        chosen, effective, answers = self.get(model, version), instant("effective", effective), _checked(verdicts)

        def decide(records: list[JournalRecord]) -> dict[str, Any]:
            return _facts("reject", chosen, _champion(records, effective), who, why, effective, answers)

        return cast(JournalRecord, self._journal(model).append(decide))

    def rollback(self, model: str, *, who: str, why: str, effective: datetime) -> JournalRecord:
        """Return to the champion before the present one from `effective` on; twice in a row goes back two.

        NoChampion when there is none to go back to.
        """
        self.champion(model, effective)
        effective = instant("effective", effective)

        def decide(records: list[JournalRecord]) -> dict[str, Any]:
            line = lineage(records, effective)
            if len(line) < 2:
                raise NoChampion(
                    f"model {model}: no champion came before version {line[-1].version} as of {effective}; "
                    "promote another version instead"
                )
            target = self.get(model, line[-2].version)
            return _facts("rollback", target, line[-1].version, who, why, effective, [])

        return cast(JournalRecord, self._journal(model).append(decide))

    def champion(self, model: str, at: datetime | None = None) -> ModelVersion:
        """The version that serves as of `at`, by default after the latest effective decision.

        Among the promotions and rollbacks effective by then: the latest effective, of equals the last recorded.
        NoChampion, naming what exists; Corrupt when the version of that number is not the one that was decided on.
        """
        history = self.history(model)
        line = lineage(history, None if at is None else instant("at", at))
        if line:
            return self._decided_on(line[-1])
        versions = self.versions(model)
        if not versions:
            raise NoChampion(unknown("model", model, self.models()))
        moves = sorted(f"{e.effective} ({e.action} version {e.version})" for e in history if e.action != "reject")
        raise NoChampion(
            f"model {model} has no champion{'' if at is None else f' as of {at}'}; versions: "
            f"{', '.join(str(v.version) for v in versions)}; champions since: {', '.join(moves[:1]) or 'never'}"
        )

    def serving(self, model: str, at: datetime) -> ModelVersion | None:
        """The champion as of `at`, None where nothing served."""
        try:
            return self.champion(model, at)
        except NoChampion:
            return None

    def alias(self, model: str, name: str) -> ModelVersion | None:
        """The version that is `champion`, `previous` (a rollback's target) or `challenger`, if there is one.

        The challenger is the newest version that was neither promoted nor rejected.
        """
        if name not in _ALIASES:
            raise LookupError(unknown("alias", name, _ALIASES))
        history = self.history(model)
        if name == "challenger":
            decided = {record.version for record in history}
            undecided = [version for version in self.versions(model) if version.version not in decided]
            return undecided[-1] if undecided else None
        place = -1 if name == "champion" else -2
        line = lineage(history)
        return self._decided_on(line[place]) if len(line) >= -place else None

    def history(self, model: str) -> list[JournalRecord]:
        """All decisions, in the order they were recorded."""
        return self._journal(model).records()

    def verdict(self, model: str, version: int) -> JournalRecord | None:
        """The last decision that promoted or rejected a version."""
        decisions = [e for e in self.history(model) if e.version == version and e.action != "rollback"]
        return decisions[-1] if decisions else None

    def verify(self, model: str) -> None:
        """Read every manifest, file and decision again. Corrupt, naming what is not as it was written."""
        if not self.versions(model):
            raise LookupError(unknown("model", model, self.models()))
        self._versions(model).verify()
        self._journal(model).verify()
        for record in self.history(model):
            self._decided_on(record)

    def _decided_on(self, record: JournalRecord) -> ModelVersion:
        """The version of a decision, which is about bytes and not about a number."""
        where = f"{self.storage.url}/{record.model}: {record.action} of version {record.version}"
        version = next((v for v in self.versions(record.model) if v.version == record.version), None)
        if version is None:
            raise Corrupt(f"{where}, which is gone")
        if version.content_id != record.content_id:
            raise Corrupt(f"{where} was of {record.content_id}, but version {record.version} is {version.content_id}")
        return version

    def _journal(self, model: str) -> Journal:
        return Journal(self.storage.at(checked_name("model", model), "journal"), model)

    def _versions(self, model: str) -> Versions:
        return Versions(self.storage.at(checked_name("model", model)), model)


def _champion(records: Sequence[JournalRecord], effective: datetime) -> int | None:
    line = lineage(records, effective)
    return line[-1].version if line else None


def _facts(
    action: str,
    version: ModelVersion,
    previous: int | None,
    who: str,
    why: str,
    effective: datetime,
    verdicts: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    if not who.strip() or not why.strip():
        raise ValueError(
            f"{action} of model {version.model} version {version.version}: expected who decides it and why, got nothing"
        )
    return {
        "action": action,
        "version": version.version,
        "content_id": version.content_id,
        "previous": previous,
        "who": who,
        "why": why,
        "effective": effective,
        "verdicts": [dict(verdict) for verdict in verdicts],
    }


def _checked(verdicts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    for verdict in verdicts:
        if set(verdict) != {"gate", "passed", "reason"} or verdict["passed"] not in (True, False):
            raise ValueError(f"verdict {dict(verdict)}: expected gate, passed (true or false) and reason")
    return [{**verdict, "passed": bool(verdict["passed"])} for verdict in verdicts]


def _named(version: int | None) -> str:
    return "no champion" if version is None else f"version {version} as champion"
