"""TODO: say what this module is for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from impasto.engines.devices import torch_device
from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.optimisation import planning
from impasto.optimisation.objective import ExtraLoss, Region
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.scales import scale_sizes
from impasto.optimisation.state import OptimisationProgress, OptimisationResult, OptimisationState
from impasto.optimisation.style_pictures import Array, StylePicture, hashable_levels, to_tensor
from impasto.optimisation.views import TiledFeatures
from impasto.pictures import colors as color_modes
from impasto.pictures import resampling


class Optimiser:
    """Paints pictures by optimisation; what it knows of the styles serves for many, such as the frames of a video.

    Args:
        styles: at least one, unless the recipe only dreams or keeps content.
        recipe: how to paint.
        network: instead of the one that the recipe names.
    """

    def __init__(
        self, styles: Sequence[StylePicture], recipe: Recipe, *, network: PerceptualNetwork | None = None
    ) -> None:
        self.recipe, self.styles = recipe, list(styles)
        self.device = torch.device(torch_device(recipe.device))
        network = network or load_features(recipe.features, pooling=recipe.pooling)
        self.network = network.to(self.device)
        self.taps = recipe.taps(network.taps, bool(styles))
        self._budget = planning.memory_budget(recipe)
        self._styles: dict[tuple[int, int, int], tuple[dict[str, Moments], float]] = {}

    def paint(
        self,
        content: Array,
        *,
        init: Array | None = None,
        extra: ExtraLoss | None = None,
        callback: Callable[[OptimisationProgress], None] | None = None,
        resume: OptimisationState | None = None,
    ) -> OptimisationResult:
        """Paint one picture.

        Args:
            content: H x W x 3 in [0, 1], at the size of the result.
            init: where to start instead of what the recipe says, H x W x 3.
            extra: another differentiable loss: of 1 x 3 x h x w to a scalar; sees each scale's size.
            callback: called after each iteration; what it raises ends the run, except that
                ``KeyboardInterrupt`` gives the picture so far, as Ctrl-C does.
            resume: go on from there: where an interrupted run stopped, or from a finished one for as many
                iterations as the recipe has, at full size. What the optimiser has learnt of another
                :attr:`objective` is not taken over, only the picture.
        """
        from impasto.optimisation.run import Optimisation

        return Optimisation(self, content, init, extra, callback, resume).paint()

    @cached_property
    def objective(self) -> str:
        """A hash of what pictures are judged by besides the photograph: the recipe's losses and the styles."""
        digest = hashlib.sha256(self.recipe.objective().encode())
        total = sum(style.weight for style in self.styles)
        for style in self.styles:
            digest.update(f"{style.rgb.shape} {style.weight / total:.6f} {style.mask is None}".encode())
            for array in (style.rgb, style.mask):
                if array is not None:
                    digest.update(hashable_levels(array))
        return digest.hexdigest()

    def viewer(self, height: int, width: int) -> TiledFeatures:
        """The network's layers, in tiles if the memory demands it."""
        return TiledFeatures(self.network, self.taps, self.plan(height, width).tile)

    def plan(self, height: int, width: int) -> planning.Plan:
        """Tiles and history at a size; see :func:`impasto.optimisation.planning.plan_memory`."""
        return planning.plan_memory(self.network, self.taps, height, width, self.recipe, self._budget)

    def peak(self, height: int, width: int) -> planning.Plan:
        """The plan at a size with all the memory that it takes: looking at a large style picture may take most.

        Raises:
            InputError: one of them does not fit into ``recipe.max_memory``.
        """
        full = height, width
        plan = self.plan(*full)
        looks = [self._look(self._style_size(style, full, full), full).bytes for style in self.styles]
        return plan._replace(bytes=max([plan.bytes, *looks]))

    def _look(self, style: tuple[int, int], full: tuple[int, int]) -> planning.Plan:
        """How a style picture of that height and width is looked at."""
        return planning.plan_style_picture(self.network, self.taps, style, full[0] * full[1], self.recipe, self._budget)

    def estimate(self, height: int, width: int) -> planning.Plan:
        """Memory and time that a picture of that size will take."""
        peak = self.peak(height, width)
        rate = planning.seconds_a_pixel(self.network, self.taps, self.device)
        work = 0.0
        for h, w in scale_sizes(height, width, self.recipe.scales):
            viewer = self.viewer(h, w)
            boxes = list(viewer.boxes(h + 2 * viewer.margin, w + 2 * viewer.margin))
            seen = sum((box.seen[1] - box.seen[0]) * (box.seen[3] - box.seen[2]) for box in boxes)
            work += self.recipe.iterations * seen * (1 if len(boxes) == 1 else 4 / 3)  # tiles: another forward pass
            # Looking at a style takes about as long as an evaluation: half of it for the resampling.
            work += sum(math.prod(self._style_size(style, (height, width), (h, w))) for style in self.styles)
        return peak._replace(seconds=planning.STARTING + work * rate)

    def regions(self, content: Tensor, full: tuple[int, int], photograph: Array) -> list[Region]:
        """The styles at a scale and where they apply.

        Args:
            content: 1 x 3 x h x w, the photograph at that scale.
            full: the result's height and width.
            photograph: whose colours the style pictures may be given.
        """
        height, width = content.shape[2:]
        groups: dict[int | None, list[StylePicture]] = {}
        for style in self.styles:
            groups.setdefault(None if style.mask is None else id(style.mask), []).append(style)
        weights = self._weights(height, width)
        regions = []
        for key, group in groups.items():
            targets, variation = self._blended(group, full, (height, width), photograph)
            where = None if weights is None else torch.from_numpy(weights[key]).to(content)
            regions.append(Region(targets, where, variation))
        return regions

    def _weights(self, height: int, width: int) -> dict[int | None, Array] | None:
        """Each mask at that size, where several overlap in proportion; under ``None`` what they leave."""
        masks = {id(style.mask): style.mask for style in self.styles if style.mask is not None}
        if not masks:
            return None
        scaled = {key: resampling.resize_array(mask[..., None], (width, height))[..., 0] for key, mask in masks.items()}
        total = np.sum(list(scaled.values()), axis=0)
        weights: dict[int | None, Array] = {key: mask / np.maximum(total, 1) for key, mask in scaled.items()}
        weights[None] = np.maximum(1 - total, 0)
        return weights

    def cover(self, height: int, width: int) -> Array | None:
        """How much of each pixel is painted, H x W; ``None``: all."""
        weights = self._weights(height, width)
        if weights is None or any(style.mask is None for style in self.styles):
            return None
        cover: Array = 1 - weights[None]
        return cover

    def recoloured(self, painted: Array, photograph: Array) -> Array:
        """What was painted in the colours that the recipe wants; both H x W x 3 in [0, 1].

        Colours are matched over the whole picture, but where no style applies it stays the photograph.
        """
        if self.recipe.colors == "content":
            return color_modes.keep_chroma(painted, photograph)
        if self.recipe.colors == "match":
            matched = color_modes.match_colors(painted, photograph)
            cover = self.cover(*painted.shape[:2])
            return matched if cover is None else painted + cover[..., None] * (matched - painted)
        return painted

    def _blended(
        self, styles: Sequence[StylePicture], full: tuple[int, int], size: tuple[int, int], photograph: Array
    ) -> tuple[dict[str, Moments], float]:
        """The moments of several styles, which combine linearly, by their weights; and their total variation."""
        total = sum(style.weight for style in styles)
        mixed: dict[str, Moments] = {}
        mean_variation = 0.0
        for style in styles:
            share = style.weight / total
            moments, variation = self._seen(style, full, size, photograph)
            mean_variation += share * variation
            for tap, (mean, second) in moments.items():
                known = mixed.get(tap)
                mixed[tap] = Moments(
                    share * mean + (known.mean if known else 0), share * second + (known.second if known else 0)
                )
        return mixed, mean_variation

    def _style_size(self, style: StylePicture, full: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
        """Height and width at which a style picture is looked at, at a scale of that size."""
        longest = self.recipe.style_size or self.recipe.style_scale * max(full)
        longer = max(16, math.ceil(longest * max(size) / max(full)))
        height, width = style.rgb.shape[:2]
        return max(1, height * longer // max(height, width)), max(1, width * longer // max(height, width))

    def _seen(
        self, style: StylePicture, full: tuple[int, int], size: tuple[int, int], photograph: Array
    ) -> tuple[dict[str, Moments], float]:
        """A style's moments and total variation at a scale, looked at only once where all photographs share them."""
        look = self._style_size(style, full, size)
        if self.recipe.colors == "match-before":
            return self._measured(color_modes.match_colors(style.rgb, photograph), look, full)
        key = id(style), *look
        if key not in self._styles:
            self._styles[key] = self._measured(style.rgb, look, full)
        return self._styles[key]

    def _measured(self, rgb: Array, size: tuple[int, int], full: tuple[int, int]) -> tuple[dict[str, Moments], float]:
        """The moments and total variation of a style picture at a height and width."""
        picture = to_tensor(resampling.resize_array(rgb, size[::-1]), self.device)
        viewer = TiledFeatures(self.network, self.taps, self._look(size, full).tile)
        return viewer.moments(picture), float(losses.total_variation(picture))
