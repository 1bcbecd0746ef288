"""Painting by optimisation beside what neural-style did.

    python benchmarks/paint.py speed [--size 512] [--iterations 5]
    python benchmarks/paint.py whole PHOTO STYLE [--size 1024] [--iterations N]
    python benchmarks/paint.py quality --photos FILE... --styles FILE... --teacher WIDE [--real LOW] [--size 512]

``speed``: seconds an iteration and peak memory, builtin features and VGG-19 (random weights: only time counts), each in
a process of its own. ``whole``: start to finish with the default recipe, reading and writing included. ``quality``:
style loss against time at equal content loss for (a) a single scale of 300 L-BFGS iterations on Gram matrices, as
neural-style does it, guided by the wide features of the teacher; (b) the same guided by builtin; (c) the default
recipe. All are judged by the teacher: the real VGG-19 as far as ``--real`` reaches, the heads of ``--teacher`` above.
Losses are taken over all positions, and over positions at least 32 pixels inside. (a) and (b) optimise through the
networks' own padding and reach part of their loss by a frame of strong lines and specks along the borders, which (c)
avoids.
At 512 px a pair takes a quarter of an hour on one core: with ``--results FILE`` what was run is kept and not run again.
Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import impasto
from impasto.memory import keep_freed
from impasto.networks import losses
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture
from impasto.pictures.conversion import from_array
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.pictures.writing import write_picture
from impasto.training.student import TAPS
from judge import digest_of

# Printed for comparison; the same table has 36 s with Adam.
PUBLISHED = "neural-style's own table, 500 iterations at 512: 43 s (Titan X Pascal, nn, L-BFGS)"
# Channels before and after each convolution of VGG-19, by stage.
VGG19 = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256, 256), (256, 512, 512, 512, 512), (512, 512))


def random_vgg19() -> PerceptualNetwork:
    """VGG-19 up to relu5_1 with random weights."""
    torch.manual_seed(0)
    convolutions = {}
    for stage, widths in enumerate(VGG19, 1):
        for index, (before, after) in enumerate(pairwise(widths), 1):
            weight = torch.randn(after, before, 3, 3) * math.sqrt(2 / (9 * before))
            convolutions[f"conv{stage}_{index}"] = (weight, torch.zeros(after))
    return PerceptualNetwork(convolutions, (torch.eye(3)[:, :, None, None], torch.zeros(3)))


def one_speed(features: str, size: int, iterations: int, optimizer: str) -> None:
    """Print seconds an iteration and peak memory; has to run in a process of its own."""
    width, height = size, size * 682 // 1024 if size > 512 else size
    rng = np.random.default_rng(0)
    content, style = (rng.random((height, width, 3), np.float32) for _ in range(2))
    network = random_vgg19() if features == "vgg19" else None
    keep_freed()  # as the command does
    recipe = Recipe(scales=1, iterations=iterations + 1, optimizer=optimizer, max_memory=2**36)
    optimiser = Optimiser([StylePicture(style)], recipe, network=network)
    times: list[float] = []
    optimiser.paint(content, progress=lambda progress: times.append(progress.seconds))
    seconds = statistics.median(b - a for a, b in pairwise(times))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    estimate = optimiser.plan(height, width).bytes / 2**30
    print(f"{features:8s} {width} x {height} {optimizer}: {seconds:.3f} s an iteration, peak {peak:.2f} GB "
          f"(estimated {estimate:.2f})")  # fmt: skip


def speed(arguments: argparse.Namespace) -> None:
    """Measure the speed with builtin features and with those of VGG-19, each in a process of its own."""
    for features in arguments.features:
        command = [sys.executable, __file__, "one", features, str(arguments.size), str(arguments.iterations)]
        subprocess.run([*command, arguments.optimizer], check=True)


def whole(arguments: argparse.Namespace) -> None:
    """Measure one painting from start to finish."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"iterations": arguments.iterations} if arguments.iterations else {}
        target = arguments.output or Path(folder) / "painted.png"
        keep_freed()
        started = time.perf_counter()
        impasto.paint(arguments.photo, arguments.style, output=target, size=arguments.size, **given)
        seconds = time.perf_counter() - started
        size = read_picture(target).size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{size[0]} x {size[1]}, default recipe: {seconds:.1f} s from start to finish, peak {peak:.2f} GB")
    print(f"(for context: founding article, 46 hours for 1024 x 682 on a CPU; {PUBLISHED})")


