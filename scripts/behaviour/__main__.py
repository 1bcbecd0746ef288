"""Keep what Impasto does, and show after a change of its code what it does otherwise.

    python scripts/behaviour record FILE.json     runs every case and writes what came out
    python scripts/behaviour compare FILE.json    runs every case again and prints what differs; status 1 if any does

`--only WORD` takes the cases with WORD in their names, `--checkout FOLDER` another checkout than the one that this
script lies in, `--keep FOLDER` leaves what was made in a new folder, and `-v` says how long each case took.

A case is one or several commands, each in a process of its own, or calls of the names in `impasto.__all__`; only these
are used, so that the files of the package may move. Kept of a case are exit statuses or errors, what was said, and
every file that was made, changed or removed: pictures as hashes of pixels and bytes, and metadata in words; videos as
hashes of frames and sound; safetensors by tensor. Times, rates, memory, paths and the doctor's versions are masked.

Python must have every extra (`pip install ".[all]"`). Hashes hold for one machine and one set of packages, because
arithmetic differs with the processor; `compare` warns where they are others. Not kept: the pictures in a camera's
recording (its encoder goes by the clock), what a `.pt` checkpoint holds beside tensors, and the studio's pages.
"""

from __future__ import annotations

import argparse
import difflib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inputs import REPOSITORY
from runner import environment_of, machine, make_calls, run_cases

MAX_LINES = 40  # of a part's difference that are printed
MAX_WIDTH = 400  # characters of such a line that are printed


def compare(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> int:
    """Print what differs, and return in how many cases."""
    differing = 0
    for name in {**after, **before}:
        old, new = before.get(name, {}), after.get(name, {})
        changed = [part for part in {**new, **old} if old.get(part) != new.get(part)]
        differing += bool(changed)
        for part in changed:
            print(f"\n== {name}: {part}")
            texts = [side.get(part, "(nothing)").splitlines() for side in (old, new)]
            lines = list(difflib.unified_diff(*texts, lineterm="", n=1))[2:]
            print(
                "\n".join(line[:MAX_WIDTH] for line in lines[:MAX_LINES]) + ("\n..." if len(lines) > MAX_LINES else "")
            )
    return differing


def main() -> int:
    """Read the command line, run the cases and write or compare what came out; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python scripts/behaviour", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--checkout", type=Path, default=REPOSITORY, metavar="FOLDER")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args()
    checkout = given.checkout.resolve()
    before = json.loads(given.file.read_text(encoding="utf-8")) if given.mode == "compare" else {}
    with tempfile.TemporaryDirectory(prefix="behaviour-") as temporary:
        root = (given.keep or Path(temporary)).resolve()
        asked = [sys.executable, "-c", "import impasto; print(impasto.__file__)"]
        found = subprocess.run(asked, env=environment_of(root, checkout), capture_output=True, text=True)
        if not found.stdout.startswith(f"{checkout}/src/"):
            sys.exit(f"The package is not taken from {checkout}: {found.stdout or found.stderr}")
        started = time.perf_counter()
        results = run_cases(root, checkout, given.only, given.verbose)
        seconds = time.perf_counter() - started
    if given.mode == "record":
        text = json.dumps({"machine": machine(), "cases": results}, indent=1, ensure_ascii=False)
        given.file.write_text(text + "\n", encoding="utf-8")
        print(f"{len(results)} cases in {seconds:.0f} s: {given.file}")
        return 0
    if others := {key: (it, machine()[key]) for key, it in before["machine"].items() if it != machine()[key]}:
        print(f"Not the machine or the packages that {given.file} was made with, so pixels may differ: {others}")
    differing = compare({name: parts for name, parts in before["cases"].items() if given.only in name}, results)
    print(f"\n{differing} of {len(results)} cases differ from {given.file} ({seconds:.0f} s)")
    return 1 if differing else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["make-calls"]:  # the process of its own in which the runner makes the calls
        make_calls(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
    else:
        sys.exit(main())
