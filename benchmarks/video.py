"""Video: frames a second end to end, and how steady the result is, beside what steadiness could cost.

Temporal error is the masked warping error (Ruder et al. 2016; Lai et al. 2018): the mean of M (O_t - W(O_t-k))^2 over
trusted places, pixels in [0, 1], with flow between the *inputs*: DIS, or the DeepFlow files of artistic-videos' example
where ``--golden`` names its folder; pairs of frames with a cut between them do not count. A filter that does nothing,
or that blurs, is perfectly stable, so style loss, content loss and gradient energy stand in the same table, each beside
that of frame by frame. Both losses are taken on the builtin network's own narrow features, not in its teacher's metric
as in the training and the other benchmarks: only ratios between them count. Clips are yours; needs the extras
``video`` and ``train``. Parts are chosen with ``--only``: without paint it takes two minutes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice, pairwise, product
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch

import impasto
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import estimator, warp
from impasto.flow.files import read_certainty, read_flo
from impasto.flow.forward_backward import consistency
from impasto.memory import used
from impasto.networks.losses import content_loss, gram, style_loss
from impasto.networks.perceptual import load_features
from impasto.optimisation.style_pictures import read_styles
from impasto.pictures.conversion import from_array
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.pictures.writing import write_picture
from impasto.video.frame_optimiser import VideoOptimiser
from impasto.video.pass_options import PassOptions
from impasto.video.scene_cuts import is_scene_cut, thumbnail
from impasto.video.source import open_source
from impasto.video.stabilizers import STABILIZE, make_stabilizer
from video_stages import STAGES, StageClock

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")  # layers of the perceptual network whose features are compared
STEPS = (1, 10)  # frames between the two pictures of the short-term and of the long-term error
Frames = list[np.ndarray]
Flows = dict[int, list[tuple[np.ndarray, np.ndarray]]]


def load_clip(path: Path, start: float, size: int, count: int) -> tuple[Frames, Flows]:
    """Some frames of a clip, and the flow back by each of :data:`STEPS` with its certainty in [0, 1].

    Args:
        path: the video.
        start: seconds at which the frames begin.
        size: longer side of the frames in pixels.
        count: how many frames.
    """
    source = open_source(path, size=size)
    first = round(start * float(source.rate))
    frames = [frame.rgb for frame in islice(source.frames(), first, first + count)]
    cuts = np.cumsum([False, *(is_scene_cut(thumbnail(b), thumbnail(a)) for a, b in pairwise(frames))])
    estimate, flows = estimator("dis"), {}
    for step in STEPS:
        flows[step] = []
        for index, (old, new) in enumerate(zip(frames, frames[step:], strict=False)):
            back = estimate(new, old)
            sure = consistency(back, estimate(old, new)) / 255 * (cuts[index] == cuts[index + step])
            flows[step].append((back, sure))
    return frames, flows


def load_example(folder: Path) -> tuple[Frames, Flows]:
    """The five frames of artistic-videos with their own flow."""
    frames = [np.rint(read_picture(folder / f"marple8_{i:02}.ppm").rgb * 255).astype(np.uint8) for i in range(1, 6)]
    pairs = [(i + 1, i) for i in range(1, 5)]
    flows = [
        (read_flo(folder / f"backward_{a}_{b}.flo"), read_certainty(folder / f"reliable_{a}_{b}.pgm") / 255)
        for a, b in pairs
    ]
    return frames, {1: flows}


def noisy_still(frame: np.ndarray, count: int) -> tuple[Frames, Flows]:
    """Copies of a frame, each with the noise of a camera: any change of what is painted is flicker."""
    rng = np.random.default_rng(0)
    noisy = [np.clip(frame + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8) for _ in range(count)]
    still, sure = np.zeros((*frame.shape[:2], 2), np.float32), np.ones(frame.shape[:2])
    return noisy, {1: [(still, sure)] * (count - 1)}


class Judge:
    """Measures painted frames: temporal error, style loss, content loss, gradient energy."""

    def __init__(self, style: Path, size: int) -> None:
        self.network = load_features()
        picture = resize_picture(read_picture(style), size).rgb
        self.target = {tap: gram(f) for tap, f in self.seen(picture).items()}

    def seen(self, rgb: np.ndarray) -> dict[str, torch.Tensor]:
        """Features by layer of a picture, H x W x 3 in [0, 1]."""
        batch = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32))
        with torch.no_grad():
            return self.network.narrow(batch, TAPS)

    def __call__(self, inputs: Frames, flows: Flows, outputs: Sequence[np.ndarray]) -> dict[str, float]:
        """All figures of one way of painting, by name."""
        painted = [np.asarray(o, np.float32) / 255 for o in outputs]
        found: dict[str, float] = {}
        for step, pairs in flows.items():
            errors = []
            for index, (flow, sure) in enumerate(pairs):
                if not sure.any():
                    continue
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


def paint_by_network(frames: Frames, style: str, mode: Any, *, moving: bool = True) -> Frames:
    """Frames painted by the network; without ``moving``, each is painted as a single picture."""
    painter, stabilizer = Painter(style, for_video=moving), make_stabilizer(mode)
    return [stabilizer.paint(frame, painter) for frame in frames]


def paint_by_optimisation(frames: Frames, style: Path, settings: PassOptions) -> tuple[Frames, float]:
    """Frames painted by optimisation, and seconds a frame (the first one aside)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, frame in enumerate(frames):
            write_picture(from_array(frame), folder / f"in-{index:06}.png")
        optimiser = VideoOptimiser(folder, len(frames), read_styles([style]), settings)
        marks = [time.perf_counter() for _ in optimiser.run()]
        seconds = (marks[-1] - marks[0]) / (len(marks) - 1) * settings.passes  # the first one may take longer
        results = [read_picture(optimiser.result(index, settings.passes)).rgb * 255 for index in range(len(frames))]
        return [np.rint(r).astype(np.uint8) for r in results], seconds


