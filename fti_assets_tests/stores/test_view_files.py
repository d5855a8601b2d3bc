from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import Conflict
from fti_assets.stores.view_files import ViewFile, ViewFiles

FRAME = pl.DataFrame({"n": [1, 2, 3]})


def test_a_file_says_its_rows_and_bytes_and_holds_the_frame(tmp_path: Path) -> None:
    written = ViewFiles(tmp_path).put("january", "key", FRAME)
    assert written == ViewFile(tmp_path / "january.parquet", 3, (tmp_path / "january.parquet").stat().st_size)
    assert pl.read_parquet(written.path).equals(FRAME)
    assert [path.name for path in tmp_path.iterdir()] == ["january.parquet"]


def test_a_file_is_found_again_under_its_key_alone(tmp_path: Path) -> None:
    files = ViewFiles(tmp_path)
    assert files.get("january", "key") is None
    written = files.put("january", "key", FRAME)
    assert files.get("january", "key") == ViewFile(written.path, 3, written.bytes, kept=True)
    assert files.get("january", "another") is None


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    files = ViewFiles(tmp_path)
    files.put("january", "key", FRAME)
    files.claim(["january", "february"])
    with pytest.raises(Conflict, match=r"holds january.parquet, which .* does not write: choose another folder"):
        files.claim(["february"])
