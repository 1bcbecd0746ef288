import json
from importlib.util import find_spec

from .conftest import process, run


def test_doctor_finds_a_working_engine(capsys):
    assert run("doctor", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["works"] is True
    assert "starry-night" in facts["styles"]


def test_the_command_runs_in_a_process_of_its_own():
    healthy = process("doctor")
    assert healthy.returncode == 0, healthy.stderr
    assert b"works" in healthy.stdout


def test_doctor_names_the_folders_that_hold_files(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "styles"))
    assert run("doctor") == 0
    told = capsys.readouterr().out
    held = "engines.json" if find_spec("openvino") else "empty"  # what it measured, where there is a choice
    assert f"cache       {tmp_path / 'cache'}: {held}" in told
    assert f"own styles  {tmp_path / 'styles'}" in told
