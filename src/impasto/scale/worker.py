"""The unit of all scaling out: a :class:`Worker`, encoded pictures in, encoded paintings and facts out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Unpack

from impasto.errors import InputError
from impasto.feedforward.options import DEFAULTS, OptionKeywords, Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.tasks import OutputOptions, target_in
from impasto.learning.cache import with_learnt_pictures
from impasto.options import options_from_keywords, say_value
from impasto.pictures import messages
from impasto.pictures.results import is_made_alike, note_of_result
from impasto.pictures.writing import (
    check_longest_side,
    encode_picture,
    note_with_encoding,
    output_format,
    suffix_of,
    writable_format,
)
from impasto.scale.maker import Maker
from impasto.styles.blending import Styles, load_weighted


class Worker(Maker):
    """Styles and options that can be sent to other processes and machines, and paint there.

    A worker is small to pickle: the styles' numbers and the options. Its network is loaded at the first picture, once
    in each process, whatever the number of workers. It can be used from a pool of processes, as an actor of Ray, in
    ``mapInPandas`` of Spark, or behind a queue.

    Args:
        styles: as :func:`impasto.stylize` takes them; pictures among them are learnt now.
        options: how to paint; or its fields as keywords, which go before those in ``options``.
        writing: how results are encoded. Masks given as files are read where the worker runs.

    Raises:
        StyleError: no such style.
        InputError: an option is out of range.
    """

    def __init__(
        self,
        styles: Styles,
        options: Options = DEFAULTS,
        writing: OutputOptions | None = None,
        **keywords: Unpack[OptionKeywords],
    ) -> None:
        if not isinstance(options, Options):
            raise InputError(f"The argument options takes an impasto.Options, not {say_value(options)}.")
        if writing is not None and not isinstance(writing, OutputOptions):
            raise InputError(f"The argument writing takes an OutputOptions, not {say_value(writing)}.")
        if keywords:
            options = options_from_keywords(Options, vars(options) | keywords, Worker)
        self.styles = load_weighted(with_learnt_pictures(styles, options.style_effort))
        self.options, self.writing = options, writing or OutputOptions()
        self._painter: Painter | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the painter, which belongs to its process."""
        return self.__dict__ | {"_painter": None}

    @property
    def painter(self) -> Painter:
        """The painter of this process, made when it is first needed."""
        if self._painter is None:
            self._painter = Painter(list(self.styles), self.options, many=True)
        return self._painter

    def describe(self, format: str = "") -> str:
        """One line on how results are made, which changes whenever the result of a picture would.

        Args:
            format: of the result, on which it depends whether the quality counts.
        """
        return note_with_encoding(
            self.painter.describe(), format, quality=self.writing.quality, strip=self.writing.strip
        )

    @property
    def settings(self) -> str:  # type: ignore[override]
        """See :class:`Maker`."""
        return f"{self.describe()} {sorted(vars(self.writing).items())}"

    @property
    def on_gpu(self) -> bool:  # type: ignore[override]
        """See :class:`Maker`."""
        return self.options.device == "cuda"

    def with_memory(self, memory: int) -> Worker:
        """See :class:`Maker`."""
        if self.options.max_memory:
            return self
        return Worker(list(self.styles), replace(self.options, max_memory=memory), self.writing)

    def result_name(self, name: str) -> str:
        """See :class:`Maker`: the picture's name, with another suffix where the format is another."""
        suffix = None if self.writing.format is None else suffix_of(self.writing.format)
        return target_in(Path(), Path(name), suffix).as_posix()

    def make(self, name: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
        """See :class:`Maker`."""
        with messages.about(name):
            return self(data, self._format(name))

    def is_alike(self, result: bytes, name: str, read: Callable[[], bytes]) -> bool:
        """See :class:`Maker`."""
        return is_made_alike(result, self.describe(self._format(name)))

    def is_result(self, data: bytes) -> bool:
        """See :class:`Maker`."""
        return bool(note_of_result(data))

    def _format(self, name: str) -> str:
        """The format of the result of a picture of that name."""
        return output_format(self.result_name(name), self.writing.format)

    def __call__(self, data: bytes, format: str | None = None) -> tuple[bytes, dict[str, Any]]:
        """Repaint one encoded picture.

        Args:
            data: the bytes of a picture file.
            format: of the result; ``None``: the worker's own, or else the picture's, or PNG where that is not written.

        Returns:
            The bytes of the painted file; and facts: ``format``, ``width``, ``height``, ``settings`` (how it was made)
            and ``seconds`` by stage, ``read``, ``paint`` and ``write``.

        Raises:
            InputError: the bytes hold no picture that can be read.
            OutputError: the result cannot be encoded.
            OutOfMemoryError: there is too little memory even for small tiles.
        """
        times = [time.perf_counter()]
        picture = self.painter.read(data)
        wanted = format or self.writing.format
        kind = writable_format(picture.format) if wanted is None else output_format("", wanted)
        check_longest_side(self.options.size or max(picture.size), kind)
        times.append(time.perf_counter())
        painted = self.painter.paint_only(picture)
        times.append(time.perf_counter())
        note, writing = self.describe(kind), self.writing
        made = encode_picture(painted, kind, quality=writing.quality, strip=writing.strip, note=note)

        times.append(time.perf_counter())
        read, paint, write = (later - earlier for earlier, later in pairwise(times))
        width, height = painted.size
        facts = {"format": kind, "width": width, "height": height, "settings": note}
        return made, facts | {"seconds": {"read": read, "paint": paint, "write": write}}
