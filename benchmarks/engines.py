"""Engines and their graphs beside one another, in one process: milliseconds, seconds to get ready, and closeness.

Engines take turns, on a photograph with its grain. Each is asked for a painting, for a painting and its statistics, and
for a painting with given statistics, as of tiles. onnxruntime also runs the graph of the package's file, which has
everything in one, and takes given statistics as inputs instead of multiplied into the weights; OpenVINO also computes
in float32. Closeness is to what onnxruntime paints, in dB, the worst of all bundled styles. An engine that is not
there has no row. Let nothing else run meanwhile: times are the least of some rounds, since clocks drift.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from impasto.engines.base import Engine, Statistics
from impasto.engines.loading import engines_there, load_engine
from impasto.engines.onnxruntime import OnnxruntimeEngine
from impasto.networks.grain import grain_of_box
from impasto.styles.catalogue import bundled_names, load_style
from impasto.styles.style import Style
from impasto.threads import cpu_threads

HARBOUR = Path(__file__).resolve().parent.parent / "examples" / "harbour.jpg"
STYLE = "scream"
CLOSENESS_SIZE = 768, 512  # pixels, width and height of the picture on which paintings are compared
Array = Any
Paint = Callable[[Array, Style, Statistics], Array]


def photograph(width: int, height: int) -> Array:
    """The harbour with its grain, as engines take it, 1 x 4 x H x W."""
    with Image.open(HARBOUR) as picture:
        rgb = np.asarray(picture.convert("RGB").resize((width, height)), np.float32) / 255
    return np.ascontiguousarray(np.dstack([rgb, grain_of_box(0, 0, height, width)]).transpose(2, 0, 1)[None])


class FileGraph(OnnxruntimeEngine):
    """The graph of the package's file as it is."""

    def _model(self, kind: Any) -> bytes:
        """See :class:`impasto.engines.graphs.GraphEngine`."""
        return (files("impasto.assets") / "network.onnx").read_bytes()


def ways_of(engine: Engine) -> dict[str, Paint]:
    """What an engine can be asked for, by name."""
    return {
        "plain": lambda image, style, given: engine.paint_only(image, style.scale, style.shift),
        "with statistics": lambda image, style, given: engine.paint(image, style.scale, style.shift)[0],
        "given statistics": lambda image, style, given: engine.paint_only(image, style.scale, style.shift, given),
    }


def contenders() -> dict[tuple[str, str], tuple[Engine, Paint]]:
    """Engines and ways of painting, by the names of both."""
    engines = [load_engine(device, None, 1, kind) for device, kind in engines_there().values()]
    found = {(engine.name, what): (engine, way) for engine in engines for what, way in ways_of(engine).items()}
    for engine in engines:
        if engine.name.endswith("bf16"):
            single = load_engine.__wrapped__("cpu", None, 1, "openvino")
            single._settings["INFERENCE_PRECISION_HINT"] = "f32"
            name = engine.name.replace("bf16", "f32")
            found |= {(name, what): (single, way) for what, way in ways_of(single).items()}
    inputs, whole = OnnxruntimeEngine(), FileGraph()
    inputs.folds = False
    found[engines[0].name, "statistics as inputs"] = inputs, ways_of(inputs)["given statistics"]
    found[engines[0].name, "the file's graph"] = whole, ways_of(whole)["with statistics"]
    return found


def measure(image: Array, rounds: int) -> dict[tuple[str, str], tuple[float, float]]:
    """Milliseconds, the least of some rounds, and milliseconds that the first call takes beyond that."""
    style, ways = load_style(STYLE), contenders()
    given = {id(engine): engine.paint(image, style.scale, style.shift)[1] for engine, _ in ways.values()}
    for engine, _ in ways.values():
        engine.release()
    times: dict[tuple[str, str], list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, (engine, way) in ways.items():
            started = time.perf_counter()
            way(image, style, given[id(engine)])
            times[name].append((time.perf_counter() - started) * 1e3)
    return {name: (least := min(values[1:]), values[0] - least) for name, values in times.items()}


def closeness() -> dict[tuple[str, str], float]:
    """The worst dB, of all bundled styles, between what onnxruntime paints and what each way does."""
    image, ways, reference = photograph(*CLOSENESS_SIZE), contenders(), load_engine("cpu", None, 1, "onnxruntime")
    worst = dict.fromkeys(ways, np.inf)
    for style in map(load_style, bundled_names()):
        expected = reference.paint_only(image, style.scale, style.shift)
        for name, (engine, way) in ways.items():
            given = engine.paint(image, style.scale, style.shift)[1] if name[1].startswith(("given", "stat")) else None
            error = float(np.mean((way(image, style, given).astype(np.float64) - expected) ** 2))
            worst[name] = min(worst[name], -10 * np.log10(max(error, 1e-20)))
    return worst


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description="Engines and their graphs beside one another, in one process.")
    parser.add_argument("--sizes", default="512x512,1024x1024", help="widths x heights (%(default)s)")
    parser.add_argument("--rounds", type=int, default=11, help="timed (%(default)s)")
    parser.add_argument("--closeness", action="store_true", help="measure it, too, for all bundled styles")
    arguments = parser.parse_args()
    sizes = [tuple(map(int, size.split("x"))) for size in arguments.sizes.split(",")]
    close = closeness() if arguments.closeness else {}
    found = [measure(photograph(*size), arguments.rounds) for size in sizes]
    columns = [f"{width} x {height}, ms | first call more, ms" for width, height in sizes]
    print("| engine | asked for |", " | ".join(columns), "| worst dB |")
    print("|---|---|" + "---:|" * (2 * len(sizes) + 1))
    for name in found[0]:
        cells = [f"{value:.1f}" for at in found for value in at[name]]
        print("|", " | ".join([*name, *cells, f"{close[name]:.1f}" if name in close else ""]), "|")
    print(f"\n{cpu_threads()} threads; the least of {arguments.rounds}, in turns")


if __name__ == "__main__":
    main()
