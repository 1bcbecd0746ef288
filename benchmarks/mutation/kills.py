"""Runs of commands that are killed at random moments, begun again, and compared with a run that nothing disturbed.

The commands run in children that are forked from a process which has loaded the package and torch already, so that
moments fall into the work and not into the loading.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mutation.seeds import saved, tiny_perceptual, write_video
from mutation.workers import Outcome

_MOST_SECONDS = 900  # that a run may take on a busy machine
_MOST_KILLS = 3  # of one run


@dataclass(frozen=True)
class Run:
    """A command that is killed.

    Attributes:
        arguments: of ``impasto``, with ``{in}`` for the folder of inputs and ``{out}`` for the one of results.
        result: the file or folder that it makes.
        resume: what is added when it is begun again and there is something to go on with.
        state: the file that tells so.
    """

    arguments: str
    result: str
    resume: str = ""
    state: str = ""


_FAST = "--features {in}/tiny.safetensors --crop 64"
RUNS = {
    "film": Run("video {in}/clip.mp4 --style scream --codec ffv1 -o {out}/o.mkv", "o.mkv"),
    "sequence": Run("video {in}/clip.mp4 --style scream -o {out}/o_%02d.png", ""),
    "gif": Run("video {in}/clip.mp4 --style scream -o {out}/o.gif", "o.gif"),
    "folder": Run("apply {in}/photos --style scream --style udnie -o {out}/painted", "painted"),
    "learn": Run(
        f"learn {{in}}/painting.png --steps 4 --check-every 2 {_FAST} -o {{out}}/s.safetensors", "s.safetensors"
    ),
    "paint": Run(
        "paint {in}/photos/0.png --style {in}/painting.png --iterations 12 --save-every 3 --features "
        "{in}/tiny.safetensors --style-layers relu1_1,relu2_1 --content-layers relu3_1 -o {out}/o.png",
        "o.png",
        "--resume",
        "o.png.state",
    ),
    "train": Run(
        f"train {{in}}/painting.png --photos {{in}}/photos --steps 8 --checkpoint-every 2 --preview-every 4 --batch 2 "
        f"{_FAST} -o {{out}}/run",
        "run/model",
        "--resume",
        "run/checkpoint.pt",
    ),
    "pack": Run("dataset pack --train {in}/photos --val {in}/photos -o {out}/photos.h5 --size 32", "photos.h5"),
}


def _make_inputs(folder: Path) -> None:
    from safetensors.torch import save_file

    (folder / "photos").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(24):
        small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8))
        (folder / "photos" / f"{index}.png").write_bytes(
            saved(small.resize((120, 90), Image.Resampling.BICUBIC), "PNG")
        )
    y, x = np.mgrid[:96, :96]
    stripes = np.stack([x // 6 % 2, y // 6 % 2, (x + y) // 9 % 2], -1).astype(np.uint8) * 255
    (folder / "painting.png").write_bytes(saved(Image.fromarray(stripes), "PNG"))
    save_file(tiny_perceptual(), folder / "tiny.safetensors")
    write_video(folder / "clip.mp4", "libx264", "yuv420p", "aac", frames=24)


def _begin(arguments: Sequence[str], said: Path) -> int:
    """Run a command in a forked child; gives its process's number."""
    child = os.fork()
    if child:
        return child
    try:
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        from impasto.cli import main, paint_run
        from impasto.video import parts

        # What is kept on the way is kept so often that short runs are resumed in their midst.
        parts._SEGMENT_FRAMES, parts.MIN_SEGMENT_FRAMES = 3, 1
        paint_run.SAVE_STATE_EVERY, paint_run.SAVE_STATE_SHARE = 0.0, 1.0
        main(list(arguments))
        os._exit(0)
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(int(ended.code or 0))
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(70)


