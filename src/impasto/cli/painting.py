"""What is kept and said of an ``impasto paint`` run while it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli import pipes
from impasto.cli.pipes import STANDARD
from impasto.errors import OutputError
from impasto.memory import amount
from impasto.optimisation import api
from impasto.pictures import contact_sheet
from impasto.pictures.picture import Picture
from impasto.pictures.writing import write_picture

if TYPE_CHECKING:
    from impasto.optimisation.planning import Plan
    from impasto.optimisation.state import OptimisationProgress, OptimisationState

_STRIP_STEPS = 6
_SAVE_STATE_EVERY = 60.0  # seconds, in case the run does not come to its end


class Writer:
    """Writes pictures to the output (standard output: in the format that the photograph came in), or beside it."""

    def __init__(self, target: Path, **how: Any) -> None:
        self.target, self.how = target, how

    def __call__(self, job: api.OptimisationTask, rgb: Any, suffix: str = "") -> None:
        """Write what a job has painted; ``suffix`` goes between the name and its ending."""
        self.put(job.picture(rgb), job.settings, suffix)

    def put(self, picture: Picture, settings: str, suffix: str = "") -> None:
        """Write a picture with a line on how it was made."""
        if self.target == STANDARD:
            pipes.send(picture, settings=settings, **self.how)
        else:
            path = self.target.with_name(f"{self.target.stem}{suffix}{self.target.suffix}")
            write_picture(picture, path, settings=settings, **self.how)


class Watch:
    """What is kept and said of a run while it goes on.

    ``resumed``: what it goes on from; numbers and the log go on, too.
    """

    def __init__(
        self,
        job: api.OptimisationTask,
        write: Writer,
        save_every: int,
        preview_every: int,
        print_every: int,
        strip: bool,
        log_file: Path | None,
        say: Callable[[str], None],
        *,
        resumed: OptimisationState | None,
        keep: bool,
    ) -> None:
        self.job, self.write, self.say, self.resumed, self.keep = job, write, say, resumed, keep
        self.save_every, self.preview_every, self.print_every = save_every, preview_every, print_every
        self.strip, self.log_file = strip, log_file
        self.log: Any = None
        self.steps: list[tuple[str, Picture]] = []
        self.started = time.perf_counter()
        self.save_next = self.started + _SAVE_STATE_EVERY

    def __enter__(self) -> Watch:
        if self.log_file:
            try:
                self.log_file.parent.mkdir(parents=True, exist_ok=True)
                self.log = self.log_file.open("a" if self.resumed else "w", encoding="utf-8")
            except OSError as error:
                raise OutputError(
                    f"{self.log_file} cannot be written ({error.strerror}); give another --log."
                ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self.log:
            self.log.close()

    def __call__(self, progress: OptimisationProgress) -> None:
        """Take in an iteration."""
        n = progress.iteration
        if self.log:
            losses = {name: round(value, 8) for name, value in progress.parts.items()}
            line = {"iteration": n, "size": progress.size, "seconds": round(progress.seconds, 3)}
            self.log.write(json.dumps(line | {"loss": round(progress.loss, 8)} | losses) + "\n")
            self.log.flush()
        if self.print_every and n % self.print_every == 0:
            parts = ", ".join(f"{name} {value:.5f}" for name, value in progress.parts.items() if "/" not in name)
            self.say(f"{n}: {progress.loss:.5f} ({parts})")
        if self.save_every and n % self.save_every == 0:
            self.write(self.job, progress.picture(), f"-{n:04d}")
        if self.preview_every and n % self.preview_every == 0:
            self.write(self.job, progress.picture())
        before = self.resumed.count if self.resumed else 0
        here, planned = n - before, progress.iterations - before
        if self.strip and (here == 1 or here * (_STRIP_STEPS - 1) // planned > len(self.steps) - 1):
            self.steps.append((f"{n}", self.job.picture(progress.picture())))
        if self.keep and time.perf_counter() > self.save_next:
            begun = time.perf_counter()
            try:
                progress.state().save(api.state_path(self.write.target))
            except OutputError as error:  # no reason to lose the picture
                self.say(f"Warning: {error}")
                self.keep = False
            now = time.perf_counter()
            self.save_next = now + max(_SAVE_STATE_EVERY, 20 * (now - begun))  # large states take their time

    def end(self) -> None:
        """Write the strip of steps, if there are any."""
        if self.steps:
            path = self.write.target.with_name(f"{self.write.target.stem}-steps.png")
            write_picture(contact_sheet.contact_sheet(self.steps, columns=len(self.steps)), path)


class Bar:
    """A bar with the loss and the time left, on standard error."""

    def __init__(self, hidden: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.fields[size]}"),
            BarColumn(),
            TextColumn("{task.fields[n]}  loss {task.fields[loss]}  {task.fields[left]} left"),
        )
        console = Console(stderr=True)
        self.bar = Progress(*columns, console=console, disable=hidden or not console.is_terminal)
        self.task = self.bar.add_task("", total=1.0, size="", n="", loss="", left="")

    def __enter__(self) -> Bar:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, progress: OptimisationProgress) -> None:
        """Move on."""
        self.bar.update(
            self.task,
            completed=progress.share,
            size="{} x {}".format(*progress.size),
            n=f"{progress.iteration}/{progress.iterations}",
            loss=f"{progress.loss:.4f}",
            left=duration(progress.seconds_left),
        )


def forecast(estimate: Plan) -> str:
    """Time and memory that a run will take, as a sentence."""
    memory = f"About {duration(estimate.seconds)} and {amount(estimate.bytes)}"
    tiles = f", in tiles of {estimate.tile} pixels" if estimate.tile else ""
    cut = f", with a history of only {estimate.history}" if estimate.cut else ""
    return f"{memory}{tiles}{cut}."


def duration(seconds: float) -> str:
    """As 2 min 05 s."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
