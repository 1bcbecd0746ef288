"""Video: frames a second end to end, and how steady the result is, beside what steadiness could cost.

Temporal error is the masked warping error (Ruder et al. 2016; Lai et al. 2018): the mean of M (O_t - W(O_t-k))^2 over
trusted places, pixels in [0, 1], with flow between the *inputs*: DIS, or the DeepFlow files of artistic-videos' example
where ``--golden`` names its folder. A filter that does nothing, or that blurs, is perfectly stable, so style loss,
content loss and gradient energy stand in the same table. Clips are yours; needs the extras ``video`` and ``train``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

import impasto
from impasto import images
from impasto.flow import consistency, estimator, read_certainty, read_flo, warp
from impasto.losses import content_loss, gram, style_loss
from impasto.networks.perceptual import load_features
from impasto.optimise.api import read_styles
from impasto.repaint import Painter
from impasto.video.optimised import Optimiser, Passes
from impasto.video.source import open_source
from impasto.video.temporal import STABILIZE, stabilizer

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
STEPS = (1, 10)  # frames: short and long term
Frames = list[np.ndarray]
Flows = dict[int, list[tuple[np.ndarray, np.ndarray]]]


def clip(path: Path, size: int, count: int) -> tuple[Frames, Flows]:
    """The first frames of a clip, and the flow back by one and by ten, with certainty."""
    frames = [frame.rgb for _, frame in zip(range(count), open_source(path, size=size).frames(), strict=False)]
    estimate, flows = estimator("dis"), {}
    for step in STEPS:
        flows[step] = []
        for old, new in zip(frames, frames[step:], strict=False):
            back = estimate(new, old)
            flows[step].append((back, consistency(back, estimate(old, new)) / 255))
    return frames, flows


def example(folder: Path) -> tuple[Frames, Flows]:
    """The five frames of artistic-videos with their own flow."""
    frames = [np.rint(images.read(folder / f"marple8_{i:02}.ppm").rgb * 255).astype(np.uint8) for i in range(1, 6)]
    pairs = [(i + 1, i) for i in range(1, 5)]
    flows = [
        (read_flo(folder / f"backward_{a}_{b}.flo"), read_certainty(folder / f"reliable_{a}_{b}.pgm") / 255)
        for a, b in pairs
    ]
    return frames, {1: flows}


def static(frame: np.ndarray, count: int) -> tuple[Frames, Flows]:
    """A picture that stands still, with the noise of a camera: any change of the result is flicker."""
    rng = np.random.default_rng(0)
    noisy = [np.clip(frame + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8) for _ in range(count)]
    still, sure = np.zeros((*frame.shape[:2], 2), np.float32), np.ones(frame.shape[:2])
    return noisy, {1: [(still, sure)] * (count - 1)}


class Judge:
    """Measures painted frames."""

    def __init__(self, style: Path, size: int) -> None:
        self.network = load_features()
        picture = images.resized(images.read(style), size).rgb
        self.target = {tap: gram(f) for tap, f in self.seen(picture).items()}

    def seen(self, rgb: np.ndarray) -> dict[str, torch.Tensor]:
        """Features of H x W x 3 in [0, 1]."""
        batch = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32))
        with torch.no_grad():
            return self.network.narrow(batch, TAPS)

    def __call__(self, inputs: Frames, flows: Flows, outputs: Sequence[np.ndarray]) -> dict[str, float]:
        """All figures of one way of painting."""
        painted = [np.asarray(o, np.float32) / 255 for o in outputs]
        found: dict[str, float] = {}
        for step, pairs in flows.items():
            errors = []
            for index, (flow, sure) in enumerate(pairs):
                off = (painted[index + step] - warp(painted[index], flow)) ** 2
                errors.append(float((sure[..., None] * off).sum() / (3 * sure.sum())))
            found["short" if step == 1 else "long"] = float(np.mean(errors))
        sample = range(len(painted) // 4, len(painted), max(1, len(painted) // 6))
        rows = []
        for index in sample:
            result, content = self.seen(painted[index]), self.seen(inputs[index] / 255.0)
            style = np.mean([float(style_loss(gram(result[t]), self.target[t])) for t in TAPS])
            kept = float(content_loss(result["relu4_1"], content["relu4_1"]))
            energy = sum(float((np.diff(painted[index], axis=axis) ** 2).mean()) for axis in (0, 1))
            rows.append((style, kept, energy))
        return found | dict(zip(("style", "content", "gradient"), map(float, np.mean(rows, axis=0)), strict=True))


def fast(frames: Frames, style: str, mode: Any) -> Frames:
    """Frames painted by the network."""
    painter, steady = Painter(style), stabilizer(mode)
    return [steady.paint(frame, painter) for frame in frames]


def slow(frames: Frames, style: Path, settings: Passes) -> tuple[Frames, float]:
    """Frames painted by optimisation, and seconds a frame (the first one aside)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, frame in enumerate(frames):
            images.write(images.from_array(frame), folder / f"in-{index:06}.png")
        optimiser = Optimiser(folder, len(frames), read_styles([style]), settings)
        marks = [time.perf_counter() for _ in optimiser.run()]
        seconds = (marks[-1] - marks[0]) / (len(marks) - 1) * settings.passes
        results = [images.read(optimiser.result(index, settings.passes)).rgb * 255 for index in range(len(frames))]
        return [np.rint(r).astype(np.uint8) for r in results], seconds


