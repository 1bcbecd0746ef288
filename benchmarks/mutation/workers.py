"""Processes that try mutants, one after the other, within limits of time and memory."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import itertools
import json
import logging
import multiprocessing
import os
import random
import resource
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

CPU_SECONDS = 20  # of processor time that a mutant may take
WALL_SECONDS = 400  # after which a mutant that takes no processor time is taken for one that hangs
EXTRA_BYTES = 1 << 30  # of memory beyond what the file honestly needs
_MOST_BYTES = 10 << 30  # of memory that a worker may ask for at all, for the sake of the others on the machine
_TIDY_EVERY = 200  # mutants after which a worker looks for what is not needed any more
_LONGEST_SENTENCE = 1500


@dataclass
class Outcome:
    """What became of a mutant.

    Attributes:
        kind, number: which one it was.
        seed: the file that it was made from.
        result: ``"fine"``, ``"refused"`` or ``"fault"``.
        text: what was said, or what is wrong.
        seconds: of processor time.
        memory: bytes that the process grew by.
        file: where a mutant with a fault is kept.
    """

    kind: str
    number: int
    seed: str
    result: str
    text: str = ""
    seconds: float = 0.0
    memory: int = 0
    file: str = ""


def try_file(kind: str, path: Path, chance: random.Random, results: Path) -> tuple[str, str]:
    """Use a file, and say what became of it: the result and a text, as :class:`Outcome` has them.

    Args:
        kind: a name of :data:`mutation.uses.KINDS`.
        path: the file.
        chance: decides about options.
        results: an empty folder for what is made.
    """
    from impasto.errors import ImpastoError
    from mutation.uses import KINDS

    before = _peak(reset=True)
    need, result, text = 0.0, "fine", ""
    beside = set(path.parent.iterdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            need = KINDS[kind].use(path, chance, results)
        except ImpastoError as error:
            result, text = "refused", str(error)
            if "\n" in text or len(text) > _LONGEST_SENTENCE or not text.rstrip().endswith((".", "?", '"', "]")):
                result, text = "fault", f"no sentence: {text}"
        except MemoryError:
            result, text = "fault", "out of memory: " + traceback.format_exc(limit=-3)
        except BaseException:
            result, text = "fault", traceback.format_exc(limit=-8)
    grown = _peak() - before
    left = sorted(one.name for one in results.iterdir() if one.name.startswith(".") or result == "refused")
    left += sorted(one.name for one in set(path.parent.iterdir()) - beside)
    if result != "fault" and left:
        result, text = "fault", f"left over: {', '.join(left)} ({text})"
    if result != "fault" and grown > EXTRA_BYTES + need:
        result, text = "fault", f"{grown >> 20} MiB of memory ({text})"
    return result, text


def _peak(reset: bool = False) -> int:
    """The most bytes of memory that this process has had since the last reset; 0 where the system does not tell."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def make_mutant(folder: Path, kind: str, number: int, seed: int) -> tuple[str, bytes, random.Random]:
    """The name of the file that a mutant is made from, the mutant, and what decides about its options.

    Args:
        folder: the seeds, in a folder for each kind.
        kind, number, seed: the same ones give the same mutant.
    """
    from mutation.mutants import mutant, tensors_mutant
    from mutation.uses import KINDS

    chance = random.Random(f"{seed} {kind} {number}")
    files = _files(folder, kind)
    name = sorted(files)[number % len(files)]
    change = tensors_mutant if KINDS[kind].tensors and name.endswith(".safetensors") else mutant
    data = files[name] if number < len(files) else change(chance, files[name], list(files.values()))
    return name, data, options_of(kind, number, seed)


def options_of(kind: str, number: int, seed: int) -> random.Random:
    """What decides about the options with which a mutant is used."""
    return random.Random(f"options {seed} {kind} {number}")


_known: dict[str, dict[str, bytes]] = {}


def _files(folder: Path, kind: str) -> dict[str, bytes]:
    if kind not in _known:
        _known[kind] = {path.name: path.read_bytes() for path in (folder / kind).iterdir()}
    return _known[kind]


