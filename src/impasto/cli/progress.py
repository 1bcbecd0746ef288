"""All progress bars of the command line, on standard error.

Each is a context manager that gives a function; a command calls that with what the library reports. A bar that is
``hidden`` takes the same calls and shows nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

    from impasto.learning.api import LearningProgress
    from impasto.optimisation.state import OptimisationProgress
    from impasto.training.fit import TrainingProgress

_LEARNING_STAGES = {"style": "learning", "network": "fitting the network"}


def _bar(*columns: Any, hidden: bool) -> Progress:
    """A bar of rich's.

    Args:
        columns: what is shown from left to right; none: rich's own choice.
        hidden: show nothing.
    """
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), disable=hidden)


def _has_terminal() -> bool:
    """Whether standard error is a terminal, so that somebody looks at the bar."""
    return sys.stderr.isatty()


@contextmanager
def pictures_bar(total: int, *, hidden: bool) -> Iterator[Callable[[], None]]:
    """A bar over the pictures of ``impasto apply``, where there are several and a terminal.

    Args:
        total: how many pictures there are.
        hidden: show nothing.

    Yields:
        What is to be called after each picture.
    """
    if hidden or total < 2 or not _has_terminal():
        yield lambda: None
        return
    with _bar(hidden=False) as bar:
        task = bar.add_task("Painting", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def video_bar(*, hidden: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar over the frames of a video, with frames a second and the time left, where there is a terminal.

    Yields:
        What is to be called with the frames that are painted and those that are expected (0: unknown); ``None``
        where nothing is shown.
    """
    if hidden or not _has_terminal():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Painting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} frames/s"),
        TimeRemainingColumn(),
    )
    with _bar(*columns, hidden=False) as bar:
        task = bar.add_task("Painting", total=None, rate="")

        def show(done: int, expected: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=expected or None, rate=f"{speed:.1f}" if speed else "")

        yield show


@contextmanager
def optimisation_bar(*, hidden: bool) -> Iterator[Callable[[OptimisationProgress], None]]:
    """A bar over the iterations of ``impasto paint``, with the loss and the time left, where there is a terminal."""
    from rich.progress import BarColumn, TextColumn

    columns = (
        TextColumn("{task.fields[size]}"),
        BarColumn(),
        TextColumn("{task.fields[n]}  loss {task.fields[loss]}  {task.fields[left]} left"),
    )
    with _bar(*columns, hidden=hidden or not _has_terminal()) as bar:
        task = bar.add_task("", total=1.0, size="", n="", loss="", left="")

        def show(progress: OptimisationProgress) -> None:
            bar.update(
                task,
                completed=progress.share,
                size="{} x {}".format(*progress.size),
                n=f"{progress.iteration}/{progress.iterations}",
                loss=f"{progress.loss:.4f}",
                left=duration(progress.seconds_left),
            )

        yield show


@contextmanager
def learning_bar(label: str, *, hidden: bool) -> Iterator[Callable[[LearningProgress], None]]:
    """A bar over the steps in which one style is learnt, with its losses.

    Args:
        label: what is learnt.
        hidden: show nothing.
    """
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("step {task.fields[step]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with _bar(*columns, hidden=hidden) as bar:
        task = bar.add_task(label, total=1.0, step=0, now="")

        def show(progress: LearningProgress) -> None:
            losses = {name: progress.losses[name] for name in ("content", "style") if name in progress.losses}
            bar.update(
                task,
                completed=progress.share,
                step=progress.step,
                now=_losses_text(losses),
                description=f"{label}: {_LEARNING_STAGES[progress.stage]}",
            )

        yield show


@contextmanager
def training_bar(step: int, *, hidden: bool) -> Iterator[Callable[[TrainingProgress], None]]:
    """A bar over the steps of ``impasto train``, with the time left and all losses.

    Args:
        step: where the run begins, which is not 0 when it is resumed.
        hidden: show nothing.
    """
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("step {task.fields[step]}"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with _bar(*columns, hidden=hidden) as bar:
        task = bar.add_task("", total=1.0, step=step, now="")

        def show(progress: TrainingProgress) -> None:
            bar.update(task, completed=progress.share, step=progress.step, now=_losses_text(progress.losses))

        yield show


@contextmanager
def counting_bar(label: str, total: int | None = None, *, hidden: bool) -> Iterator[Callable[..., None]]:
    """A bar over things that are counted: steps of ``impasto distill``, pictures of ``impasto dataset pack``.

    Args:
        label: what is being done.
        total: how many there will be; ``None``: each call says it.
        hidden: show nothing.

    Yields:
        What is to be called with how many are done and, where ``total`` is ``None``, how many there will be.
    """
    with _bar(hidden=hidden) as bar:
        task = bar.add_task(label, total=total)

        def show(done: int, expected: int | None = None) -> None:
            bar.update(task, completed=done, total=expected if total is None else total)

        yield show


def _losses_text(losses: Any) -> str:
    """Losses by name as one line: ``content 1.234  style 0.567``."""
    return "  ".join(f"{name} {value:.3f}" for name, value in losses.items())


def duration(seconds: float) -> str:
    """Seconds for people: ``40 s``, ``2 min 05 s``."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
