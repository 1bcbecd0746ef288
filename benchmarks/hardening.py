"""What becomes of damaged files and of killed runs: thousands of mutants, and runs that are ended at any moment.

Small files of each kind (pictures, videos, animations, style files, networks, perceptual weights, flow files, masks,
data sets, movements, uploads to the studio) are spoilt where their containers have lengths and sizes, cut, spliced,
and changed bit by bit, and given to the package in long-lived processes. Runs of ``impasto`` (video, folders, learn,
paint, train, dataset) are killed at random moments and begun again. A **fault** is another exception than ours, more
than 20 seconds of processor time, more than 1 GiB of memory beyond what the file honestly needs, a black painting or
one that is not finite, anything half-written or left over, and a resumed result that differs from an uninterrupted
one. Each mutant with a fault is kept as a file, with a JSON beside it. The same seed gives the same mutants and the
same moments.

    python benchmarks/hardening.py                      20,000 mutants and 200 kills
    python benchmarks/hardening.py --only style,flow --count 500 --seed 7
    python benchmarks/hardening.py --only kills --count 30
    python benchmarks/hardening.py --replay hardening/style-7-311.safetensors
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mutation.kills import RUNS, try_kills
from mutation.seeds import make_seeds
from mutation.uses import KINDS
from mutation.workers import Outcome, Worker, options_of, try_file

KILLS = "kills"
_KILLS_PER_MUTANTS = 100  # mutants for one kill, unless only kills are asked for


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="another number gives other mutants [0]")
    parser.add_argument("--count", type=int, default=20_000, help="mutants of all kinds together [20000]")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant of each kind [0]")
    parser.add_argument("--only", default="", help=f"kinds with commas between: {', '.join((*KINDS, KILLS, *RUNS))}")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many [no limit]")
    parser.add_argument("--faults", type=Path, default=Path("hardening"), help="folder for mutants with faults")
    parser.add_argument("--json", type=Path, help="add the table to a file of JSON lines")
    parser.add_argument("--replay", type=Path, help="try one file again, in this process")
    given = parser.parse_args()
    given.only = given.only.split(",") if given.only else []
    if unknown := [name for name in given.only if name not in (*KINDS, KILLS, *RUNS)]:
        parser.error(f"no such kind: {', '.join(unknown)}")
    return given


def numbered(kinds: list[str], count: int, first: int) -> Iterator[tuple[str, int]]:
    """Kind and number of each mutant, the kinds by their shares and in turn."""
    order = [kind for kind in kinds for _ in range(KINDS[kind].share)]
    numbers = Counter(dict.fromkeys(kinds, first))
    for index in range(count):
        kind = order[index % len(order)]
        yield kind, numbers[kind]
        numbers[kind] += 1


def replay(path: Path) -> int:
    """Try a kept mutant again; 1 if it has its fault still."""
    kind, seed, number = path.name.split(".")[0].rsplit("-", 2)
    with tempfile.TemporaryDirectory() as place:
        inside, results = Path(place) / "in", Path(place) / "out"
        inside.mkdir()
        results.mkdir()
        about = path.with_suffix(path.suffix + ".json")
        name = (json.loads(about.read_text())["seed"] if about.exists() else "") or path.name
        (inside / name).write_bytes(path.read_bytes())
        started = time.process_time()
        result, text = try_file(kind, inside / name, options_of(kind, int(number), int(seed)), results)
    print(f"{path}: {result}, {time.process_time() - started:.1f} s of processor time\n{text}")
    return int(result == "fault")


def try_mutants(kinds: list[str], given: argparse.Namespace) -> Iterator[Outcome]:
    """Try mutants of some kinds until their number or the time is reached."""
    ends = time.monotonic() + given.minutes * 60 if given.minutes else float("inf")
    with tempfile.TemporaryDirectory() as place:
        make_seeds(Path(place), kinds)
        worker = Worker(Path(place), given.seed, given.faults.absolute())
        try:
            for kind, number in numbered(kinds, given.count, given.first):
                if time.monotonic() > ends:
                    return
                yield worker.ask(kind, number)
        finally:
            worker.stop()


def table(outcomes: dict[str, Counter[str]]) -> str:
    """What was tried and what became of it, a line a kind."""
    total: Counter[str] = sum(outcomes.values(), Counter())
    lines = [f"{'':16}{'tried':>8}{'fine':>8}{'refused':>9}{'faults':>8}"]
    for kind, counts in (*outcomes.items(), ("all", total)):
        cells = f"{counts['fine']:8,}{counts['refused']:9,}{counts['fault']:8,}"
        lines.append(f"{kind:16}{sum(counts.values()):8,}{cells}")
    return "\n".join(lines)


def main() -> None:
    """Run what is asked for, print the table; status 1 if there is a fault."""
    given = arguments()
    if given.replay:
        sys.exit(replay(given.replay))
    given.faults.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.CRITICAL)
    kinds = [kind for kind in KINDS if not given.only or kind in given.only]
    runs = [run for run in RUNS if not given.only or run in given.only or KILLS in given.only]
    outcomes: dict[str, Counter[str]] = {}
    kills = given.count if not kinds else given.count // _KILLS_PER_MUTANTS
    tried = [try_mutants(kinds, given)] if kinds else []
    tried += [try_kills(runs, kills, given.seed, given.minutes)] if runs and kills else []
    started = time.monotonic()
    for stream in tried:
        for index, outcome in enumerate(stream):
            outcomes.setdefault(outcome.kind, Counter())[outcome.result] += 1
            if outcome.result == "fault":
                print(
                    f"FAULT {outcome.kind} {outcome.number} {outcome.seed} {outcome.file}\n{outcome.text}", flush=True
                )
            if index % 500 == 499:
                print(f"{index + 1} tried in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(table(outcomes))
    if given.json:
        with given.json.open("a") as file:
            file.write(json.dumps({"seed": given.seed, "first": given.first, "outcomes": outcomes}) + "\n")
    given.faults.rmdir() if not any(given.faults.iterdir()) else None
    sys.exit(int(any(counts["fault"] for counts in outcomes.values())))


if __name__ == "__main__":
    main()
