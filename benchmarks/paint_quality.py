"""Paintings by optimisation beside what neural-style does, judged by VGG-19: the parts of ``paint.py quality``."""

from __future__ import annotations

import argparse
import ast
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

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

INSIDE = {"whole": 0, "inside": 32}
"""Names of the losses, and the pixels from the borders at which the positions that they are taken over begin."""

Features = Callable[[Tensor, Sequence[str]], dict[str, Tensor]]
"""Of pictures, N x 3 x H x W in [0, 1], the features by tap, N x C x h x w."""


def features_of(network: PerceptualNetwork) -> Features:
    """VGG-19's features as a network has them: its own, or what its heads predict."""

    def features(images: Tensor, taps: Sequence[str]) -> dict[str, Tensor]:
        # Heads are linear; VGG-19's features have a ReLU behind them.
        return {tap: x.relu() if tap in network.heads else x for tap, x in network.wide(images, taps).items()}

    return features


class TeacherLosses:
    """Content and style loss of a picture by a network's features.

    Args:
        teacher: gives the features.
        content: the photograph, 1 x 3 x H x W in [0, 1].
        style: the painting, 1 x 3 x H x W in [0, 1].
    """

    def __init__(self, teacher: Features, content: Tensor, style: Tensor) -> None:
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
        return {name: (content, statistics.mean(style)) for name, (content, style) in self.by_layer(picture).items()}

    def by_layer(self, picture: Tensor) -> dict[str, tuple[float, list[float]]]:
        """Content loss, and the style losses in the order of the taps, by the names in :data:`INSIDE`."""
        result = {}
        for name, found in self._features(picture, TAPS).items():
            content = float(losses.content_loss(found["relu4_1"], self.content[name]))
            style = [float(losses.style_loss(losses.gram(found[tap]), self.style[name][tap])) for tap in TAPS]
            result[name] = content, style
        return result


def inside(features: Tensor, tap: str, pixels: int) -> Tensor:
    """Cut off the features of a tap that are less than so many pixels of the picture away from its borders."""
    edge = pixels // 2 ** (int(tap[4]) - 1)
    return features[..., edge : features.shape[-2] - edge, edge : features.shape[-1] - edge]


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


class Pair:
    """A photograph and a painting, each read at a longer side in pixels, and what judges them."""

    def __init__(self, photo: Path, painting: Path, size: int, teacher: Features, style_size: int = 0) -> None:
        self.files = photo, painting
        self.content = tensor(resize_picture(read_picture(photo), size).rgb)
        source = read_picture(painting)
        self.painting = source.rgb
        self.style = tensor(resize_picture(source, style_size or size).rgb)
        self.judge = TeacherLosses(teacher, self.content, self.style)


def pairs_of(arguments: argparse.Namespace) -> list[tuple[Path, Path]]:
    """The pairs of photograph and painting that the command line asks for."""
    if arguments.pairs:
        return list(zip(arguments.photos, arguments.styles, strict=True))
    return list(product(arguments.photos, arguments.styles))


def quality(arguments: argparse.Namespace) -> None:
    """Measure style loss against time at equal content loss."""
    teacher = features_of(load_features(arguments.teacher))
    plain = {"a": teacher, "b": features_of(load_features("builtin"))}
    guides = {"a": digest_of(str(arguments.teacher)), "b": digest_of("builtin")}
    given = dict(map(recipe_option, arguments.recipe))
    results = Results(arguments.results)
    ratios: dict[str, list[float]] = {name: [] for name in (*INSIDE, "time")}
    for photo, painting in pairs_of(arguments):
        pair = Pair(photo, painting, arguments.size, teacher)
        files = [digest_of(str(file)) for file in (photo, painting, arguments.teacher)]
        known = " ".join([*files, str(arguments.size), str(INSIDE)])
        print(f"{photo.stem}, {painting.stem}: photograph {pair.judge(pair.content)['whole'][1]:.4f}", flush=True)
        plainly = {}
        for name in sorted(plain.keys() & set(arguments.contenders)):
            key = f"{name} {known} {guides[name]} {arguments.iterations} {arguments.style_weight:g}"
            found = results(key, partial(timed_plain, name, plain[name], pair, arguments))
            trail = "  ".join(f"{t:.1f} s {c:.3f}/{s:.4f}" for t, c, s in found["trail"])
            print(f"  ({name}) {summary(found)}   {trail}", flush=True)
            plainly[name] = found
        points = []
        for weight in arguments.content_weights if "c" in arguments.contenders else ():
            recipe = Recipe(content_weight=weight, **given)
            key = f"c {known} {guides['b']} {recipe} {recipe.iterations_a_scale}"  # the default may change
            found = results(key, partial(timed_recipe, recipe, pair, arguments))
            print(f"  (c) {summary(found)}   content weight {weight:g}", flush=True)
            points.append(found)
        if "a" not in plainly or len(points) < 2:
            continue
        ratios["time"].append(statistics.mean(point["seconds"] for point in points) / plainly["a"]["seconds"])
        for name in INSIDE:
            content, style = plainly["a"][name]
            at_equal = interpolated([point[name] for point in points], content)
            ratios[name].append(at_equal / style)
            print(f"  {name}, at equal content {content:.3f}: (c) {at_equal:.4f}, (a) {style:.4f}: "
                  f"{ratios[name][-1]:.2f} of its style loss in {ratios['time'][-1]:.3f} of its time",
                  flush=True)  # fmt: skip
    if ratios["time"]:
        whole, within, time_ = (statistics.median(ratios[name]) for name in ("whole", "inside", "time"))
        print(f"median over {len(ratios['time'])} pairs: (c) has {whole:.2f} of (a)'s style loss ({within:.2f} inside "
              f"the borders) in {time_:.3f} of its time")  # fmt: skip


