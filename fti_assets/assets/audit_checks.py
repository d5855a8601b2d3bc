"""The leakage audit of each feature group as an asset check that runs when somebody asks for it.

The checks hang on an asset of their own, which nobody materializes: Dagster adds every check of an asset to each run of
it that selects assets by name, in the UI, in a backfill and on the command line, and an audit computes a partition some
twenty times.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from fti_assets.assets.describe import table
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import feature_key
from fti_assets.audit.evidence import group_evidence
from fti_assets.audit.feature_groups import audit_binding
from fti_assets.audit.known_times import audit_times
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.time import Window

LEAKAGE = dg.AssetKey(["audit", "leakage"])
_SHOWN = ("where", "column", "source", "because", "key", "known_at", "before", "after", "rows", "advice")


def leakage_spec(bindings: Iterable[Binding]) -> dg.AssetSpec:
    """The asset that the audits are checks of."""
    return dg.AssetSpec(
        LEAKAGE,
        deps=[feature_key(binding.group) for binding in bindings],
        description="Whether a feature group knows what it could not have known: its checks, run by hand.",
        group_name="features",
    )


def leakage_check(binding: Binding) -> dg.AssetChecksDefinition:
    """Audit the group at moments of its newest stored partition, against the sources and the store as they are.

    It fails for a leak; its metadata holds the findings, what was looked at, and whether that is enough to tell.
    """
    group = binding.group

    @dg.asset_check(
        asset=LEAKAGE,
        name=group.name,
        description=f"No row of {group.name} depends on what became known after it.",
    )
    def leakage(home: HomeResource) -> dg.AssetCheckResult:
        store = home.open().features.snapshot()
        end = store.known_until(group)
        if end is None:
            raise MissingPartitions(f"feature group {group.name} has no rows to audit: materialize it first")
        today = datetime.now(UTC).date()
        window = Window.of_days(today, today) if group.dimension else Window(end - group.period.length, end)
        findings = audit_binding(binding, window, store)
        if not group.dimension:
            findings += audit_times([binding], window, store)
        evidence = group_evidence(binding, window, dict.fromkeys(binding.groups, window), store)
        leaks = [finding for finding in findings if finding.severity == "leak"]
        shown = {"findings": table([vars(finding) for finding in findings], _SHOWN)} if findings else {}
        return dg.AssetCheckResult(
            passed=not leaks,
            description="" if leaks or evidence.is_enough else "too little to tell",
            metadata={
                "audited": "the whole table" if group.dimension else str(window),
                "rows": evidence.rows,
                "keys": evidence.keys,
                "leaks": len(leaks),
                **shown,
            },
        )

    return leakage
