"""The fast path: a picture and a style in, the painted picture out, in one pass through the network."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from impasto import colors as color_modes
from impasto import images
from impasto.colors import COLORS, Colors
from impasto.engines import DEVICES, Array, Device, Engine, load_engine
from impasto.errors import InputError, StyleError
from impasto.images import Picture
from impasto.styles import Style, StyleLike, photograph_of, resolve

if TYPE_CHECKING:
    from PIL.Image import Image

Styles = StyleLike | Iterable[StyleLike | tuple[StyleLike, float]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to paint: the same names and defaults for images, folders and the command line.

    Attributes:
        strength: 0 is the photograph itself, 1 the full style.
        size: longer side of the result in pixels; 0 is the input's size, a larger number enlarges.
        colors: ``"style"``; ``"content"``: the photograph's chroma under the result's luminance;
            ``"match"``: the result's colours with the photograph's mean and covariance.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        max_pixels: larger pictures are refused before they are decoded.
    """

    strength: float = 1.0
    size: int = 0
    colors: Colors = "style"
    device: Device = "auto"
    max_pixels: int = 300_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise InputError(f"The strength {self.strength} is out of range; give a number from 0 to 1.")
        if self.size < 0:
            raise InputError(f"The size {self.size} is negative; give the longer side in pixels, or 0 to keep it.")
        if self.colors not in COLORS:
            raise InputError(f"There is no colour mode {self.colors}; give one of {', '.join(COLORS)}.")
        if self.device not in DEVICES:
            raise InputError(f"There is no device {self.device}; give one of {', '.join(DEVICES)}.")


DEFAULTS = Options()


@overload
def stylize(image: str | Path, style: Styles, *, output: str | Path | None = ..., **options: Any) -> Path: ...
@overload
def stylize(image: bytes, style: Styles, **options: Any) -> bytes: ...
@overload
def stylize(image: Image, style: Styles, **options: Any) -> Image: ...
@overload
def stylize(image: NDArray[Any], style: Styles, **options: Any) -> NDArray[Any]: ...
@overload
def stylize(image: Sequence[Any], style: Styles, **options: Any) -> list[Any]: ...


def stylize(
    image: str | Path | bytes | Image | NDArray[Any] | Sequence[Any],
    style: Styles,
    *,
    output: str | Path | None = None,
    **options: Any,
) -> Any:
    """Repaint a picture in a style: the same kind in, the same kind out.

    Args:
        image: a path, an encoded file's bytes, a PIL image, an array (H x W, H x W x 3 or H x W x 4; uint8, uint16,
            or float in [0, 1]), or a sequence of such pictures.
        style: a name, a style file, a :class:`Style`; or several, optionally with weights, to blend:
            ``["scream:2", "udnie"]`` or ``[("scream", 2), ("udnie", 1)]``.
        output: for a path: where to write. Without it, beside the input as ``NAME-STYLE.SUFFIX``.
        options: the fields of :class:`Options`.

    Returns:
        A path for a path, bytes in the same format for bytes, a PIL image (RGB or RGBA) for a PIL image, an array of
        the same dtype for an array, a list for a sequence.

    Raises:
        InputError: the picture cannot be read, or an option is out of range.
        StyleError: no such style.
        OutputError: the result cannot be written.
    """
    chosen = Options(**options)
    resolved = resolve(style)
    if isinstance(image, Sequence) and not isinstance(image, (str, bytes)):
        if output is not None:
            raise InputError("One output cannot take several pictures; leave it out or paint them one by one.")
        items: Sequence[Any] = image
        return [stylize(item, resolved, **options) for item in items]
    if isinstance(image, (str, Path)):
        target = Path(output) if output is not None else default_output(Path(image), resolved)
        images.output_format(target)  # refuse a wrong suffix before the work, not after it
        picture = paint(images.read(image, max_pixels=chosen.max_pixels), resolved, chosen)
        images.write(picture, target, settings=describe(resolved, chosen))
        return target
    if isinstance(image, bytes):
        picture = images.read(io.BytesIO(image), max_pixels=chosen.max_pixels)
        painted = paint(picture, resolved, chosen)
        return images.encode(painted, images.writable(picture.format), settings=describe(resolved, chosen))
    if isinstance(image, np.ndarray):
        return images.to_array(paint(images.from_array(image), resolved, chosen), image)
    if hasattr(image, "getbands"):
        return images.to_pil(paint(images.from_pil(image), resolved, chosen))
    raise InputError(
        f"A picture cannot be made from {type(image).__name__}; give a path, bytes, a PIL image or an array."
    )


def paint(picture: Picture, style: Style, options: Options = DEFAULTS) -> Picture:
    """Repaint a decoded picture; alpha and metadata stay."""
    picture = images.resized(picture, options.size)
    if options.strength == 0:
        return picture
    engine = load_engine(options.device, style.own)
    if style.network != engine.network or len(style.scale) != engine.channels:
        raise StyleError(
            f"The style {style.name} was made for network {style.network or 'unknown'}, this Impasto has "
            f"{engine.network}; learn it again or install the version that it came from."
        )
    content = images.fill_transparent(picture.rgb, picture.alpha) if picture.alpha is not None else picture.rgb
    # Strength goes two ways at once: parameters move from the photograph style to the full one, and pixels
    # from the photograph to the painting, faster: the network alone never gives the exact photograph.
    t = options.strength
    mixed = photograph_of(style).towards(style, t) if t < 1 else style
    result = color_modes.apply(_run(engine, content, mixed), content, options.colors)
    if t < 1:
        share = np.float32(t * (2 - t))
        result = content + share * (result - content)
    return replace(picture, rgb=result)


def _run(engine: Engine, rgb: Array, style: Style) -> Array:
    """H x W x 3 through the network, mirrored to sides that it takes and cropped back."""
    height, width = rgb.shape[:2]
    sides = [max(engine.minimum, -(-side // engine.multiple) * engine.multiple) for side in (height, width)]
    extra = [(side - own) for side, own in zip(sides, (height, width), strict=True)]
    before = [e // 2 for e in extra]
    padded = np.pad(rgb, [(b, e - b) for b, e in zip(before, extra, strict=True)] + [(0, 0)], mode="symmetric")
    batch = np.ascontiguousarray(padded.transpose(2, 0, 1)[None])
    try:
        painted, _ = engine.paint(batch, style.scale, style.shift)
    except Exception as error:  # engines say in classes of their own that memory is short
        if isinstance(error, MemoryError) or "alloc" in str(error) or "out of memory" in str(error):
            raise InputError(f"{width} x {height} pixels need more memory than there is; give a --size.") from error
        raise
    top, left = before
    result: Array = painted[0].transpose(1, 2, 0)[top : top + height, left : left + width]
    return result


def default_output(image: Path, style: Style, folder: Path | None = None) -> Path:
    """``photo.jpg`` in scream to ``photo-scream.jpg``; kinds that cannot be written become PNG."""
    suffix = image.suffix if image.suffix.lower() in images.WRITE_SUFFIXES else ".png"
    return (folder or image.parent) / f"{image.stem}-{Path(style.name).name}{suffix}"


def describe(style: Style, options: Options) -> str:
    """One line for the result's metadata."""
    from impasto import __version__

    parts = [f"impasto {__version__}", f"style={style.name}"]
    if "blend" in style.metadata:
        parts.append(f"blend={style.metadata['blend']}")
    parts += [
        f"{name}={value}"
        for name in ("strength", "size", "colors")
        if (value := getattr(options, name)) != getattr(DEFAULTS, name)
    ]
    return " ".join(parts)