def measure_ways(
    name: str, inputs: Frames, flows: Flows, judge: Judge, ways: dict[str, Callable[[], Frames]]
) -> dict[str, Any]:
    """Measure ways of painting, and print one line for each: its figures, and their ratios to the first way's."""
    found: dict[str, Any] = {}
    for way, paint in ways.items():
        found[way] = judge(inputs, flows, paint())
        first = next(iter(found.values()))
        cells = [f"{value:.6f} ({value / max(first[key], 1e-12):.2f})" for key, value in found[way].items()]
        if "long" not in found[way]:
            cells.insert(1, "")
        print("|", " | ".join([name, way, *cells]), "|", flush=True)
    return found


def measure_speed(
    path: Path, style: str, kinds: Sequence[Sequence[Any]], seconds: float, rounds: int
) -> dict[str, Any]:
    """Frames a second of whole runs, the model loaded, and what each stage takes for a frame, of the median run.

    Args:
        path: the video.
        style: what it is painted in.
        kinds: sizes, engines and kinds of stabilisation, all of which are combined.
        seconds: of the video.
        rounds: runs of each kind.
    """
    found = {}
    print("milliseconds of CPU (of wall time) a frame; stages run beside one another")
    print(f"| size | engine | stabilize | frames/s | {' | '.join(STAGES)} | CPU in all |")
    print("|---|---|---|" + "---:|" * (len(STAGES) + 2), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size, engine, mode in product(*kinds):
            common = {"output": Path(folder) / "out.mp4", "size": size, "stabilize": mode, "device": "cpu"}
            common |= {"engine": engine}
            impasto.stylize_video(path, style, end=0.2, **common)
            runs = []
            for _ in range(rounds):
                clock, cpu = StageClock(), time.process_time()
                with clock.running():
                    report = impasto.stylize_video(path, style, end=seconds, **common)
                cpu = time.process_time() - cpu
                runs.append((report.frames / report.seconds["whole"], cpu, clock, report))
            rate, cpu, clock, report = sorted(runs, key=lambda run: run[0])[rounds // 2]
            frames = report.frames
            stages = {stage: (clock.cpu[stage] / frames * 1e3, clock.wall[stage] / frames * 1e3) for stage in STAGES}
            name = f"{size or 'full'} | {engine} | {mode}"
            found[name] = {"frames/s": rate, "frames": frames, "cpu": cpu, **report.seconds, "stages": stages}
            cells = " | ".join(f"{cpu:.1f} ({wall:.1f})" for cpu, wall in stages.values())
            print(f"| {name} | {rate:.1f} | {cells} | {cpu / frames * 1e3:.0f} |", flush=True)
    return found


def measure_memory(path: Path, style: str, minutes: float) -> dict[str, float]:
    """Memory over a long clip, made by repeating the frames of another at 160 pixels: MB after parts of it."""
    frames = [frame.rgb for frame in open_source(path, size=160).frames()]
    rate = 25
    count, taken = round(minutes * 60 * rate), {}
    with tempfile.TemporaryDirectory() as name:
        long = Path(name) / "long.mp4"
        with av.open(str(long), "w") as container:
            stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
            stream.height, stream.width = frames[0].shape[:2]
            for index in range(count):
                picture = av.VideoFrame.from_ndarray(frames[index % len(frames)], format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))

        def watch(done: int, _: int) -> None:
            for part in (0.1, 0.25, 0.5, 0.75, 1):
                if done == round(count * part):
                    taken[f"{part:.0%}"] = used() / 1e6

        started = time.perf_counter()
        report = impasto.stylize_video(long, style, output=Path(name) / "out.mp4", device="cpu", progress=watch)
        rate = report.frames / (time.perf_counter() - started)
    print(f"memory over {report.frames} frames of {minutes:g} minutes, MB:", {k: round(v) for k, v in taken.items()})
    return taken | {"frames/s": rate}


def measure_optimisation(folder: Path, picture: Path, judge: Judge, passes: int) -> dict[str, Any]:
    """The slow path on the example of artistic-videos, and its seconds a frame there and at 320 x 200."""
    inputs, flows = load_example(folder)
    files = {"flow": str(folder / "backward_[%d]_{%d}.flo"), "certainty": str(folder / "reliable_[%d]_{%d}.pgm")}
    forward = {"forward_flow": str(folder / "forward_[%d]_{%d}.flo"), "forward_certainty": files["certainty"]}
    settings = {
        "paint, no temporal loss": PassOptions(temporal_weight=0, init="image"),
        "paint, single pass": PassOptions(**files),
        f"paint, {passes} passes": PassOptions(passes=passes, iterations=20, temporal_after=2, **files, **forward),
    }
    seconds: dict[str, float] = {}

    def painted(name: str) -> Frames:
        frames, seconds[f"{name}, 450 x 350"] = paint_by_optimisation(inputs, picture, settings[name])
        return frames

    found = measure_ways("example", inputs, flows, judge, {name: lambda name=name: painted(name) for name in settings})
    small = [cv2.resize(frame, (320, 200), interpolation=cv2.INTER_AREA) for frame in inputs[:3]]
    seconds["paint, single pass, 320 x 200"] = paint_by_optimisation(small, picture, PassOptions())[1]
    print("seconds a frame:", {name: round(value, 1) for name, value in seconds.items()}, flush=True)
    return found | {"seconds a frame": seconds}


PARTS = ("speed", "steady", "memory", "paint")  # what --only takes


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", metavar="CLIP[@SECONDS]", help="from where on; the first one is timed, too")
    parser.add_argument("--style", default="starry-night", help="(%(default)s)")
    parser.add_argument("--picture", type=Path, required=True, help="the painting that the style is of")
    parser.add_argument("--golden", type=Path, help="the example folder of artistic-videos; paint needs it")
    parser.add_argument("--only", default="speed,steady", help=f"of {', '.join(PARTS)} (%(default)s)")
    parser.add_argument("--size", type=int, default=320, help="for steadiness (%(default)s)")
    parser.add_argument("--frames", type=int, default=24, help="for steadiness (%(default)s)")
    parser.add_argument("--sizes", default="640,0", help="for speed; 0 is full size (%(default)s)")
    parser.add_argument("--engines", default="auto", help="for speed; several with commas between (%(default)s)")
    parser.add_argument("--modes", default=",".join(STABILIZE), help="for speed: kinds of stabilisation (%(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="of the clip, for speed (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="for speed; the median counts (%(default)s)")
    parser.add_argument("--minutes", type=float, default=10, help="of the long clip, for memory (%(default)s)")
    parser.add_argument("--passes", type=int, default=4, help="of the multi-pass run (%(default)s)")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; give some of {', '.join(PARTS)}")
    if "paint" in parts and not arguments.golden:
        parser.error("paint needs --golden, the example folder of artistic-videos")
    clips = [(Path(path), float(start or 0)) for path, _, start in (c.partition("@") for c in arguments.clips)]
    figures: dict[str, Any] = {}
    if "speed" in parts:
        sizes = [int(size) for size in arguments.sizes.split(",")]
        kinds = sizes, arguments.engines.split(","), arguments.modes.split(",")
        figures["speed"] = measure_speed(clips[0][0], arguments.style, kinds, arguments.seconds, arguments.rounds)
    if "memory" in parts:
        figures["memory"] = measure_memory(clips[0][0], arguments.style, arguments.minutes)
    if "steady" in parts or "paint" in parts:
        judge = Judge(arguments.picture, arguments.size)
        print("| clip | way | short | long | style | content | gradient |\n|---|---|---|---|---|---|---|")
    if "steady" in parts:
        sources = {path.stem: load_clip(path, start, arguments.size, arguments.frames) for path, start in clips}
        sources["still, with noise"] = noisy_still(next(iter(sources.values()))[0][0], 12)
        if arguments.golden:
            sources["example"] = load_example(arguments.golden)
        for name, (inputs, flows) in sources.items():
            ways: dict[str, Callable[[], Frames]] = {
                mode: lambda mode=mode, inputs=inputs: paint_by_network(inputs, arguments.style, mode)
                for mode in STABILIZE
            }
            ways["pictures"] = lambda inputs=inputs: paint_by_network(inputs, arguments.style, "off", moving=False)
            figures[name] = measure_ways(name, inputs, flows, judge, ways)
    if "paint" in parts:
        figures["paint"] = measure_optimisation(arguments.golden, arguments.picture, judge, arguments.passes)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
