"""Painting by optimisation beside what neural-style did.

    python benchmarks/paint.py speed [--size 512] [--iterations 5]
    python benchmarks/paint.py whole PHOTO STYLE [--size 1024] [--iterations N] [--init fast]
    python benchmarks/paint.py quality --photos FILE... --styles FILE... --teacher VGG [--size 512]
    python benchmarks/paint.py middle --photos FILE... --styles FILE... --teacher VGG [--size 1024]
    python benchmarks/paint.py textures --photos FILE... --styles FILE... --teacher VGG [--size 512]

``speed``: seconds an iteration and peak memory, builtin features and VGG-19 (random weights: only time counts), each in
a process of its own. ``whole``: start to finish with the default recipe, reading and writing included. ``quality``:
style loss against time at equal content loss for (a) a single scale of 300 L-BFGS iterations on Gram matrices, as
neural-style does it, guided by the teacher, which is VGG-19; (b), where asked for, the same guided by builtin; (c) the
default recipe, or with ``--recipe`` another. All are judged by the teacher. Losses are taken over all positions, and
over positions at least 32 pixels inside. (a) and (b) optimise through the networks' own padding and reach part of their
loss by a frame of strong lines and specks along the borders, which (c) avoids. ``middle``: the feed-forward picture,
what ``--init fast`` makes of it, and the default recipe, judged in the same way. ``textures``: what a bundled style
paints of a photograph, refined towards its texture, and towards the painting that it was learnt from (by the file names
of ``research/recipes/bundled.toml``).

Seconds are those of the processor, so that other work does not count; with ``--threads 1`` they are those of one core.
With ``--results FILE`` what was run is kept and not run again. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

import impasto
from impasto.memory import keep_freed
from impasto.networks.perceptual import PerceptualNetwork
from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture
from impasto.pictures.reading import read_picture
from paint_middle import middle, textures
from paint_quality import quality

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
        started = time.perf_counter()
        impasto.paint(arguments.photo, arguments.style, output=target, size=arguments.size,
                      init=arguments.init, **given)  # fmt: skip
        seconds = time.perf_counter() - started
        size = read_picture(target).size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{size[0]} x {size[1]}, from {arguments.init}: {seconds:.1f} s from start to finish, peak {peak:.2f} GB")
    print(f"(for context: founding article, 46 hours for 1024 x 682 on a CPU; {PUBLISHED})")


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
    full.add_argument("--init", default="content")
    full.add_argument("-o", "--output", type=Path)
    best = commands.add_parser("quality")
    between = commands.add_parser("middle")
    drawn = commands.add_parser("textures")
    for parts in (best, between, drawn):
        parts.add_argument("--photos", type=Path, nargs="+", required=True)
        parts.add_argument("--styles", type=Path, nargs="+", required=True)
        parts.add_argument("--teacher", type=Path, required=True, help="a file of VGG-19's weights, the judge")
        parts.add_argument("--pairs", action="store_true", help="the first photograph with the first style, and so on")
        parts.add_argument("--recipe", nargs="*", default=[], metavar="OPTION=VALUE", help="instead of the defaults")
        parts.add_argument(
            "--results", type=Path, help="file that keeps what was measured, so that it is not run again"
        )
        parts.add_argument("-o", "--output", type=Path, help="folder for the pictures")
    between.add_argument("--size", type=int, default=1024)
    drawn.add_argument("--size", type=int, default=512)
    best.add_argument("--size", type=int, default=512)
    best.add_argument("--contenders", nargs="+", choices="abc", default=["a", "c"])
    best.add_argument("--iterations", type=int, default=300, help="of (a) and (b)")
    best.add_argument("--style-weight", type=float, default=10.0, help="of (a) and (b)")
    best.add_argument("--content-weights", type=float, nargs="+", default=[1.0, 3.0], help="of (c)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.command == "one":
        one_speed(arguments.features, arguments.size, arguments.iterations, arguments.optimizer)
    else:
        keep_freed()  # as the command does
        {"speed": speed, "whole": whole, "quality": quality, "middle": middle, "textures": textures}[arguments.command](
            arguments
        )


if __name__ == "__main__":
    main()
