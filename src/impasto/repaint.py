"""The fast path: a picture and a style in, the painted picture out, in one pass through the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from impasto import _strips, images, masks, memory, refine, render
from impasto._names import Range, check, settings
from impasto._strips import Reader
from impasto.canvas import Canvas, Rows
from impasto.colors import COLORS, Colors
from impasto.engines import DEVICES, Device, load_engine
from impasto.errors import InputError, StyleError
from impasto.images import Picture
from impasto.masks import Mask, MaskLike
from impasto.scene import Layer, Memory, Scene
from impasto.styles import Style, StyleLike, listed, photograph_of, steadied

if TYPE_CHECKING:
    from PIL.Image import Image

Styles = StyleLike | Iterable[StyleLike | tuple[StyleLike, float]]


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
    colors: Colors = "style"
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
        check(self, _RANGES, {"colors": COLORS, "device": DEVICES})

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

_LARGE = 1 << 22  # pixels beyond which a picture is kept in its file's integers
_WHOLE = 10  # bytes that a pixel of 8-bit samples takes from reading to writing, the network aside


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
    painter = Painter(style, settings(Options, options, stylize))
    return _stylize(image, painter, output)


def _stylize(image: Any, painter: Painter, output: str | Path | None) -> Any:
    if isinstance(image, Sequence) and not isinstance(image, (str, bytes)):
        if output is not None:
            raise InputError("One output cannot take several pictures; leave it out or paint them one by one.")
        paths = [Path(item) for item in image if isinstance(item, (str, Path))]
        images.check_apart((path, images.beside(path, painter.style.name)) for path in paths)
        return [_stylize(item, painter, None) for item in image]
    if isinstance(image, (str, Path)):
        target = Path(output) if output is not None else images.beside(Path(image), painter.style.name)
        images.output_format(target)  # refuse a wrong suffix before the work, not after it
        painter.paint_file(Path(image), target)
        return target
    if output is not None:
        raise InputError("Only a picture that is given as a path can have an output; keep what comes back instead.")
    return images.like(painter.paint(painter.read(image)).picture, image, painter.describe())


def paint(picture: Picture, style: Styles, options: Options = DEFAULTS) -> Picture:
    """Repaint a decoded picture; alpha and metadata stay."""
    return Painter(style, options).paint(picture).picture


@dataclass(frozen=True)
class Painted:
    """A painted picture, and the statistics that its network ran with.

    Given back to :meth:`Painter.paint` with the next frame of a video, they keep that as it was.
    """

    picture: Picture
    statistics: Memory = ()


class Painter:
    """Styles and options, ready to paint any number of pictures.

    Args:
        styles: as :func:`stylize` takes them.
        options: how to paint.
        lanes: how many threads are to call :meth:`paint` at a time; each gets its share of CPU and memory.
        moving: whether the pictures are frames of a video: styles are steadied, and masks may be black all over, as
            those of some frames are.

    Attributes:
        style: the blend of all styles, which names results.

    Raises:
        StyleError: no such style, or one of another network.
        InputError: a mask cannot be read, or belongs to none of the styles.
    """

    def __init__(self, styles: Styles, options: Options = DEFAULTS, lanes: int = 1, *, moving: bool = False) -> None:
        self.options, self._lanes, self._moving = options, lanes, moving
        self._styles = masks.split(listed(styles), options.masks)
        self.style = _named(*self._styles)
        read = partial(masks.read, max_pixels=options.max_pixels, may_be_black=moving)
        self._mask = None if options.mask is None else read(options.mask)
        self._masks = {name: read(mask) for name, mask in options.masks.items()}
        self._budget = memory.Budget(options.max_memory, lanes)

    def paint(
        self,
        picture: Picture,
        given: Memory | None = None,
        measured_share: float = 0.0,
        grain: NDArray[np.float32] | None = None,
    ) -> Painted:
        """Repaint a picture; alpha and metadata stay.

        Args:
            picture: any size.
            given: the statistics of another picture, to normalise with instead of this one's own.
            measured_share: with ``given``, the share of this picture's own statistics in what is used, 0 to 1:
                a video takes little of each frame, so that it does not flicker, and starts anew at a cut.
            grain: the picture's own, H x W as of :mod:`impasto.grain`, instead of the one that is fixed in place;
                it counts where strokes are laid at the picture's own size.

        Returns:
            The painting, and the statistics that were used.

        Raises:
            InputError: a mask is of another size, or there is too little memory even for small tiles.
        """
        original = picture.original or picture.size
        picture = _resized(picture, self.options.size)
        if self.options.strength == 0:
            return Painted(picture, given or ())
        longer, work = max(picture.size), self._work(picture.size)
        if work > longer:  # strokes smaller than the network's: painted larger, then made smaller
            scene = self._scene(_resized(picture, work), original, picture.size)
            rgb, used = render.painted(scene, self._budget, given, measured_share)
            rgb = images.resized(Picture(rgb), longer, picture.size).rgb
        else:
            scene = self._scene(picture, original)
            first = self._lay_coarse(scene, given, measured_share) if work < longer else ()
            if work == longer == max(original):
                scene.grain = grain
            rest = given[len(first) :] if given else None
            rgb, used = render.painted(scene, self._budget, rest, measured_share)
            used = first + used
        alpha = picture.alpha if picture.alpha is None or rgb.dtype == picture.kind else images.unit(picture.alpha)
        return Painted(replace(picture, rgb=rgb, alpha=alpha), used)

    def _work(self, size: tuple[int, int]) -> int:
        """Longer side at which strokes are laid."""
        longer = max(size)
        return max(1, round(min(self.options.work_size or longer, longer) / self.options.style_scale))

    def _lay_coarse(self, scene: Scene, given: Memory | None, share: float) -> Memory:
        """Paint strokes on smaller pictures, for the scene to refine; returns the statistics that were used."""
        source = scene.canvas.source
        width, height = source.size
        *coarser, longer = refine.steps(self._work(source.size), max(source.size))
        small = images.shrunk(source, coarser[0])
        used: Memory = ()
        layers = []
        for layer in scene.layers:
            painting: Picture | None = None
            for side in coarser:
                plain = replace(layer, mask=None)
                if painting is None:
                    step = _canvas(small, [plain])
                else:
                    size = max(1, width * side // longer), max(1, height * side // longer)
                    step = _canvas(refine.Enlarged(painting, size), [plain])
                    plain = replace(plain, finer=refine.Finer(painting.rgb, step))
                own = given[len(used) : len(used) + 1] if given else None
                rgb, measured = render.painted(Scene(step, [plain]), self._budget, own, share)
                painting, used = Picture(rgb), used + measured
            assert painting is not None
            layers.append(replace(layer, finer=refine.Finer(painting.rgb, scene.canvas)))
        scene.layers = layers
        return used

    def applies(self, size: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Where the strength and each masked style apply, H x W x M, for a picture of that width and height.

        ``None``: everything applies everywhere.
        """
        if self.options.strength == 0:
            return np.zeros((size[1], size[0], 1), np.uint8)
        given = [*([] if self._mask is None else [self._mask]), *self._masks.values()]
        return np.dstack([masks.fitted(mask, size, size) for mask in given]) if given else None

    def read(self, source: images.Source, format: str | None = None) -> Picture:
        """Read a picture to paint: a large one compact.

        Args:
            source: whatever holds it.
            format: of the result, if that is to be a file; so what it cannot hold is refused before the work.

        Raises:
            InputError: it cannot be read.
            OutputError: the result will have more pixels along a side than the format allows.
        """
        picture = self._read(source)
        if format is not None:
            images.check_longest(self.options.size or max(picture.size), format)
        return picture

    def _read(self, source: images.Source) -> Picture:
        size = self.options.size
        reader = self.reader(source) if isinstance(source, (str, Path)) and size else None
        if reader is not None and size < max(reader.size):  # made smaller before it is whole
            small = images.shrunk(reader, size)
            return Picture(small.rgb, small.alpha, reader.bits, reader.format, reader.metadata, reader.size)
        return images.of(source, max_pixels=self.options.max_pixels, compact=_LARGE)

    def reader(self, path: str | Path) -> Reader | None:
        """A file that is too large to be painted in memory, to be read in strips; ``None`` if it is not, or cannot."""
        reader = _strips.reader(Path(path))
        if reader is None or self._budget.holds(reader.size[0] * reader.size[1] * _WHOLE * reader.kind.itemsize):
            return None
        return reader if reader.size[0] * reader.size[1] <= self.options.max_pixels else None

    def bands(self, source: Rows) -> Iterator[Picture]:
        """Repaint a picture from top to bottom, some rows at a time: for one that is too large for memory.

        Strokes can be laid larger than the network's, but not smaller, and the size stays.
        """
        scene = self._scene(source, source.size)
        if self._work(source.size) < max(source.size):
            self._lay_coarse(scene, None, 0.0)
        top = 0
        for rgb in render.bands(scene, self._budget):
            alpha = source.rows(top, top + len(rgb)).alpha if source.transparent else None
            yield Picture(rgb, alpha)
            top += len(rgb)

    def paint_file(
        self,
        source: Path,
        target: Path,
        *,
        format: str | None = None,
        quality: int = images.QUALITY,
        strip: bool = False,
    ) -> None:
        """Repaint a file; one that is too large for memory in strips, if both formats allow that (PNG and TIFF).

        Args:
            source, target: the files.
            format, quality, strip: as for :func:`impasto.images.write`.
        """
        kind = images.output_format(target, format)
        streamed = kind in images.STREAMED
        reader = self.reader(source) if streamed and self.options.size == 0 and self.options.strength > 0 else None
        if reader is not None and self._work(reader.size) <= max(reader.size):
            about: dict[str, Any] = {"metadata": reader.metadata, "strip": strip, "settings": self.describe()}
            images.write_rows(self.bands(reader), reader, target, format=format, **about)
            return
        painted = self.paint(self.read(source, kind)).picture
        images.write(painted, target, format=format, quality=quality, strip=strip, settings=self.describe())

    def describe(self) -> str:
        """One line for the result's metadata."""
        return describe(self.style, self.options)

    @cached_property
    def _layers(self) -> list[Layer]:
        """One for every style that has a mask, and one for the blend of the others."""
        masked, rest = self._styles
        layers = [self._layer(style, self._masks[name]) for name, style in masked.items()]
        return layers + ([] if rest is None else [self._layer(rest, None)])

    def _layer(self, style: Style, mask: Mask | None) -> Layer:
        if self._moving:
            style = steadied(style)
        engine = load_engine(self.options.device, style.own, self._lanes)
        if style.network != engine.network or len(style.scale) != engine.channels:
            raise StyleError(
                f"The style {style.name} was made for network {style.network or 'unknown'}, this Impasto has "
                f"{engine.network}; learn it again or install the version that it came from."
            )
        # Strength goes two ways at once: parameters move from the photograph style to the full one, and pixels
        # from the photograph to the painting, faster: the network alone never gives the exact photograph.
        if self.options.strength < 1:
            style = photograph_of(style).towards(style, self.options.strength)
        return Layer(style, engine, mask, style.painted * self.options.grain)

    def _scene(self, source: Rows, original: tuple[int, int], *others: tuple[int, int]) -> Scene:
        """What is to be painted; masks may have its size, that of the original, or the others."""

        def fitted(mask: Mask | None) -> Mask | None:
            return None if mask is None else masks.fitted(mask, source.size, original, *others)

        layers = [replace(layer, mask=fitted(layer.mask)) for layer in self._layers]
        t = self.options.strength
        return Scene(_canvas(source, layers), layers, t * (2 - t), fitted(self._mask), self.options.colors)


