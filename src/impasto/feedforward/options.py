"""TODO: say what this module is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from impasto import memory
from impasto.engines.devices import DEVICES, Device
from impasto.options import Range, check
from impasto.pictures.colors import COLOR_MODES, ColorMode
from impasto.pictures.masks import MaskLike
from impasto.styles.style import Style


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to paint: the same names and defaults for images, folders, video and the command line.

    Attributes:
        strength: 0 is the photograph itself, 1 the full style.
        size: longer side of the result in pixels; 0 is the input's size, a larger number enlarges.
        colors: ``"style"``; ``"content"``: the photograph's chroma under the result's luminance;
            ``"match"``: the result's colours with the photograph's mean and covariance.
        style_scale: size of the strokes; 1 is as trained, 2 twice as large.
        grain: how uneven the network sees the picture, so that even parts get strokes, too; 1 is as trained, 0 none.
        work_size: longer side at which strokes are laid, before they are refined at full size; 0 is the result's.
        mask: where strength applies: a file, a PIL image or an array of the picture's or the result's size; white is
            fully.
        masks: by a style's name, where it applies; styles without one share what the others leave, and where
            no style is, the photograph stays.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        max_memory: bytes that the process may take, or ``"2G"``; 0 is half of what is free, at most 2 GB.
        max_pixels: larger pictures are refused before they are decoded.
    """

    strength: float = 1.0
    size: int = 0
    colors: ColorMode = "style"
    style_scale: float = 1.0
    grain: float = 1.0
    work_size: int = 0
    mask: MaskLike | None = field(default=None, compare=False)
    masks: Mapping[str, MaskLike] = field(default_factory=dict, compare=False)
    device: Device = "auto"
    max_memory: int = 0
    max_pixels: int = 300_000_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_memory", memory.limit(self.max_memory))
        check(self, _RANGES, {"colors": COLOR_MODES, "device": DEVICES})

    def every_mask(self) -> dict[str | None, MaskLike]:
        """The masks by style, that of the strength under ``None``."""
        return ({} if self.mask is None else {None: self.mask}) | dict(self.masks)

    def with_masks(self, masks: Mapping[str | None, MaskLike]) -> Options:
        """The same with other masks, as :meth:`every_mask` has them."""
        by_style = {name: mask for name, mask in masks.items() if name is not None}
        return replace(self, mask=masks.get(None), masks=by_style)


_MANY = 1e15
_RANGES = {
    "strength": Range(0, 1, "a number from 0 to 1"),
    "size": Range(0, _MANY, "the longer side in pixels, or 0 to keep it", whole=True),
    "style_scale": Range(0.25, 32, "a number from 0.25 to 32"),
    "grain": Range(0, 4, "a number from 0 to 4"),
    "work_size": Range(64, _MANY, "at least 64, or 0 for none", whole=True),
    "max_memory": Range(0, _MANY, "a number of bytes, or 0 to have it chosen"),
    "max_pixels": Range(1, _MANY, "a number of pixels"),
}
DEFAULTS = Options()


def describe(style: Style, options: Options) -> str:
    """One line for the result's metadata."""
    from impasto.version import __version__

    parts = [f"impasto {__version__}", f"style={style.name}"]
    if "blend" in style.metadata:
        parts.append(f"blend={style.metadata['blend']}")
    parts += [
        f"{name}={value}"
        for name in ("strength", "size", "colors", "style_scale", "grain", "work_size")
        if (value := getattr(options, name)) != getattr(DEFAULTS, name)
    ]
    if options.mask is not None:
        parts.append("mask=strength")
    if options.masks:
        parts.append(f"masks={'+'.join(options.masks)}")
    return " ".join(parts)
