"""Learn a style from pictures: files in, a style out.

Predicting a style needs no torch. Fitting it (:mod:`impasto.learning.fit`) does, and imports it only then.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Unpack, get_args

from impasto.arguments import check_arguments
from impasto.engines.devices import torch_device
from impasto.errors import InputError, StyleError, TrainingError
from impasto.extras import needing_extra
from impasto.files import exists, explained, is_file, temporary_folder
from impasto.learning.held_pictures import file_of
from impasto.learning.prediction import predict
from impasto.learning.settings import CHECKPOINT, DRAFT, Effort, LearnKeywords, LearnSettings
from impasto.locks import locked
from impasto.options import say_value
from impasto.pictures import messages
from impasto.pictures.conversion import Source, is_held
from impasto.pictures.reading import read_picture
from impasto.styles.files import bundled_network_id
from impasto.styles.style import PHOTOGRAPH, RESERVED, SUFFIX, Style
from impasto.styles.suitability import style_picture_warning
from impasto.training.settings import FitSettings

log = messages.logger(__name__)

DEEP_MINUTES = 45.0  # minutes for which ``deep`` fits the network unless told otherwise
_EDITION = 3  # of learning; another number makes every cached style be learnt anew
_MAX_PHOTOGRAPHS = 300  # photographs that are read for a style alone; its two thousand numbers learn nothing from more
_MIN_PHOTOGRAPHS = 12  # photographs for a style alone; learning from fewer gives a warning
_DRAWN_FOR_STYLE = 48  # pictures that are drawn for a style alone where no photographs are given
_SPARE = 4  # pictures that are drawn beyond the crops: by their names, more of them may be held out than are asked for
_DRAWN_FOR_NETWORK = 240  # pictures that are drawn where the network is fitted, too
_PREDICTED_FROM = ("style_size", "style_scale")  # the settings that a predicted style depends on
_HELD_OUT = 0.15  # share of the photographs that a style is judged by instead of learnt from


@dataclass(frozen=True)
class LearningProgress:
    """Where learning is.

    Attributes:
        stage: ``"style"``, or ``"network"`` while that is fitted, too.
        step: steps done.
        share: share of the steps that the stage can take, in [0, 1]; fitting the network often ends before.
        seconds: time spent in the stage.
        losses: losses by name; empty before the first check.
    """

    stage: str
    step: int
    share: float
    seconds: float
    losses: Mapping[str, float]


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
    chosen = settings_of(effort, settings, photos, deep=deep)
    FitSettings(minutes=minutes)  # refuses a wrong number now, not once the style is learnt
    with ExitStack() as files:
        held = [files.enter_context(file_of(item)) if is_held(item) else item for item in _as_list(pictures)]
        paths = _check_pictures(held)
        target = None if output is None else Path(output)
        name = _check_name(name or (target or paths[0]).stem, target)
        facts = _check_metadata(metadata or {})
        facts |= {"pictures": ", ".join(path.name for path in paths), "style_effort": effort}
        facts["made_from"] = made_from(paths, settings, photos, effort=effort, deep=deep, minutes=minutes)
        predicted = predict(paths, chosen.style_size, chosen.style_scale)
        style = Style(name, *predicted, bundled_network_id(), facts)
        if effort != "quick":
            source = Path(photos) if photos else None
            return _fit(style, paths, chosen, source, minutes if deep else None, device, target, progress)
        style = replace(style, metadata=facts | {"learnt": "predicted"})
        if target is not None:
            style.save(target)
        return style


def _check_name(name: str, target: Path | None) -> str:
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


def _check_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of the pictures as text, without what is empty.

    Raises:
        StyleError: it has what a style file says of itself.
    """
    about = {key: str(value) for key, value in metadata.items() if value}
    for key in RESERVED:
        if key in about:
            raise StyleError(f"A style file says its {key} itself; leave {key} out of the metadata.")
    return about


def _fit(
    predicted: Style,
    paths: tuple[Path, ...],
    settings: LearnSettings,
    photos: Path | None,
    minutes: float | None,
    device: str,
    target: Path | None,
    progress: Callable[[LearningProgress], None] | None,
) -> Style:
    """Fit a style from its prediction on; see :func:`learn_style`.

    Args:
        predicted: the style as it was predicted, with its name and metadata.
        paths: the pictures.
        settings: how it is fitted.
        photos: photographs to paint meanwhile; ``None``: they are drawn.
        minutes: how long the network is fitted, too; ``None``: it is not.
        device: where to compute.
        target: the style file to write; ``None``: none.
        progress: called after each step.
    """
    with needing_extra("train", "Fitting a style"):
        import torch

        from impasto.learning.drawn_photographs import draw_photographs
        from impasto.learning.fit import StyleFit
        from impasto.learning.own_network import fit_own_network
        from impasto.networks.files import load_bundled
        from impasto.training.photographs import MIN_PHOTOGRAPHS, Photographs
    torch_name = torch_device(device)
    deep = minutes is not None
    network, known = load_bundled()
    drawn = _DRAWN_FOR_NETWORK if deep else min(_DRAWN_FOR_STYLE, _SPARE + settings.crops + settings.held_out)
    photographs = Photographs(
        photos or draw_photographs(drawn, settings.seed),
        crop=settings.crop,
        scales=settings.scales,
        seed=settings.seed,
        held_out=_HELD_OUT,
        limit=None if deep else _MAX_PHOTOGRAPHS,
        few=MIN_PHOTOGRAPHS if deep else _MIN_PHOTOGRAPHS,
    )
    effort = predicted.metadata["style_effort"]
    mark = fingerprint(paths, {**asdict(settings), "effort": effort, "photos": str(photos)})
    with _working_folder(target) as folder:
        start = torch.from_numpy(predicted.scale), torch.from_numpy(predicted.shift)
        fit = StyleFit(network, start, paths, photographs, settings, fingerprint=mark, device=torch_name)
        if not fit.resume(folder):
            _empty(folder)
        fit.run(folder, _as_learning_progress(progress, "style"))
        scale, shift = (value.numpy() for value in fit.style())
        style = replace(predicted, scale=scale, shift=shift, metadata={**predicted.metadata, **fit.facts()})
        preview = folder / "preview.jpg"
        if minutes is not None:
            inner = folder / "network"
            style = fit_own_network(
                style,
                paths,
                network,
                known[PHOTOGRAPH],
                photographs,
                settings,
                minutes,
                inner,
                device=torch_name,
                progress=_as_learning_progress(progress, "network"),
            )
            preview = max(inner.glob("preview-*.png"), default=preview)
        if target is not None:
            style.save(target)
            kept = target.with_name(f"{target.stem}-preview{preview.suffix}")
            if preview.exists() and kept.resolve() not in {path.resolve() for path in paths}:
                preview.replace(kept)
    return style