def table(
    name: str, inputs: Frames, flows: Flows, judge: Judge, ways: dict[str, Callable[[], Frames]]
) -> dict[str, Any]:
    """One line a way, each beside the first."""
    found: dict[str, Any] = {}
    for way, paint in ways.items():
        found[way] = judge(inputs, flows, paint())
        first = next(iter(found.values()))
        cells = [f"{value:.6f} ({value / max(first[key], 1e-12):.2f})" for key, value in found[way].items()]
        if "long" not in found[way]:
            cells.insert(1, "")
        print("|", " | ".join([name, way, *cells]), "|", flush=True)
    return found


def speed(path: Path, style: str, sizes: Sequence[int]) -> dict[str, Any]:
    """Frames a second of whole runs."""
    found = {}
    print("| size | stabilize | frames/s | read | paint | write | join (seconds, overlapping) |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for size in sizes:
        for mode in STABILIZE:
            with tempfile.TemporaryDirectory() as folder:
                report = impasto.stylize_video(
                    path, style, output=Path(folder) / "out.mp4", size=size, stabilize=mode, device="cpu"
                )
            rate = report.frames / report.seconds["whole"]
            found[f"{size} {mode}"] = {"frames/s": rate, **report.seconds}
            times = " | ".join(f"{report.seconds[stage]:.2f}" for stage in ("read", "paint", "write", "join"))
            print(f"| {size or 'full'} | {mode} | {rate:.1f} | {times} |", flush=True)
    return found


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+", help="the first one is timed, too")
    parser.add_argument("--style", default="starry-night", help="(%(default)s)")
    parser.add_argument("--picture", type=Path, required=True, help="the painting that the style is of")
    parser.add_argument("--golden", type=Path, help="the example folder of artistic-videos")
    parser.add_argument("--size", type=int, default=320, help="for steadiness (%(default)s)")
    parser.add_argument("--frames", type=int, default=36, help="for steadiness (%(default)s)")
    parser.add_argument("--sizes", default="640,0", help="for speed; 0 is full size (%(default)s)")
    parser.add_argument("--passes", type=int, default=0, help="of the multi-pass run; 0: no slow path at all")
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    arguments = parser.parse_args()
    cv2.setNumThreads(torch.get_num_threads())
    figures: dict[str, Any] = {}
    if not arguments.no_speed:
        figures["speed"] = speed(arguments.clips[0], arguments.style, [int(s) for s in arguments.sizes.split(",")])
    judge = Judge(arguments.picture, arguments.size)
    print("| clip | way | short | long | style | content | gradient |\n|---|---|---|---|---|---|---|")
    sources = {path.stem: clip(path, arguments.size, arguments.frames) for path in arguments.clips}
    sources["still, with noise"] = static(next(iter(sources.values()))[0][0], 12)
    if arguments.golden:
        sources["example"] = example(arguments.golden)
    for name, (inputs, flows) in sources.items():
        ways: dict[str, Callable[[], Frames]] = {
            mode: lambda mode=mode, inputs=inputs: fast(inputs, arguments.style, mode) for mode in STABILIZE
        }
        figures[name] = table(name, inputs, flows, judge, ways)
    if arguments.golden and arguments.passes:
        inputs, flows = sources["example"]
        settings = {
            "paint, no temporal loss": Passes(temporal_weight=0, init="image"),
            "paint, single pass": Passes(),
            f"paint, {arguments.passes} passes": Passes(passes=arguments.passes, iterations=20, temporal_after=2),
        }
        seconds: dict[str, float] = {}

        def painted(name: str) -> Frames:
            frames, seconds[name] = slow(inputs, arguments.picture, settings[name])
            return frames

        figures["paint"] = table(
            "example", inputs, flows, judge, {name: lambda name=name: painted(name) for name in settings}
        )
        figures["paint"]["seconds a frame"] = seconds
        print("seconds a frame:", {name: round(value, 1) for name, value in seconds.items()})
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
