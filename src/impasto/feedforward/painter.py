"""A :class:`Painter`: styles and options, made ready once, to paint any number of pictures with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from impasto import memory
from impasto.arguments import check_arguments
from impasto.errors import InputError, OutOfMemoryError
from impasto.extras import needing_extra
from impasto.feedforward.compact import COMPACT_PIXELS, compact_painting, resized
from impasto.feedforward.composition import Array, Composition, Normalisation, PassStatistics
from impasto.feedforward.layered_styles import LayeredStyles
from impasto.feedforward.options import DEFAULTS, OptionKeywords, Options, describe
from impasto.feedforward.painted import Painted
from impasto.feedforward.passes import PaintingProgress, Pass, pass_reporter, plan_passes, refining_pixels
from impasto.feedforward.spheres import make_sphere, paint_sphere
from impasto.feedforward.tiles import paint_bands
from impasto.options import options_from_keywords, say_value
from impasto.pictures import large
from impasto.pictures.conversion import Held, Source, as_picture, content_of, in_kind_of
from impasto.pictures.large import RowReader
from impasto.pictures.picture import Picture, RowSource, to_unit_range
from impasto.pictures.projections import is_all_around
from impasto.pictures.reading import size_of_file
from impasto.pictures.resampling import resize_picture, shrink_picture
from impasto.pictures.sphere import View
from impasto.pictures.writing import QUALITY, ROW_FORMATS, check_longest_side, output_format, write_picture, write_rows
from impasto.styles.blending import Styles

if TYPE_CHECKING:
    from impasto.optimisation.refining import Refiner

_DECODED_BYTES = 7  # bytes that a pixel of a file takes as it is decoded or encoded whole
_BYTES_A_PIXEL = 10  # bytes that a pixel of 8-bit samples takes from reading to writing, the network aside


class Painter:
    """Styles and options, ready to paint any number of pictures, from one thread or several; nothing is to be closed.

    Args:
        styles: as :func:`impasto.stylize` takes them, but no pictures to learn from.
        options: how to paint; or its fields as keywords, which go before those in ``options``.
        parallel: how many threads are to call :meth:`paint` at a time; each gets its share of CPU and memory.
        many: whether many pictures are to be painted, so that an engine may take longer to get ready.
        for_video: whether the pictures are frames of a video: they are painted by the steady network, and masks may
            be black all over, as those of some frames are.

    Attributes:
        styles: the styles with their masks.
        style: the blend of all styles, which names results.
        whole: longer side of the picture that it paints views of, in pixels; 0: it paints no views.

    Raises:
        StyleError: no such style, or one of another network.
        InputError: a mask cannot be read, or belongs to none of the styles; or frames of a video are to be refined.
        MissingExtraError: paintings are to be refined, and torch is not installed.
    """

    def __init__(
        self,
        styles: Styles,
        options: Options = DEFAULTS,
        parallel: int = 1,
        *,
        many: bool = False,
        for_video: bool = False,
        **keywords: Unpack[OptionKeywords],
    ) -> None:
        if not isinstance(options, Options):
            raise InputError(f"The argument options takes an impasto.Options, not {say_value(options)}.")
        check_arguments(needed=["parallel"], whole={"parallel": parallel}, flags={"many": many, "for_video": for_video})
        if keywords:
            options = options_from_keywords(Options, vars(options) | keywords, Painter)
        self.options = options
        self.styles = LayeredStyles(styles, options, parallel, many=many or for_video, for_video=for_video)
        self.style = self.styles.style
        self._budget = memory.Budget(options.max_memory, parallel)
        self._refiner = self._make_refiner(for_video=for_video) if options.refine else None
        self.whole = 0

    def _make_refiner(self, *, for_video: bool) -> Refiner:
        """What refines the paintings of the first pass.

        Raises:
            InputError: frames of a video are to be refined.
            StyleError: nothing is known of a style to refine towards.
            MissingExtraError: torch is not installed.
        """
        if for_video:
            raise InputError(
                "Frames of a video are not refined, since strokes would change from one to the next: leave refine out, "
                "or optimise the video as a whole with impasto video --method paint."
            )
        with needing_extra("train", "Refining a painting"):
            from impasto.optimisation.refining import Refiner
        return Refiner(self.styles.every, self.options)

    def paint(
        self,
        picture: Source,
        given: PassStatistics | None = None,
        measured_share: float = 0.0,
        grain: Array | None = None,
        progress: PaintingProgress | None = None,
        like: Painted | None = None,
    ) -> Painted:
        """Repaint a picture; alpha and metadata stay.

        Args:
            picture: a picture of any size, or whatever holds one (see :meth:`read`).
            given: the statistics of another picture, to normalise with instead of this one's own.
            measured_share: with ``given``, the share of this picture's own statistics in what is used, 0 to 1:
                a video takes little of each frame, so that it does not flicker, and starts anew at a cut.
            grain: the picture's own, H x W as of :mod:`impasto.networks.grain`, instead of the grain that is fixed in
                place; it does not count where strokes are laid on an enlarged picture.
            progress: called at the beginning, and after each tile that is painted.
            like: another view of the same sphere, to take statistics and colours from, whatever ``given`` is.

        Returns:
            The painting, and the statistics that were used.

        Raises:
            InputError: a mask is of another size.
            OutOfMemoryError: there is too little memory even for small tiles.
        """
        normalisation = Normalisation(given or {}, measured_share) if like is None else like.normalisation()
        painting = self._paint(picture, normalisation, grain, progress)
        return Painted(painting, normalisation.used or normalisation.given, normalisation.transport)

    def paint_only(self, picture: Source, progress: PaintingProgress | None = None) -> Picture:
        """Repaint a picture as :meth:`paint` does, without its statistics, which takes less time; returns the painting.

        Args:
            picture, progress: as for :meth:`paint`.

        Raises:
            InputError, OutOfMemoryError: as :meth:`paint`.
        """
        return self._paint(picture, Normalisation(wanted=False), None, progress)

    def _paint(
        self, picture: Source, normalisation: Normalisation, grain: Array | None, progress: PaintingProgress | None
    ) -> Picture:
        """Repaint a picture; see :meth:`paint`."""
        if not isinstance(picture, Picture):
            picture = self.read(picture)
        original = picture.original or picture.size
        picture = resized(picture, self.options.size)
        if self.options.strength == 0:
            return picture
        if not self.whole and is_all_around(self.options.projection, picture.metadata.xmp, picture.size):
            if self._refiner is not None:
                raise InputError(
                    "A picture of the world all around is painted as views, which would no longer fit together once "
                    "they are refined: leave --refine out, or paint it with --projection flat."
                )
            sphere = make_sphere(picture.size, self.options)
            painters = [self.seen_in(view, picture.size, original) for view in sphere.views]
            return paint_sphere(picture, sphere, painters, progress)
        passes, longer = plan_passes(picture.size, self.options, self.whole), max(picture.size)
        source = resized(picture, passes[-1].side) if passes[-1].side > longer else picture
        composition = self._composition(normalisation, source, original, picture.size)
        if passes[0].side <= longer == max(original):
            composition.grain = grain
        (rgb,) = self._run(passes, composition, progress=progress)
        if source is not picture:  # it was painted larger, for strokes smaller than the network's: shrink it
            rgb = resize_picture(Picture(rgb), longer, picture.size).rgb
        return picture.repainted(rgb)

    def seen_in(self, view: View, size: tuple[int, int], *others: tuple[int, int]) -> Painter:
        """A painter for a view of a picture all around; see :meth:`LayeredStyles.seen_in`."""
        painter = copy(self)
        painter.styles = self.styles.seen_in(view, size, *others)
        painter.options, painter.whole = replace(self.options, size=0), max(size)  # the picture is resized as a whole
        return painter

    def stylize(self, image: Held) -> Any:
        """Repaint a picture in memory: the same kind in, the same kind out, as :func:`impasto.stylize` does it.

        Args:
            image: an encoded file's bytes, an open file, a PIL image, an array or a tensor.

        Raises:
            InputError: it holds no picture, or a mask is of another size.
            OutOfMemoryError: there is too little memory even for small tiles.
        """
        if isinstance(image, str | Path):
            raise InputError(f"{image} is a path, and this paints pictures in memory; give it to impasto.stylize.")
        source = content_of(image) if hasattr(image, "read") else image  # a file can be read once only
        return in_kind_of(self.paint_only(self.read(source)), source, self.describe())

    def paint_rows(self, source: RowSource, progress: PaintingProgress | None = None) -> Iterator[Picture]:
        """Repaint a picture from top to bottom, some rows at a time: for one that is too large for memory.

        Strokes can be laid larger than the network's, but not smaller, and the size stays.

        Args:
            source: the picture.
            progress: as for :meth:`paint`.

        Yields:
            Bands of the painting, as wide as the picture.

        Raises:
            InputError: a mask is of another size.
            OutOfMemoryError: there is too little memory even for small tiles.
        """
        top = 0
        passes = plan_passes(source.size, self.options)
        if self._refiner is not None and passes[0].side >= max(source.size):
            width, height = source.size
            raise InputError(
                f"{width} x {height} pixels are too large to be refined at full size: leave --work-size out, so that "
                "strokes are laid and refined at a smaller size, or --refine."
            )
        composition = self._composition(Normalisation(wanted=False), source, source.size)
        for rgb in self._run(passes, composition, streamed=True, progress=progress):
            alpha = source.rows(top, top + len(rgb)).alpha if source.transparent else None
            yield Picture(rgb, alpha)
            top += len(rgb)

    def _run(
        self,
        passes: list[Pass],
        composition: Composition,
        *,
        streamed: bool = False,
        progress: PaintingProgress | None = None,
    ) -> Iterator[NDArray[np.generic]]:
        """Run passes one after the other.

        Args:
            passes: in order.
            composition: what the last one puts together; its normalisation has all statistics afterwards.
            streamed: see :func:`impasto.feedforward.tiles.paint_bands`; it counts for the last pass.
            progress: as for :meth:`paint`.

        Yields:
            The painting of the last pass, H x W x 3: all of it, or with ``streamed`` some rows at a time.
        """
        report = pass_reporter(passes, composition, progress, self.options.refine)
        paintings: list[Picture] = []
        for one_pass in passes:
            coarse, paintings = paintings, []
            for part in one_pass.compositions(composition, coarse):
                bands = paint_bands(
                    part, self._budget, streamed=streamed and one_pass.is_last, report=partial(report, len(part.layers))
                )
                if one_pass.is_last:
                    yield from bands
                else:
                    (painting,) = bands
                    if self._refiner is not None and not coarse:
                        work = refining_pixels(one_pass, composition, self.options.refine)
                        painting = self._refined(self._refiner, part, painting, partial(report, 1), work)
                    paintings.append(Picture(compact_painting(painting, composition.padded.dtype)))

    def _refined(
        self, refiner: Refiner, part: Composition, painting: Array, report: Callable[[int], None], work: int
    ) -> Array:
        """The painting of a layer, refined.

        Args:
            refiner: refines it.
            part: the layer by itself.
            painting: H x W x 3.
            report: called with pixels, of which refining counts as ``work`` in all.
            work: see ``report``.
        """
        done = 0

        def follow(share: float) -> None:
            nonlocal done
            now = round(share * work)
            report(now - done)
            done = now

        (layer,) = part.layers
        layer.engine.release()  # the memory of its largest picture, of which optimising takes more
        return refiner.refine(layer.style, part.padded.content(part.padded.inner), to_unit_range(painting), follow)

    def read(self, source: Source, format: str | None = None) -> Picture:
        """Read a picture to paint; a large one keeps the integers of its file.

        Args:
            source: whatever holds it.
            format: of the result, if that is to be a file; a picture that it cannot hold is refused before the work.

        Raises:
            InputError: it cannot be read.
            OutputError: the result will have more pixels along a side than the format allows.
        """
        picture = self._read(source)
        if format is not None:
            check_longest_side(self.options.size or max(picture.size), format)
        return picture

    def _read(self, source: Source) -> Picture:
        """Read a picture; a large file that is to be painted smaller is shrunk while it is read."""
        size = self.options.size
        reader = self.reader(source) if isinstance(source, (str, Path)) and size else None
        if reader is not None and size < max(reader.size):
            small = shrink_picture(reader, size)
            return Picture(small.rgb, small.alpha, reader.bits, reader.format, reader.metadata, reader.size)
        if isinstance(source, (str, Path)) and self.options.max_memory:
            width, height = size_of_file(Path(source)) or (0, 0)
            needed = width * height * _DECODED_BYTES
            if needed > self.options.max_memory and width * height <= self.options.max_pixels:
                taken = memory.format_size(needed)
                raise OutOfMemoryError(
                    f"{source} has {width} x {height} pixels, which take {taken} of memory, more than the limit: "
                    "raise --max-memory, or have a JPEG, PNG or TIFF painted to PNG or TIFF, by rows."
                )
        return as_picture(source, max_pixels=self.options.max_pixels, compact=COMPACT_PIXELS)

    def reader(self, path: str | Path) -> RowReader | None:
        """A reader of rows for a file that is too large for memory; ``None`` if it is not, or cannot be read so."""
        reader = large.open_rows(Path(path))
        if reader is None or self._budget.holds(
            reader.size[0] * reader.size[1] * _BYTES_A_PIXEL * reader.dtype.itemsize
        ):
            return None
        return reader if reader.size[0] * reader.size[1] <= self.options.max_pixels else None

    def paint_file(
        self,
        source: Path,
        target: Path,
        *,
        format: str | None = None,
        quality: int = QUALITY,
        strip: bool = False,
        progress: PaintingProgress | None = None,
    ) -> None:
        """Repaint a file; one that is too large for memory in strips, if both formats allow that (PNG and TIFF).

        Args:
            source, target: the files.
            format, quality, strip: as for :func:`impasto.pictures.writing.write_picture`.
            progress: as for :meth:`paint`.

        Raises:
            InputError: the file cannot be read, or a mask is of another size.
            OutputError: the result cannot be written.
            OutOfMemoryError: there is too little memory even for small tiles.
        """
        kind = output_format(target, format)
        streamed = kind in ROW_FORMATS
        reader = self.reader(source) if streamed and self.options.size == 0 and self.options.strength > 0 else None
        if reader is not None and is_all_around(self.options.projection, reader.metadata.xmp, reader.size):
            reader = None
        if reader is not None and plan_passes(reader.size, self.options)[-1].side <= max(reader.size):
            about: dict[str, Any] = {"metadata": reader.metadata, "strip": strip, "note": self.describe()}
            write_rows(self.paint_rows(reader, progress), reader, target, format=format, **about)
            return
        painted = self.paint_only(self.read(source, kind), progress)
        write_picture(painted, target, format=format, quality=quality, strip=strip, note=self.describe())

    def describe(self) -> str:
        """One line for the result's metadata, which changes whenever the result of a picture would."""
        return f"{describe(self.style, self.options)} id={self.styles.id}"

    def _composition(self, normalisation: Normalisation, source: RowSource, *sizes: tuple[int, int]) -> Composition:
        """What the last pass puts together; the budget knows then what its networks take.

        Args:
            normalisation, source: as for :meth:`impasto.feedforward.layered_styles.LayeredStyles.composition`.
            sizes: widths and heights that masks may have: the picture's as it was read, and others.
        """
        composition = self.styles.composition(normalisation, source, *sizes)
        for layer in composition.layers:
            self._budget.note_need(layer.engine.bytes_per_pixel)
        return composition
