"""What `impasto apply` on a JPEG of 1024 pixels spends its time on, from the start of Python to the end of the process.

Each round is a new process, in turns the command itself and one that goes through its steps with a clock: Python's own
start, imports, the picture read, the session and the grain made, the network's first run and its second, the result
written. The second run is no part of the command: it is what the first one would take if memory, threads and caches
were ready; and the command makes session and grain while it reads. Medians. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from PIL import Image

HARBOUR = Path(__file__).resolve().parent.parent / "examples" / "harbour.jpg"
STYLE = "scream"
STEPS = """
import json, sys, time
marks = [("python", time.time())]
def mark(name):
    marks.append((name, time.time()))
import impasto.cli.apply, impasto.feedforward.batch
mark("imports")
import onnxruntime, impasto.engines.onnxruntime
mark("import of onnxruntime")
from pathlib import Path
from impasto.feedforward.painter import Painter
from impasto.pictures.writing import write_picture
painter = Painter(sys.argv[1])
picture = painter.read(Path(sys.argv[2]), "JPEG")
mark("reading")
painter.styles.prepare()
mark("session")
impasto.networks.grain.grain_patterns()
mark("grain")
painted = painter.paint_only(picture)
mark("first run")
painter.paint_only(picture)
mark("second run")
write_picture(painted, Path(sys.argv[3]), note=painter.describe())
mark("writing")
print(json.dumps(marks))
"""


def steps_of(photo: Path, result: Path) -> dict[str, float]:
    """Seconds of each step in a new process."""
    started = time.time()
    command = [sys.executable, "-c", STEPS, STYLE, str(photo), str(result)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    marks = [*json.loads(done.stdout), ("end", time.time())]
    times = [started, *(at for _, at in marks)]
    return {name: after - before for (name, after), before in zip(marks, times, strict=False)}


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="processes of each kind (%(default)s)")
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {"apply": [], "help": []}
    steps: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as name:
        photo, result = Path(name) / "photo.jpg", Path(name) / "painted.jpg"
        with Image.open(HARBOUR) as picture:
            picture.convert("RGB").resize((1024, 1024 * picture.height // picture.width)).save(photo, quality=92)
        impasto = [sys.executable, "-m", "impasto"]
        apply = [*impasto, "apply", str(photo), "--style", STYLE, "-q", "--overwrite", "-o", str(result)]
        for _ in range(arguments.rounds):
            for kind, command in (("apply", apply), ("help", [*impasto, "--help"])):
                started = time.time()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                seconds[kind].append(time.time() - started)
            steps.append(steps_of(photo, result))
    medians = {kind: median(values) for kind, values in seconds.items()}
    least = min(seconds["apply"])
    print(f"impasto apply: {medians['apply']:.3f} s, least {least:.3f}; --help: {medians['help']:.3f} s")
    print("| step | ms |\n|---|---:|")
    for step in steps[0]:
        print(f"| {step} | {median(one[step] for one in steps) * 1e3:.0f} |")
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; medians of {arguments.rounds}")


if __name__ == "__main__":
    main()
