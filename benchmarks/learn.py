"""How well and how fast a new style is learnt, beside the styles that the network was trained on jointly.

    python benchmarks/learn.py --test DIR --paintings DIR [--paintings DIR] [--style FILE ...] [--photos DIR] -o OUT
    python benchmarks/learn.py ... -o OUT --deep 5 --only kelp-print

Style pictures that no network of ours has seen are drawn (``style_pictures.py``); ``--style`` adds others. Each is
learnt with the usual settings. Content and style losses are those of the objective (docs/learning-a-style.md), on the
middle squares of the photographs in ``--test``, at 256 pixels; ``moved`` is how far the painting of a warped photograph
is from the warped painting, the grain fixed to the screen for both (mean absolute difference, what video flickers by
where nothing steadies it). The last row is the mean of the bundled styles on their own paintings, found in
``--paintings`` by the names in research/recipes/bundled.toml. Results are kept in OUT/results.json, each with the
network, judge, photographs and settings that it was measured with: a later call measures what is missing, and shows
nothing that was measured otherwise. The pictures are in OUT, too: look at them. Needs ``train``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import impasto
from impasto.learning.api import learn_style
from impasto.learning.fitting import LearningProgress
from impasto.learning.settings import LearnSettings
from impasto.networks.files import load_bundled, network_of_onnx
from impasto.networks.perceptual import load_features
from impasto.networks.transformer import TransformerNetwork
from impasto.styles.files import bundled_network_id
from impasto.training.painting import with_grain
from impasto.training.perceptual_loss import PerceptualLoss
from judge import digest, digest_of, middle_squares
from style_pictures import draw_all

ROOT = Path(__file__).parents[1]


def moving(n: int, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """A smooth random optical flow with a common shift, N x 2 x H x W in pixels (x, y).

    Stands in for video (Wang et al. 2020, compound regularisation): camera shift of up to 10 pixels, and
    local motion with a standard deviation of 2 pixels that varies over about 50.
    """
    coarse = 2.0 * torch.randn(n, 2, max(2, height // 50), max(2, width // 50), generator=generator)
    shift = torch.rand(n, 2, 1, 1, generator=generator) * 20 - 10
    return F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True) + shift


def warp(images: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Sample N x C x H x W at each pixel plus its flow (N x 2 x H x W, pixels), bilinear, mirrored outside."""
    _, _, h, w = images.shape
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    grid = torch.stack(((x + flow[:, 0]) / (w - 1), (y + flow[:, 1]) / (h - 1)), dim=-1) * 2 - 1
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=True)


class Judge:
    """Measures a style on photographs that nothing was trained on."""

    def __init__(self, test: Path, features: str) -> None:
        self.settings = LearnSettings()
        network = load_features(features)
        self.objective = PerceptualLoss(network, self.settings.content_layers, self.settings.style_layers)
        self.images = middle_squares(test, 256)
        with torch.no_grad():
            self.wanted = self.objective.features(self.images)
        flow = moving(len(self.images), 256, 256, torch.Generator().manual_seed(0))
        self.warp = lambda x: warp(x, flow)
        self.seen, self.moved = (with_grain(x, self.settings.grain) for x in (self.images, self.warp(self.images)))

    @torch.no_grad()
    def __call__(
        self, network: TransformerNetwork, scale: torch.Tensor, shift: torch.Tensor, pictures: list[Path]
    ) -> dict[str, float]:
        """Content, style, their weighted sum, and how far a painting moves under a moving camera."""
        s = self.settings
        painted, _ = network(self.seen, scale[None], shift[None])
        again, _ = network(self.moved, scale[None], shift[None])
        found = self.objective.features(painted)
        content = self.objective.content(found, self.wanted).mean().item()
        style = self.objective.style(found, self.objective.style_targets(pictures, s.style_size)).mean().item()
        moved = (self.warp(painted) - again)[..., 16:-16, 16:-16].abs().mean().item()
        total = s.content_weight * content + s.style_weight * style
        return {"content": content, "style": style, "total": total, "moved": moved}


def bundled(judge: Judge, folders: list[Path]) -> dict[str, dict[str, float]]:
    """The bundled styles on their own paintings, as far as these are at hand."""
    recipe = tomllib.loads((ROOT / "research/recipes/bundled.toml").read_text())
    network, known = load_bundled()
    measured = {}
    for entry in recipe["style"]:
        names = [Path(picture).name for picture in entry["pictures"]]
        pictures = [found[0] for name in names if (found := [f / name for f in folders if (f / name).is_file()])]
        if entry["name"] in known and len(pictures) == len(names):
            measured[entry["name"]] = judge(network, *known[entry["name"]], pictures)
    return measured


