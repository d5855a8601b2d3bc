"""From a decision to a run: the sensor that retrains."""

import dagster as dg

from fti_assets.assets.keys import decision_key, model_key
from fti_assets.contracts.model import Model

_AT_ONCE = 50


def retrain_sensor(model: Model, job_name: str) -> dg.SensorDefinition:
    """Launch the training job for each cutoff whose recorded decision says so, once."""

    @dg.sensor(
        name=f"retrain_{model.name}",
        job_name=job_name,
        description=f"Trains {model.name} at each cutoff that monitoring/{model.name}_retrain decided to retrain at.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
    )
    def retrain(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        seen = int(context.cursor) if context.cursor else None
        decisions = context.instance.fetch_materializations(
            dg.AssetRecordsFilter(decision_key(model), after_storage_id=seen), limit=_AT_ONCE, ascending=True
        ).records
        if not decisions:
            return dg.SkipReason(f"no decision on {model.name} since the last look")
        trained = context.instance.get_materialized_partitions(model_key(model))
        requests, reasons = [], []
        for record in decisions:
            event = record.asset_materialization
            if event is None or event.partition is None or "retrain" not in event.metadata:
                continue
            reason = str(event.metadata["reason"].value)
            if event.partition in trained:
                reasons.append(f"{event.partition}: trained already")
            elif event.metadata["retrain"].value:
                tags = {"fti/trigger": reason}
                requests.append(
                    dg.RunRequest(f"{model.name}:{event.partition}", partition_key=event.partition, tags=tags)
                )
            else:
                reasons.append(f"{event.partition}: {reason}")
        skip = dg.SkipReason("nothing to train: " + "; ".join(reasons)) if reasons and not requests else None
        return dg.SensorResult(run_requests=requests, cursor=str(decisions[-1].storage_id), skip_reason=skip)

    return retrain
