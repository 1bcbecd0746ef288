"""TODO: say what this module is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import memory
from impasto.engines.loading import load_engine
from impasto.errors import StyleError
from impasto.feedforward.composition import Composition, PassStatistics, StyleLayer
from impasto.feedforward.masks import split_by_mask
from impasto.feedforward.options import DEFAULTS, Options, describe
from impasto.feedforward.padding import PaddedPicture
from impasto.feedforward.passes import CoarsePainting, EnlargedPicture, pass_sizes
from impasto.feedforward.rendering import render, render_rows
from impasto.pictures import large
from impasto.pictures.conversion import Source, as_picture
from impasto.pictures.large import RowReader
from impasto.pictures.masks import Mask, fit_mask, read_mask
from impasto.pictures.picture import Picture, RowSource, to_samples, to_unit_range
from impasto.pictures.resampling import resize_picture, shrink_picture
from impasto.pictures.writing import QUALITY, ROW_FORMATS, check_longest_side, output_format, write_picture, write_rows
from impasto.styles.blending import Styles, as_style_list
from impasto.styles.catalogue import photograph_style, video_style
from impasto.styles.style import Style

_LARGE = 1 << 22  # pixels beyond which a picture is kept in its file's integers
_WHOLE = 10  # bytes that a pixel of 8-bit samples takes from reading to writing, the network aside


@dataclass(frozen=True)
class Painted:
    """A painted picture, and the statistics that its network ran with.

    Given back to :meth:`Painter.paint` with the next frame of a video, they keep that as it was.
    """

    picture: Picture
    statistics: PassStatistics = ()


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
        self._styles = split_by_mask(as_style_list(styles), options.masks)
        self.style = _named(*self._styles)
        read = partial(read_mask, max_pixels=options.max_pixels, may_be_black=moving)
        self._mask = None if options.mask is None else read(options.mask)
        self._masks = {name: read(mask) for name, mask in options.masks.items()}
        self._budget = memory.Budget(options.max_memory, lanes)

    def paint(
        self,
        picture: Picture,
        given: PassStatistics | None = None,
        measured_share: float = 0.0,
        grain: NDArray[np.float32] | None = None,
    ) -> Painted:
        """Repaint a picture; alpha and metadata stay.

        Args:
            picture: any size.
            given: the statistics of another picture, to normalise with instead of this one's own.
            measured_share: with ``given``, the share of this picture's own statistics in what is used, 0 to 1:
                a video takes little of each frame, so that it does not flicker, and starts anew at a cut.
            grain: the picture's own, H x W as of :mod:`impasto.networks.grain`, instead of the one that is fixed in place;
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
            rgb, used = render(scene, self._budget, given, measured_share)
            rgb = resize_picture(Picture(rgb), longer, picture.size).rgb
        else:
            scene = self._scene(picture, original)
            first = self._lay_coarse(scene, given, measured_share) if work < longer else ()
            if work == longer == max(original):
                scene.grain = grain
            rest = given[len(first) :] if given else None
            rgb, used = render(scene, self._budget, rest, measured_share)
            used = first + used
        alpha = picture.alpha if picture.alpha is None or rgb.dtype == picture.kind else to_unit_range(picture.alpha)
        return Painted(replace(picture, rgb=rgb, alpha=alpha), used)

    def _work(self, size: tuple[int, int]) -> int:
        """Longer side at which strokes are laid."""
        longer = max(size)
        return max(1, round(min(self.options.work_size or longer, longer) / self.options.style_scale))

    def _lay_coarse(self, scene: Composition, given: PassStatistics | None, share: float) -> PassStatistics:
        """Paint strokes on smaller pictures, for the scene to refine; returns the statistics that were used."""
        source = scene.canvas.source
        width, height = source.size
        *coarser, longer = pass_sizes(self._work(source.size), max(source.size))
        small = shrink_picture(source, coarser[0])
        used: PassStatistics = ()
        layers = []
        for layer in scene.layers:
            painting: Picture | None = None
            for side in coarser:
                plain = replace(layer, mask=None)
                if painting is None:
                    step = _canvas(small, [plain])
                else:
                    size = max(1, width * side // longer), max(1, height * side // longer)
                    step = _canvas(EnlargedPicture(painting, size), [plain])
                    plain = replace(plain, finer=CoarsePainting(painting.rgb, step))
                own = given[len(used) : len(used) + 1] if given else None
                rgb, measured = render(Composition(step, [plain]), self._budget, own, share)
                painting, used = Picture(rgb), used + measured
            assert painting is not None
            layers.append(replace(layer, finer=CoarsePainting(painting.rgb, scene.canvas)))
        scene.layers = layers
        return used

    def applies(self, size: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Where the strength and each masked style apply, H x W x M, for a picture of that width and height.

        ``None``: everything applies everywhere.
        """
        if self.options.strength == 0:
            return np.zeros((size[1], size[0], 1), np.uint8)
        given = [*([] if self._mask is None else [self._mask]), *self._masks.values()]
        return np.dstack([fit_mask(mask, size, size) for mask in given]) if given else None

    def read(self, source: Source, format: str | None = None) -> Picture:
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
            check_longest_side(self.options.size or max(picture.size), format)
        return picture

    def _read(self, source: Source) -> Picture:
        size = self.options.size
        reader = self.reader(source) if isinstance(source, (str, Path)) and size else None
        if reader is not None and size < max(reader.size):  # made smaller before it is whole
            small = shrink_picture(reader, size)
            return Picture(small.rgb, small.alpha, reader.bits, reader.format, reader.metadata, reader.size)
        return as_picture(source, max_pixels=self.options.max_pixels, compact=_LARGE)

    def reader(self, path: str | Path) -> RowReader | None:
        """A file that is too large to be painted in memory, to be read in strips; ``None`` if it is not, or cannot."""
        reader = large.open_rows(Path(path))
        if reader is None or self._budget.holds(reader.size[0] * reader.size[1] * _WHOLE * reader.kind.itemsize):
            return None
        return reader if reader.size[0] * reader.size[1] <= self.options.max_pixels else None

    def bands(self, source: RowSource) -> Iterator[Picture]:
        """Repaint a picture from top to bottom, some rows at a time: for one that is too large for memory.

        Strokes can be laid larger than the network's, but not smaller, and the size stays.
        """
        scene = self._scene(source, source.size)
        if self._work(source.size) < max(source.size):
            self._lay_coarse(scene, None, 0.0)
        top = 0
        for rgb in render_rows(scene, self._budget):
            alpha = source.rows(top, top + len(rgb)).alpha if source.transparent else None
            yield Picture(rgb, alpha)
            top += len(rgb)

    def paint_file(
        self,
        source: Path,
        target: Path,
        *,
        format: str | None = None,
        quality: int = QUALITY,
        strip: bool = False,
    ) -> None:
        """Repaint a file; one that is too large for memory in strips, if both formats allow that (PNG and TIFF).

        Args:
            source, target: the files.
            format, quality, strip: as for :func:`impasto.pictures.writing.write_picture`.
        """
        kind = output_format(target, format)
        streamed = kind in ROW_FORMATS
        reader = self.reader(source) if streamed and self.options.size == 0 and self.options.strength > 0 else None
        if reader is not None and self._work(reader.size) <= max(reader.size):
            about: dict[str, Any] = {"metadata": reader.metadata, "strip": strip, "settings": self.describe()}
            write_rows(self.bands(reader), reader, target, format=format, **about)
            return
        painted = self.paint(self.read(source, kind)).picture
        write_picture(painted, target, format=format, quality=quality, strip=strip, settings=self.describe())

    def describe(self) -> str:
        """One line for the result's metadata."""
        return describe(self.style, self.options)

    @cached_property
    def _layers(self) -> list[StyleLayer]:
        """One for every style that has a mask, and one for the blend of the others."""
        masked, rest = self._styles
        layers = [self._layer(style, self._masks[name]) for name, style in masked.items()]
        return layers + ([] if rest is None else [self._layer(rest, None)])

    def _layer(self, style: Style, mask: Mask | None) -> StyleLayer:
        if self._moving:
            style = video_style(style)
        engine = load_engine(self.options.device, style.own, self._lanes)
        if style.network != engine.network or len(style.scale) != engine.channels:
            raise StyleError(
                f"The style {style.name} was made for network {style.network or 'unknown'}, this Impasto has "
                f"{engine.network}; learn it again or install the version that it came from."
            )
        # Strength goes two ways at once: parameters move from the photograph style to the full one, and pixels
        # from the photograph to the painting, faster: the network alone never gives the exact photograph.
        if self.options.strength < 1:
            style = photograph_style(style).towards(style, self.options.strength)
        return StyleLayer(style, engine, mask, style.painted * self.options.grain)

    def _scene(self, source: RowSource, original: tuple[int, int], *others: tuple[int, int]) -> Composition:
        """What is to be painted; masks may have its size, that of the original, or the others."""

        def fitted(mask: Mask | None) -> Mask | None:
            return None if mask is None else fit_mask(mask, source.size, original, *others)

        layers = [replace(layer, mask=fitted(layer.mask)) for layer in self._layers]
        t = self.options.strength
        return Composition(_canvas(source, layers), layers, t * (2 - t), fitted(self._mask), self.options.colors)


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
        alpha = None if picture.alpha is None else to_samples(picture.alpha, kind)
        picture = replace(picture, rgb=to_samples(picture.rgb, kind), alpha=alpha)
    return resize_picture(picture, longer_side)


def _canvas(source: RowSource, layers: Sequence[StyleLayer]) -> PaddedPicture:
    engines = [layer.engine for layer in layers]
    return PaddedPicture(source, max(engine.multiple for engine in engines), max(engine.minimum for engine in engines))