def _named(masked: Mapping[str, Style], rest: Style | None) -> Style:
    """What results are named after: the style itself, or the names of several; weights are of those without mask."""
    styles = [*masked.values(), *([] if rest is None else [rest])]
    if len(styles) == 1:
        return styles[0]
    weights = {} if rest is None or "blend" not in rest.metadata else {"blend": rest.metadata["blend"]}
    return replace(styles[0], name="+".join(style.name for style in styles), metadata=weights)


def _resized(picture: Picture, longer_side: int) -> Picture:
    """Resized, and compact if a file's picture becomes a large one."""
    width, height = picture.size
    growth = longer_side / max(picture.size) if longer_side else 1
    if picture.format and picture.kind.kind == "f" and width * height * growth**2 > _LARGE:
        kind = np.dtype(np.uint16 if picture.bits == 16 else np.uint8)
        alpha = None if picture.alpha is None else images.samples(picture.alpha, kind)
        picture = replace(picture, rgb=images.samples(picture.rgb, kind), alpha=alpha)
    return images.resized(picture, longer_side)


def _canvas(source: Rows, layers: Sequence[Layer]) -> Canvas:
    engines = [layer.engine for layer in layers]
    return Canvas(source, max(engine.multiple for engine in engines), max(engine.minimum for engine in engines))


def describe(style: Style, options: Options) -> str:
    """One line for the result's metadata."""
    from impasto import __version__

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
