"""A part of the campaign of damaged files and killed runs that every check runs, always with the same mutants."""

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import hardening
import impasto
from mutation import containers, kills, workers
from mutation.seeds import make_seeds
from mutation.uses import KINDS, Fault, Kind

SEED = 28
COUNTS = {
    "picture": 150,
    "mask": 40,
    "flow": 50,
    "style": 50,
    "network": 16,
    "weights": 24,
    "dataset": 30,
    "animation": 16,
    "motion": 20,
}
NEEDS = {"network": "torch", "weights": "torch", "dataset": "h5py", "animation": "av"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the campaign limits its processes as Unix does")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")

    def made(kind):
        if not (folder / kind).exists():
            make_seeds(folder, [kind])
        return folder

    return made


@pytest.fixture
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def tried(kind, number, folder, tmp_path):
    name, data, chance = workers.make_mutant(folder, kind, number, SEED)
    inside, results = tmp_path / f"in{number}", tmp_path / f"out{number}"
    inside.mkdir()
    results.mkdir()
    (inside / name).write_bytes(data)
    return workers.try_file(kind, inside / name, chance, results)


@pytest.mark.parametrize("kind", COUNTS)
def test_every_mutant_is_painted_or_refused_in_one_sentence(kind, seeds, tmp_path, quiet):
    pytest.importorskip(NEEDS.get(kind, "numpy"))
    folder, found, faults = seeds(kind), Counter(), {}
    for number in range(COUNTS[kind]):
        result, text = tried(kind, number, folder, tmp_path)
        found[result] += 1
        if result == "fault":
            faults[number] = text
    assert faults == {}
    assert found["refused"] > 2  # mutants that all are fine would prove nothing
    assert found["fine"] > 2


def test_the_same_numbers_give_the_same_mutant(seeds):
    folder = seeds("flow")
    for number in range(20):
        assert workers.make_mutant(folder, "flow", number, 1)[1] == workers.make_mutant(folder, "flow", number, 1)[1]
    different = {workers.make_mutant(folder, "flow", number, 1)[1] for number in range(100)}
    assert len(different) > 80


def test_mutants_know_the_containers(seeds):
    for kind, least in (("picture", 22), ("animation", 5)):
        files = list((seeds(kind) / kind).iterdir())
        known = [path.name for path in files if containers.structure(path.read_bytes()).fields]
        assert len(known) >= least, {path.name for path in files} - set(known)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("raise ValueError('odd')", "odd"),
        ("raise Fault('black painting')", "black painting"),
        ("raise InputError('No full stop')", "no sentence"),
        ("(folder / '.impasto-1.part').touch()", "left over"),
        ("[bytearray(b'x' * (3 << 29))]", "MiB of memory"),
    ],
)
def test_what_is_wrong_is_a_fault(wrong, words, tmp_path, monkeypatch):
    from impasto.errors import InputError

    def use(path, chance, folder):
        exec(wrong, {"Fault": Fault, "InputError": InputError, "folder": folder})
        return 0

    if words == "MiB of memory" and not workers._peak(reset=True):
        pytest.skip("this system does not tell how much memory a process had")
    monkeypatch.setitem(KINDS, "flow", Kind(use, 1))
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "x.flo").write_bytes(b"x")
    result, text = workers.try_file(
        "flow", tmp_path / "in" / "x.flo", workers.options_of("flow", 1, 1), tmp_path / "out"
    )
    assert result == "fault"
    assert words in text


def test_a_kept_mutant_is_tried_again_by_its_name(tmp_path, seeds, capsys, quiet):
    name, data, _ = workers.make_mutant(seeds("flow"), "flow", 3, SEED)
    kept = tmp_path / f"flow-{SEED}-3.{name.split('.')[-1]}"
    kept.write_bytes(data)
    kept.with_suffix(kept.suffix + ".json").write_text(json.dumps({"seed": name}))
    assert hardening.replay(kept) == 0
    assert "s of processor time" in capsys.readouterr().out


def test_the_table_counts_each_kind_and_all_of_them():
    lines = hardening.table({"flow": Counter(fine=1000, fault=1), "style": Counter(refused=5)}).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["flow", "1,001", "1,000", "0", "1"],
        ["style", "5", "0", "5", "0"],
        ["all", "1,006", "1,000", "5", "1"],
    ]


def test_a_killed_run_that_is_begun_again_ends_like_one_that_nothing_disturbed():
    pytest.importorskip("torch")
    pytest.importorskip("av")
    # In a process of its own: runs are forked, and what a fork of this one inherits are locks of threads that it lacks.
    asked = f"faults = [one.text for one in try_kills(['film', 'folder'], 4, {SEED}, 0) if one.result != 'fine']"
    code = f"from mutation.kills import try_kills\n{asked}\nassert faults == [], faults"
    places = [str(Path(kills.__file__).parents[1]), str(Path(impasto.__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stderr
