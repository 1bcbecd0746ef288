"""Many pictures and long videos in several processes: pictures a second, CPU time and memory, and a bill for a billion.

Contenders: `impasto apply` over a folder, the local pool with 1 and 2 processes, Ray with 1 and 2 actors; and one video
in one and in two processes. Each is a process of its own; CPU time and memory are those of the process and of all that
it started, sampled. On a machine that does other work as well, CPU time is what to trust.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

HARBOUR = Path(__file__).resolve().parent.parent / "examples" / "harbour.jpg"
STYLE = "starry-night"
SIZE = (600, 417)  # pixels: a quarter of a megapixel
SAMPLE = 0.25  # seconds from one look at the processes to the next
PICTURES = {
    "impasto apply FOLDER": [],
    "--on local --processes 1": ["--on", "local", "--processes", "1"],
    "--on local --processes 2": ["--on", "local", "--processes", "2"],
    "--on ray --processes 1": ["--on", "ray", "--processes", "1"],
    "--on ray --processes 2": ["--on", "ray", "--processes", "2"],
}


@dataclass
class Taken:
    """What a command took.

    Attributes:
        wall: seconds from its start to its end.
        cpu: seconds of all its processes, by number of process.
        memory: bytes of all its processes at the most; pages that they share count for each.
        first: seconds to the first result.
    """

    wall: float = 0.0
    cpu: dict[int, float] = field(default_factory=dict)
    memory: int = 0
    first: float = 0.0

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all processes."""
        return sum(self.cpu.values())


def run(arguments: list[str], results: Path | None = None) -> Taken:
    """Run a command of Impasto's and watch it.

    Args:
        arguments: of the command.
        results: the folder in which the first result appears.
    """
    taken, started = Taken(), time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "impasto", *arguments], stderr=subprocess.DEVNULL)
    root = psutil.Process(process.pid)
    while process.poll() is None:
        memory = 0
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            break
        for one in family:
            try:
                times = one.cpu_times()
                taken.cpu[one.pid] = times.user + times.system
                memory += one.memory_info().rss
            except psutil.Error:
                continue
        taken.memory = max(taken.memory, memory)
        if results is not None and not taken.first and any(results.glob("*.jpg")):
            taken.first = time.perf_counter() - started
        time.sleep(SAMPLE)
    if process.wait():
        raise SystemExit(f"impasto {' '.join(arguments)} failed")
    taken.wall = time.perf_counter() - started
    return taken


def make_pictures(folder: Path, number: int) -> None:
    """Pictures of a quarter of a megapixel, all different."""
    folder.mkdir()
    with Image.open(HARBOUR) as image:
        harbour = image.convert("RGB").resize((SIZE[0] + 64, SIZE[1] + 64))
    for index in range(number):
        left, top = index % 64, index // 64 % 64
        harbour.crop((left, top, left + SIZE[0], top + SIZE[1])).save(folder / f"p{index:05}.jpg", quality=92)


