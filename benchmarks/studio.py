"""The studio under load: memory over many jobs, many visitors at once, the live camera's rate.

``python benchmarks/studio.py [--jobs 500] [--visitors 50] [--size 256]`` starts a studio in a process of its own and
visits it as programs do. It prints how its memory goes, what became of simultaneous jobs, and how many live pictures
a second come back.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from PIL import Image

# The photograph that all jobs paint.
HARBOUR = Path(__file__).parents[1] / "examples/harbour.jpg"
STYLES = ("scream", "udnie", "great-wave", "starry-night")  # styles that the jobs take in turn
_SETTLED_SHARE = 0.2  # share of the jobs after which memory should not grow any more


def main() -> None:
    """Measure the live camera, simultaneous jobs, and memory over many jobs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--size", type=int, default=256, help="longer side of the pictures")
    arguments = parser.parse_args()
    picture = photograph(arguments.size)
    with studio() as (url, process), httpx.Client(base_url=url, timeout=600) as client:
        live_rate(client)
        simultaneous_jobs(client, picture, arguments.visitors)
        memory_over_jobs(client, picture, arguments.jobs, process)


def photograph(size: int, quality: int = 90) -> bytes:
    """The photograph as a JPEG file whose longer side has ``size`` pixels."""
    data = io.BytesIO()
    with Image.open(HARBOUR) as image:
        image.thumbnail((size, size))
        image.convert("RGB").save(data, "JPEG", quality=quality)
    return data.getvalue()


@contextmanager
def studio() -> Iterator[tuple[str, int]]:
    """Run a studio on a free port; yields its address and the number of its process."""
    command = [sys.executable, "-m", "impasto", "studio", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        found = next(match for line in process.stderr if (match := re.search(r"http://\S+", line)))
        yield found[0], process.pid
    finally:
        process.terminate()
        process.wait()


def paint_one(client: httpx.Client, picture: bytes, style: str) -> str:
    """Have a picture painted; returns ``"painted"`` or why that failed."""
    answer = client.post("/api/apply", files={"picture": ("photo.jpg", picture)}, data={"styles": style})
    if answer.status_code != 200:
        return f"{answer.status_code}: {answer.json()['detail']}"
    return "painted" if answer.content[:2] == b"\xff\xd8" else "no JPEG"


def live_rate(client: httpx.Client, seconds: float = 10.0) -> None:
    """Print how many live pictures a second one visitor gets in ``seconds`` seconds."""
    picture, count, size = photograph(640, 85), 0, ""
    query = {"visitor": "benchmark", "styles": '["udnie"]', "strength": "1"}
    started = time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        if count == 10:  # the size at which pictures are painted is constant from here on
            counted, since = count, time.perf_counter()
        size = client.post("/api/live", params=query, content=picture).headers["x-painted"]
        count += 1
    rate = (count - counted) / (time.perf_counter() - since) if count > 10 else count / spent
    print(f"live: {rate:.1f} frames a second, painted at {size}", flush=True)


def simultaneous_jobs(client: httpx.Client, picture: bytes, visitors: int) -> None:
    """Print what becomes of jobs that all visitors start at the same time."""
    started = time.perf_counter()
    with ThreadPoolExecutor(visitors) as pool:
        outcomes = Counter(pool.map(lambda n: paint_one(client, picture, STYLES[n % len(STYLES)]), range(visitors)))
    print(f"{visitors} jobs at once, in {time.perf_counter() - started:.1f} s:")
    for outcome, count in outcomes.most_common():
        print(f"  {count:4} {outcome}", flush=True)


def memory_over_jobs(client: httpx.Client, picture: bytes, jobs: int, process: int) -> None:
    """Print the server's memory over many jobs, one after the other."""
    memory, outcomes, started = [], Counter[str](), time.perf_counter()
    for n in range(jobs):
        outcomes[paint_one(client, picture, STYLES[n % len(STYLES)])] += 1
        memory.append(resident_megabytes(process))
        if (n + 1) % max(1, jobs // 10) == 0:
            print(f"  after {n + 1:4} jobs {memory[-1]:7.1f} MB", flush=True)
    settled = memory[int(jobs * _SETTLED_SHARE) :]
    third = max(1, len(settled) // 3)
    growth = median(settled[-third:]) - median(settled[:third])
    print(f"{jobs} jobs, {jobs / (time.perf_counter() - started):.1f} a second: {dict(outcomes)}")
    print(
        f"memory: {memory[0]:.0f} MB after the first, {memory[-1]:.0f} MB after the last, at most {max(memory):.0f} MB;"
    )
    print(f"        from the first to the last third after {_SETTLED_SHARE:.0%} of the jobs: {growth:+.1f} MB")


def resident_megabytes(process: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    status = Path(f"/proc/{process}/statm").read_text().split()
    return int(status[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
