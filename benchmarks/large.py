"""Pictures of any size: time and memory by size, statistics for tiles, seams.

    python benchmarks/large.py sizes        # time and peak memory from 1 to 100 megapixels, and a panorama
    python benchmarks/large.py strokes      # what it costs to lay strokes on a small picture and to refine them
    python benchmarks/large.py files        # time and peak memory of reading a file, at once and by rows
    python benchmarks/large.py statistics   # where tiles can take their statistics from, beside the whole picture
    python benchmarks/large.py seams        # our tiles beside naive ones, by the gradient across their borders

The picture is our own harbour, enlarged, with fine grain so that it is as sharp as a photograph of that size; or
any other: ``--picture FILE``. Each size is painted by a process of its own, whose memory is the system's word.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from apply import own_peak
from impasto.feedforward.tiles import plan_mosaic, plan_tiles
from impasto.pictures.box import Box
from impasto.pictures.conversion import from_array
from impasto.pictures.writing import write_picture

HARBOUR = Path(__file__).parents[1] / "examples" / "harbour.jpg"
SIZES = "1000x1000,1600x1250,4000x2500,8000x5000,10000x10000,30000x300"
STYLES = "starry-night,scream,great-wave"


def picture(width: int, height: int, source: Path = HARBOUR) -> np.ndarray:
    """H x W x 3, uint8: the source enlarged, with grain."""
    with Image.open(source) as image:
        large = np.array(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC))
    grain = np.random.default_rng(0).integers(-6, 7, (512, 512, 1), np.int16)
    for top in range(0, height, 512):
        rows = large[top : top + 512]
        tiled = np.tile(grain, (1, -(-width // 512), 1))[: len(rows), :width]
        rows[:] = np.clip(rows + tiled, 0, 255).astype(np.uint8)
    return large


# ---- sizes ----


def sizes(arguments: argparse.Namespace) -> None:
    """Print the table of times and memory."""
    print("| picture | megapixels | read s | paint s | write s | paint s / MP | beside 2 MP | peak MB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    base = None
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes.split(","):
            width, height = map(int, size.split("x"))
            path = Path(folder) / "in.jpg"
            Image.fromarray(picture(width, height, arguments.picture)).save(path, quality=92)
            seen = [child(path, Path(folder) / f"out{arguments.suffix}", arguments) for _ in range(arguments.repeats)]
            best = {key: median(one[key] for one in seen) for key in seen[0]}
            pixels = width * height / 1e6
            each = best["paint"] / pixels
            base = each if 1.5 <= pixels < 3 else base
            stages = " | ".join(f"{best[stage]:.2f}" for stage in ("read", "paint", "write"))
            beside = f"{each / base:.2f}" if base else ""
            print(f"| {size} | {pixels:.1f} | {stages} | {each:.3f} | {beside} | {best['peak']:.0f} |", flush=True)


# ---- strokes ----


def strokes(arguments: argparse.Namespace) -> None:
    """Print times, processor time and memory of strokes laid at full size, and of those laid small and refined."""
    print("| picture | megapixels | --work-size | paint s | processor s | beside 0 | peak MB |")
    print("|---|---:|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes.split(","):
            width, height = map(int, size.split("x"))
            path = Path(folder) / "in.jpg"
            Image.fromarray(picture(width, height, arguments.picture)).save(path, quality=92)
            seen: dict[str, list[dict[str, float]]] = {"0": [], "auto": []}
            for _ in range(arguments.repeats):  # in turn, as a shared machine drifts
                for work_size, found in seen.items():
                    found.append(child(path, Path(folder) / "out.jpg", arguments, work_size))
            best = {work: {key: median(one[key] for one in found) for key in found[0]} for work, found in seen.items()}
            for work_size, one in best.items():
                times = f"{one['paint']:.2f} | {one['processor']:.2f} | {one['processor'] / best['0']['processor']:.2f}"
                print(
                    f"| {size} | {width * height / 1e6:.1f} | {work_size} | {times} | {one['peak']:.0f} |", flush=True
                )


def child(source: Path, target: Path, arguments: argparse.Namespace, work_size: str | None = None) -> dict[str, float]:
    """Paint in a process of its own; seconds by stage, and its peak memory in MB."""
    options = ["--style", arguments.style, "--max-memory", str(arguments.max_memory)]
    options += ["--work-size", work_size or arguments.work_size]
    command = [sys.executable, __file__, "paint", str(source), str(target), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def paint(source: Path, target: Path, arguments: argparse.Namespace) -> None:
    """What a child process does: the stages of ``impasto apply``; prints their seconds and the peak in MB."""
    from impasto.feedforward.options import Options
    from impasto.feedforward.painter import Painter

    work_size = arguments.work_size if arguments.work_size == "auto" else int(arguments.work_size)
    painter = Painter(arguments.style, Options(max_memory=arguments.max_memory, work_size=work_size))
    painter.paint(from_array(np.zeros((64, 64, 3), np.uint8)))  # loads the network
    clock = [time.perf_counter()]
    taken = painter.read(source)
    clock.append(time.perf_counter())
    started = time.process_time()
    painted = painter.paint(taken).picture
    processor = time.process_time() - started
    clock.append(time.perf_counter())
    write_picture(painted, target)
    clock.append(time.perf_counter())
    seconds = dict(zip(("read", "paint", "write"), np.diff(clock).tolist(), strict=True))
    print(json.dumps(seconds | {"processor": processor, "peak": own_peak()}))


# ---- files ----


def files(arguments: argparse.Namespace) -> None:
    """Print how long it takes to read files of several kinds, and with how much memory."""
    width, height = map(int, arguments.size.split("x"))
    pixels = picture(width, height, arguments.picture)
    low = np.random.default_rng(0).integers(0, 256, (512, width, 3), np.uint8)
    print("| file | MB | whole s | peak MB | by rows s | peak MB |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("8.jpg", "8.png", "8.tif", "16.png", "16.tif"):
            path = Path(folder) / name
            if name.startswith("8"):
                options = {".jpg": {"quality": 92}, ".png": {"compress_level": 1}, ".tif": {"compression": "tiff_lzw"}}
                Image.fromarray(pixels).save(path, **options[path.suffix])
            else:
                deep = pixels.astype(np.uint16) << 8
                for top in range(0, height, 512):
                    deep[top : top + 512] += low[: height - top]
                write_picture(from_array(deep, compact=1), path)
            cells = [name, f"{path.stat().st_size / 1e6:.0f}"]
            for way in ("whole", "rows"):
                command = [sys.executable, __file__, "read", str(path), way]
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
                seconds, peak = json.loads(done.stdout)
                cells += ["-" if seconds is None else f"{seconds:.2f}", f"{peak:.0f}"]
            print("|", " | ".join(cells), "|", flush=True)


def read(path: Path, way: str) -> None:
    """What a child process does: read a file; prints the seconds, or null if that is impossible, and the peak in MB."""
    from impasto.pictures.large import open_rows
    from impasto.pictures.reading import read_picture

    start = time.perf_counter()
    if way == "whole":
        read_picture(path, compact=1)
    elif reader := open_rows(path):
        for top in range(0, reader.size[1], 256):
            reader.rows(top, min(top + 256, reader.size[1]))
    else:
        start = float("nan")
    seconds = time.perf_counter() - start
    print(json.dumps([seconds if seconds == seconds else None, own_peak()]))


# ---- statistics ----


def statistics(arguments: argparse.Namespace) -> None:
    """Print how far each way of measuring statistics is from the statistics of the whole picture."""
    width, height = map(int, arguments.size.split("x"))
    content = picture(width, height, arguments.picture).astype(np.float32) / 255
    print("| statistics from | through the network | mean difference | 99th percentile | colour shift |")
    print("|---|---:|---:|---:|---:|")
    rows: dict[str, list[list[float]]] = {}
    for style in arguments.styles.split(","):
        scene = Scenery(content, style)
        for name, found, pixels in ways(scene):
            painted, _ = scene.run(content, found)
            apart = np.abs(painted - scene.whole) * 255
            shift = np.abs(painted.mean((0, 1)) - scene.whole.mean((0, 1))).max() * 255
            figures = [pixels / (width * height), apart.mean(), np.quantile(apart, 0.99), shift]
            rows.setdefault(name, []).append(figures)
    for name, measured in rows.items():
        work, mean, high, shift = np.mean(measured, axis=0)
        print(f"| {name} | {work:.2f} of the picture | {mean:.1f} | {high:.1f} | {shift:.1f} |")
    print(f"\n{width} x {height}, levels of 255, means over {arguments.styles}")


class Scenery:
    """A picture, a style, and the painting of the whole picture with its own statistics."""

    def __init__(self, content: np.ndarray, style: str) -> None:
        from impasto.engines.loading import load_engine
        from impasto.feedforward.composition import StyleLayer
        from impasto.styles.catalogue import load_style

        self.content = content
        self.layer = StyleLayer(load_style(style), load_engine("cpu"))
        self.whole, self.own = self.run(content)

    def run(self, content: np.ndarray, given: Any = None) -> tuple[np.ndarray, Any]:
        """Paint H x W x 3, with given statistics or its own; returns those measured on the way, too."""
        batch, style = np.ascontiguousarray(content.transpose(2, 0, 1)[None]), self.layer.style
        painted, measured = self.layer.engine.paint(batch, style.scale, style.shift, given)
        return painted[0].transpose(1, 2, 0), measured


def ways(scene: Scenery) -> Iterable[tuple[str, Any, int]]:
    """Ways of measuring statistics: name, statistics, and pixels that went through the network for them."""
    from impasto.feedforward import tiles
    from impasto.pictures.box import Box

    content = scene.content
    height, width = content.shape[:2]
    whole = Box(0, 0, height, width)
    for side in (512, 1024):
        small = np.asarray(Image.fromarray(np.uint8(content * 255)).resize((side, side * height // width // 8 * 8)))
        small = small.astype(np.float32) / 255
        yield f"thumbnail, {side} px", scene.run(small)[1], small[..., 0].size
    budget = width * height // 4
    for piece in (64, 128, 256):
        tiles.PIECE_SIDE = piece
        sample = plan_mosaic(whole, budget, 8)
        pieces = [[content[b.top : b.bottom, b.left : b.right] for b in row] for row in sample]
        mosaic = np.concatenate([np.concatenate(row, axis=1) for row in pieces])
        yield f"mosaic of {piece} px pieces", scene.run(mosaic)[1], mosaic[..., 0].size
    apart = [piece for row in pieces for piece in row]
    found = None
    for round_ in (1, 2, 3):
        found = pooled([scene.run(piece, found)[1] for piece in apart], [1.0] * len(apart))
        name = "256 px pieces one by one" + ("" if round_ == 1 else f", round {round_}")
        yield name, found, round_ * sum(piece[..., 0].size for piece in apart)
    boxes = [box.grown(112, whole) for row in plan_tiles(whole, width * height // 3, 112, 8) for box in row]
    cut = [content[b.top : b.bottom, b.left : b.right] for b in boxes]
    found = scene.run(mosaic)[1]
    for layer in layers(scene.layer.engine):
        seen = pooled([scene.run(tile, found)[1] for tile in cut], [float(b.pixels) for b in boxes])
        mean, variance = found.mean.copy(), found.variance.copy()
        mean[layer], variance[layer] = seen.mean[layer], seen.variance[layer]
        found = type(found)(mean, variance)
    passes = len(layers(scene.layer.engine))
    yield f"all tiles, layer by layer, {passes} passes", found, passes * sum(b.pixels for b in boxes)


def layers(engine: Any) -> list[slice]:
    """Where the network's normalisations lie in a style's vectors."""
    a = json.loads(engine.session.get_modelmeta().custom_metadata_map["architecture"])
    widths = [a["half"], a["quarter"], *[a["eighth"]] * (1 + 2 * a["blocks"]), a["quarter"], a["half"]]
    ends = np.cumsum(widths)
    return [slice(int(end) - width, int(end)) for end, width in zip(ends, widths, strict=True)]


def pooled(parts: list[Any], weights: list[float]) -> Any:
    """Mean and variance over all parts from those of each part and the parts' weights."""
    share = np.array(weights) / sum(weights)
    mean = sum(w * part.mean for w, part in zip(share, parts, strict=True))
    square = sum(w * (part.variance + part.mean**2) for w, part in zip(share, parts, strict=True))
    return type(parts[0])(mean.astype(np.float32), np.maximum(square - mean**2, 0).astype(np.float32))