def learnt(judge: Judge, picture: Path, target: Path, deep: float, **settings: object) -> dict[str, object]:
    """Learn a style from the start, without what an earlier call left, and measure it."""
    shutil.rmtree(target.with_name(f"{target.stem}.learning"), ignore_errors=True)  # left by a call that was stopped
    curve: list[tuple[float, int, float]] = []

    def watch(at: LearningProgress) -> None:
        if at.stage == "style" and at.losses and (not curve or at.losses["total"] != curve[-1][2]):
            curve.append((round(at.seconds, 1), at.step, at.losses["total"]))

    started = time.perf_counter()
    style = learn_style(picture, target, deep=bool(deep), minutes=deep or 1, progress=watch, **settings)
    minutes = (time.perf_counter() - started) / 60
    network = network_of_onnx(style.embedded.onnx)[0] if style.embedded else load_bundled()[0]
    measured = judge(network, torch.from_numpy(style.scale), torch.from_numpy(style.shift), [picture])
    how = {key: style.metadata[key] for key in ("learnt", "deepened") if key in style.metadata}
    return {**measured, "minutes": minutes, "curve": curve, "bytes": target.stat().st_size, **how}


def show(style: Path, test: Path, out: Path) -> None:
    """Paint every test photograph at full size."""
    for photo in sorted(test.iterdir()):
        impasto.stylize(photo, style, output=out / f"{style.stem}-{photo.stem}.jpg")


def main() -> None:
    """Measure, print and store the results."""
    parser = argparse.ArgumentParser(description="New styles beside those that were trained jointly.")
    parser.add_argument("--test", type=Path, required=True, help="photographs that nothing was trained on")
    parser.add_argument("--paintings", type=Path, action="append", default=[], help="of the bundled styles")
    parser.add_argument("--style", type=Path, action="append", default=[], help="more style pictures")
    parser.add_argument("--photos", type=Path, help="photographs to learn on; default: those that Impasto draws")
    parser.add_argument("--only", action="append", help="names of style pictures; default: all")
    parser.add_argument("--steps", type=int, help="at most so many, for a quick look; default: the usual")
    parser.add_argument("--deep", type=float, default=0, metavar="MINUTES", help="fit the network, too")
    parser.add_argument("--judge", default="builtin", help="the perceptual network that measures")
    parser.add_argument("--no-pictures", action="store_true", help="do not paint the test photographs")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    out: Path = arguments.output
    judge = Judge(arguments.test, arguments.judge)
    pictures = {path.stem: path for path in draw_all(out / "pictures") + arguments.style}
    kept = out / "results.json"
    stored = json.loads(kept.read_text())["styles"] if kept.exists() else {}
    suffix = (f"-deep-{arguments.deep:g}" if arguments.deep else "") + ("-photos" if arguments.photos else "")
    settings = {"steps": arguments.steps} if arguments.steps else {}
    measured_with = conditions(arguments, LearnSettings.from_mapping(settings))
    for name in arguments.only or pictures:
        learnt_from = {"picture": digest(pictures[name].read_bytes()), "photos": str(arguments.photos or "drawn")}
        row = stored.get(name + suffix, {})
        if (row.get("measured_with"), row.get("learnt_from")) == (measured_with, learnt_from):
            continue
        target = out / f"{name}{suffix}.safetensors"
        result = learnt(judge, pictures[name], target, arguments.deep, photos=arguments.photos, **settings)
        stored[name + suffix] = {**result, "measured_with": measured_with, "learnt_from": learnt_from}
        kept.write_text(json.dumps({"styles": stored}, indent=1))
        if not arguments.no_pictures:
            show(target, arguments.test, out / "painted")

    reference = bundled(judge, arguments.paintings)
    alike = {name: row for name, row in stored.items() if row.get("measured_with") == measured_with}
    rows = {**alike}
    if plain := [row for name, row in rows.items() if name in pictures]:
        rows[f"mean of {len(plain)} learnt"] = mean(plain)
    if reference:
        rows[f"mean of {len(reference)} jointly trained"] = best = mean(list(reference.values()))
    print(f"network {bundled_network_id()}, {len(judge.images)} photographs, judged by {arguments.judge}")
    print(f"{'style':28} {'content':>8} {'style':>8} {'sum':>7} {'of joint':>9} {'moved':>7} {'minutes':>8}")
    for name, row in rows.items():
        share = f"{row['total'] / best['total']:.0%}" if reference else ""
        minutes = f"{row['minutes']:.1f}" if "minutes" in row else ""
        numbers = f"{row['content']:8.3f} {row['style']:8.4f} {row['total']:7.3f} {share:>9} {row['moved']:7.4f}"
        print(f"{name:28} {numbers} {minutes:>8}")
    print("\nlearning curves: held-out loss after so many seconds of steps")
    for name, row in alike.items():
        print(f"{name:28} " + "  ".join(f"{seconds:.0f} s {loss:.2f}" for seconds, _, loss in row["curve"]))


def conditions(arguments: argparse.Namespace, settings: LearnSettings) -> dict[str, Any]:
    """What two rows must have in common to be comparable, in the types that JSON reads back."""
    photographs = b"".join(path.read_bytes() for path in sorted(arguments.test.iterdir()))
    found = {
        "network": bundled_network_id(),
        "judge": digest_of(arguments.judge),
        "test": digest(photographs),
        "settings": asdict(settings),
    }
    return json.loads(json.dumps(found))


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of every number that all rows have."""
    keys = [key for key, value in rows[0].items() if isinstance(value, float) and all(key in row for row in rows)]
    return {key: float(np.mean([row[key] for row in rows])) for key in keys}


if __name__ == "__main__":
    main()
