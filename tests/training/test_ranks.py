"""Two processes that train together take the steps that one takes with the doubled batch."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from impasto.training.fit import NetworkTraining  # noqa: E402
from impasto.training.ranks import Ranks  # noqa: E402

from .tiny_run import tiny_run  # noqa: E402

# Without the terms that draw random numbers for each picture, so that one process and two draw the same.
PLAIN = {"equivariance_weight": 0.0, "repetition_weight": 0.0, "weave_weight": 0.0, "photograph_share": 0.0}
SCRIPT = """
import json, sys
from pathlib import Path
import torch
sys.path.insert(0, sys.argv[1])
torch.set_num_threads(1)
from training.test_ranks import made
folder, output, resume = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "resume"
run = made(folder, output, batch=2, steps=6 if resume else 3)
if resume:
    run.resume()
run.run()
torch.save(run.state.tensors(), output / f"rank{run.ranks.rank}.pt")
torch.save([p.grad for p in run.state.network.parameters()], output / f"gradients{run.ranks.rank}.pt")
"""


def made(folder: Path, output: Path, **changes) -> NetworkTraining:
    return tiny_run(folder, output, **PLAIN, **changes)


def two_ranks(folder: Path, output: Path, what: str) -> None:
    """Train in two processes as torchrun starts them."""
    output.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    shared["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[1]), str(folder), str(output), what]
    ranks = [
        subprocess.Popen(command, env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    said = [rank.communicate(timeout=300)[1].decode() for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], "\n".join(said)


def test_two_processes_take_the_steps_of_one_with_the_doubled_batch_and_one_goes_on(run_folder, tmp_path):
    two_ranks(run_folder, tmp_path / "two", "start")
    first, second = (torch.load(tmp_path / f"two/rank{rank}.pt") for rank in range(2))
    gradients = [torch.load(tmp_path / f"two/gradients{rank}.pt") for rank in range(2)]
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))
    assert sorted(path.name for path in (tmp_path / "two").glob("*.pt")) == [
        "checkpoint.pt", "gradients0.pt", "gradients1.pt", "rank0.pt", "rank1.pt",
    ]  # fmt: skip

    doubled = made(run_folder, tmp_path / "one", batch=4, steps=3)
    start = {name: value.detach().clone() for name, value in doubled.state.tensors().items()}
    losses = doubled.run()
    ended = {name: value.detach() for name, value in doubled.state.tensors().items()}
    moved = sum(float((ended[name] - start[name]).square().sum()) for name in ended)
    apart = sum(float((ended[name] - first[name].detach()).square().sum()) for name in ended)
    assert apart < 0.01 * moved  # what is left is rounding, which the optimisers' first steps enlarge

    alone = made(run_folder, tmp_path / "two", batch=4, steps=6)  # of another number of processes
    alone.resume()
    assert alone.step == 3
    assert alone.validate()["style"] == pytest.approx(losses["style"], rel=0.01)
    alone.run()
    assert alone.step == 6


def test_one_process_alone_has_nothing_to_average(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    ranks = Ranks.joined(torch.device("cpu"))
    assert ranks == Ranks(0, 1)
    assert ranks.writes
    assert list(range(4))[ranks.own] == [0, 1, 2, 3]
    assert list(range(4))[Ranks(1, 2).own] == [1, 3]
    weight = torch.ones(2, requires_grad=True)
    weight.sum().backward()
    ranks.average_gradients([weight])
    assert weight.grad.tolist() == [1, 1]
    assert ranks.of_first("same") == "same"
    assert ranks.any(True, torch.device("cpu"))
