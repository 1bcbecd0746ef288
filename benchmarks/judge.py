"""The judge of ``quality.py``: the loss that networks are trained for, and what optimising a picture under it gives.

Settings are those of ``research/recipes/bundled.toml``, so that a network, the optimisation of a picture and the log of
a training run give losses that can be compared.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from impasto.files import atomic_path
from impasto.networks import losses
from impasto.networks.perceptual import load_features
from impasto.training.perceptual_loss import PerceptualLoss
from impasto.training.settings import FitSettings
from impasto.training.style_sources import read_resized, read_style_picture

ROOT = Path(__file__).resolve().parent.parent
RECIPE = ROOT / "research" / "recipes" / "bundled.toml"
KEPT = Path(__file__).resolve().parent / "references"
BUILTIN = ROOT / "src" / "impasto" / "assets" / "perceptual.safetensors"
DRAWN = ROOT / "examples" / "styles"


def digest(data: bytes) -> str:
    """Sixteen hex digits that name a file's contents."""
    return hashlib.sha256(data).hexdigest()[:16]


def digest_of(features: str) -> str:
    """Sixteen hex digits that name a perceptual network's file; a network that is downloaded goes by its name."""
    path = BUILTIN if features == "builtin" else Path(features)
    return digest(path.read_bytes()) if path.is_file() else features


