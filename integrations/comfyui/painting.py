"""What the nodes do, as functions of tensors: ComfyUI is not needed here.

IMAGE is a tensor B x H x W x 3, floating point in 0 to 1; MASK is one of B x H x W. A STYLE is a list of pairs, an
:class:`impasto.Style` and its weight.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

import impasto

Blend = list[tuple[impasto.Style, float]]
Step = Callable[[], object]
"""Called after each picture; it may raise to stop."""

_MAX_PAINTERS = 8  # that are kept: one is a few megabytes, and made ready in a tenth of a second
_THUMBNAIL = (18, 32)  # pixels, height and width: so small that motion hardly changes it
_CUT = 0.2  # mean difference of two thumbnails, of the full range, from which on a new scene begins
_painters: OrderedDict[tuple[object, ...], impasto.Painter] = OrderedDict()


def bundled_styles() -> list[str]:
    """The names of all styles that need no file."""
    return [facts.name for facts in impasto.list_styles()]


def load(name: str, path: str = "") -> Blend:
    """A style by its name, or from a file (.safetensors, or another program's network) where a path is given."""
    return [(impasto.load_style(path.strip() or name), 1.0)]


def fingerprint(path: str) -> str:
    """What changes when a style's file does; empty without a file."""
    file = Path(path.strip())
    return f"{file}:{file.stat().st_mtime_ns}:{file.stat().st_size}" if path.strip() and file.is_file() else ""


def blend(first: Blend, second: Blend, share: float) -> Blend:
    """Two styles as one.

    Args:
        first, second: the styles, which may be blends themselves.
        share: of the second, 0 to 1.
    """
    pairs = [*_weighted(first, 1 - share), *_weighted(second, share)]
    return [(style, weight) for style, weight in pairs if weight > 0]


def stylise(
    images: torch.Tensor,
    style: Blend,
    strength: float = 1.0,
    colors: str = "style",
    style_scale: float = 1.0,
    mask: torch.Tensor | None = None,
    step: Step = lambda: None,
) -> torch.Tensor:
    """Paint pictures, each for itself.

    Args:
        images: B x H x W x 3 in 0 to 1.
        style: what to paint in.
        strength, colors, style_scale: as in :class:`impasto.Options`.
        mask: where to paint, 1 is fully: one for each picture or one for all, of any size.
        step: called after each picture.

    Returns:
        The paintings, of the same shape and type, on the same device.

    Raises:
        impasto.InputError: the pictures or the mask are none.
        impasto.StyleError: the styles cannot be blended.
    """
    painter = _painter(style, strength, colors, style_scale, for_video=False)
    return _each(images, mask, (painter.paint_only(frame).rgb for frame in _frames(images)), step)


def paint_video(
    images: torch.Tensor,
    style: Blend,
    strength: float = 1.0,
    colors: str = "style",
    style_scale: float = 1.0,
    fresh: float = 0.2,
    mask: torch.Tensor | None = None,
    step: Step = lambda: None,
) -> torch.Tensor:
    """Paint the frames of a video: each is normalised nearly as the one before it, until a new scene begins.

    Args:
        fresh: a frame's share in what it is normalised with, 0 to 1: less is steadier, 1 is every frame for itself.
        images, style, strength, colors, style_scale, mask, step: see :func:`stylise`.

    Returns:
        The painted frames, of the same shape and type, on the same device.

    Raises:
        impasto.InputError: the pictures or the mask are none.
        impasto.StyleError: the styles cannot be blended.
    """
    painter = _painter(style, strength, colors, style_scale, for_video=True)
    return _each(images, mask, _steady(painter, images, fresh), step)


def learn(images: torch.Tensor, effort: str, name: str, path: str = "") -> Blend:
    """One style from the pictures of a batch.

    Args:
        images: B x H x W x 3 in 0 to 1.
        effort: ``"quick"``, ``"draft"`` or ``"full"``.
        name: the style's.
        path: a style file (.safetensors) to write; empty: none.
    """
    # ComfyUI runs nodes in inference mode, in which nothing can be fitted.
    with torch.inference_mode(False), torch.enable_grad():
        style = impasto.learn_style(list(_frames(images)), path.strip() or None, name=name, effort=effort)
    return [(style, 1.0)]


def _weighted(style: Blend, share: float) -> Blend:
    """A blend whose weights sum to a share."""
    total = sum(weight for _, weight in style)
    return [(item, weight / total * share) for item, weight in style]


def _painter(style: Blend, strength: float, colors: str, style_scale: float, *, for_video: bool) -> impasto.Painter:
    """A painter that is ready, from the cache where the same was asked for before."""
    styles = tuple((_identity(item), weight) for item, weight in style)
    key = (styles, strength, colors, style_scale, for_video)
    if key not in _painters:
        _painters[key] = impasto.Painter(
            style, strength=strength, colors=colors, style_scale=style_scale, for_video=for_video
        )
    _painters.move_to_end(key)
    while len(_painters) > _MAX_PAINTERS:
        _painters.popitem(last=False)
    return _painters[key]


def _identity(style: impasto.Style) -> tuple[object, ...]:
    """What tells a style from others, whatever they are called."""
    return style.network, style.grain_share, hashlib.sha256(style.scale.tobytes() + style.shift.tobytes()).digest()


def _frames(images: torch.Tensor) -> Iterator[np.ndarray]:
    """The pictures of a batch, H x W x 3, float32 in 0 to 1.

    Raises:
        impasto.InputError: it is no batch of pictures, or one has values that are no numbers.
    """
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape:
        raise impasto.InputError(
            f"An IMAGE is a batch of pictures, B x H x W x 3, not {' x '.join(map(str, images.shape))}."
        )
    for number, image in enumerate(images, 1):
        if not bool(torch.isfinite(image).all()):
            raise impasto.InputError(
                f"Picture {number} of the batch has values that are no numbers; mend the node that it comes from."
            )
        yield image.detach().float().clamp(0, 1).cpu().numpy()


def _steady(painter: impasto.Painter, images: torch.Tensor, fresh: float) -> Iterator[np.ndarray]:
    """The frames of a batch, painted with the statistics of those before them."""
    statistics, before = None, None
    for frame in _frames(images):
        small = _thumbnail(frame)
        if before is None or float(np.abs(small - before).mean()) > _CUT:
            statistics = None
        painted = painter.paint(frame, statistics, measured_share=fresh if statistics else 0.0)
        statistics, before = painted.statistics, small
        yield painted.picture.rgb


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    """A frame, H x W x 3, in so few pixels that it shows the scene and not what moves in it."""
    planes = torch.from_numpy(frame).permute(2, 0, 1)
    return torch.nn.functional.adaptive_avg_pool2d(planes, _THUMBNAIL).numpy()


def _each(images: torch.Tensor, mask: torch.Tensor | None, painted: Iterator[np.ndarray], step: Step) -> torch.Tensor:
    """A batch of what is painted, mixed with the pictures by the mask.

    Raises:
        impasto.InputError: the mask is none, or there are not as many as pictures.
    """
    cover = None if mask is None else _fitted(mask, images)
    results = torch.empty_like(images, memory_format=torch.contiguous_format)
    for number, rgb in enumerate(painted):
        result = torch.from_numpy(np.ascontiguousarray(rgb)).to(images)
        if cover is not None:
            share = cover[number if len(cover) > 1 else 0].unsqueeze(-1)
            result = images[number] + share * (result - images[number])
        results[number] = result
        step()
    return results


def _fitted(mask: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """A mask in the size of the pictures, 1 or B of them x H x W."""
    masks = mask.unsqueeze(0) if mask.ndim == 2 else mask
    if masks.ndim != 3 or len(masks) not in (1, len(images)):
        raise impasto.InputError(
            f"A MASK is B x H x W, one for each of the {len(images)} pictures or one for all, "
            f"not {' x '.join(map(str, mask.shape))}."
        )
    masks = masks.to(images).clamp(0, 1)
    if masks.shape[1:] == images.shape[1:3]:
        return masks
    return torch.nn.functional.interpolate(
        masks.unsqueeze(1), size=images.shape[1:3], mode="bilinear", antialias=True
    ).squeeze(1)
