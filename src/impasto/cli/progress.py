"""All progress of the command line, on standard error: bars where there is a terminal, else a line now and then.

Each is a context manager that gives a function; a command calls that with what the library reports. Progress that is
``hidden`` takes the same calls and shows nothing. What is left of the time is told by :mod:`impasto.remaining`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from impasto.remaining import seconds_left

if TYPE_CHECKING:
    from rich.progress import Progress

    from impasto.learning.fitting import LearningProgress
    from impasto.optimisation.state import OptimisationProgress
    from impasto.training.fit import TrainingProgress

_LEARNING_STAGES = {"style": "learning", "network": "fitting the network"}
_LINE_EVERY = 15.0  # seconds from one line to the next, at least, where there is no terminal
_LINE_AT_LATEST = 300.0  # seconds after which there is a line even if no tenth was done meanwhile
_LARGE = 4_000_000  # pixels that one picture's networks have to paint before it gets a bar: about a second


def _has_terminal() -> bool:
    """Whether standard error is a terminal, so that somebody looks at the bar."""
    return sys.stderr.isatty()


class _Shown:
    """Progress of one thing on standard error: a bar, or where there is no terminal lines.

    Args:
        label: what is going on.
        at_most: whether it often ends before all is done, so that the time left is the most it can be.
        transient: whether the bar vanishes at the end.
    """

    def __init__(self, label: str, *, at_most: bool = False, transient: bool = False) -> None:
        self.label, self.estimate = label, "at most" if at_most else "about"
        self.begun: tuple[float, float] | None = None  # share and time of the first call
        self.said, self.said_at = 0, time.monotonic()  # tenths and time of the last line
        self.bar: Progress | None = None
        if _has_terminal():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[now]}")
            self.bar = Progress(*columns, console=Console(stderr=True), transient=transient)
            self.task = self.bar.add_task(label, total=None, now="")
            self.bar.start()

    def close(self) -> None:
        """Leave the bar as it is, or take it away."""
        if self.bar is not None:
            self.bar.stop()

    def begin_at(self, share: float) -> None:
        """Tell the time left by what is done from here on."""
        self.begun = share, time.monotonic()

    def show(self, share: float | None, *parts: str, label: str | None = None) -> None:
        """Show how far it is.

        Args:
            share: of all that is to be done; ``None``: unknown.
            parts: what else is known of it, from left to right; empty ones are left out.
            label: what is going on; ``None``: the same as before.
        """
        self.label = label or self.label
        if self.begun is None:
            self.begin_at(share or 0.0)
        now = "  ".join(filter(None, (*parts, self._left(share))))
        if self.bar is not None:
            known = {"total": None} if share is None else {"total": 1.0, "completed": share}
            self.bar.update(self.task, description=self.label, now=now, **known)
        elif self._line_is_due(share):
            self.said, self.said_at = int((share or 0) * 10), time.monotonic()
            percent = "" if share is None else f"{share:.0%}  "
            click.echo(f"{self.label}: {percent}{now}", err=True)

    def _line_is_due(self, share: float | None) -> bool:
        """Whether it is time for a line."""
        passed = time.monotonic() - self.said_at
        tenth = share is None or int(share * 10) > self.said
        return passed >= (_LINE_EVERY if tenth else _LINE_AT_LATEST)

    def _left(self, share: float | None) -> str:
        """The time that is left, as far as it can be told."""
        if share is None or self.begun is None or share >= 1:
            return ""
        begun, since = self.begun
        left = seconds_left(time.monotonic() - since, share, begun)
        return "" if left is None else f"{self.estimate} {duration(left)} left"


@contextmanager
def _shown(label: str, **kind: Any) -> Iterator[_Shown]:
    """Progress that is closed at the end, however that comes."""
    shown = _Shown(label, **kind)
    try:
        yield shown
    finally:
        shown.close()


class PicturesBar:
    """Progress of ``impasto apply`` over pictures, and within a large one.

    Args:
        total: how many pictures there are.
        hidden: show nothing.
    """

    def __init__(self, total: int, *, hidden: bool) -> None:
        self.total, self.hidden, self.finished = total, hidden, 0
        self._stack = ExitStack()
        self._shown: _Shown | None = None

    def __enter__(self) -> PicturesBar:
        if self.total > 1:
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self) -> None:
        """Begin to show progress; that of one picture vanishes at its end."""
        if not self.hidden:
            self._shown = self._stack.enter_context(_shown("Painting", transient=self.total == 1))
            self._show(0.0)

    def _show(self, fraction: float) -> None:
        """Show how much is done, with a fraction of the picture that is being painted."""
        if self._shown is not None:
            share = min(1.0, (self.finished + fraction) / self.total)
            counted = f"{self.finished}/{self.total}" if self.total > 1 else f"{share:.0%}"
            self._shown.show(share, counted)

    def advance(self, *, skipped: bool = False) -> None:
        """Count a picture; one that was skipped took no time, and tells nothing of the others."""
        self.finished += 1
        if skipped and self._shown is not None:
            self._shown.begin_at(self.finished / self.total)
        self._show(0.0)

    def within(self, done: int, pixels: int) -> None:
        """Show how many of a picture's pixels are painted; see :meth:`impasto.feedforward.painter.Painter.paint`."""
        if pixels < _LARGE:
            return
        if self._shown is None:
            self._open()
        self._show(done / pixels)


