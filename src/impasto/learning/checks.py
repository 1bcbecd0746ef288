"""What a style is learnt from: refused where it cannot be, and told apart by a fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from impasto.errors import InputError, StyleError, TrainingError
from impasto.files import exists, is_file
from impasto.learning.settings import DEEP_MINUTES, DRAFT, Effort, LearnSettings
from impasto.options import say_value
from impasto.pictures import messages
from impasto.styles.files import bundled_network_id
from impasto.styles.source_pictures import opaque_picture
from impasto.styles.style import PHOTOGRAPH, RESERVED, SUFFIX
from impasto.styles.suitability import MEASURED_SIDE, style_picture_warning

log = messages.logger(__name__)

_EDITION = 3  # of learning; another number makes every cached style be learnt anew
_PREDICTED_FROM = ("style_size", "style_scale")  # the settings that a predicted style depends on


def check_pictures(listed: Sequence[Any]) -> tuple[Path, ...]:
    """Return the paths of style pictures; refuse what is none before any work, and warn of those without strokes."""
    for item in listed:
        if not isinstance(item, str | Path):
            raise InputError(f"A style is learnt from pictures, not from {say_value(item)}; give a path or a picture.")
    if not listed:
        raise InputError("No picture is given to learn a style from; name one or several.")
    paths = tuple(map(Path, listed))
    for path in paths:
        _check_file(path)
        if warning := style_picture_warning(opaque_picture(path, MEASURED_SIDE).rgb):
            with messages.about(path):
                messages.warn(log, warning)
    return paths


def check_name(name: str, target: Path | None) -> str:
    """Return the name of a style; refuse one that no style can have, and a file that no style is in.

    Raises:
        StyleError: the name is that of the photograph style, or the file does not end as style files do.
    """
    if target is not None and target.suffix != SUFFIX:
        raise StyleError(f"{target} does not end in {SUFFIX}; a style file does, for example {target.stem}{SUFFIX}.")
    if name == PHOTOGRAPH:
        raise StyleError(
            f"{PHOTOGRAPH} is the style that changes nothing; give another --name.",
            key="style_photograph",
            name=PHOTOGRAPH,
        )
    return name


def check_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of the pictures as text, without what is empty.

    Raises:
        StyleError: it has what a style file says of itself.
    """
    about = {key: str(value) for key, value in metadata.items() if value}
    for key in RESERVED:
        if key in about:
            raise StyleError(f"A style file says its {key} itself; leave {key} out of the metadata.")
    return about


def settings_of(
    effort: Effort,
    settings: Mapping[str, Any],
    photos: str | Path | None = None,
    *,
    deep: bool = False,
    caller: Callable[..., Any] | None = None,
) -> LearnSettings:
    """The settings of :func:`impasto.learn_style` for an effort.

    Args:
        effort: see :func:`impasto.learn_style`.
        settings: those that were given, by name.
        photos: where photographs were given to practise on, which a predicted style does not do.
        deep: whether the network is fitted, too.
        caller: the function that was called with them, whose own keywords are suggested, too.

    Raises:
        TrainingError: there is no such effort, or a setting is unknown, out of range or not for this effort.
    """
    if effort not in get_args(Effort):
        raise TrainingError(f"The effort is {effort}; give one of {', '.join(get_args(Effort))}.")
    if effort != "full" and deep:
        raise TrainingError(f"A network of its own takes the full effort; leave out deep or the effort {effort}.")
    if effort == "quick":
        unused = [*(name for name in settings if name not in _PREDICTED_FROM), *(["photos"] if photos else [])]
        if unused:
            raise TrainingError(
                f"A style that is predicted takes no {unused[0]}; leave it out, or give the effort draft or full."
            )
    return LearnSettings.from_mapping((dict(DRAFT) if effort == "draft" else {}) | dict(settings), caller)


def made_from(
    pictures: Sequence[Path],
    settings: Mapping[str, Any],
    photos: str | Path | None = None,
    *,
    effort: Effort = "full",
    deep: bool = False,
    minutes: float = DEEP_MINUTES,
) -> str:
    """Twenty hex digits that stand for pictures and settings, which a style's metadata keep.

    Args:
        pictures: their contents count, not their names.
        settings, photos, effort, deep, minutes: as for :func:`impasto.learn_style`.

    Raises:
        InputError: a picture cannot be read.
        TrainingError: a setting is unknown, out of range or not for this effort.
    """
    chosen = settings_of(effort, settings, photos, deep=deep)
    more = {"effort": effort, "photos": str(photos), **({"minutes": minutes} if deep else {})}
    return fingerprint(pictures, {**asdict(chosen), **more})


def fingerprint(pictures: Sequence[Path], settings: Mapping[str, Any]) -> str:
    """Twenty hex digits that stand for pictures, network, settings and the edition of learning.

    They name a style in the cache, and tell whether an interrupted :func:`impasto.learn_style` may go on.
    """
    digest = hashlib.sha256(json.dumps([_EDITION, bundled_network_id(), settings], sort_keys=True).encode())
    for path in pictures:
        _check_file(path)
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}); give a picture file.") from error
    return digest.hexdigest()[:20]


def _check_file(path: Path) -> None:
    """Refuse what is no file.

    Raises:
        InputError: it is something else, or there is nothing.
    """
    if is_file(path):
        return
    if exists(path) and path.is_dir():
        raise InputError(
            f"{path} is a folder; name the pictures in it to learn one style from all of them, or give --on local to "
            "learn a style of each."
        )
    if exists(path):
        raise InputError(f"{path} is a device or a pipe; write the picture into a file first, and give that.")
    if re.match(r"[A-Za-z][\w+.-]+:[\\/]", str(path)):  # what a path keeps of a URL
        raise InputError(f"{path} is elsewhere; fetch the picture first, or give --on local, which takes URLs.")
    raise InputError(f"There is no picture {path} to learn a style from; check the path.")