def tensor(picture: np.ndarray) -> Tensor:
    """H x W x 3 to 1 x 3 x H x W."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32))


def middle_squares(folder: Path, side: int) -> Tensor:
    """The middle squares of a folder's pictures, shrunk to a side in pixels: N x 3 x side x side."""
    squares = []
    for path in sorted(folder.iterdir()):
        picture = read_resized(path, side)
        top, left = ((long - side) // 2 for long in picture.shape[2:])
        squares.append(picture[:, :, top : top + side, left : left + side])
    return torch.cat(squares)


@dataclass(frozen=True)
class Painting:
    """A style's picture and its Gram matrices.

    Attributes:
        name: of the style.
        hash: sixteen hex digits of the file's contents.
        picture: H x W x 3 in [0, 1]; ``None`` where it is not at hand.
        targets: Gram matrices by layer, 1 x C x C.
    """

    name: str
    hash: str
    picture: np.ndarray | None
    targets: Mapping[str, Tensor]


class Judge:
    """One perceptual network with the settings of the training.

    Args:
        features: what :func:`impasto.networks.perceptual.load_features` takes.
    """

    def __init__(self, features: str) -> None:
        self.recipe = tomllib.loads(RECIPE.read_text())
        self.settings = s = FitSettings.from_mapping(self.recipe["settings"])
        self.name = "builtin" if features == "builtin" else Path(features).stem
        self.hash = digest_of(features)
        self.objective = PerceptualLoss(load_features(features), s.content_layers, s.style_layers)

    def setting(self) -> dict[str, Any]:
        """The settings under which losses are comparable; they are stored with every reference."""
        s = self.settings
        return {
            "features": self.hash,
            "content": {"weight": s.content_weight, **s.content_layers},
            "style": {"weight": s.style_weight, **s.style_layers},
            "tv": s.tv_weight,
            "style_size": s.style_size,
            "style_scale": s.style_scale,
            "style_filter": "head",
            "start": "noise",
        }

    # ---- paintings ------------------------------------------------------------------------------------

    def paintings(
        self, folder: Path | None, *, keep: bool = False, only: Collection[str] | None = None
    ) -> dict[str, Painting]:
        """All styles of the recipe whose picture is at hand or whose Gram matrices are kept.

        Args:
            folder: the paintings by the recipe's file names; the drawn ones lie in ``examples/styles``.
            keep: store the Gram matrices of the pictures that are at hand.
            only: names of styles; default: all.
        """
        stored, hashes = self._stored()
        found: dict[str, Painting] = {}
        for style in self.recipe["style"]:
            if only and style["name"] not in only:
                continue
            name, file = style["name"], style["pictures"][0]
            path = next((p for p in ((folder or DRAWN) / file, DRAWN / file) if p.is_file()), None)
            if path is not None:
                looked_at = self.settings.style_size, self.settings.style_scale
                picture = read_style_picture(path, *looked_at)
                targets = self.objective.style_targets([path], *looked_at)
                found[name] = Painting(name, digest(path.read_bytes()), picture[0].permute(1, 2, 0).numpy(), targets)
            elif name in hashes:
                targets = {layer: stored[f"{name}/{layer}"] for layer in self.settings.style_layers}
                found[name] = Painting(name, hashes[name], None, targets)
        if keep:
            self._store({name: item for name, item in found.items() if not (DRAWN / f"{name}.jpg").is_file()})
        return found

    def _stored(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The Gram matrices that are kept, by ``STYLE/LAYER``, and the hashes of their pictures, by style."""
        path = KEPT / f"{self.name}.safetensors"
        listed = self.references().get("paintings", {})
        if not path.is_file() or not listed:
            return {}, {}
        grams = {}
        for key, triangle in load_file(path).items():
            side = int((8 * len(triangle) + 1) ** 0.5 - 1) // 2
            full = torch.zeros(side, side)
            rows, columns = torch.triu_indices(side, side)
            full[rows, columns] = full[columns, rows] = triangle.float()
            grams[key] = full[None]
        energy = {key: torch.tensor(value) for key, value in self.references()["scales"].items()}
        return {key: full * energy[key] for key, full in grams.items()}, listed

    def _store(self, paintings: Mapping[str, Painting]) -> None:
        """Write the Gram matrices' upper triangles, each divided by its largest entry, as fp16: 40 KB a painting."""
        triangles, scales = {}, {}
        for name, painting in paintings.items():
            for layer, gram in painting.targets.items():
                rows, columns = torch.triu_indices(gram.shape[1], gram.shape[1])
                values = gram[0, rows, columns]
                scales[f"{name}/{layer}"] = values.abs().max().item()
                triangles[f"{name}/{layer}"] = (values / values.abs().max()).half().contiguous()
        with atomic_path(KEPT / f"{self.name}.safetensors") as temporary:
            temporary.write_bytes(save(triangles))
        self.keep(scales=scales, paintings={name: painting.hash for name, painting in paintings.items()})

    # ---- losses ---------------------------------------------------------------------------------------

    def losses(
        self, painted: Tensor, photograph: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Content, style, tv, their weighted total, and content and style by layer; each one number a picture.

        Args:
            painted: 1 x 3 x H x W.
            photograph: the photograph's features at all layers.
            targets: the painting's Gram matrices.
        """
        s, found = self.settings, self.objective.features(painted)
        result = {
            "content": self.objective.content(found, photograph),
            "style": self.objective.style(found, targets),
            "tv": losses.total_variation(painted),
        }
        weights = {"content": s.content_weight, "style": s.style_weight, "tv": s.tv_weight}
        result["total"] = torch.stack([weights[name] * value for name, value in result.items()]).sum(dim=0)
        for tap in s.content_layers:
            result[f"content {tap}"] = losses.content_loss(found[tap], photograph[tap])
        for tap in s.style_layers:
            result[f"style {tap}"] = losses.style_loss(losses.gram(found[tap]), targets[tap])
        return result

    @torch.no_grad()
    def measure(self, painted: np.ndarray, photograph: np.ndarray, painting: Painting) -> dict[str, float]:
        """The :meth:`losses` of a painted picture and its photograph, both H x W x 3 in [0, 1], as numbers."""
        wanted = self.objective.features(tensor(photograph))
        return {name: value.item() for name, value in self.losses(tensor(painted), wanted, painting.targets).items()}

    # ---- the reference --------------------------------------------------------------------------------

    def optimise(
        self, photograph: np.ndarray, painting: Painting, iterations: int, progress: Callable[[int], None] | None = None
    ) -> tuple[np.ndarray, list[float]]:
        """The photograph repainted by L-BFGS under the loss (Gatys, Ecker and Bethge 2015), from noise.

        It starts from grey with noise of one level in 255, as the ancestors' slow programs did and where Johnson 2016
        counts iterations from. From the photograph itself, whose content is there already, fewer are needed.

        Returns:
            The picture, and the total loss before each iteration and, with pixels clamped to [0, 1], after the last.
        """
        given = tensor(photograph)
        with torch.no_grad():
            wanted = self.objective.features(given)
        noise = torch.randn(given.shape, generator=torch.Generator().manual_seed(0))
        picture = (0.45 + noise / 255).requires_grad_(True)
        optimiser = torch.optim.LBFGS(
            [picture], max_iter=iterations, history_size=20, tolerance_change=0, tolerance_grad=0
        )
        curve: list[float] = []

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = self.losses(picture, wanted, painting.targets)["total"].sum()
            loss.backward()
            curve.append(loss.item())
            if progress:
                progress(len(curve))
            return loss

        optimiser.step(closure)
        painted = picture.detach().clamp(0, 1)[0].permute(1, 2, 0).numpy()
        curve.append(self.measure(painted, photograph, painting)["total"])
        return painted, curve

    def references(self) -> dict[str, Any]:
        """What is stored for this judge; empty where it was made under other settings."""
        path = KEPT / f"{self.name}.json"
        kept = json.loads(path.read_text()) if path.is_file() else {}
        return kept if kept.get("setting") == json.loads(json.dumps(self.setting())) else {}

    def keep(self, **parts: Any) -> None:
        """Store parts of the references; the other parts stay if they were made under these settings."""
        kept = self.references() | {"setting": self.setting()} | parts
        with atomic_path(KEPT / f"{self.name}.json") as temporary:
            temporary.write_text(json.dumps(kept, indent=1) + "\n")


def equivalent_iterations(curve: list[float], total: float) -> tuple[float, bool]:
    """The iteration at which the reference first has the same total loss, interpolated linearly.

    Args:
        curve: total loss before each iteration and after the last.
        total: total loss of the result to compare.

    Returns:
        The iteration, and whether the curve ends above the total: then the iteration is the last one, a lower bound.
    """
    best = np.minimum.accumulate(curve)
    if total >= best[0]:
        return 0.0, False
    if total < best[-1]:
        return float(len(curve) - 1), True
    after = int(np.argmax(best <= total))
    before = after - 1
    return before + float((best[before] - total) / (best[before] - best[after])), False
