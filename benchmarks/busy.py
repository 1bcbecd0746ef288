"""Wall and CPU time of commands alone and beside two busy processes: no command may lose more than its share.

A thread that spins while it waits takes the core from the thread that it waits for, once another program wants one. The
last rows show what torch does without the setting that Impasto makes (:mod:`impasto.environment`).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

HARBOUR = Path(__file__).resolve().parent.parent / "examples" / "harbour.jpg"
OWN = {"OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}  # variables that are left to Impasto
WAYS = {"as it is": {}, "one thread": {"OMP_NUM_THREADS": "1"}, "spinning": {"OMP_WAIT_POLICY": "ACTIVE"}}


def timed(command: list[str], way: dict[str, str], busy: int) -> tuple[float, float]:
    """Wall and CPU seconds of a command of ours beside so many processes that never rest."""
    variables = {name: value for name, value in os.environ.items() if name not in OWN} | way
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-m", "impasto", *command, "-q", "--overwrite"], check=True, env=variables)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    """Read the options, make the inputs, measure."""
    parser = argparse.ArgumentParser(description="Wall and CPU time of commands beside two busy processes.")
    parser.add_argument("--clip", type=Path, help="a video, to measure impasto video, too")
    parser.add_argument("--picture", type=Path, help="a style picture, to measure impasto paint, too (extra train)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "many").mkdir()
        with Image.open(HARBOUR) as harbour:
            picture = harbour.convert("RGB").resize((1024, 1024 * harbour.height // harbour.width))
        for index in range(6):
            picture.save(folder / "many" / f"{index}.jpg", quality=92)
        one = str(folder / "many" / "0.jpg")
        commands = {
            "apply": ["apply", one, "--style", "scream", "-o", str(folder / "out.jpg")],
            "apply, six pictures": ["apply", str(folder / "many"), "--style", "scream", "-o", str(folder / "out")],
        }
        if arguments.clip:
            clip = ["video", str(arguments.clip), "--style", "scream", "--size", "320", "--end", "1.5"]
            commands["video"] = [*clip, "-o", str(folder / "out.mp4")]
        if arguments.picture:
            painting = ["paint", one, "--style", str(arguments.picture), "--size", "256", "--iterations", "20"]
            commands["paint"] = [*painting, "-o", str(folder / "paint.jpg")]
        print(
            "| command | threads | alone: wall, CPU s | beside two busy processes: wall, CPU s |\n|---|---|---:|---:|"
        )
        for title, command in commands.items():
            for way, variables in WAYS.items():
                if way != "spinning" or title == "paint":  # only torch's threads are told by a variable
                    cells = ["{:.2f}, {:.2f}".format(*timed(command, variables, busy)) for busy in (0, 2)]
                    print("|", " | ".join([title, way, *cells]), "|", flush=True)


if __name__ == "__main__":
    main()