INSIDE = {"whole": 0, "inside": 32}  # pixels from the borders at which positions begin to count


class TeacherLosses:
    """Content and style loss of a picture by the teacher's features.

    Args:
        teacher: gives the features.
        content: the photograph, 1 x 3 x H x W in [0, 1].
        style: the painting, 1 x 3 x H x W in [0, 1].
    """

    def __init__(self, teacher: WideFeatures, content: Tensor, style: Tensor) -> None:
        self.teacher = teacher
        self.content = {name: found["relu4_1"] for name, found in self._features(content, ("relu4_1",)).items()}
        self.style = {
            name: {tap: losses.gram(x) for tap, x in found.items()}
            for name, found in self._features(style, TAPS).items()
        }

    def _features(self, picture: Tensor, taps: Sequence[str]) -> dict[str, dict[str, Tensor]]:
        """The teacher's features by the names in :data:`INSIDE`, and by tap."""
        with torch.no_grad():
            found = self.teacher(picture.clamp(0, 1), taps)
        return {name: {tap: inside(x, tap, pixels) for tap, x in found.items()} for name, pixels in INSIDE.items()}

    def __call__(self, picture: Tensor) -> dict[str, tuple[float, float]]:
        """Content and style loss by the names in :data:`INSIDE`."""
        result = {}
        for name, found in self._features(picture, TAPS).items():
            content = float(losses.content_loss(found["relu4_1"], self.content[name]))
            style = [float(losses.style_loss(losses.gram(found[tap]), self.style[name][tap])) for tap in TAPS]
            result[name] = content, statistics.mean(style)
        return result


def inside(features: Tensor, tap: str, pixels: int) -> Tensor:
    """Cut off the features of a tap that are less than so many pixels of the picture away from its borders."""
    edge = pixels // 2 ** (int(tap[4]) - 1)
    return features[..., edge : features.shape[-2] - edge, edge : features.shape[-1] - edge]


Features = Callable[[Tensor, Sequence[str]], dict[str, Tensor]]


def optimise_plainly(
    features: Features,
    content: Tensor,
    style: Tensor,
    iterations: int,
    weight: float,
    seen: Callable[[Tensor, int], None],
) -> Tensor:
    """Gatys 2015 as neural-style optimises it: one scale, torch's L-BFGS with full steps and a history of 100."""
    with torch.no_grad():
        targets = {tap: losses.gram(x) for tap, x in features(style, TAPS).items()}
        wanted = features(content, ("relu4_1",))["relu4_1"]
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([picture], max_iter=iterations, max_eval=iterations, history_size=100,
                                  tolerance_change=0, tolerance_grad=0)  # fmt: skip
    count = 0

    def closure() -> Tensor:
        nonlocal count
        optimiser.zero_grad()
        found = features(picture, TAPS)
        each = [losses.style_loss(losses.gram(found[tap]), targets[tap]).sum() for tap in TAPS]
        loss = losses.content_loss(found["relu4_1"], wanted).sum() + weight * torch.stack(each).mean()
        loss.backward()
        count += 1
        seen(picture.detach(), count)
        return loss

    optimiser.step(closure)
    return picture.detach()


class Results:
    """What was measured, a JSON line each in a file, by all that it depends on, so that a later run goes on there."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.kept = dict(json.loads(line) for line in lines)

    def __call__(self, key: str, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result under a key; ``run`` measures it where there is none."""
        if key not in self.kept:
            self.kept[key] = run()
            if self.path:
                with self.path.open("a") as file:
                    file.write(json.dumps([key, self.kept[key]]) + "\n")
        return self.kept[key]


