from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.time import DAY, midnight
from fti_assets.stores.partition_files import directory_of, read_files, write_files

NEW_YEAR = midnight("2024-01-01")


def test_a_folder_is_named_by_the_values_of_its_partition() -> None:
    assert directory_of({"ds": "2024-01-31", "hour": "5"}) == "ds=2024-01-31/hour=5"


def test_each_partition_gets_a_file_that_its_action_describes(tmp_path: Path) -> None:
    parts = {
        NEW_YEAR + n * DAY: ({"ds": f"{NEW_YEAR + n * DAY:%Y-%m-%d}"}, pl.DataFrame({"n": [n] * n, "x": ["a"] * n}))
        for n in range(1, 70)  # more than are written at once
    }
    actions = write_files(tmp_path, parts)
    assert list(actions) == list(parts)
    for start, (values, rows) in parts.items():
        action, path = actions[start], tmp_path / actions[start]["path"]
        assert path.parent == tmp_path / directory_of(values)
        assert action["size"] == path.stat().st_size
        assert action["stats"] == f'{{"numRecords":{rows.height}}}'
        assert action["partitionValues"] == values
        assert read_files([path], ["x", "n"]).equals(rows.select("x", "n"))
    files = [tmp_path / action["path"] for action in actions.values()]
    assert read_files(files[::-1], ["n"])["n"].to_list() == [n for n in range(69, 0, -1) for _ in range(n)]


def test_writing_again_writes_beside_what_is_there(tmp_path: Path) -> None:
    for value in (1, 2):
        write_files(tmp_path, {NEW_YEAR: ({"ds": "2024-01-01"}, pl.DataFrame({"n": [value]}))})
    files = sorted(tmp_path.glob("ds=2024-01-01/*.parquet"))
    assert sorted(read_files([file], ["n"])["n"].item() for file in files) == [1, 2]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "ds=2024-01-01").write_text("a file where a folder belongs")
    with pytest.raises(FileExistsError):
        write_files(tmp_path, {NEW_YEAR: ({"ds": "2024-01-01"}, pl.DataFrame({"n": [1]}))})
