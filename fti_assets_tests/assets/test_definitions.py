"""The flights' assets, as they stand in flights_assets.txt, and the rules by which locations are made and merged."""

import difflib
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetNode

from fti_assets.assets.code_location import merged
from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.assets.inference_pipeline import inference_pipeline
from fti_assets.assets.training_pipeline import training_pipeline
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.flights import definitions, features, inference, training
from fti_assets_tests.worlds import BINDINGS, Order, as_given, order_source, orders, outcomes, returns

SNAPSHOT = Path(__file__).parent / "flights_assets.txt"
REGENERATE = "FTI_WRITE_SNAPSHOT"
LOCATIONS = {"features": features.defs, "training": training.defs, "inference": inference.defs}
WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"


def described(defs: dg.Definitions) -> list[str]:
    """A line an asset."""
    graph = defs.resolve_asset_graph()
    return [_line(graph.get(key)) for key in sorted(graph.get_all_asset_keys())]


def _line(node: BaseAssetNode) -> str:
    name = node.key.to_user_string()
    if not node.is_executable:
        return f"{name} | {_calendar(node)} | defined elsewhere"
    parents = [_dependency(node, parent) for parent in sorted(node.parent_keys)]
    checks = sorted(key.name for key in node.check_keys)
    condition = node.automation_condition.get_label() if node.automation_condition else "by hand"
    cells = [
        name,
        _calendar(node),
        f"{node.group_name}: {' '.join(sorted(node.kinds))}",
        f"checks {' '.join(checks) or 'none'}",
        condition or "eager",
        f"reads {', '.join(parents) or 'nothing'}",
    ]
    return " | ".join(cells)


def _calendar(node: BaseAssetNode) -> str:
    partitions = node.partitions_def
    if partitions is None:
        return "whole"
    kind = "weekly" if isinstance(partitions, dg.WeeklyPartitionsDefinition) else "daily"
    return f"{kind} {partitions.get_first_partition_key()}...{partitions.get_last_partition_key()}"


def _dependency(node: BaseAssetNode, parent: dg.AssetKey) -> str:
    """The asset that is read; in brackets which of its partitions, when it is not the same one."""
    mapping = node.partition_mappings.get(parent)
    match mapping:
        case None:
            offsets = ""
        case dg.TimeWindowPartitionMapping():
            offsets = f"[{mapping.start_offset}..{mapping.end_offset}]"
        case _:
            offsets = f"[{type(mapping).__name__}]"
    return parent.to_user_string() + offsets


def snapshot() -> str:
    """Each location's assets; what another one defines is named with its calendar alone."""
    sections = []
    for name, defs in LOCATIONS.items():
        jobs = [f"job {job.name}" for job in defs.jobs or ()]
        sensors = [f"sensor {sensor.name}" for sensor in defs.sensors or ()]
        assets = described(defs)
        sections += [f"# {name}", *assets, *sorted(jobs), *sorted(sensors), ""]
    return "\n".join(sections)


def test_the_flights_assets_are_those_of_the_snapshot():
    found = snapshot()
    if os.environ.get(REGENERATE):
        SNAPSHOT.write_text(found)
    expected = SNAPSHOT.read_text()

    changed = difflib.unified_diff(expected.splitlines(), found.splitlines(), SNAPSHOT.name, "now", lineterm="", n=0)
    assert found == expected, "\n".join(
        [f"the assets changed; if that is meant: {REGENERATE}=1 pytest {__file__}", *changed]
    )


def test_merged_is_the_three_locations_without_their_stubs():
    own = {line for defs in LOCATIONS.values() for line in described(defs) if not line.endswith("| defined elsewhere")}
    sources = {line for line in described(features.defs) if line.startswith(("source/", "audit/"))}

    assert set(described(definitions.defs)) == own | sources


def test_merged_keeps_every_job_and_sensor_and_one_automation():
    jobs = {job.name for defs in LOCATIONS.values() for job in defs.jobs}
    sensors = [sensor.name for sensor in definitions.defs.sensors]

    assert {job.name for job in definitions.defs.jobs} == jobs
    assert sorted(sensors) == ["automation", "retrain_arrival_delay", "retrain_late_arrival"]


def test_every_asset_that_can_run_has_a_code_version_unless_it_only_looks():
    graph = definitions.defs.resolve_asset_graph()
    without = {key.path[0] for key in graph.executable_asset_keys if graph.get(key).code_version is None}

    assert without == {"champion", "monitoring", "online"}


@pytest.fixture(scope="module")
def loaded() -> dict[str, tuple[int, str]]:
    """How each location loads in a process of its own, where a warning is an error."""
    code = "import dagster as dg, fti_assets.flights.{0} as location; dg.Definitions.validate_loadable(location.defs)"
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code.format(name)], stderr=subprocess.PIPE, text=True
        )
        for name in (*LOCATIONS, "definitions")
    }
    return {name: (process.communicate()[1], process.returncode)[::-1] for name, process in processes.items()}