class WideFeatures:
    """VGG's features, each layer from the first of several networks that has it, small ones by their heads."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.networks = [load_features(file) for file in files]

    def __call__(self, images: Tensor, taps: Sequence[str] = TAPS) -> dict[str, Tensor]:
        """The features by tap, N x C x h x w, of N x 3 x H x W pictures in [0, 1]."""
        features: dict[str, Tensor] = {}
        for network in self.networks:
            here = [tap for tap in taps if tap in network.taps and tap not in features]
            if here:
                features |= {tap: x.relu() for tap, x in network.wide(images, here).items()}
        return features


class Pair:
    """A photograph and a painting, read at a longer side in pixels, and what judges them."""

    def __init__(self, photo: Path, painting: Path, size: int, teacher: WideFeatures) -> None:
        self.files = photo, painting
        self.content = tensor(resize_picture(read_picture(photo), size).rgb)
        source = read_picture(painting)
        self.painting = source.rgb
        self.style = tensor(resize_picture(source, size).rgb)
        self.judge = TeacherLosses(teacher, self.content, self.style)


def quality(arguments: argparse.Namespace) -> None:
    """Measure style loss against time at equal content loss."""
    wide = WideFeatures([arguments.teacher])
    judges = [*arguments.real, arguments.teacher]
    teacher, builtin = WideFeatures(judges), load_features("builtin")
    guides = {"a": digest_of(str(arguments.teacher)), "b": digest_of("builtin")}
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
    results = Results(arguments.results)
    ratios: dict[str, list[float]] = {name: [] for name in (*INSIDE, "time")}
    pairs = zip(arguments.photos, arguments.styles, strict=True)
    for photo, painting in pairs if arguments.pairs else product(arguments.photos, arguments.styles):
        pair = Pair(photo, painting, arguments.size, teacher)
        files = [digest_of(str(file)) for file in (photo, painting, *judges)]
        known = " ".join([*files, str(arguments.size), str(INSIDE)])
        print(f"{photo.stem}, {painting.stem}: photograph {pair.judge(pair.content)['whole'][1]:.4f}", flush=True)
        plainly = {}
        for name, features in (("a", wide), ("b", builtin)):
            key = f"{name} {known} {guides[name]} {arguments.iterations} {arguments.style_weight:g}"
            found = results(key, partial(timed_plain, name, features, pair, arguments))
            trail = "  ".join(f"{t:.1f} s {c:.3f}/{s:.4f}" for t, c, s in found["trail"])
            print(f"  ({name}) {summary(found)}   {trail}", flush=True)
            plainly[name] = found
        points = []
        for weight in arguments.content_weights:
            recipe = Recipe(content_weight=weight)
            key = f"c {known} {guides['b']} {recipe}"
            found = results(key, partial(timed_recipe, recipe, pair, arguments))
            print(f"  (c) {summary(found)}   content weight {weight:g}", flush=True)
            points.append(found)
        ratios["time"].append(statistics.mean(point["seconds"] for point in points) / plainly["a"]["seconds"])
        for name in INSIDE:
            content, style = plainly["a"][name]
            at_equal = interpolated([point[name] for point in points], content)
            ratios[name].append(at_equal / style)
            print(f"  {name}, at equal content {content:.3f}: (c) {at_equal:.4f}, (a) {style:.4f}: "
                  f"{ratios[name][-1]:.2f} of its style loss in {ratios['time'][-1]:.3f} of its time",
                  flush=True)  # fmt: skip
    whole, within, time_ = (statistics.median(ratios[name]) for name in ("whole", "inside", "time"))
    print(f"median over {len(ratios['time'])} pairs: (c) has {whole:.2f} of (a)'s style loss ({within:.2f} inside the "
          f"borders) in {time_:.3f} of its time")  # fmt: skip


def summary(found: dict[str, Any]) -> str:
    """One line: seconds and losses of a run."""
    each = "  ".join(f"{name} {found[name][0]:.3f}/{found[name][1]:.4f}" for name in INSIDE)
    return f"{found['seconds']:7.1f} s  content/style {each}"


def timed_recipe(recipe: Recipe, pair: Pair, arguments: argparse.Namespace) -> dict[str, Any]:
    """(c): losses and seconds of the default recipe."""
    started = time.process_time()
    result = tensor(Optimiser([StylePicture(pair.painting)], recipe).paint(array(pair.content)).rgb)
    seconds = time.process_time() - started
    save(arguments, result, pair, f"c{recipe.content_weight:g}")
    return {**pair.judge(result), "seconds": seconds}


def timed_plain(name: str, features: Features, pair: Pair, arguments: argparse.Namespace) -> dict[str, Any]:
    """(a) or (b): losses and seconds at the end, and at some iterations before, judging not counted as time."""
    trail: list[tuple[float, float, float]] = []
    judged = 0.0
    started = time.process_time()

    def seen(picture: Tensor, count: int) -> None:
        nonlocal judged
        if count % (arguments.iterations // 6) == 0:
            before = time.process_time()
            seconds = before - started - judged
            trail.append((seconds, *pair.judge(picture)["whole"]))
            judged += time.process_time() - before

    final = optimise_plainly(features, pair.content, pair.style, arguments.iterations, arguments.style_weight, seen)
    save(arguments, final, pair, name)
    return {**pair.judge(final), "seconds": trail[-1][0], "trail": trail}


def interpolated(points: Sequence[tuple[float, ...]], content: float) -> float:
    """The style loss at a content loss, log-linear between (or beyond) the nearest two of the points."""
    ordered = sorted(points)
    pairs = list(pairwise(ordered))
    low, high = next((pair for pair in pairs if pair[1][0] >= content), pairs[-1])
    t = (content - low[0]) / max(high[0] - low[0], 1e-9)
    return math.exp(math.log(low[1]) + t * (math.log(high[1]) - math.log(low[1])))


def save(arguments: argparse.Namespace, picture: Tensor, pair: Pair, name: str) -> None:
    """Write the picture, to look at."""
    if arguments.output:
        photo, painting = pair.files
        target = arguments.output / f"{photo.stem}-{painting.stem}-{name}.png"
        write_picture(from_array(array(picture.clamp(0, 1))), target)


def tensor(rgb: np.ndarray) -> Tensor:
    """H x W x 3 to 1 x 3 x H x W."""
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None]))


def array(picture: Tensor) -> np.ndarray:
    """1 x 3 x H x W to H x W x 3."""
    return picture[0].permute(1, 2, 0).numpy()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Painting by optimisation, measured.")
    parser.add_argument("--threads", type=int, default=2)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("one")
    one.add_argument("features")
    one.add_argument("size", type=int)
    one.add_argument("iterations", type=int)
    one.add_argument("optimizer")
    fast = commands.add_parser("speed")
    fast.add_argument("--size", type=int, default=512)
    fast.add_argument("--iterations", type=int, default=5)
    fast.add_argument("--optimizer", default="lbfgs")
    fast.add_argument("--features", nargs="+", default=["builtin", "vgg19"])
    full = commands.add_parser("whole")
    full.add_argument("photo", type=Path)
    full.add_argument("style", type=Path)
    full.add_argument("--size", type=int, default=1024)
    full.add_argument("--iterations", type=int)
    full.add_argument("-o", "--output", type=Path)
    best = commands.add_parser("quality")
    best.add_argument("--photos", type=Path, nargs="+", required=True)
    best.add_argument("--styles", type=Path, nargs="+", required=True)
    best.add_argument("--teacher", type=Path, required=True, help="with wide heads at all layers")
    best.add_argument("--real", type=Path, action="append", default=[], help="the real VGG-19, as far as it reaches")
    best.add_argument("--pairs", action="store_true", help="the first photograph with the first style, and so on")
    best.add_argument("--size", type=int, default=512)
    best.add_argument("--iterations", type=int, default=300, help="of (a) and (b)")
    best.add_argument("--style-weight", type=float, default=10.0, help="of (a) and (b)")
    best.add_argument("--content-weights", type=float, nargs="+", default=[1.0, 3.0], help="of (c)")
    best.add_argument("--results", type=Path, help="keep what was measured in this file, and measure only what is not")
    best.add_argument("-o", "--output", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.command == "one":
        one_speed(arguments.features, arguments.size, arguments.iterations, arguments.optimizer)
    else:
        {"speed": speed, "whole": whole, "quality": quality}[arguments.command](arguments)


if __name__ == "__main__":
    main()