# ---- seams ----


def seams(arguments: argparse.Namespace) -> None:
    """Print how much rougher a painting is across the borders of its tiles than elsewhere."""
    from impasto.feedforward.options import Options
    from impasto.feedforward.painter import Painter

    width, height = map(int, arguments.size.split("x"))
    content = from_array(picture(width, height, arguments.picture))
    whole = Box(0, 0, height, width)
    print("| style | no tiles | ours | naive tiles |")
    print("|---|---:|---:|---:|")
    for style in arguments.styles.split(","):
        painter = Painter(style, Options(work_size=0))
        untiled = painter.paint(content).picture.rgb
        painter._budget = Tight(width * height // 3)
        ours = painter.paint(content).picture.rgb
        plan = plan_tiles(whole, width * height // 3, 112, 8)
        naive, painter_of_tiles = np.empty_like(ours), Painter(style, Options(work_size=0))
        for box in (box for row in plan for box in row):
            here = slice(box.top, box.bottom), slice(box.left, box.right)
            naive[here] = painter_of_tiles.paint(from_array(content.rgb[here])).picture.rgb
        ratios = [roughness(rgb, plan) for rgb in (untiled, ours, naive)]
        print("|", " | ".join([style, *(f"{ratio:.3f}" for ratio in ratios)]), "|", flush=True)
    print(f"\n{width} x {height} in {len(plan)} x {len(plan[0])} tiles; mean difference of neighbours across the")
    print("borders of tiles over the same two to eight pixels beside them: 1 is no seam")


def roughness(rgb: np.ndarray, plan: list[list[Any]]) -> float:
    """Mean step across the tiles' borders over the mean step close by."""
    ratios = []
    for axis, at in ((1, [box.left for box in plan[0][1:]]), (0, [row[0].top for row in plan[1:]])):
        steps = np.abs(np.diff(rgb, axis=axis)).mean(axis=(1 - axis, 2))
        for border in at:
            near = [*range(border - 9, border - 2), *range(border + 1, border + 8)]
            ratios.append(steps[border - 1] / steps[near].mean())
    return float(np.mean(ratios))


class Tight:
    """A budget in which a given number of pixels fits at once; see :class:`impasto.memory.Budget`."""

    def __init__(self, pixels: int) -> None:
        self.largest = 1 << 62
        self.allows: Callable[[int], bool] = lambda _: False
        self.pixels: Callable[..., int] = lambda *_: pixels
        self.note_kept: Callable[[int], None] = lambda _: None


def main() -> None:
    """Read the options, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sizes", "strokes", "files", "statistics", "seams", "paint", "read"])
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--picture", type=Path, default=HARBOUR, help="instead of the harbour")
    parser.add_argument("--sizes", default=SIZES, help="widths x heights (%(default)s)")
    parser.add_argument("--size", default="2000x1336", help="for all but sizes, multiples of 8 (%(default)s)")
    parser.add_argument("--style", default="scream", help="for sizes and strokes (%(default)s)")
    parser.add_argument("--work-size", default="auto", help="for sizes (%(default)s)")
    parser.add_argument("--styles", default=STYLES, help="for statistics and seams (%(default)s)")
    parser.add_argument("--repeats", type=int, default=1, help="for sizes, strokes: medians of so many (%(default)s)")
    parser.add_argument("--max-memory", type=int, default=2 * 10**9, help="bytes, for sizes and strokes (%(default)s)")
    parser.add_argument("--suffix", default=".jpg", help="format of the results, for sizes (%(default)s)")
    arguments = parser.parse_args()
    if arguments.what == "paint":
        paint(*arguments.files, arguments)
        return
    if arguments.what == "read":
        read(arguments.files[0], str(arguments.files[1]))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at start\n")
    {"sizes": sizes, "strokes": strokes, "files": files, "statistics": statistics, "seams": seams}[arguments.what](
        arguments
    )


if __name__ == "__main__":
    main()
