from fti_assets.assets.home_resource import HomeResource


def test_the_root_that_is_given_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("FTI_HOME", str(tmp_path / "environment"))

    assert HomeResource(root=str(tmp_path / "given")).open().local == tmp_path / "given"


def test_the_environment_names_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FTI_HOME", str(tmp_path / "environment"))

    assert HomeResource().open().local == tmp_path / "environment"


def test_without_either_the_home_is_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("FTI_HOME", raising=False)
    monkeypatch.chdir(tmp_path)

    assert HomeResource().open().local == tmp_path / ".fti"


def test_a_relative_root_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert HomeResource(root="here").open().local == tmp_path / "here"