def recipe_option(text: str) -> tuple[str, Any]:
    """An option of the recipe, given as ``NAME=VALUE``: its name and its value."""
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def summary(found: dict[str, Any]) -> str:
    """One line: seconds and losses of a run."""
    each = "  ".join(f"{name} {found[name][0]:.3f}/{found[name][1]:.4f}" for name in INSIDE)
    layers = " ".join(f"{loss:.4f}" for loss in found.get("layers", ()))
    return f"{found['seconds']:7.1f} s  content/style {each}" + (f"  by layer {layers}" if layers else "")


def judged(pair: Pair, result: Tensor) -> dict[str, Any]:
    """The losses of a result, and its style losses by layer over all positions."""
    return {**pair.judge(result), "layers": pair.judge.by_layer(result)["whole"][1]}


def timed_recipe(recipe: Recipe, pair: Pair, arguments: argparse.Namespace) -> dict[str, Any]:
    """(c): losses and processor seconds of a recipe."""
    started = time.process_time()
    result = tensor(Optimiser([StylePicture(pair.painting)], recipe).paint(array(pair.content)).rgb)
    seconds = time.process_time() - started
    save(arguments, result, pair, f"c{recipe.content_weight:g}" + "".join(f"-{text}" for text in arguments.recipe))
    return {**judged(pair, result), "seconds": seconds}


def timed_plain(name: str, features: Features, pair: Pair, arguments: argparse.Namespace) -> dict[str, Any]:
    """(a) or (b): losses and processor seconds at the end, and at some iterations before; judging is not counted."""
    trail: list[tuple[float, float, float]] = []
    judging = 0.0
    started = time.process_time()

    def seen(picture: Tensor, count: int) -> None:
        nonlocal judging
        if count % (arguments.iterations // 6) == 0:
            before = time.process_time()
            trail.append((before - started - judging, *pair.judge(picture)["whole"]))
            judging += time.process_time() - before
            print(f"  ({name}) after {count}: {trail[-1]}", file=sys.stderr, flush=True)

    final = optimise_plainly(features, pair.content, pair.style, arguments.iterations, arguments.style_weight, seen)
    save(arguments, final, pair, name)
    return {**judged(pair, final), "seconds": trail[-1][0], "trail": trail}


def interpolated(points: Sequence[tuple[float, ...]], content: float) -> float:
    """The style loss at a content loss, log-linear between (or beyond) the nearest two of the points."""
    ordered = sorted(map(tuple, points))  # kept results are lists
    pairs = list(pairwise(ordered))
    low, high = next((pair for pair in pairs if pair[1][0] >= content), pairs[-1])
    t = (content - low[0]) / max(high[0] - low[0], 1e-9)
    return math.exp(math.log(low[1]) + t * (math.log(high[1]) - math.log(low[1])))


def save(arguments: argparse.Namespace, picture: Tensor, pair: Pair, name: str) -> None:
    """Write the picture, to look at."""
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        photo, painting = pair.files
        target = arguments.output / f"{photo.stem}-{painting.stem}-{name}.png"
        write_picture(from_array(array(picture.clamp(0, 1))), target)


def tensor(rgb: np.ndarray) -> Tensor:
    """H x W x 3 to 1 x 3 x H x W."""
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None]))


def array(picture: Tensor) -> np.ndarray:
    """1 x 3 x H x W to H x W x 3."""
    return picture[0].permute(1, 2, 0).numpy()