def work(connection: Connection, seeds: Path, seed: int, faults: Path, traces: Path) -> None:
    """Try the mutants that are asked for, pairs of kind and number, until ``None`` comes.

    Args:
        connection: gives the pairs and takes an :class:`Outcome` for each.
        seeds: as for :func:`make_mutant`.
        seed: the campaign's.
        faults: where mutants with faults are kept.
        traces: the file for what the process does when its time is up.
    """
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries of C say
    trace = traces.open("w")
    faulthandler.enable(trace)
    faulthandler.register(signal.SIGXCPU, trace, chain=True)
    with tempfile.TemporaryDirectory() as place:
        os.environ["IMPASTO_STYLES"] = str(Path(place) / "catalogue")
        for tried in itertools.count():
            if tried % _TIDY_EVERY == 0:
                gc.collect()
                gc.freeze()  # what modules hold stays; looking through all of it each time takes longer than a mutant
            if (asked := connection.recv()) is None:
                break
            kind, number = asked
            inside, results = Path(place) / "in", Path(place) / "out"
            for folder in (inside, results):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
            name, data, chance = make_mutant(seeds, kind, number, seed)
            path = inside / name
            path.write_bytes(data)
            kept = faults / f"{kind}-{seed}-{number}{path.suffix}"
            kept.write_bytes(data)  # in case that this process does not live to tell
            started = time.process_time()
            limit(CPU_SECONDS)
            result, text = try_file(kind, path, chance, results)
            limit(None)
            outcome = Outcome(kind, number, name, result, text, time.process_time() - started)
            if result == "fault":
                outcome.file = str(kept)
                kept.with_suffix(kept.suffix + ".json").write_text(json.dumps(asdict(outcome), indent=1))
            else:
                kept.unlink()
            connection.send(outcome)


def limit(seconds: int | None) -> None:
    """Have this process end after some more seconds of processor time, or lift that limit."""
    most = resource.RLIM_INFINITY if seconds is None else int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


class Worker:
    """A process that tries mutants, which is started anew when one of them ends it.

    Args:
        seeds, seed, faults: as for :func:`work`.
    """

    def __init__(self, seeds: Path, seed: int, faults: Path) -> None:
        self._given = seeds, seed, faults
        self._traces = faults / f".trace-{os.getpid()}-{id(self)}"
        self._process: multiprocessing.Process | None = None
        self._context = multiprocessing.get_context("spawn")

    def _start(self) -> None:
        self._connection, theirs = self._context.Pipe()
        given = (theirs, *self._given, self._traces)
        self._process = self._context.Process(target=work, args=given, daemon=True)  # type: ignore[assignment]
        self._process.start()  # type: ignore[union-attr]
        theirs.close()

    def ask(self, kind: str, number: int) -> Outcome:
        """Have a mutant tried, and wait for what becomes of it."""
        if self._process is None:
            self._start()
        try:
            self._connection.send((kind, number))
            if self._connection.poll(WALL_SECONDS):
                outcome = self._connection.recv()
                assert isinstance(outcome, Outcome)
                return outcome
            reason = f"no answer in {WALL_SECONDS} seconds"
        except (EOFError, ConnectionError):
            reason = ""
        process, self._process = self._process, None
        assert process is not None
        if reason:
            process.kill()
        process.join()
        if not reason:
            late = process.exitcode == -signal.SIGXCPU
            reason = f"more than {CPU_SECONDS} seconds of processor time" if late else f"ended by {process.exitcode}"
        with contextlib.suppress(OSError):
            reason += "\n" + self._traces.read_text()[-3000:]
        file = next(iter(self._given[2].glob(f"{kind}-{self._given[1]}-{number}.*")), None)
        outcome = Outcome(kind, number, "", "fault", reason, file=str(file or ""))
        if file:
            file.with_suffix(file.suffix + ".json").write_text(json.dumps(asdict(outcome), indent=1))
        return outcome

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._connection.send(None)
            self._process.join(10)
            self._process.kill()
        self._traces.unlink(missing_ok=True)
