"""Many pictures and long videos in several processes: pictures a second, CPU time and memory, and a bill for a billion.

Contenders: `impasto apply` over a folder, the local pool with 1 and 2 processes, Ray with 1 and 2 actors; and one video
in one and in two processes. Each is a process of its own; CPU time and memory are those of the process and of all that
it started, sampled. They take turns, and each round is a line in the log, so that 2,000 pictures may be painted in
parts, at the quiet moments of a busy machine: the tables are medians over all rounds, the ratios those within a round.
Rounds of other pictures, videos or versions belong into another log.

    python benchmarks/scale.py --pictures 2000 --seconds 0 --rounds 1     # 8 minutes on two cores
    python benchmarks/scale.py --pictures 60 --seconds 8 --rounds 4       # in a minute each, on a busy machine
    python benchmarks/scale.py --pictures 0 --seconds 600 --width 320 --rounds 1 --log film.jsonl
    python benchmarks/scale.py --rounds 0                                 # what is in the log
    python benchmarks/scale.py --bill 65                                  # nothing is measured
    python benchmarks/scale.py --seams take.mp4 --width 320               # how far frames after a seam are off

The contenders on Ray need the extra ray, the videos the extra video.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from PIL import Image

HARBOUR = Path(__file__).resolve().parent.parent / "examples" / "harbour.jpg"
STYLE = "starry-night"
SIZE = (600, 417)  # pixels: a quarter of a megapixel
SAMPLE = 0.5  # seconds from one look at the processes to the next
OTHERS, FULL = 0.2, 0.9  # a row is left out where others took more than this share of the machine, and it was so full
PICTURES = {
    "impasto apply FOLDER": [],
    "--on local --processes 1": ["--on", "local", "--processes", "1"],
    "--on local --processes 2": ["--on", "local", "--processes", "2"],
    "--on ray --processes 1": ["--on", "ray", "--processes", "1"],
    "--on ray --processes 2": ["--on", "ray", "--processes", "2"],
}
RATIOS = [  # of the pictures a second: above, below
    ("--on local --processes 1", "impasto apply FOLDER"),
    ("--on local --processes 2", "--on local --processes 1"),
    ("--on local --processes 2", "impasto apply FOLDER"),
    ("--on ray --processes 1", "--on local --processes 1"),
    ("--on ray --processes 2", "--on local --processes 2"),
]
VIDEOS = {"one process": [], "--on local --processes 2": ["--on", "local", "--processes", "2"]}

Row = dict[str, Any]
"""What a command took: ``wall`` (seconds), ``cpu`` (seconds of all its processes), ``memory`` (bytes of all of them at
the most; pages that they share count for each), ``others`` (share of the machine's CPU time that went to other
programs), and of pictures ``first`` and ``rate`` (seconds to the first result, and results a second from the first to
the last)."""


def run(arguments: list[str]) -> Row:
    """Run a command of Impasto's and watch it."""
    started, cpu, most = time.perf_counter(), dict[int, float](), 0
    busy_before = busy_seconds()
    process = subprocess.Popen([sys.executable, "-m", "impasto", *arguments], stderr=subprocess.DEVNULL)
    root = psutil.Process(process.pid)
    while True:
        memory = 0
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            break
        for one in family:
            try:
                times = one.cpu_times()
                cpu[one.pid] = times.user + times.system
                memory += one.memory_info().rss
            except psutil.Error:
                continue
        most = max(most, memory)
        try:
            process.wait(SAMPLE)
            break
        except subprocess.TimeoutExpired:
            continue
    if process.wait():
        raise SystemExit(f"impasto {' '.join(arguments)} failed")
    wall, own = time.perf_counter() - started, sum(cpu.values())
    others = max(0.0, busy_seconds() - busy_before - own) / wall / (os.cpu_count() or 1)
    return {"wall": wall, "cpu": own, "memory": most, "others": others}


