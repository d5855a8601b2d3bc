"""From candidate to champion: the gates, judged against the champion of the candidate's own cutoff."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np

from fti_assets.contracts.evaluation import Evaluation
from fti_assets.contracts.gates import Verdict
from fti_assets.contracts.model import Model
from fti_assets.contracts.split import Split
from fti_assets.models.evaluation import compare, evaluate
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.labels import LABEL


@dataclass(frozen=True)
class Gated:
    """A candidate's verdicts and what became of it."""

    version: ModelVersion
    promoted: bool
    verdicts: tuple[Verdict, ...]
    evaluation: Evaluation


def gate_candidates(model: Model, home: Home, who: str, until: datetime | None = None) -> list[Gated]:
    """Judge every version that was neither promoted nor rejected, in the order of their cutoffs."""
    waiting = [v for v in home.registry.versions(model.name) if home.registry.verdict(model.name, v.version) is None]
    due = [v for v in waiting if until is None or v.cutoff <= until]
    return [gate(model, version, home, who) for version in sorted(due, key=lambda v: (v.cutoff, v.version))]


def gate(model: Model, version: ModelVersion, home: Home, who: str) -> Gated:
    """Judge one candidate and promote it from its cutoff on, or reject it; either way the journal says why.

    The champion is asked on the holdout rows that were not matured at its own cutoff: neither was fitted on them.
    Promotion is refused (Conflict) if another champion took effect at the cutoff while this was judged.
    """
    champion = home.registry.serving(model.name, version.cutoff)
    evaluation = reevaluate(model, version, champion, home)
    verdicts = tuple(g.judge(evaluation) for g in model.gates)
    recorded = [asdict(v) for v in verdicts]
    promoted = all(v.passed for v in verdicts)
    if promoted:
        home.registry.promote(
            model.name,
            version.version,
            who=who,
            why="; ".join(f"{v.gate}: {v.reason}" for v in verdicts),
            effective=version.cutoff,
            expected=champion.version if champion else None,
            verdicts=recorded,
        )
    else:
        why = "; ".join(f"{v.gate}: {v.reason}" for v in verdicts if not v.passed)
        home.registry.reject(model.name, version.version, who=who, why=why, effective=version.cutoff, verdicts=recorded)
    return Gated(version, promoted, verdicts, evaluation)


def reevaluate(model: Model, version: ModelVersion, champion: ModelVersion | None, home: Home) -> Evaluation:
    """The candidate's trial on its holdout once more, beside the champion."""
    begin = Split.of(model, version.cutoff).evaluated_from
    frame = home.datasets.get(model.name, version.cutoff, version.manifest["facts"]["dataset"]).read(
        since=(model.view.predicted_at, begin)
    )
    label = frame[LABEL].to_numpy(dtype=np.float64)
    prediction = Scorer(version, trial=True).predict(frame)
    is_binary = model.view.label.is_binary
    metrics = version.read_json("metrics.json")
    slices = {column: frame[column] for column in model.slices}
    evaluation = evaluate(is_binary, label, prediction, metrics["trial_baseline"], slices)
    if champion is None:
        return evaluation
    unseen = Split.of(model, champion.cutoff).matured_before
    fresh = (frame[model.view.predicted_at] >= unseen).to_numpy()
    days = frame[model.view.predicted_at].dt.date.to_numpy()
    answer = Scorer(champion).predict(frame[fresh])
    return replace(
        evaluation,
        champion=compare(is_binary, label[fresh], prediction[fresh], answer, days[fresh], champion.version),
    )
