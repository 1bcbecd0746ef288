"""How well the builtin perceptual network stands in for its teacher.

    python benchmarks/perceptual.py --photos DIR --styles DIR --teacher FILE [--optimise OUT]

Prints the share of the teacher's variance that stays unexplained at each tap, on crops of the photographs, which were
not trained on, and of the paintings, which may have been; and Spearman's rank correlation between the two networks'
style distances, over all pairs of a picture, photograph or painting, and another painting.
``--optimise`` writes a sheet of what a few hundred L-BFGS steps give under each network. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from impasto.networks import losses
from impasto.networks.perceptual import load_features
from impasto.pictures import contact_sheet
from impasto.pictures.conversion import from_array
from impasto.pictures.writing import write_picture
from impasto.training.distill import measure_unexplained
from impasto.training.student import TAPS
from impasto.training.style_sources import read_resized
from impasto.training.teacher import Teacher


def ranks(values: list[float]) -> np.ndarray:
    """The rank of each value, from 0 for the smallest."""
    return np.argsort(np.argsort(values))


def optimise(features, content: torch.Tensor, style: torch.Tensor, steps: int) -> torch.Tensor:
    """Optimise the content, 1 x 3 x H x W, towards the style's Gram matrices with L-BFGS (Gatys 2015)."""
    with torch.no_grad():
        targets = {tap: losses.gram(x) for tap, x in features(style, TAPS).items()}
        wanted = features(content, ("relu4_1",))["relu4_1"]
    picture = content.clone(memory_format=torch.contiguous_format).requires_grad_(True)
    optimiser = torch.optim.LBFGS([picture], max_iter=steps, history_size=20, tolerance_change=0, tolerance_grad=0)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        found = features(picture, TAPS)
        style_loss = torch.stack(
            [losses.style_loss(losses.gram(found[tap]), targets[tap]).mean() for tap in TAPS]
        ).mean()
        loss = losses.content_loss(found["relu4_1"], wanted).mean() + 30 * style_loss
        loss.backward()
        return loss

    optimiser.step(closure)
    return picture.detach().clamp(0, 1)


def resize_longer_side(picture: torch.Tensor, side: int = 384) -> torch.Tensor:
    """Resize 1 x 3 x H x W to a longer side in pixels, bicubic."""
    factor = side / max(picture.shape[-2:])
    return torch.nn.functional.interpolate(picture, scale_factor=factor, mode="bicubic", antialias=True).clamp(0, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The builtin perceptual network beside its teacher.")
    parser.add_argument("--photos", type=Path, required=True, help="pictures that were not trained on")
    parser.add_argument("--styles", type=Path, required=True)
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--features", default="builtin")
    parser.add_argument("--optimise", type=Path, help="write a sheet of optimised pictures there")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--photo", type=int, default=0, help="which photograph to optimise, by place")
    parser.add_argument("--only", default="", help="optimise for the styles that have this in their name")
    arguments = parser.parse_args()
    student, teacher = load_features(arguments.features), Teacher(load_features(arguments.teacher))

    def teach(x: torch.Tensor, taps: tuple[str, ...]) -> dict[str, torch.Tensor]:
        return teacher(x, taps)

    photographs = [read_resized(path, 256) for path in sorted(arguments.photos.iterdir())]
    paintings = [read_resized(path, 256) for path in sorted(arguments.styles.iterdir())]
    crops = np.concatenate(
        [x[:, :, a : a + 192, a : a + 192].numpy() for x in photographs + paintings for a in (0, 48)]
    )
    for tap, share in measure_unexplained(student, teacher, crops).items():
        print(f"{tap}  {share:.1%} unexplained")
    with torch.no_grad():
        grams = [
            [{tap: losses.gram(f) for tap, f in network(x, TAPS).items()} for x in photographs + paintings]
            for network in (student, teach)
        ]
    distances: list[list[float]] = [[], []]
    count = len(photographs)
    for kind in (0, 1):
        for content in grams[kind]:
            for style in grams[kind][count:]:
                if content is not style:
                    layers = [losses.style_loss(content[tap], style[tap]).item() for tap in TAPS]
                    distances[kind].append(float(np.mean(layers)))
    correlation = np.corrcoef(ranks(distances[0]), ranks(distances[1]))[0, 1]
    print(f"rank correlation of style distances over {len(distances[0])} pairs: {correlation:.3f}")
    if arguments.optimise:
        content = resize_longer_side(read_resized(sorted(arguments.photos.iterdir())[arguments.photo], 512))
        cells = []
        for path in [path for path in sorted(arguments.styles.iterdir()) if arguments.only in path.name]:
            for name, network in (("builtin", student), ("teacher", teach)):
                started = time.perf_counter()
                result = optimise(network, content, resize_longer_side(read_resized(path, 512)), arguments.steps)
                label = f"{path.stem}, {name}, {time.perf_counter() - started:.0f} s"
                cells.append((label, from_array(result[0].permute(1, 2, 0).numpy())))
                print(label)
        write_picture(contact_sheet.contact_sheet(cells, columns=2), arguments.optimise)


if __name__ == "__main__":
    main()
