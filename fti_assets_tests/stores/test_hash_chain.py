from pathlib import Path

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.hash_chain import FIRST, Chain


def chain(path: Path, owner: str = "ada") -> Chain:
    return Chain(path, frozenset({"what"}), {"owner": owner})


def test_each_record_holds_the_hash_of_the_one_before(tmp_path: Path) -> None:
    written = [chain(tmp_path / "file").append({"what": what}) for what in ("one", "two")]
    assert chain(tmp_path / "file").records() == written
    assert [record["previous_hash"] for record in written] == [FIRST, written[0]["hash"]]
    assert [(record["index"], record["owner"], record["what"]) for record in written] == [
        (0, "ada", "one"),
        (1, "ada", "two"),
    ]


def test_what_a_crash_left_of_a_line_is_ignored_and_dropped_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "file"
    first = chain(path).append({"what": "one"})
    path.write_bytes(path.read_bytes() + b'{"what": "tw')
    assert chain(path).records() == [first]
    second = chain(path).append({"what": "three"})
    assert chain(path).records() == [first, second]


def test_a_removed_line_breaks_the_chain_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for what in ("one", "two", "three"):
        chain(path).append({"what": what})
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(Corrupt, match="line 2: the chain is broken"):
        chain(path).records()


def test_a_record_of_somebody_elses_file_is_found_out(tmp_path: Path) -> None:
    chain(tmp_path / "file", "ben").append({"what": "one"})
    with pytest.raises(Corrupt, match="chain is broken"):
        chain(tmp_path / "file", "ada").records()


def test_a_record_of_other_fields_is_refused(tmp_path: Path) -> None:
    Chain(tmp_path / "file", frozenset({"what", "why"}), {"owner": "ada"}).append({"what": "one", "why": "so"})
    with pytest.raises(Corrupt, match="expected hash, index, owner, previous_hash, what in canonical JSON"):
        chain(tmp_path / "file").records()