def make_video(path: Path, seconds: int, scene: int = 15) -> None:
    """A video of 640 x 360 at 25 frames a second, with a cut every few seconds."""
    import av

    with Image.open(HARBOUR) as image:
        wide = np.asarray(image.convert("RGB").resize((1100, 360)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for index in range(seconds * 25):
            number, at = divmod(index, scene * 25)
            picture = np.roll(wide, number % 3, axis=2)[:, at % 400 : at % 400 + 640]
            picture = 255 - picture if number % 2 else picture
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode(None))


def measure_pictures(folder: Path, number: int, rounds: int) -> None:
    """Print a row a contender; they take turns."""
    make_pictures(folder / "in", number)
    with_ray = importlib.util.find_spec("ray") is not None
    contenders = {name: how for name, how in PICTURES.items() if with_ray or "ray" not in name}
    best: dict[str, Taken] = {}
    for turn in range(rounds):
        for place, (name, how) in enumerate(contenders.items()):
            out = folder / f"out-{turn}-{place}"
            taken = run(["apply", str(folder / "in"), "--style", STYLE, "-o", str(out), "--quiet", *how], out)
            if name not in best or taken.wall < best[name].wall:
                best[name] = taken
    print(f"| {number} pictures of 0.25 megapixels | first result | wall | pictures/s | CPU ms a picture | memory |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, taken in best.items():
        after_first = (number - 1) / max(1e-3, taken.wall - taken.first)
        milliseconds = 1000 * taken.cpu_seconds / number
        print(
            f"| {name} | {taken.first:.1f} s | {taken.wall:.1f} s | {after_first:.1f} | {milliseconds:.0f} "
            f"| {taken.memory / 1e6:.0f} MB |"
        )
    if not with_ray:
        print("Ray is not installed; its rows are left out.")


def measure_video(folder: Path, seconds: int) -> None:
    """Print how long one video takes in one and in two processes."""
    make_video(folder / "in.mp4", seconds)
    print(f"\n| a video of {seconds} s, 640 x 360 | wall | CPU s |")
    print("|---|---:|---:|")
    for name, how in {"one process": [], "--on local --processes 2": ["--on", "local", "--processes", "2"]}.items():
        out = folder / f"{len(how)}.mp4"
        taken = run(["video", str(folder / "in.mp4"), "--style", STYLE, "-o", str(out), "--quiet", *how])
        print(f"| {name} | {taken.wall:.1f} s | {taken.cpu_seconds:.1f} |")
    same = (folder / "0.mp4").read_bytes() == (folder / "4.mp4").read_bytes()
    print(f"The two results are {'the same bytes' if same else 'DIFFERENT'}.")


def bill(pictures: float, cpu_seconds: float, *, price: float, shard: int, machines: int, cores: int) -> str:
    """A row on what a number of pictures takes.

    Args:
        pictures: how many.
        cpu_seconds: of one picture.
        price: of a core for an hour.
        shard: pictures of a shard.
        machines, cores: how many machines paint, and how many cores each has.
    """
    core_hours = pictures * cpu_seconds / 3600
    shards = math.ceil(pictures / shard)
    hours = core_hours / (machines * cores)
    again = min(pictures, machines * 2 * shard)  # two shards are open at a time, at the end of one
    return (
        f"| {pictures:.0e} | {core_hours:,.0f} | {hours:,.1f} | {core_hours * price:,.0f} | {shards:,} "
        f"| {3 * shards:,} | {again:,.0f} |"
    )


def print_bills(cpu_milliseconds: float, price: float, shard: int, machines: int, cores: int) -> None:
    """Print what up to a billion pictures take at a measured rate."""
    print(f"\nAt {cpu_milliseconds:g} CPU ms a picture, {machines} machines of {cores} cores, {price:g} a core-hour:\n")
    print("| pictures | core-hours | hours | price | shards | writes | painted twice if all machines die |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for pictures in (1e6, 1e7, 1e8, 1e9):
        print(bill(pictures, cpu_milliseconds / 1000, price=price, shard=shard, machines=machines, cores=cores))


def main() -> None:
    """Measure, or reckon only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=600, help="of the video; 0 leaves it out")
    parser.add_argument("--bill", type=float, metavar="MS", help="only reckon what a billion pictures take")
    parser.add_argument("--price", type=float, default=0.02, help="of a core for an hour")
    parser.add_argument("--shard", type=int, default=5000)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--cores", type=int, default=16)
    given = parser.parse_args()
    if given.bill:
        print_bills(given.bill, given.price, given.shard, given.machines, given.cores)
        return
    print(f"load before: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    with tempfile.TemporaryDirectory() as folder:
        if given.pictures:
            measure_pictures(Path(folder), given.pictures, given.rounds)
        if given.seconds:
            measure_video(Path(folder), given.seconds)


if __name__ == "__main__":
    main()
