"""Restyling a sound from start to finish: read it, restyle it block by block, bring it to its loudness, write it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from impasto.arguments import check_arguments
from impasto.errors import InputError, OutputError, Sentence
from impasto.files import check_writable, exists
from impasto.locks import locked
from impasto.media.side_plan import plan_side_streams
from impasto.media.side_streams import SideStreams
from impasto.options import options_from_keywords
from impasto.sound.analysis import SILENCE, Analysis, analyse
from impasto.sound.loudness import Limiter, weighted_power
from impasto.sound.options import SoundOptionKeywords, SoundOptions
from impasto.sound.recording import HeldSound, SoundFile, SoundSource
from impasto.sound.render import Renderer
from impasto.sound.request import SoundLike, SoundStyles, load_styles, source_of
from impasto.sound.resampling import Stream
from impasto.sound.results import note_of
from impasto.sound.spectrogram import Samples
from impasto.sound.style import SoundStyle, working_rate
from impasto.sound.writing import Target, checked_bits, format_of_file, write_sound

Progress = Callable[[float], None]
"""Called with the share of the work that is done, in [0, 1]."""
_READ, _RESTYLED = 0.05, 0.95  # shares of the work that are done once the content is read, and once it is restyled
_HELD_BYTES = 16 << 20  # of a result that is kept in memory until its loudness is known; what is longer is in a file


@dataclass
class SoundReport:
    """What became of a sound.

    Attributes:
        output: the file; ``None`` for a sound in memory.
        seconds: how long the sound is.
        rate: samples a second.
        channels: how many there are.
        styles: names of the styles with their shares.
        method: how it was restyled.
        transposed: names of the styles of which transposed copies were used.
        damaged: packets that could not be decoded.
        truncated: whether the source ends before the end that it declares.
        notices: sentences for people on what was left out or changed.
        took: seconds that the whole took.
    """

    output: Path | None
    seconds: float
    rate: int
    channels: int
    styles: dict[str, float]
    method: str
    transposed: list[str] = field(default_factory=list)
    damaged: int = 0
    truncated: bool = False
    notices: list[str] = field(default_factory=list)
    took: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self) | {"output": None if self.output is None else str(self.output)}


@overload
def stylize_sound(
    content: SoundLike,
    style: SoundStyles,
    *,
    output: None = None,
    style_from: float | None = None,
    style_to: float | None = None,
    bits: None = None,
    progress: Progress | None = None,
    **options: Unpack[SoundOptionKeywords],
) -> tuple[NDArray[np.float32], int]: ...


@overload
def stylize_sound(
    content: SoundLike,
    style: SoundStyles,
    *,
    output: str | Path,
    style_from: float | None = None,
    style_to: float | None = None,
    bits: str | None = None,
    progress: Progress | None = None,
    **options: Unpack[SoundOptionKeywords],
) -> SoundReport: ...


def stylize_sound(
    content: SoundLike,
    style: SoundStyles,
    *,
    output: str | Path | None = None,
    style_from: float | None = None,
    style_to: float | None = None,
    bits: str | None = None,
    progress: Progress | None = None,
    **options: Unpack[SoundOptionKeywords],
) -> tuple[NDArray[np.float32], int] | SoundReport:
    """Restyle a sound: rebuild it out of pieces of another, or give it the other's spectrum.

    Args:
        content: a file with sound (a video's will do), or an array and its rate: N samples or N x channels in [-1, 1].
        style: a recording, a style file of ``impasto learn``, an array and its rate; or several of these: text with
            ``:WEIGHT`` behind it, pairs with weights, or a mapping to weights. At most the 30 most varied seconds of a
            recording are used.
        output: where the result goes: .wav .flac .mp3 .ogg .opus .m4a, or a video's .mp4 .mov .mkv .webm, whose
            pictures are copied. What exists is replaced.
        style_from, style_to: the part of style recordings that is used, in seconds.
        bits: ``"16"``, ``"24"`` or ``"32f"``, of .wav and .flac.
        progress: called with the share of the work that is done.
        options: the fields of :class:`impasto.sound.options.SoundOptions`.

    Returns:
        Without ``output``, the samples, shaped as those of an array that was given (else N, or N x channels), and their
        rate. With it, a :class:`SoundReport`.

    Raises:
        InputError: a sound cannot be read, has nothing to hear in it, or an option is out of range.
        StyleError: no style is given, or a style file cannot be used.
        OutputError: the result cannot be written, or another run is making it.
        MissingExtraError: the extra ``sound`` is not installed.
    """
    check_arguments(
        needed=["content", "style"],
        paths={"output": output},
        texts={"bits": bits},
        numbers={"style_from": style_from, "style_to": style_to},
        functions={"progress": progress},
    )
    started = time.perf_counter()
    chosen = options_from_keywords(SoundOptions, options, stylize_sound)
    checked = _check_output(content, style, output, bits)
    styles = load_styles(style, style_from, style_to)
    source = source_of(content)
    made = Restyling(source, styles, chosen, progress or (lambda _share: None))
    report = SoundReport(
        output=None,
        seconds=0.0,
        rate=source.rate,
        channels=source.channels,
        styles={item.name: round(share, 4) for item, share in styles},
        method=chosen.method,
    )
    if output is None:
        samples = np.concatenate(list(_at_rate(made.blocks(), made.rate, source)), axis=1)
        return _shaped(samples, content), source.rate
    path = Path(output)
    with locked(path):
        target = _target(source, path, checked, note_of(styles, chosen, style_from, style_to))
        report.notices += write_sound(target, made.blocks(), made.rate)
    report.output, report.seconds, report.transposed = path, made.samples / made.rate, made.transposed
    report.notices = [
        *source.notices,
        *(text for style, _ in styles for text in style.notices),
        *made.notices,
        *(target.beside.notices if target.beside else []),
        *report.notices,
    ]
    if isinstance(source, SoundFile):
        report.damaged, report.truncated = source.damaged, source.truncated
        report.notices += _left_out(source, target)
    report.took = time.perf_counter() - started
    return report


def restyle_to_file(source: SoundFile, styles: list[tuple[SoundStyle, float]], path: Path) -> list[str]:
    """Restyle the sound of a video into a file without its pictures, in which time counts as in the video.

    Args:
        source: the video.
        styles: with their shares.
        path: the file.

    Returns:
        Notices on what could not be kept as it was.
    """
    made = Restyling(source, styles, SoundOptions(), lambda _share: None)
    target = Target(path, source.rate, source.layout, checked_bits(path, None), {}, source.begins)
    notices = write_sound(target, made.blocks(), made.rate)
    return [*(text for style, _ in styles for text in style.notices), *made.notices, *notices]


def _check_output(content: Any, style: Any, output: str | Path | None, bits: str | None) -> str:
    """Bits of the result, which must not be one of its sources.

    Raises:
        InputError: the result would replace a style.
        OutputError: it cannot be written in that form.
    """
    if output is None:
        if bits is not None:
            raise OutputError("Bits are those of a file; give an output, or leave them out.")
        return ""
    path = Path(output)
    found = checked_bits(path, bits)
    check_writable(path)
    for item in (content, *(style if isinstance(style, list | tuple) else [style])):
        if isinstance(item, str | Path) and exists(item) and exists(path) and path.samefile(item):
            raise InputError(f"{path} is one of the inputs; give another output.")
    return found


def _shaped(samples: Samples, content: SoundLike) -> NDArray[np.float32]:
    """Samples as callers have them: N x C, or N where there is one channel and none was given."""
    is_flat = len(samples) == 1 and not (isinstance(content, tuple) and np.ndim(content[0]) == 2)
    return np.ascontiguousarray(samples[0] if is_flat else samples.T)


def _at_rate(blocks: Iterator[Samples], rate: int, source: SoundSource) -> Iterator[Samples]:
    """Blocks at the content's own rate, exactly as long where that is known."""
    stream = Stream(rate, source.rate, source.channels)
    left = source.expected if isinstance(source, HeldSound) else -1
    for block in blocks:
        out = stream.push(block)
        yield out if left < 0 else out[:, :left]
        left = max(0, left - out.shape[1]) if left >= 0 else left
    out = stream.flush()
    yield out if left < 0 else np.pad(out[:, :left], [(0, 0), (0, max(0, left - out.shape[1]))])


def _target(source: SoundSource, path: Path, bits: str, note: str) -> Target:
    """Where a result goes, and what goes there beside it.

    Raises:
        OutputError: the pictures of a video cannot be copied into such a file.
    """
    if not isinstance(source, SoundFile):
        return Target(path, source.rate, source.layout, bits, {"comment": note})
    kind = format_of_file(path)
    kept = {name: text for name, text in source.metadata.items() if name.lower() in _KEPT_METADATA}
    metadata = kept | ({} if "comment" in {name.lower() for name in kept} else {"comment": note})
    if source.picture is None or not kind.pictures:
        return Target(path, source.rate, source.layout, bits, metadata)
    plan = plan_side_streams(source.path, kind.container, sound=source.index)
    if source.picture not in plan.encoders:
        raise OutputError(
            f"The pictures of {source.path} cannot be copied into {path.suffix}; give a .mkv, or a file of sound."
        )
    beside = SideStreams(source.path, source.index, None, None, Fraction(0), plan)
    metadata = {} if "comment" in {name.lower() for name in source.metadata} else {"comment": note}
    return Target(path, source.rate, source.layout, bits, metadata, source.begins, beside)


# Entries of the metadata that are copied from sound to sound; what else there is belongs to the format.
_KEPT_METADATA = {
    *("title", "artist", "album", "album_artist", "composer", "genre", "date", "track", "disc", "performer"),
    *("copyright", "license", "language", "lyrics", "description", "comment", "publisher", "bpm", "tbpm", "isrc"),
}


def _left_out(source: SoundFile, target: Target) -> list[str]:
    """Notices on what a file holds beside the sound that was restyled, and the result does not."""
    said: list[str] = []
    if source.picture is not None and target.beside is None:
        text = f"The pictures of {source.name} are left out, since {target.path.suffix} holds sound alone."
        said.append(Sentence(text, "pictures_left_out", name=source.name, suffix=target.path.suffix))
    if source.has_cover and target.beside is None:
        said.append(Sentence(f"The cover picture of {source.name} is left out.", "cover_left_out", name=source.name))
    if source.other_sounds and target.beside is None:
        count = source.other_sounds + 1
        text = f"Only one of the {count} sounds of {source.name} is restyled; others are left out."
        said.append(Sentence(text, "other_sounds_left_out", count=count, name=source.name))
    elif source.other_sounds:
        said.append(f"Only one of the {source.other_sounds + 1} sounds of {source.name} is restyled; others stay.")
    return said


class Restyling:
    """The restyling of one sound.

    Args:
        source: the content.
        styles: with their shares.
        options: how.
        progress: called with the share of the work that is done.

    Attributes:
        rate: samples a second of the result's blocks.
        samples: how many there are; known once the content has been read.
        transposed: names of the styles of which transposed copies are used.
        notices: sentences on what is not as one would expect.
    """

    def __init__(
        self,
        source: SoundSource,
        styles: list[tuple[SoundStyle, float]],
        options: SoundOptions,
        progress: Progress,
    ) -> None:
        self.source, self.styles, self.options, self.progress = source, styles, options, progress
        self.rate = source.rate if options.strength == 0 else working_rate(source.rate)
        self.samples = 0
        self.transposed: list[str] = []
        self.notices: list[str] = []
        if self.rate != source.rate:
            kilohertz = self.rate // 2000
            text = (
                f"{source.name} has {source.rate} samples a second; what is above {kilohertz} kHz, which nobody hears, "
                "is left out."
            )
            said = Sentence(text, "inaudible_left_out", name=source.name, rate=source.rate, kilohertz=kilohertz)
            self.notices.append(said)

    def blocks(self) -> Iterator[Samples]:
        """The result as blocks of C x N samples, as loud as the content."""
        if self.options.strength == 0:
            for block in self.source.blocks(self.rate):
                self.samples += block.shape[1]
                yield block
            return
        expected = max(1, self.source.expected * self.rate // self.source.rate)
        analysis = analyse(self.source, self.rate, lambda done: self._report(0, _READ, done / expected))
        self.samples = analysis.samples
        if analysis.silent:
            text = f"{self.source.name} is silent, and so is the result."
            self.notices.append(Sentence(text, "sound_silent", name=self.source.name))
            for block in self.source.blocks(self.rate):
                yield np.zeros_like(block)
            return
        renderer = Renderer(self.source, analysis, self.styles, self.options, self.rate)
        self.transposed = renderer.palette.transposed
        with tempfile.SpooledTemporaryFile(max_size=_HELD_BYTES) as spool:
            power, done = 0.0, 0
            for block in renderer.blocks():
                power += weighted_power(block, self.rate)
                done += block.shape[1]
                spool.write(np.ascontiguousarray(block.T, np.float32).tobytes())
                self._report(_READ, _RESTYLED, done / analysis.samples)
            del renderer
            spool.seek(0)
            limiter = Limiter(self.rate, _gain(analysis, power / max(1, done)), self.source.channels)
            written = 0
            while data := spool.read(4 * self.source.channels * (1 << 16)):
                block = np.frombuffer(data, np.float32).reshape(-1, self.source.channels).T
                written += block.shape[1]
                self._report(_RESTYLED, 1, written / analysis.samples)
                yield limiter.push(block)
            yield limiter.flush()

    def _report(self, low: float, high: float, share: float) -> None:
        """Say how much is done, at a share of a stage between two shares of the whole."""
        self.progress(low + (high - low) * min(1.0, share))


def _gain(analysis: Analysis, power: float) -> float:
    """The factor that makes a result as loud as the content."""
    return float(np.sqrt(analysis.loudness / power)) if power > SILENCE**2 and analysis.loudness > 0 else 1.0
