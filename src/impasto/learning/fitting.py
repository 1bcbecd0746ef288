"""A style is fitted from its prediction on, in a folder of work beside its file from which the same call goes on.

This module needs no torch; what it imports for the fit does (:mod:`impasto.learning.fit`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from impasto.engines.devices import torch_device
from impasto.extras import needing_extra
from impasto.files import explained, temporary_folder
from impasto.learning.checks import fingerprint
from impasto.learning.settings import CHECKPOINT, LOG, NETWORK, PREVIEW, LearnSettings
from impasto.locks import locked
from impasto.styles.style import PHOTOGRAPH, Style

_MAX_PHOTOGRAPHS = 300  # photographs that are read for a style alone; its two thousand numbers learn nothing from more
_MIN_PHOTOGRAPHS = 12  # photographs for a style alone; learning from fewer gives a warning
_DRAWN_FOR_STYLE = 48  # pictures that are drawn for a style alone where no photographs are given
_SPARE = 4  # pictures that are drawn beyond the crops: by their names, more of them may be held out than are asked for
_DRAWN_FOR_NETWORK = 240  # pictures that are drawn where the network is fitted, too
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


def fit_style(
    predicted: Style,
    paths: tuple[Path, ...],
    settings: LearnSettings,
    photos: Path | None,
    minutes: float | None,
    device: str,
    target: Path | None,
    progress: Callable[[LearningProgress], None] | None,
) -> Style:
    """Fit a style from its prediction on; see :func:`impasto.learn_style`.

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
            _clear(folder)
        fit.run(folder, _as_learning_progress(progress, "style"))
        scale, shift = (value.numpy() for value in fit.style())
        style = replace(predicted, scale=scale, shift=shift, metadata={**predicted.metadata, **fit.facts()})
        preview = folder / PREVIEW
        if minutes is not None:
            inner = folder / NETWORK
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
                _remove(folder)
            raise
        _remove(folder)


def _clear(folder: Path) -> None:
    """Delete what learning writes into a folder; whatever else lies there is the user's."""
    for name in (CHECKPOINT, LOG, PREVIEW):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / NETWORK, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Delete what learning wrote into a folder, and the folder if it is empty then."""
    with suppress(OSError):
        _clear(folder)
        folder.rmdir()


def _as_learning_progress(
    progress: Callable[[LearningProgress], None] | None, stage: str
) -> Callable[[Any], None] | None:
    """A callback for the loops of learning and of training that reports as :class:`LearningProgress`."""
    if progress is None:
        return None
    return lambda at: progress(LearningProgress(stage, at.step, at.share, at.seconds, at.losses))
