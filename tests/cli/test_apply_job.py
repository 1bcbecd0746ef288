import json

import pytest

from .conftest import run


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch):
    """Runs that start no process."""
    from impasto.scale.pool import Pool
    from impasto.scale.station import Result

    def paint_here(self, tasks):
        for task in tasks:
            found = self.station.load(task)
            yield self.station.store(found if isinstance(found, Result) else self.station.paint(task, found))

    monkeypatch.setattr(Pool, "run", paint_here)


def test_a_folder_is_painted_as_a_job_whose_progress_is_told(folder, capsys):
    (folder / "in/bad.jpg").unlink()
    assert run("apply", folder / "in", "--style", "scream", "--on", "local", "-o", folder / "out", "--timing") == 0
    said = capsys.readouterr()
    assert f"impasto progress {folder / 'out/.impasto-job'}" in said.err
    assert "2 written" in said.err
    assert "paint " in said.out
    assert (folder / "out/deep/two.png").exists()
    assert run("progress", folder / "out", "--price", 3600) == 0
    said = capsys.readouterr().out
    assert "2 of 2 done, 0 failed, 0 left (1 of 1 shards)" in said
    assert "cost " in said
    assert run("apply", folder / "in", "--style", "scream", "--on", "local", "-o", folder / "out") == 0
    assert "All of it was done before; --overwrite makes it anew." in capsys.readouterr().err


def test_a_plan_is_made_painted_to_tars_and_tells_what_failed(folder, capsys):
    job = folder / "job"
    assert run("plan", folder / "in", "-o", job, "--shard", 2) == 0
    assert "(3 pictures, 2 shards, " in capsys.readouterr().out
    assert run("progress", job) == 0
    assert "Nothing of" in capsys.readouterr().out
    assert run("plan", folder / "in", "-o", job) == 3
    assert "There is a plan in" in capsys.readouterr().err
    assert run("apply", job, "--style", "scream", "-o", folder / "out.tar", "--json") == 9
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["status"] for line in lines].count("written") == 2
    assert next(line for line in lines if line["status"] == "failed")["input"] == "bad.jpg"
    assert "2 written, 1 failed; put right what failed" in said.err
    assert len(list(folder.glob("out-*.tar"))) == 2
    assert run("progress", job, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["done"], found["left"], [name for name, _ in found["failed"]]) == (2, 0, ["bad.jpg"])
    assert run("progress", job) == 0
    assert "bad.jpg" in capsys.readouterr().out


def test_a_picture_as_a_style_is_made_with_the_effort_that_is_asked_for(folder, capsys):
    picture = folder / "in/one.jpg"
    (folder / "in/bad.jpg").unlink()
    job = ["apply", folder / "in", "--on", "local", "-o", folder / "out"]
    assert run(*job, "--style", picture, "--style-effort", "quick") == 0
    assert f"The style of {picture} is predicted" in capsys.readouterr().err
    assert run(*job, "--style", "scream", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["reason"] for line in lines] == ["made in another way"] * 2


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["apply", "IN", "--style", "scream", "--on", "local"], 2, "--on, URLs, tars and lists need -o"),
        (["apply", "IN", "--style", "scream", "--on", "moon", "-o", "IN/o"], 3, "There is no moon to paint on"),
        (["apply", "IN", "--style", "scream", "--on", "local", "-o", "IN/o.tar.gz"], 3, "would be one file, but these"),
        (["apply", "--watch", "IN", "--style", "scream", "--on", "local", "-o", "IN/o"], 2, "leave --on"),
        (["apply", "-", "--style", "scream", "--on", "local", "-o", "IN/o"], 2, "leave --on"),
        (["progress", "IN"], 3, "There is no plan in"),
        (["plan", "IN/none", "-o", "IN/job"], 3, "There is no"),
        (["video", "IN/one.jpg", "--style", "scream", "--on", "local", "-o", "IN/o.mp4"], 2, "is a picture"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_no_job_can_do_is_said(folder, capsys, arguments, status, sentence):
    assert run(*(word.replace("IN", str(folder / "in")) for word in arguments)) == status
    assert sentence in capsys.readouterr().err
