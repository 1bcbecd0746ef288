"""Speed of the fast path beside its peer, in one run.

    python benchmarks/apply.py [--repeats 7] [--sizes 512x512,1024x1024,1920x1080] [--quick]

The peer is the network of pytorch/examples (Johnson, Alahi and Fei-Fei 2016, with nearest upsampling), our own
definition with random weights, in torch eager and in onnxruntime. Contenders take turns, so that a drift of the
machine hits all alike; figures are medians. Run it with nothing else on the machine. Needs the extra ``train``.
"""

from __future__ import annotations

import os
import sys

THREADS = 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)  # before anything reads it

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import shutil  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

ROOT = Path(__file__).parent.parent
CONTENDERS = ("peer, torch eager", "peer, onnxruntime", "impasto, network", "impasto.stylize()")


def peer() -> object:
    """The network of pytorch/examples: 1,679,235 parameters."""
    import torch
    from torch import nn

    def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
        return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride)]

    def layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
        return [*conv(inputs, outputs, kernel, stride), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU()]

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(*layer(128, 128, 3), *conv(128, 128, 3), nn.InstanceNorm2d(128, affine=True))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.body(x)

    network = nn.Sequential(
        *layer(3, 32, 9), *layer(32, 64, 3, 2), *layer(64, 128, 3, 2), *(Residual() for _ in range(5)),
        nn.Upsample(scale_factor=2), *layer(128, 64, 3), nn.Upsample(scale_factor=2), *layer(64, 32, 3),
        *conv(32, 3, 9),
    )  # fmt: skip
    assert sum(p.numel() for p in network.parameters()) == 1_679_235
    return network.eval().requires_grad_(False)


def peer_in_onnxruntime() -> Callable[[np.ndarray], object]:
    """The peer exported node by node by torch's exporter, with free height and width."""
    import warnings

    import onnxruntime as ort
    import torch

    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder) / "peer.onnx"
        axes = {"x": {2: "h", 3: "w"}}
        torch.onnx.export(
            peer(),
            (torch.rand(1, 3, 64, 64),),
            path,
            input_names=["x"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        options = ort.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"x": image})


def contender(name: str, width: int, height: int) -> Callable[[], object]:
    """A call that paints one picture of noise and gradients."""
    rng = np.random.default_rng(0)
    pixels = (np.linspace(0, 200, width)[None, :, None] + rng.integers(0, 55, (height, width, 3))).astype(np.uint8)
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / 255
    if name == "peer, torch eager":
        import torch

        torch.set_num_threads(THREADS)
        network, x = peer(), torch.from_numpy(batch)

        def eager() -> object:
            with torch.inference_mode():
                return network(x)  # type: ignore[operator]

        return eager
    if name == "peer, onnxruntime":
        run = peer_in_onnxruntime()
        return lambda: run(batch)
    if name == "impasto, network":
        from impasto.engines import load_engine
        from impasto.styles import load_style

        engine, style = load_engine("cpu"), load_style("scream")
        multiple = engine.multiple
        padded = np.pad(batch, ((0, 0), (0, 0), (0, -height % multiple), (0, -width % multiple)), mode="reflect")
        return lambda: engine.paint(padded, style.scale, style.shift)
    from PIL import Image

    import impasto

    image, style = Image.fromarray(pixels), impasto.load_style("scream")
    return lambda: impasto.stylize(image, style, device="cpu")


def timed(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each call, the calls taking turns."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            time.sleep(0.3)  # until the threads of the last contender have stopped spinning
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def peak_memory(name: str, size: str) -> float:
    """Peak resident MB of a process that only paints this."""
    arguments = [sys.executable, __file__, "--memory-of", name, "--sizes", size]
    return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def command_line(repeats: int) -> tuple[float, float]:
    """Median seconds of the whole command on one 1024 px JPEG, and pictures a second over a folder of 20."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Image.open(ROOT / "examples" / "harbour.jpg") as image:
            image.resize((1024, 1024 * image.height // image.width)).save(folder / "one.jpg", quality=92)
        apply = [sys.executable, "-m", "impasto", "apply", "--style", "scream", "-q", "--overwrite"]
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            subprocess.run([*apply, folder / "one.jpg", "-o", folder / "out.jpg"], check=True)
            times.append(time.perf_counter() - started)
        (folder / "in").mkdir()
        for index in range(20):
            shutil.copy(folder / "one.jpg", folder / "in" / f"{index}.jpg")
        started = time.perf_counter()
        subprocess.run([*apply, folder / "in", "-o", folder / "painted"], check=True)
        return statistics.median(times), 20 / (time.perf_counter() - started)


def sgemm() -> float:
    """This machine's own GFLOP/s in a 2048 x 2048 product, median of five."""
    a = np.random.default_rng(0).random((2048, 2048), np.float32)
    a @ a
    times = []
    for _ in range(5):
        started = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - started)
    return 2 * 2048**3 / statistics.median(times) / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of impasto apply beside the network of pytorch/examples.")
    parser.add_argument("--sizes", default="512x512,1024x1024,1920x1080", help="widths x heights")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="no memory, no command line")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = {size: tuple(int(side) for side in size.split("x")) for size in arguments.sizes.split(",")}
    if arguments.memory_of:
        for width, height in sizes.values():
            contender(arguments.memory_of, width, height)()
        # Not getrusage: Linux hands its peak down to child processes.
        status = Path("/proc/self/status").read_text()
        print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        return

    from impasto.networks.transformer import TransformerNetwork

    network = TransformerNetwork()
    print(
        f"{platform.processor() or platform.machine()}, {THREADS} threads; medians of {arguments.repeats}, in turns\n"
    )
    print("| size | contender | ms | min | times as fast as the peer in torch | in onnxruntime | peak MB |")
    print("|---|---|---:|---:|---:|---:|---:|")
    figures: dict[str, dict[str, float]] = {}
    for size, (width, height) in sizes.items():
        seconds = timed({name: contender(name, width, height) for name in CONTENDERS}, arguments.repeats)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        figures[size] = medians
        for name, median in medians.items():
            memory = "" if arguments.quick else f"{peak_memory(name, size):.0f}"
            ratios = " | ".join(f"{medians[other] / median:.1f}" for other in CONTENDERS[:2])
            print(
                f"| {size} | {name} | {median * 1e3:.0f} | {min(seconds[name]) * 1e3:.0f} | {ratios} | {memory} |",
                flush=True,
            )
    speed = sgemm()
    size, (width, height) = next(iter(sizes.items()))
    reached = 2 * network.macs(height, width) / figures[size]["impasto, network"] / 1e9
    print(f"\nsgemm {speed:.0f} GFLOP/s; the network at {size} reaches {reached:.0f}, {reached / speed:.0%} of it.")
    ratio = figures[size][CONTENDERS[0]] / figures[size][CONTENDERS[3]]
    verdict = "PASS" if ratio >= 10 else "FAIL"
    print(f"Aim: stylize() at {size} at least 10 times as fast as the peer in torch: {ratio:.1f}, {verdict}")
    if not arguments.quick:
        whole, folder = command_line(arguments.repeats)
        print(f"Aim: impasto apply on a 1024 px JPEG under 1.5 s: {whole:.2f} s, {'PASS' if whole < 1.5 else 'FAIL'}")
        print(f"A folder of 20 such JPEGs: {folder:.1f} pictures a second, start of the command included")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
