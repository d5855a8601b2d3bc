"""The model card: what a version is for, what it was fitted on, how good it is, what it looks at."""

from collections.abc import Mapping
from datetime import datetime

from fti_assets.contracts.evaluation import Evaluation
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import label_of
from fti_assets.stores.datasets import Dataset


def card(
    model: Model, cutoff: datetime, dataset: Dataset, evaluation: Evaluation, importance: Mapping[str, float]
) -> str:
    """A version's card, as Markdown."""
    constant = evaluation.baseline_loss
    better = f" ({1 - evaluation.loss / constant:+.1%})" if constant else ""
    lines = [
        f"# {model.name}, cutoff {cutoff:%Y-%m-%d}",
        "",
        model.description or f"Predicts `{model.view.label}`.",
        "",
        f"Fitted on {dataset.manifest['rows']:,} rows that were matured at the cutoff, dataset `{dataset.id}`.",
        *_cut(dataset),
        f"Evaluated on {evaluation.rows:,} of them, those of the last {label_of(model.holdout)}, by the same recipe "
        "fitted on what was final before they began.",
        "",
        "| figure | value |",
        "|---|---|",
        f"| {evaluation.metric} | {evaluation.loss:.4f} |",
        f"| constant baseline | {constant:.4f}{better} |",
        f"| calibration gap | {evaluation.calibration_gap:+.4f} |",
    ]
    if evaluation.auc is not None:
        lines.append(f"| AUC | {evaluation.auc:.4f} |")
    lines += ["", "| feature | importance |", "|---|---|"]
    lines += [f"| {name} | {share:.1%} |" for name, share in list(importance.items())[:12]]
    return "\n".join(lines) + "\n"


def _cut(dataset: Dataset) -> list[str]:
    """How many rows have windows that begin before history does, where any have."""
    cut, whole = dataset.manifest.get("cut"), dataset.manifest.get("whole_from")
    if not cut:
        return []
    since = (
        f"all windows are whole from {datetime.fromisoformat(whole):%Y-%m-%d %H:%M} UTC" if whole else "none is whole"
    )
    return [f"Windows of {cut:,} matured rows reach back before history begins: {since}."]
