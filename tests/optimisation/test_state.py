import signal
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from impasto.optimisation.state import OptimisationState  # noqa: E402

KILLED = """
import os, pathlib, signal, sys
import safetensors.torch
from impasto.optimisation.state import OptimisationState

def half_written(tensors, path, metadata=None):
    pathlib.Path(path).with_name(".tmpAb12Cd").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

safetensors.torch.save_file = half_written
OptimisationState({}, 0, 0, (1, 1), "", "adam", False).save(pathlib.Path(sys.argv[1]))
"""


def state(value=0.5):
    return OptimisationState({"picture": torch.full((1, 3, 2, 2), value)}, 1, 3, (2, 2), "ab", "lbfgs", False, "cd", 7)


def test_a_state_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "o.png.state"
    state(0.25).save(path)
    state().save(path)
    read = OptimisationState.load(path)
    assert torch.equal(read.tensors["picture"], state().tensors["picture"])
    assert (read.scale, read.done, read.size, read.objective, read.count) == (1, 3, (2, 2), "cd", 7)
    assert list(tmp_path.iterdir()) == [path]


def test_tensors_are_aligned_as_those_that_torch_makes(tmp_path):
    path = tmp_path / "o.png.state"
    for odd in range(1, 17):  # lengths of the header, which the tensors stand behind
        OptimisationState({"a" * odd: torch.ones(3), "b": torch.ones(5)}, 0, 0, (1, 1), "", "adam", False).save(path)
        assert all(one.data_ptr() % 64 == 0 for one in OptimisationState.load(path).tensors.values())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_what_safetensors_had_half_written_when_it_was_killed_is_removed_by_the_next_run(tmp_path):
    path = tmp_path / "o.png.state"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir())
    state().save(path)
    assert list(tmp_path.iterdir()) == [path]
