"""What is known of the style pictures: their moments at each scale, and where each style applies."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.optimisation.objective import Region
from impasto.optimisation.planning import Plan, Planner
from impasto.optimisation.state import eight_bit_levels
from impasto.optimisation.style_pictures import Array, StylePicture
from impasto.optimisation.tensors import to_tensor
from impasto.pictures import colors
from impasto.pictures.resampling import resize_array

_LEAST_STYLE_SIDE = 16  # pixels: longer side at which a style picture is measured at least

Size = tuple[int, int]
"""Height and width in pixels."""


class MeasuredStyle(NamedTuple):
    """What is measured of a style picture, or of a blend of several.

    Attributes:
        moments: by layer.
        variation: total variation of the picture.
    """

    moments: dict[str, Moments]
    variation: float


class StyleTargets:
    """The styles of a recipe; what is measured of them serves for many pictures, such as the frames of a video.

    Args:
        styles: the style pictures.
        planner: knows the network, the recipe, the device, and how a style picture fits into the memory.
    """

    def __init__(self, styles: Sequence[StylePicture], planner: Planner) -> None:
        self.styles, self.planner, self.recipe = list(styles), planner, planner.recipe
        self._measured: dict[tuple[int, int, int], MeasuredStyle] = {}

    @cached_property
    def objective_hash(self) -> str:
        """A hash of what pictures are judged by besides the photograph: the recipe's losses and the styles."""
        digest = hashlib.sha256(self.recipe.objective().encode())
        total = sum(style.weight for style in self.styles)
        for style in self.styles:
            digest.update(f"{style.rgb.shape} {style.weight / total:.6f} {style.mask is None}".encode())
            digest.update(f" side={style.side}".encode() if style.side else b"")
            for array in (style.rgb, style.mask):
                if array is not None:
                    digest.update(eight_bit_levels(array))
        return digest.hexdigest()

    def regions(self, content: Tensor, full: Size, photograph: Array) -> list[Region]:
        """The styles at a scale and where they apply.

        Args:
            content: the photograph at that scale, 1 x 3 x h x w.
            full: the result's height and width.
            photograph: H x W x 3; the style pictures are given its colours where the recipe says so.
        """
        size = content.shape[2], content.shape[3]
        groups: dict[int | None, list[StylePicture]] = {}
        for style in self.styles:
            groups.setdefault(None if style.mask is None else id(style.mask), []).append(style)
        weights = self.region_weights(*size)
        regions = []
        for key, group in groups.items():
            blend = self._blend(group, full, size, photograph)
            where = None if weights is None else torch.from_numpy(weights[key]).to(content)
            regions.append(Region(blend.moments, where, blend.variation))
        return regions

    def region_weights(self, height: int, width: int) -> dict[int | None, Array] | None:
        """Each mask at a size, in proportion where several overlap; under ``None`` what they leave.

        Returns:
            The mask's id to H x W in [0, 1]; ``None`` where there is no mask at all.
        """
        masks = {id(style.mask): style.mask for style in self.styles if style.mask is not None}
        if not masks:
            return None
        scaled = {key: resize_array(mask[..., None], (width, height))[..., 0] for key, mask in masks.items()}
        total = np.sum(list(scaled.values()), axis=0)
        weights: dict[int | None, Array] = {key: mask / np.maximum(total, 1) for key, mask in scaled.items()}
        weights[None] = np.maximum(1 - total, 0)
        return weights

    def cover(self, height: int, width: int) -> Array | None:
        """The share of each pixel that is painted, H x W in [0, 1]; ``None``: all of all pixels."""
        weights = self.region_weights(height, width)
        if weights is None or any(style.mask is None for style in self.styles):
            return None
        cover: Array = 1 - weights[None]
        return cover

    def size_of(self, style: StylePicture, full: Size, size: Size) -> Size:
        """The height and width at which a style picture is measured.

        Args:
            style: the style picture.
            full: the result's height and width.
            size: height and width of the scale that is painted at.
        """
        longest = self.recipe.style_size or self.recipe.style_scale * (style.side or max(full))
        longer = max(_LEAST_STYLE_SIDE, math.ceil(longest * max(size) / max(full)))
        height, width = style.rgb.shape[:2]
        return max(1, height * longer // max(height, width)), max(1, width * longer // max(height, width))

    def plan_measuring(self, style_size: Size, full: Size) -> Plan:
        """How a style picture of that size is measured for a result of the height and width ``full``.

        Raises:
            InputError: it does not fit into ``recipe.max_memory``.
        """
        return self.planner.plan_style_picture(style_size, full[0] * full[1])

    def _blend(self, styles: Sequence[StylePicture], full: Size, size: Size, photograph: Array) -> MeasuredStyle:
        """Measure several styles and mix them by their weights: moments combine linearly."""
        total = sum(style.weight for style in styles)
        mixed: dict[str, Moments] = {}
        mean_variation = 0.0
        for style in styles:
            share = style.weight / total
            measured = self.measure_once(style, full, size, photograph)
            mean_variation += share * measured.variation
            for tap, (mean, second) in measured.moments.items():
                known = mixed.get(tap)
                mixed[tap] = Moments(
                    share * mean + (known.mean if known else 0), share * second + (known.second if known else 0)
                )
        return MeasuredStyle(mixed, mean_variation)

    def measure_once(self, style: StylePicture, full: Size, size: Size, photograph: Array) -> MeasuredStyle:
        """Measure a style at a scale; what does not depend on the photograph is kept."""
        style_size = self.size_of(style, full, size)
        if self.recipe.colors == "match-before":
            return self._measure(colors.match_colors(style.rgb, photograph), style_size, full)
        key = id(style), *style_size
        if key not in self._measured:
            self._measured[key] = self._measure(style.rgb, style_size, full)
        return self._measured[key]

    def _measure(self, rgb: Array, size: Size, full: Size) -> MeasuredStyle:
        """Measure a style picture at a height and width."""
        planner = self.planner
        picture = to_tensor(resize_array(rgb, size[::-1]), planner.device)
        tiled = planner.tiled(self.plan_measuring(size, full).tile)
        return MeasuredStyle(tiled.moments(picture), float(losses.total_variation(picture)))
