import threading

from fti_assets.stores.text_files import kept_text, replace_text


def test_an_absent_file_is_made_and_one_that_exists_is_kept(tmp_path):
    path = tmp_path / "folder" / "settings.yaml"
    assert kept_text(path, "a: 1\n") == "a: 1\n"
    path.write_text("# mine\na: 2\n")
    assert kept_text(path, "a: 1\n") == "# mine\na: 2\n"


def test_of_those_who_ask_at_once_one_writes_and_all_read_that(tmp_path):
    path, texts = tmp_path / "settings.yaml", []
    threads = [threading.Thread(target=lambda n=n: texts.append(kept_text(path, f"{n}" * 10_000))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8
    assert set(texts) == {path.read_text()}
    assert list(tmp_path.iterdir()) == [path]


def test_a_text_is_replaced(tmp_path):
    path = tmp_path / "settings.yaml"
    kept_text(path, "a: 1\n")
    replace_text(path, "ä: 2\n")
    assert kept_text(path, "") == "ä: 2\n"
