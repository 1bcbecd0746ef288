import json

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
