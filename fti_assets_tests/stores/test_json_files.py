import threading

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.json_files import read_json, write_json


def test_a_value_comes_back(tmp_path):
    path = tmp_path / "folder" / "value.json"
    assert write_json(path, {"name": "Zürich", "rows": [1, 2.5, None, True]})
    assert read_json(path) == {"name": "Zürich", "rows": [1, 2.5, None, True]}
    assert "Zürich" in path.read_text(encoding="utf-8"), "people can read it"


def test_an_absent_file_has_the_value_that_the_caller_names(tmp_path):
    assert read_json(tmp_path / "none.json") is None
    assert read_json(tmp_path / "none.json", {}) == {}


@pytest.mark.parametrize("content", ["", "{", '{"a": 1', "no"])
def test_an_emptied_or_torn_file_is_named(tmp_path, content):
    (tmp_path / "value.json").write_text(content)
    with pytest.raises(Corrupt, match=rf"{tmp_path}/value.json: expected JSON"):
        read_json(tmp_path / "value.json", {})


def test_the_same_value_leaves_the_file_as_it_is(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    written = path.stat()
    assert not write_json(path, {"a": 1})
    assert path.stat().st_ino == written.st_ino
    assert write_json(path, {"a": 2})


def test_writers_at_once_leave_one_whole_value_and_nothing_else(tmp_path):
    path = tmp_path / "value.json"
    values = [{"writer": n, "rows": list(range(2_000))} for n in range(8)]
    threads = [threading.Thread(target=write_json, args=(path, value)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_json(path) in values
    assert list(tmp_path.iterdir()) == [path]


def test_a_value_that_json_cannot_hold_changes_nothing(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
