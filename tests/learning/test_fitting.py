import signal
import subprocess
import sys

import numpy as np
import pytest

import impasto
from impasto.errors import OutputError

pytest.importorskip("torch")

TINY = {"steps": 2, "check_every": 2, "crop": 64, "crops": 4, "held_out": 3}


def test_what_is_not_of_learning_stays_in_the_folder_of_work(waves, photos, tmp_path):
    work = tmp_path / "mine.learning"
    (work / "network").mkdir(parents=True)
    for name in ("notes.txt", "checkpoint.pt", "network/log.jsonl"):
        (work / name).write_text("of another run, or the user's")
    impasto.learn_style(waves, tmp_path / "mine.safetensors", photos=photos, **TINY)
    assert [path.name for path in work.iterdir()] == ["notes.txt"]


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_learnt(waves, photos, tmp_path):
    (tmp_path / "mine.safetensors").mkdir()
    with pytest.raises(OutputError, match="because it is a folder"):
        impasto.learn_style(waves, tmp_path / "mine.safetensors", photos=photos, progress=pytest.fail, **TINY)
    assert not (tmp_path / "mine.learning").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_leaves_a_checkpoint_and_goes_on_from_there(waves, photos, tmp_path, how):
    target = tmp_path / "mine.safetensors"
    command = [sys.executable, "-m", "impasto", "learn", waves, "--photos", photos, "--crop", "64", "-o", target]
    command += ["--steps", "100000"]  # it would not end before it is stopped
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        while line and not line.startswith("Previews"):  # it says so with the first step
            line = process.stderr.readline()
        process.send_signal(how)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "what there is is kept in" in said
    assert (tmp_path / "mine.learning" / "checkpoint.pt").is_file()
    assert not target.exists()
    steps = []

    def stop(at):
        steps.append(at.step)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        impasto.learn_style(waves, target, photos=photos, crop=64, steps=100000, progress=stop)
    assert steps[0] > 1


def test_fitting_does_not_import_the_compiler_of_torch(waves, photos):
    script = f"""import sys, impasto
impasto.learn_style({str(waves)!r}, photos={str(photos)!r}, **{TINY})
sys.exit("torch._dynamo" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_results_do_not_hang_on_the_threads_but_for_the_last_digits(waves, photos):
    import torch

    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(impasto.learn_style(waves, photos=photos, **TINY).scale)
    finally:
        torch.set_num_threads(threads)
    assert np.allclose(*found, atol=1e-4)
