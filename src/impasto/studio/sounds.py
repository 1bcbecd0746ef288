"""The work of the Sound tab: an uploaded sound is restyled by another one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import InputError
from impasto.sound.api import SoundReport, stylize_sound
from impasto.sound.recording import SoundFile
from impasto.studio.containers import sound_container_of
from impasto.studio.jobs import ReportFunction
from impasto.studio.uploads import plain_stem

if TYPE_CHECKING:
    from impasto.studio.state import Studio

MAX_SECONDS = 1800.0
"""Most seconds of a sound that is restyled here."""
_KEPT_FORMATS = (".wav", ".flac", ".mp3")  # suffixes of uploads whose results have the same; others become FLAC


@dataclass(frozen=True)
class RestyledSound:
    """A restyled sound in a file.

    Attributes:
        path: The file, under the name that a download gets.
        report: What became of the sound.
    """

    path: Path
    report: SoundReport


def sound_name(path: Path) -> str:
    """The name of an upload for the names of results, with the suffix that fits its content.

    Raises:
        InputError: It is of no kind that holds sound.
    """
    container = sound_container_of(path)
    if container is None:
        raise InputError("This is no sound that can be read here: convert it to WAV, FLAC or MP3.", key="sound_unknown")
    return plain_stem(path) + container[0]


def sound_facts(studio: Studio, path: Path) -> dict[str, Any]:
    """Open an uploaded sound: its ``seconds``, ``rate`` and ``channels``.

    Raises:
        InputError: It has no sound, cannot be decoded, or is too long.
        MissingExtraError: The extra ``sound`` is not installed.
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


def restyle_sound(studio: Studio, upload: Path, style: Path, report: ReportFunction, **options: Any) -> RestyledSound:
    """Restyle an upload; WAV, FLAC and MP3 stay what they are, all else becomes FLAC.

    Args:
        studio: The studio, whose limits apply.
        upload: The sound, a file in the studio's folder.
        style: The recording that is the style, another one.
        report: Called with the ``share`` that is done; may raise an exception to stop.
        options: Fields of :class:`impasto.sound.options.SoundOptions`.

    Raises:
        ImpastoError: One of the sounds cannot be used, or :func:`impasto.stylize_sound` raises it.
    """
    for path in (upload, style):
        sound_facts(studio, path)
    suffix = upload.suffix if upload.suffix in _KEPT_FORMATS else ".flac"
    target = studio.uploads.new_path(f"{plain_stem(upload)}-{plain_stem(style)}{suffix}")
    try:
        with studio.uploads.protect(upload, style), studio.uploads.hide_folder_in_errors():
            made = stylize_sound(
                upload, [(style, 1.0)], output=target, progress=lambda share: report({"share": share}), **options
            )
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise
    return RestyledSound(target, made)