@contextmanager
def video_bar(*, hidden: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Progress over the frames of a video, with frames a second.

    Yields:
        What is to be called with the frames that are painted and those that are expected (0: unknown); ``None``
        where nothing is shown.
    """
    if hidden:
        yield None
        return
    with _shown("Painting") as shown:
        first: list[tuple[int, float]] = []

        def show(done: int, expected: int) -> None:
            first[:] = first or [(done, time.monotonic())]
            (before, since), now = first[0], time.monotonic()
            rate = f"{(done - before) / (now - since):.1f} frames/s" if done > before and now > since else ""
            shown.show(min(1.0, done / expected) if expected else None, f"{done}/{expected or '?'}", rate)

        yield show


@contextmanager
def share_bar(label: str, *, hidden: bool) -> Iterator[Callable[[float], None]]:
    """Progress of what tells the share of its work that is done, as ``impasto sound`` does.

    Args:
        label: what is being done.
        hidden: show nothing.
    """
    if hidden:
        yield lambda _share: None
        return
    with _shown(label) as shown:
        yield lambda share: shown.show(share, f"{share:.0%}")


@contextmanager
def optimisation_bar(*, hidden: bool) -> Iterator[Callable[[OptimisationProgress], None]]:
    """Progress over the iterations of ``impasto paint``, with the loss."""
    if hidden:
        yield lambda _progress: None
        return
    with _shown("Painting") as shown:
        shown.begin_at(0.0)

        def show(progress: OptimisationProgress) -> None:
            size, count = "{} x {}".format(*progress.size), f"{progress.iteration}/{progress.iterations}"
            shown.show(progress.share, count, f"loss {progress.loss:.4f}", label=f"Painting at {size}")

        yield show


@contextmanager
def learning_bar(label: str, *, hidden: bool) -> Iterator[Callable[[LearningProgress], None]]:
    """Progress over the steps in which one style is learnt, with its losses.

    Args:
        label: what is learnt.
        hidden: show nothing.
    """
    if hidden:
        yield lambda _progress: None
        return
    with _shown(f"{label}: getting ready", at_most=True) as shown:
        stages: list[str] = []

        def show(progress: LearningProgress) -> None:
            if progress.stage not in stages:
                stages.append(progress.stage)
                shown.begin_at(progress.share)
            losses = {name: progress.losses[name] for name in ("content", "style") if name in progress.losses}
            now = f"{label}: {_LEARNING_STAGES[progress.stage]}"
            shown.show(progress.share, f"step {progress.step}", _losses_text(losses), label=now)

        yield show


@contextmanager
def training_bar(step: int, *, hidden: bool) -> Iterator[Callable[[TrainingProgress], None]]:
    """Progress over the steps of ``impasto train``, with all losses.

    Args:
        step: where the run begins, which is not 0 when it is resumed.
        hidden: show nothing.
    """
    if hidden:
        yield lambda _progress: None
        return
    with _shown(f"Training from step {step}" if step else "Training") as shown:
        yield lambda progress: shown.show(progress.share, f"step {progress.step}", _losses_text(progress.losses))


@contextmanager
def counting_bar(label: str, total: int | None = None, *, hidden: bool) -> Iterator[Callable[..., None]]:
    """Progress over things that are counted: steps of ``impasto distill``, pictures of ``impasto dataset pack``.

    Args:
        label: what is being done.
        total: how many there will be; ``None``: each call says it.
        hidden: show nothing.

    Yields:
        What is to be called with how many are done and, where ``total`` is ``None``, how many there will be.
    """
    if hidden:
        yield lambda *_counts: None
        return
    with _shown(label) as shown:

        def show(done: int, expected: int | None = None) -> None:
            count = expected if total is None else total
            shown.show(min(1.0, done / count) if count else None, f"{done}/{count or '?'}")

        yield show


def _losses_text(losses: Any) -> str:
    """Losses by name as one line: ``content 1.234  style 0.567``."""
    return "  ".join(f"{name} {value:.3f}" for name, value in losses.items())


def duration(seconds: float) -> str:
    """Seconds for people: ``40 s``, ``2 min 05 s``, ``3 h 20 min``."""
    minutes, seconds = divmod(round(seconds), 60)
    if minutes >= 60:
        return "{} h {:02d} min".format(*divmod(minutes, 60))
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