@pytest.mark.parametrize("name", [*LOCATIONS, "definitions"])
def test_a_location_loads_without_a_warning(loaded, name):
    assert loaded[name] == (0, "")


def test_the_workspace_names_the_three_locations():
    listed = [entry["python_module"] for entry in yaml.safe_load(WORKSPACE.read_text())["load_from"]]

    assert listed == [
        {"module_name": f"fti_assets.flights.{name}", "attribute": "defs", "location_name": name} for name in LOCATIONS
    ]


def upstream(child: str, parent: str, partition: str) -> list[str]:
    """The partitions of the parent that the child's partition depends on."""
    graph = definitions.defs.resolve_asset_graph()
    node, above = (graph.get(dg.AssetKey(key.split("/"))) for key in (child, parent))
    subset = node.partitions_def.subset_with_partition_keys([partition])
    mapped = graph.get_partition_mapping(node.key, above.key).get_upstream_mapped_partitions_result_for_partitions(
        subset, node.partitions_def, above.partitions_def
    )
    return sorted(mapped.partitions_subset.get_partition_keys())


@pytest.mark.parametrize(
    ("child", "parent", "partition", "first", "last"),
    [
        ("features/carriers", "features/arrivals", "2013-03-31", "2013-03-01", "2013-03-30"),
        ("features/origin_landings", "features/arrivals", "2013-03-31", "2013-03-30", "2013-03-31"),
        ("datasets/late_arrival", "features/carriers", "2013-06-08", "2013-01-01", "2013-06-07"),
        ("datasets/late_arrival", "features/arrivals", "2013-06-08", "2013-01-01", "2013-06-07"),
        ("models/late_arrival", "datasets/late_arrival", "2013-06-08", "2013-06-08", "2013-06-08"),
        ("predictions/late_arrival", "features/departures", "2013-06-08", "2013-06-08", "2013-06-08"),
        ("predictions/late_arrival", "features/carriers", "2013-06-08", "2013-06-07", "2013-06-08"),
        ("predictions/late_arrival", "features/takeoffs", "2013-06-08", "2013-06-06", "2013-06-08"),
        ("monitoring/late_arrival", "predictions/late_arrival", "2013-07-08", "2013-06-24", "2013-07-07"),
        ("monitoring/late_arrival", "features/arrivals", "2013-07-08", "2013-07-05", "2013-07-07"),
        ("monitoring/late_arrival_retrain", "monitoring/late_arrival", "2013-07-06", "2013-06-15", "2013-07-05"),
    ],
)
def test_a_partition_depends_on_the_days_that_it_reads_and_never_on_later_ones(child, parent, partition, first, last):
    assert upstream(child, parent, partition) == [str(day) for day in Window.of_days(first, last).days]


def test_names_that_are_given_twice_are_refused():
    dates = {"since": "2024-01-01", "until": "2024-02-01"}

    with pytest.raises(DeclarationError, match="feature group order is given twice"):
        feature_pipeline(*BINDINGS, BINDINGS[0], **dates)
    with pytest.raises(DeclarationError, match="model returns is given twice"):
        training_pipeline(returns, returns, retrain=Retrain(), first_cutoff="2024-01-08", **dates)
    with pytest.raises(DeclarationError, match="model returns is given twice"):
        inference_pipeline(Predictions(returns), Predictions(returns), first_day="2024-01-08", **dates)


def test_two_sources_of_one_name_are_refused():
    impostor = Source(Order, lambda start, end: order_source.read(start, end), name="shop_orders")
    bindings = [orders.computed(as_given, order_source), outcomes.computed(as_given, impostor)]

    with pytest.raises(DeclarationError, match="two sources are called 'shop_orders': rename one"):
        feature_pipeline(*bindings, since="2024-01-01")


def test_a_pipeline_of_nothing_is_refused():
    with pytest.raises(DeclarationError, match="expected at least one feature group"):
        feature_pipeline(since="2024-01-01")


def test_a_stub_gives_way_in_whatever_order_the_locations_are_merged():
    dates = {"since": "2024-01-01", "until": "2024-02-01"}
    locations = [
        feature_pipeline(*BINDINGS, **dates),
        training_pipeline(returns, retrain=Retrain(), first_cutoff="2024-01-15", **dates),
        inference_pipeline(Predictions(returns), first_day="2024-01-15", **dates),
    ]

    assert described(merged(*locations)) == described(merged(*reversed(locations)))
    assert "features/order | daily" in "\n".join(described(merged(*locations[1:])))
