"""The work of the Learn tab: a style is learnt from uploaded paintings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import InputError
from impasto.learning.api import learn_style
from impasto.learning.fitting import LearningProgress
from impasto.learning.settings import Effort
from impasto.pictures.reading import read_picture
from impasto.studio.jobs import ReportFunction
from impasto.studio.previews import data_uri
from impasto.styles.catalogue import add_to_catalogue, catalogue_path
from impasto.styles.style import SUFFIX, Style

if TYPE_CHECKING:
    from impasto.studio.state import Studio

ABOUT = ("title", "artist", "year", "licence")
"""What visitors may say of a painting."""
OFFERED = ("style_scale", "style_weight", "steps", "check_every")
"""Settings of :class:`impasto.learning.settings.LearnSettings` that visitors may change."""
_MAX_METADATA_LENGTH = 200  # characters of each fact about a painting
_REPORT_INTERVAL = 10  # steps between two reports, unless there is a new preview


def offered_settings() -> dict[str, Any]:
    """The settings that visitors may change, with their defaults."""
    from impasto.learning.settings import LearnSettings

    defaults = LearnSettings()
    return {name: {"default": getattr(defaults, name)} for name in OFFERED}


def learn_from_uploads(
    studio: Studio,
    uploads: Sequence[str | Path],
    wanted: str,
    about: Mapping[str, str],
    settings: Mapping[str, Any],
    report: ReportFunction,
    *,
    effort: Effort = "full",
    save: bool = False,
) -> tuple[Style, Path]:
    """Learn a style from uploads.

    Args:
        studio: the studio, whose limits apply.
        uploads: the paintings, files in the studio's folder.
        wanted: name of the style; empty takes the name of the first painting.
        about: what is known of the painting, by :data:`ABOUT`.
        settings: values of :data:`OFFERED` that differ from their defaults.
        report: called with the ``step``, the ``seconds``, the ``losses`` so far (pairs of step and loss) and the
            address of the newest ``sheet`` of previews, empty before the first.
        effort: how much is done, see :func:`impasto.learn_style`.
        save: whether to add the style to the catalogue; a name that it cannot have there is refused at once.

    Returns:
        The style and its file.

    Raises:
        InputError: no painting is given, or one cannot be read.
        StyleError: the catalogue cannot take the name.
    """
    if not uploads:
        raise InputError("No picture is given to learn a style from; add one.", key="no_painting")
    for setting in settings:
        if setting not in OFFERED:
            raise InputError(f"There is no setting {setting[:40]}; there are {', '.join(OFFERED)}.")
    pictures = [studio.uploads.picture(path) for path in uploads]
    name = wanted.strip()[:80] or style_name_from(Path(studio.uploads.name(pictures[0])).stem)
    if save:
        catalogue_path(name)
    target = studio.uploads.new_path(f"{name}{SUFFIX}")
    sheet = target.with_name(f"{target.stem}.learning") / "preview.jpg"
    losses: list[tuple[int, float]] = []
    shown = ""

    def watch(at: LearningProgress) -> None:
        nonlocal shown
        checked = False
        if at.losses and (not losses or at.losses["total"] != losses[-1][1]):
            losses.append((at.step, float(at.losses["total"])))
            if sheet.is_file():
                shown = data_uri(read_picture(sheet))
            checked = True
        told = {"step": at.step, "seconds": at.seconds, "losses": list(losses), "sheet": shown}
        report(told if checked or at.step % _REPORT_INTERVAL == 1 else None)

    metadata = {key: about.get(key, "").strip()[:_MAX_METADATA_LENGTH] for key in ABOUT}
    with studio.uploads.protect(*pictures), studio.uploads.hide_folder_in_errors():
        style = learn_style(pictures, target, name=name, metadata=metadata, effort=effort, progress=watch, **settings)
    if save:
        add_to_catalogue(style)
    return style, target


def style_name_from(stem: str) -> str:
    """A file's name without its suffix, changed so that a style can have it."""
    return re.sub(r"[^\w.+-]+", "-", stem).strip("_.+- ") or "style"
