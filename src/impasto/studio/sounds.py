"""The work of the Sound tab: an uploaded sound is restyled by another one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import InputError, Sentence
from impasto.sound.api import SoundReport, stylize_sound
from impasto.sound.recording import SoundFile
from impasto.studio.choices import sound_or_motion_style_name
from impasto.studio.containers import sound_container_of
from impasto.studio.jobs import ReportFunction
from impasto.studio.uploads import plain_stem
from impasto.styles.kinds import SOUND
from impasto.styles.style import SUFFIX

if TYPE_CHECKING:
    from impasto.studio.state import Studio

MAX_SECONDS = 1800.0
"""Most seconds of a sound that is restyled here."""
_KEPT_FORMATS = (".wav", ".flac", ".mp3")  # suffixes of uploads whose results have the same; others become FLAC


@dataclass(frozen=True)
class RestyledSound:
    """A restyled sound in a file.

    Attributes:
        path: the file, under the name that a download gets.
        report: what became of the sound.
    """

    path: Path
    report: SoundReport


def sound_name(path: Path) -> str:
    """The name of an upload for the names of results, with the suffix that fits its content.

    Raises:
        InputError: it is of no kind that holds sound.
    """
    container = sound_container_of(path)
    if container is None:
        raise InputError("This is no sound that can be read here: convert it to WAV, FLAC or MP3.", key="sound_unknown")
    return plain_stem(path) + container[0]


def sound_facts(studio: Studio, path: Path) -> dict[str, Any]:
    """Open an uploaded sound: its ``seconds``, ``rate`` and ``channels``.

    Raises:
        InputError: it has no sound, cannot be decoded, or is too long.
        MissingExtraError: the extra ``sound`` is not installed.
    """
    sound_name(path)
    studio.uploads.check_size(path)
    with studio.uploads.hide_folder_in_errors():
        source = SoundFile(studio.uploads.own_file(path))
    if source.declared > MAX_SECONDS:
        raise InputError(
            f"The sound lasts {source.declared / 60:.0f} minutes, the limit is {MAX_SECONDS / 60:.0f}: "
            "cut it, or use impasto sound.",
            key="sound_too_long",
            minutes=source.declared / 60,
            limit=MAX_SECONDS / 60,
        )
    return {"seconds": source.declared, "rate": source.rate, "channels": source.channels}


def sound_style_name(path: Path) -> str:
    """The name of an upload that is to be a style of sound: a style file or a recording.

    Raises:
        InputError: it is neither.
    """
    return sound_or_motion_style_name(path, SOUND, sound_name)


def restyle_sound(
    studio: Studio, upload: Path, styles: Sequence[tuple[Path, float]], report: ReportFunction, **options: Any
) -> RestyledSound:
    """Restyle an upload; WAV, FLAC and MP3 stay what they are, all else becomes FLAC.

    Args:
        studio: the studio, whose limits apply.
        upload: the sound, a file in the studio's folder.
        styles: recordings in that folder, and style files there or in the catalogue, with their weights.
        report: called with the ``share`` that is done; may raise an exception to stop.
        options: fields of :class:`impasto.sound.options.SoundOptions`.

    Raises:
        ImpastoError: one of the sounds cannot be used, or :func:`impasto.stylize_sound` raises it.
    """
    sent = [upload, *(path for path, _ in styles if studio.uploads.holds(path))]
    for path in sent:
        if path is upload or sound_style_name(path) != plain_stem(path) + SUFFIX:
            sound_facts(studio, path)
    suffix = upload.suffix if upload.suffix in _KEPT_FORMATS else ".flac"
    names = "+".join(plain_stem(path) for path, _ in styles)
    target = studio.uploads.new_path(f"{plain_stem(upload)}-{names}{suffix}")
    try:
        with studio.uploads.protect(*sent), studio.uploads.hide_folder_in_errors():
            made = stylize_sound(
                upload, styles, output=target, progress=lambda share: report({"share": share}), **options
            )
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise
    made.notices += _not_read(upload.name, made)
    return RestyledSound(target, made)


def _not_read(name: str, made: SoundReport) -> list[str]:
    """Sentences on what of an upload could not be read."""
    said: list[str] = []
    if made.truncated:
        text = f"{name} ends before its end; the result holds the {made.seconds:.1f} s that were there."
        said.append(Sentence(text, "sound_cut_off", name=name, seconds=made.seconds))
    if made.damaged:
        text = f"{made.damaged} damaged pieces of {name} were skipped."
        said.append(Sentence(text, "sound_damaged", name=name, count=made.damaged))
    return said