def busy_seconds() -> float:
    """CPU seconds of all programs of the machine so far."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def undisturbed(rounds: list[dict[str, Any]], *names: str) -> list[list[Row]]:
    """The rows of some contenders in all rounds in which no other program was in their way."""

    def is_disturbed(row: Row) -> bool:
        own = row["cpu"] / row["wall"] / (os.cpu_count() or 1)
        return bool(row["others"] > OTHERS and own + row["others"] > FULL)

    found = [[item["rows"][name] for name in names if name in item["rows"]] for item in rounds]
    return [rows for rows in found if len(rows) == len(names) and not any(map(is_disturbed, rows))]


def make_pictures(folder: Path, first: int, number: int) -> None:
    """Pictures of a quarter of a megapixel, all different up to 4,096, beginning with the one of number ``first``."""
    folder.mkdir()
    with Image.open(HARBOUR) as image:
        harbour = image.convert("RGB").resize((SIZE[0] + 64, SIZE[1] + 64))
    for index in range(first, first + number):
        left, top = index % 64, index // 64 % 64
        harbour.crop((left, top, left + SIZE[0], top + SIZE[1])).save(folder / f"p{index:05}.jpg", quality=92)


def make_video(path: Path, seconds: int, width: int, scene: int = 15) -> None:
    """A video of 16 to 9 at 25 frames a second, with a cut every few seconds."""
    import av

    with Image.open(HARBOUR) as image:
        height = width * 9 // 16
        wide = np.asarray(image.convert("RGB").resize((width + 400, height)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(seconds * 25):
            number, at = divmod(index, scene * 25)
            picture = np.roll(wide, number % 3, axis=2)[:, at % 400 : at % 400 + width]
            picture = 255 - picture if number % 2 else picture
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode(None))


def paint_pictures(folder: Path, first: int, number: int, only: str) -> dict[str, Row]:
    """One round: each contender paints the same pictures."""
    make_pictures(folder / "in", first, number)
    with_ray = importlib.util.find_spec("ray") is not None
    rows = {}
    for place, (name, how) in enumerate(PICTURES.items()):
        if only not in name or ("ray" in name and not with_ray):
            continue
        out, began = folder / f"out-{place}", time.time()
        row = run(["apply", str(folder / "in"), "--style", STYLE, "-o", str(out), "--quiet", *how])
        times = sorted(file.stat().st_mtime for file in out.glob("*.jpg"))
        row |= {"pictures": len(times), "first": times[0] - began, "rate": (len(times) - 1) / (times[-1] - times[0])}
        rows[name] = row
    if not with_ray:
        print("Ray is not installed; its rows are left out.")
    return rows


def paint_videos(folder: Path, seconds: int, width: int) -> dict[str, Row]:
    """One round: one video in one and in two processes."""
    make_video(folder / "in.mp4", seconds, width)
    rows, results = {}, []
    for place, (name, how) in enumerate(VIDEOS.items()):
        results.append(folder / f"out-{place}.mp4")
        rows[name] = run(
            ["video", str(folder / "in.mp4"), "--style", STYLE, "-o", str(results[-1]), "--quiet", *how]
        ) | {"seconds": seconds, "width": width}
    if len({path.read_bytes() for path in results}) > 1:
        raise SystemExit("The two results differ.")
    return rows


def add_rounds(log: Path, kind: str, rounds: int, paint: Callable[[Path, int], dict[str, Row]]) -> None:
    """Do some rounds, each in a folder of its own, and add them to the log as they end.

    Args:
        log: JSON lines.
        kind: of the rounds.
        rounds: how many.
        paint: does a round, in a folder and of a number.
    """
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            rows = paint(Path(folder), len(read_log(log, kind)))
        with log.open("a") as file:
            file.write(json.dumps({"kind": kind, "rows": rows}) + "\n")


def read_log(log: Path, kind: str) -> list[dict[str, Any]]:
    """The rounds of a kind in a log; none where it is not there."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [found for found in map(json.loads, lines) if found["kind"] == kind]


def print_pictures(rounds: list[dict[str, Any]]) -> None:
    """Print the medians of rounds with pictures, and the ratios within them."""

    total = sum(next(iter(found["rows"].values()))["pictures"] for found in rounds)
    print(f"\n{total} pictures of 0.25 megapixels in {len(rounds)} rounds, {os.cpu_count()} cores\n")
    print("| | rounds undisturbed | first result | wall | pictures/s after it | CPU ms a picture | memory |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in PICTURES:
        rows = [row for (row,) in undisturbed(rounds, name)]
        if not rows:
            continue
        first, wall, rate, memory = (median(row[key] for row in rows) for key in ("first", "wall", "rate", "memory"))
        cpu = median(1000 * row["cpu"] / row["pictures"] for row in rows)
        print(
            f"| `{name}` | {len(rows)} | {first:.1f} s | {wall:.1f} s | {rate:.1f} | {cpu:.0f} "
            f"| {memory / 1e6:.0f} MB |"
        )
    print("\n| pictures a second of ... over ... | median | of all undisturbed rounds |")
    print("|---|---:|---|")
    for above, below in RATIOS:
        found = [one["rate"] / other["rate"] for one, other in undisturbed(rounds, above, below)]
        if found:
            each = " ".join(f"{ratio:.2f}" for ratio in sorted(found))
            print(f"| `{above}` over `{below}` | {median(found):.2f} | {each} |")


def print_videos(rounds: list[dict[str, Any]]) -> None:
    """Print the medians of rounds with videos, and the ratio within them."""
    total = sum(found["rows"]["one process"]["seconds"] for found in rounds)
    widths = " and ".join(sorted({str(found["rows"]["one process"]["width"]) for found in rounds}))
    print(f"\n{total} s of video, {widths} pixels wide, in {len(rounds)} rounds; the results are the same bytes.\n")
    print("| | rounds undisturbed | frames/s | CPU ms a frame | memory |")
    print("|---|---:|---:|---:|---:|")
    for name in VIDEOS:
        rows = [row for (row,) in undisturbed(rounds, name)]
        if not rows:
            continue
        rate = median(25 * row["seconds"] / row["wall"] for row in rows)
        cpu = median(1000 * row["cpu"] / row["seconds"] / 25 for row in rows)
        memory = median(row["memory"] for row in rows)
        print(f"| {name} | {len(rows)} | {rate:.1f} | {cpu:.1f} | {memory / 1e6:.0f} MB |")
    ratios = sorted(one["wall"] / two["wall"] for one, two in undisturbed(rounds, *VIDEOS))
    if ratios:
        print(f"\nTwo processes over one: {median(ratios):.2f} ({' '.join(f'{ratio:.2f}' for ratio in ratios)})")


def paint_seam(video: Path, width: int, style: str) -> tuple[np.ndarray, np.ndarray, float]:
    """A take painted in one run, and divided by warm seams: all frames of both, and frames a second."""
    import av

    both = []
    with tempfile.TemporaryDirectory() as folder:
        for name, how in (("one", []), ("warm", ["--on", "local", "--processes", "1", "--seams", "warm"])):
            out = Path(folder) / f"{name}.mkv"
            what = ["video", str(video), "--size", str(width), "--style", style, "--codec", "ffv1", "--quiet"]
            run([*what, "-o", str(out), *how])
            with av.open(str(out)) as container:
                rate = float(container.streams.video[0].average_rate or 25)
                both.append(np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]))
    return both[0], both[1], rate