def settings_of(
    effort: Effort, settings: Mapping[str, Any], photos: str | Path | None = None, *, deep: bool = False
) -> LearnSettings:
    """The settings of :func:`learn_style` for an effort.

    Args:
        effort: see :func:`learn_style`.
        settings: those that were given, by name.
        photos: where photographs were given to practise on, which a predicted style does not do.
        deep: whether the network is fitted, too.

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
    return LearnSettings.from_mapping((dict(DRAFT) if effort == "draft" else {}) | dict(settings), learn_style)


def made_from(
    pictures: Sequence[Path],
    settings: Mapping[str, Any],
    photos: str | Path | None = None,
    *,
    effort: Effort = "full",
    deep: bool = False,
    minutes: float = DEEP_MINUTES,
) -> str:
    """Twenty hex digits that stand for pictures and settings of :func:`learn_style`, which a style's metadata keep.

    Args:
        pictures: their contents count, not their names.
        settings, photos, effort, deep, minutes: as for :func:`learn_style`.

    Raises:
        InputError: a picture cannot be read.
        TrainingError: a setting is unknown, out of range or not for this effort.
    """
    chosen = settings_of(effort, settings, photos, deep=deep)
    more = {"effort": effort, "photos": str(photos), **({"minutes": minutes} if deep else {})}
    return fingerprint(pictures, {**asdict(chosen), **more})


def fingerprint(pictures: Sequence[Path], settings: Mapping[str, Any]) -> str:
    """Twenty hex digits that stand for pictures, network, settings and the edition of learning.

    They name a style in the cache, and tell whether an interrupted :func:`learn_style` may go on.
    """
    digest = hashlib.sha256(json.dumps([_EDITION, bundled_network_id(), settings], sort_keys=True).encode())
    for path in pictures:
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            if path.is_dir():
                raise _is_folder(path) from error
            raise InputError(f"{path} cannot be read ({error.strerror}); give a picture file.") from error
    return digest.hexdigest()[:20]


def _as_list(pictures: Any) -> list[Any]:
    """One or several pictures as a list."""
    single = isinstance(pictures, str | Path) or is_held(pictures) or not isinstance(pictures, Iterable)
    return [pictures] if single else list(pictures)


def _check_pictures(listed: Sequence[Any]) -> tuple[Path, ...]:
    """Return the paths of style pictures; refuse what is none before any work, and warn of those without strokes."""
    for item in listed:
        if not isinstance(item, str | Path):
            raise InputError(f"A style is learnt from pictures, not from {say_value(item)}; give a path or a picture.")
    if not listed:
        raise InputError("No picture is given to learn a style from; name one or several.")
    paths = tuple(map(Path, listed))
    for path in paths:
        if not is_file(path):
            if exists(path):
                raise _is_folder(path)
            raise InputError(f"There is no picture {path} to learn a style from; check the path.")
        if warning := style_picture_warning(read_picture(path, compact=1).rgb):
            with messages.about(path):
                messages.warn(log, warning)
    return paths


def _is_folder(path: Path) -> InputError:
    """The sentence about a folder that stands where a picture should."""
    return InputError(
        f"{path} is a folder; name the pictures in it to learn one style from all of them, or give --on local to learn "
        "a style of each."
    )


@contextmanager
def _working_folder(target: Path | None) -> Iterator[Path]:
    """Give a folder to work in, removed when all went well; beside the target it outlives an interruption.

    Raises:
        OutputError: it cannot be made, or another run works in it.
    """
    if target is None:
        with temporary_folder() as temporary:
            yield temporary
        return
    folder = target.with_name(f"{target.stem}.learning")
    with locked(folder):
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        except BaseException:
            if not (folder / CHECKPOINT).exists():  # a later call could not go on from here
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> None:
    """Delete all that is in a folder."""
    for item in folder.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        else:
            item.unlink()


def _as_learning_progress(
    progress: Callable[[LearningProgress], None] | None, stage: str
) -> Callable[[Any], None] | None:
    """A callback for the loops of learning and of training that reports as :class:`LearningProgress`."""
    if progress is None:
        return None
    return lambda at: progress(LearningProgress(stage, at.step, at.share, at.seconds, at.losses))