def _wait(child: int, seconds: float) -> int | None:
    """The status of a child that ends within some seconds; ``None`` if it does not."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    return None


def _run(arguments: Sequence[str], said: Path) -> int:
    child = _begin(arguments, said)
    status = _wait(child, _MOST_SECONDS)
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise RuntimeError(f"{arguments[0]} did not end in {_MOST_SECONDS} seconds")
    return status


def _content(path: Path) -> Any:
    """What counts of a result: pixels and tensors, not how long it took."""
    if path.suffix in (".mkv", ".mp4"):
        import av

        with av.open(str(path)) as container:
            return [
                (float(f.pts * f.time_base), f.to_ndarray(format="rgb24").tobytes()) for f in container.decode(video=0)
            ]
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        return {name: (value.dtype.str, value.tobytes()) for name, value in load_file(path).items()}
    if path.suffix in (".h5", ".onnx"):
        import hashlib

        if path.suffix == ".h5":
            import h5py

            with h5py.File(path) as file:
                return {name: file[name]["images"][:].tobytes() for name in file}
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if path.suffix == ".json":
        return sorted(json.loads(path.read_text()))
    if path.suffix in (".png", ".jpg", ".gif"):
        with Image.open(path) as image:
            frames = []
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                frames.append(np.asarray(image.convert("RGB")).tobytes())
            return frames
    return path.read_bytes()


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _differences(run: Run, whole: Path, part: Path) -> str:
    """What differs between the results of two runs; empty if nothing does."""
    names, others = _files(whole), _files(part)
    if names != others:
        return f"missing {sorted(set(names) - set(others))}, left over {sorted(set(others) - set(names))}"
    compared = whole / run.result
    files = [one for one in ([compared] if compared.is_file() else compared.rglob("*")) if one.is_file()]
    wrong = [str(one.relative_to(whole)) for one in files if _content(one) != _content(part / one.relative_to(whole))]
    return f"differs: {', '.join(wrong)}" if wrong else ""


def try_kills(names: Sequence[str], count: int, seed: int, minutes: float) -> Iterator[Outcome]:
    """Kill runs, begin each again until it ends, and say for each kill what became of its run.

    Args:
        names: of :data:`RUNS`, taken in turn.
        count: kills in all.
        seed: the same one gives the same moments.
        minutes: stop after so many; 0 never.
    """
    import torch  # noqa: F401  loaded once, before the children are forked

    import impasto.cli
    import impasto.learning.api
    import impasto.optimisation.api
    import impasto.training.fit  # noqa: F401

    ends = time.monotonic() + minutes * 60 if minutes else float("inf")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        os.environ["IMPASTO_STYLES"], os.environ["XDG_CACHE_HOME"] = str(root / "catalogue"), str(root / "cache")
        _make_inputs(root / "in")
        seconds: dict[str, float] = {}
        done = number = 0
        while done < count and time.monotonic() < ends:
            name = names[number % len(names)]
            chance = random.Random(f"{seed} {name} {number}")
            run, whole, part = RUNS[name], root / "whole" / name, root / "part"
            if name not in seconds:
                whole.mkdir(parents=True)
                started = time.monotonic()
                status = _run(_arguments(run, root / "in", whole), root / "said")
                seconds[name] = time.monotonic() - started
                if status:
                    raise RuntimeError(f"{name} fails undisturbed: {(root / 'said').read_text()[-2000:]}")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            kills, result, text = _killed(run, root, part, chance, seconds[name])
            if kills and result == "fine" and (text := _differences(run, whole, part)):
                result = "fault"
            number += 1
            done += kills
            for _ in range(kills):
                yield Outcome(f"kill {name}", number - 1, name, result, text)


def _arguments(run: Run, inputs: Path, outputs: Path) -> list[str]:
    return run.arguments.replace("{in}", str(inputs)).replace("{out}", str(outputs)).split()


def _killed(run: Run, root: Path, part: Path, chance: random.Random, seconds: float) -> tuple[int, str, str]:
    """Kill a run up to three times and let it end; gives the number of kills, the result and what was said."""
    arguments, said, kills = _arguments(run, root / "in", part), root / "said", 0
    for _ in range(chance.randint(1, _MOST_KILLS)):
        child = _begin(_resumed(run, arguments, part), said)
        status = _wait(child, chance.uniform(0, seconds))
        if status is None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            kills += 1
        elif status:
            return max(1, kills), "fault", f"status {status}: {said.read_text()[-2000:]}"
        else:  # it ended before its moment came
            return kills, "fine", ""
    status = _run(_resumed(run, arguments, part), said)
    if status == 0:
        return kills, "fine", ""
    return kills, "fault", f"status {status}: {said.read_text()[-2000:]}"


def _resumed(run: Run, arguments: list[str], part: Path) -> list[str]:
    """The arguments with which a killed run is begun again."""
    if not run.resume or not (part / run.state).exists():
        return arguments
    if run.state.endswith(".state"):
        from impasto.optimisation.state import OptimisationState

        if OptimisationState.load(part / run.state).finished:
            return arguments  # paint would give a finished picture more iterations, as it says it does
    return [*arguments, run.resume]