def seam_row(style: str, one: np.ndarray, warm: np.ndarray, rate: float) -> str:
    """A row on how far frames after the first seam are from those of one run, in levels of 255 on average.

    Args:
        style: its name.
        one, warm: frames, painted in one run and with seams, (frames, height, width, 3), 0 to 255.
        rate: frames a second.
    """
    apart = [float(np.abs(a.astype(np.int16) - b).mean()) for a, b in zip(one, warm, strict=True)]
    seam = next((index for index, difference in enumerate(apart) if difference), None)
    if seam is None:
        raise SystemExit("No frame differs: the video has no take that is long enough for a seam.")
    second = round(rate)
    after = [
        max(apart[seam + begin : seam + end], default=0.0) for begin, end in ((0, second), (2 * second, 3 * second))
    ]
    steps = [float(np.abs(frames[seam].astype(np.int16) - frames[seam - 1]).mean()) for frames in (one, warm)]
    return (
        f"| {style} | {seam} | {apart[seam]:.2f} | {after[0]:.2f} | {after[1]:.2f} | {steps[0]:.1f}, {steps[1]:.1f} |"
    )


def print_seams(video: Path, width: int, styles: list[str]) -> None:
    """Paint a take with and without seams, and print how far beside the first seam both are apart."""
    print(f"\n{video.name}, {width} pixels, levels of 255:\n")
    print("| | seam at frame | there | most in a second | most in the third second | step there, in one run and here |")
    print("|---|---:|---:|---:|---:|---:|")
    for style in styles:
        print(seam_row(style, *paint_seam(video, width, style)), flush=True)


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
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--log", type=Path, default=Path("scale.jsonl"), help="where rounds are added, as JSON lines")
    parser.add_argument("--pictures", type=int, default=300, help="of a round (300); 0 leaves pictures out")
    parser.add_argument("--seconds", type=int, default=60, help="of the video of a round (60); 0: none")
    parser.add_argument("--width", type=int, default=640, help="of the video, pixels (640)")
    parser.add_argument("--rounds", type=int, default=7, help="how many (7); 0: only print what is in the log")
    parser.add_argument("--only", default="", help="of pictures, only contenders with this in their names")
    parser.add_argument(
        "--bill", type=float, metavar="MS", help="only reckon what a billion pictures take, each so many ms"
    )
    parser.add_argument("--price", type=float, default=0.02, help="for --bill: of a core for an hour (0.02)")
    parser.add_argument("--shard", type=int, default=5000, help="for --bill: pictures of a shard (5,000)")
    parser.add_argument("--machines", type=int, default=100, help="for --bill (100)")
    parser.add_argument("--cores", type=int, default=16, help="for --bill: of a machine (16)")
    parser.add_argument("--seams", type=Path, metavar="VIDEO", help="only measure warm seams in a long take")
    parser.add_argument("--styles", nargs="+", default=[STYLE], help="for --seams")
    given = parser.parse_args()
    if not any(given.only in name for name in PICTURES):
        parser.error(f"no contender has {given.only} in its name; they are: {', '.join(PICTURES)}")
    if given.bill:
        print_bills(given.bill, given.price, given.shard, given.machines, given.cores)
        return
    if given.seams:
        print_seams(given.seams, given.width, given.styles)
        return
    pictures, seconds = given.pictures, given.seconds
    if pictures:
        add_rounds(
            given.log,
            "pictures",
            given.rounds,
            lambda folder, turn: paint_pictures(folder, turn * pictures, pictures, given.only),
        )
    if seconds:
        add_rounds(given.log, "video", given.rounds, lambda folder, _: paint_videos(folder, seconds, given.width))
    if found := read_log(given.log, "pictures"):
        print_pictures(found)
    if found := read_log(given.log, "video"):
        print_videos(found)


if __name__ == "__main__":
    main()
