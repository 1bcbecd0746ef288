"""Where the start ``fast`` lies: the photograph as the fast path paints it, in known or predicted styles."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch

from impasto.feedforward.painter import Painter
from impasto.learning.prediction import predict_from_pixels
from impasto.networks import losses
from impasto.networks.losses import Moments
from impasto.optimisation.style_pictures import Array, StylePicture, trained_shrinking
from impasto.optimisation.style_targets import StyleTargets
from impasto.optimisation.tensors import to_tensor
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import resize_array
from impasto.styles.blending import WeightedStyleLike
from impasto.styles.catalogue import load_style
from impasto.styles.files import bundled_network_id
from impasto.styles.listing import load_all_styles
from impasto.styles.style import Style

_TRIAL_SIDE = 192  # pixels: longer side of the paintings by which styles are told apart

log = logging.getLogger(__name__)


def paint_fast_start(content: Array, targets: StyleTargets) -> Array:
    """Paint a photograph at once, in the styles that come closest to the wanted.

    That of a texture is its bundled style. Else these are the bundled ones, those of the catalogue and the predicted
    one of each style picture; the closest is the one in which a small painting of the photograph has the least style
    loss.

    Args:
        content: the photograph, H x W x 3 in [0, 1].
        targets: the style pictures.

    Returns:
        H x W x 3 in [0, 1]; where only masked styles apply, the photograph beyond their masks.
    """
    height, width = content.shape[:2]
    shrink = min(1.0, _TRIAL_SIDE / max(height, width))
    small = resize_array(content, (max(1, round(width * shrink)), max(1, round(height * shrink))))
    tiled = targets.planner.tiled(0)

    def measured(style: Style) -> Mapping[str, Moments]:
        return tiled.moments(to_tensor(Painter(style).paint_only(Picture(small)).rgb, targets.planner.device))

    looked_up = any(not picture.bundled for picture in targets.styles)
    known = {style: measured(style) for style in (_known_styles() if looked_up else ())}
    groups: dict[int | None, list[WeightedStyleLike]] = {}
    for picture in targets.styles:
        if picture.bundled:
            nearest = load_style(picture.name)
        else:
            predicted = _predicted(picture)
            candidates = {**known, predicted: measured(predicted)}
            nearest = _nearest(picture, candidates, targets, content, small.shape[:2])
        log.info("%s: the fast painting is in the style %s", picture.name, nearest.name)
        groups.setdefault(None if picture.mask is None else id(picture.mask), []).append((nearest, picture.weight))
    paintings = {key: Painter(group).paint_only(Picture(content)).rgb for key, group in groups.items()}
    shares = targets.region_weights(height, width)
    if shares is None:
        return paintings[None]
    return sum((share[..., None] * paintings.get(key, content) for key, share in shares.items()), content * 0)


def _known_styles() -> list[Style]:
    """The styles of the shared network, which can be blended; a damaged one of the catalogue is left out."""
    return [style for _, style in load_all_styles(partial(log.warning, "%s")) if style.embedded is None]


def _predicted(picture: StylePicture) -> Style:
    """The style of a picture as the predictor gives it."""
    height, width = picture.rgb.shape[:2]
    shrink = trained_shrinking(picture.rgb)
    small = resize_array(picture.rgb, (max(2, round(width * shrink)), max(2, round(height * shrink))))
    return Style("predicted", *predict_from_pixels(np.clip(small, 0, 1)), bundled_network_id())


def _nearest(
    picture: StylePicture,
    known: Mapping[Style, Mapping[str, Moments]],
    targets: StyleTargets,
    content: Array,
    size: tuple[int, int],
) -> Style:
    """The style whose painting, of a height and width, has the least style loss towards a style picture."""
    wanted = targets.measure_once(picture, content.shape[:2], size, content).moments
    distances = {tap: losses.style_distance(moments) for tap, moments in wanted.items()}
    layers = targets.recipe.style_layers

    def loss(style: Style) -> float:
        total = sum(weight * float(distances[tap](known[style][tap])) for tap, weight in layers.items() if weight)
        return total if math.isfinite(total) else math.inf

    with torch.no_grad():
        return min(known, key=loss)
