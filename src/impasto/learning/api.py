"""Learn a style from pictures: files in, a style out.

Predicting a style needs no torch. Fitting it (:mod:`impasto.learning.fitting`) does, and imports it only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from impasto.arguments import check_arguments
from impasto.files import check_writable
from impasto.learning.checks import check_metadata, check_name, check_pictures, made_from, settings_of
from impasto.learning.fitting import LearningProgress, fit_style
from impasto.learning.held_pictures import file_of
from impasto.learning.prediction import predict
from impasto.learning.settings import DEEP_MINUTES, Effort, LearnKeywords
from impasto.pictures.conversion import Source, is_held
from impasto.styles.files import bundled_network_id
from impasto.styles.style import Style
from impasto.training.settings import FitSettings


def learn_style(
    pictures: Source | Iterable[Source],
    output: str | Path | None = None,
    *,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    effort: Effort = "full",
    photos: str | Path | None = None,
    deep: bool = False,
    minutes: float = DEEP_MINUTES,
    device: str = "auto",
    progress: Callable[[LearningProgress], None] | None = None,
    **settings: Unpack[LearnKeywords],
) -> Style:
    """Learn a style from a picture, or one style from several pictures of an artist.

    Args:
        pictures: a path, an encoded file's bytes, an open file, a PIL image, an array or a tensor; or several of these,
            whose Gram matrices are averaged.
        output: the style file to write. While it is made, ``NAME.learning/`` beside it holds a checkpoint, a log and
            previews, and after an interruption the same call goes on from there. At the end the last preview stays
            as ``NAME-preview.jpg``, of ``deep`` as ``NAME-preview.png``. ``None`` writes nothing.
        name: name of the style; default: the output's, else the first picture's.
        metadata: what is known of the pictures: title, artist, year, licence; not format, name or network, which a
            style file says of itself.
        effort: ``"quick"`` predicts the style, in a second and without torch; ``"draft"`` fits it for some steps from
            there, in seconds; ``"full"`` fits it for more, in about a minute.
        photos: photographs to paint meanwhile: a folder, a .zip or an HDF5 file; default: pictures that
            :mod:`impasto.learning.drawn_photographs` draws.
        deep: fit the network, too. The style comes closer to the picture, but it takes up to ``minutes``, carries its
            own network (1 to 4 MB) and cannot be blended with others.
        minutes: how long ``deep`` fits the network at most.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        progress: called after each step.
        settings: fields of :class:`impasto.learning.settings.LearnSettings`, for example ``style_scale=2``.

    Returns:
        The learnt style.

    Raises:
        InputError: a picture or the photographs cannot be read, or the device is not there.
        StyleError: the output does not end in ``.safetensors``, the name is ``photograph``, or the metadata has what
            a style file says of itself.
        OutputError: the output cannot be written.
        TrainingError: a setting is unknown, out of range or not for this effort, or learning failed.
        MissingExtraError: it is to be fitted, and the extra ``train`` is not installed.
    """
    check_arguments(
        paths={"output": output, "photos": photos},
        texts={"name": name, "effort": effort, "device": device},
        flags={"deep": deep},
        numbers={"minutes": minutes},
        functions={"progress": progress},
        mappings={"metadata": metadata},
    )
    chosen = settings_of(effort, settings, photos, deep=deep, caller=learn_style)
    FitSettings(minutes=minutes)  # refuses a wrong number now, not once the style is learnt
    with ExitStack() as files:
        held = [files.enter_context(file_of(item)) if is_held(item) else item for item in _as_list(pictures)]
        paths = check_pictures(held)
        target = None if output is None else Path(output)
        name = check_name(name or (target or paths[0]).stem, target)
        if target is not None:
            check_writable(target)
        facts = check_metadata(metadata or {})
        facts |= {"pictures": ", ".join(path.name for path in paths), "style_effort": effort}
        facts["made_from"] = made_from(paths, settings, photos, effort=effort, deep=deep, minutes=minutes)
        predicted = predict(paths, chosen.style_size, chosen.style_scale)
        style = Style(name, *predicted, bundled_network_id(), facts)
        if effort != "quick":
            source = Path(photos) if photos else None
            return fit_style(style, paths, chosen, source, minutes if deep else None, device, target, progress)
        style = replace(style, metadata=facts | {"learnt": "predicted"})
        if target is not None:
            style.save(target)
        return style


def _as_list(pictures: Any) -> list[Any]:
    """One or several pictures as a list."""
    single = isinstance(pictures, str | Path) or is_held(pictures) or not isinstance(pictures, Iterable)
    return [pictures] if single else list(pictures)
