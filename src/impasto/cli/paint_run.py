"""What an ``impasto paint`` run writes and says: the result, and what is recorded while it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli.progress import duration
from impasto.cli.standard_streams import STANDARD_STREAM, write_standard_output
from impasto.errors import OutputError
from impasto.files import explained
from impasto.memory import format_size
from impasto.optimisation import api
from impasto.pictures import contact_sheet
from impasto.pictures.picture import Picture
from impasto.pictures.writing import write_picture

if TYPE_CHECKING:
    from impasto.optimisation.planning import Plan
    from impasto.optimisation.state import OptimisationProgress, OptimisationState

STRIP_STEPS = 6  # pictures on the sheet of steps
SAVE_STATE_EVERY = 60.0  # seconds from one save of the state to the next, at least
SAVE_STATE_SHARE = 1 / 20  # of the run's time that saving large states may take


class ResultWriter:
    """Writes pictures to the output, or to files beside it.

    Standard output gets the format that the photograph came in.

    Args:
        target: the file, or :data:`impasto.cli.standard_streams.STANDARD_STREAM`.
        encoding: as for :func:`impasto.pictures.writing.write_picture`.
    """

    def __init__(self, target: Path, **encoding: Any) -> None:
        self.target, self.encoding = target, encoding

    def write_result(self, task: api.OptimisationTask, rgb: Any, suffix: str = "") -> None:
        """Write what a task has painted.

        Args:
            task: whose result it is.
            rgb: H x W x 3 in [0, 1].
            suffix: goes between the file's name and its ending.
        """
        self.write(task.picture(rgb), task.note, suffix)

    def write(self, picture: Picture, note: str, suffix: str = "") -> None:
        """Write a picture with a line on how it was made."""
        if self.target == STANDARD_STREAM:
            write_standard_output(picture, note=note, **self.encoding)
        else:
            path = self.target.with_name(f"{self.target.stem}{suffix}{self.target.suffix}")
            write_picture(picture, path, note=note, **self.encoding)


@dataclass(frozen=True, kw_only=True)
class RecordingOptions:
    """What is recorded of a run.

    Attributes:
        save_every: iterations from one kept picture to the next; 0: none is kept.
        preview_every: iterations from one update of the output to the next; 0: only the end.
        print_every: iterations from one line of losses to the next; 0: none is printed.
        strip: whether a sheet of the steps is written.
        log_file: gets the losses of each iteration as JSON lines.
        keep_state: whether the state to resume from is saved meanwhile.
    """

    save_every: int
    preview_every: int
    print_every: int
    strip: bool
    log_file: Path | None
    keep_state: bool


class RunRecorder:
    """Records a run while it goes on; a context manager that keeps the log open.

    Args:
        task: the run.
        writer: where pictures go.
        recording: what is recorded.
        print_line: takes a line for the user.
        resumed: what the run goes on from; numbers of iterations and the log go on, too.

    Raises:
        OutputError: the log cannot be written (on entering).
    """

    def __init__(
        self,
        task: api.OptimisationTask,
        writer: ResultWriter,
        recording: RecordingOptions,
        print_line: Callable[[str], None],
        resumed: OptimisationState | None = None,
    ) -> None:
        self.task, self.writer, self.recording, self.print_line = task, writer, recording, print_line
        self.resumed, self.keep_state = resumed, recording.keep_state
        self.log: Any = None
        self.steps: list[tuple[str, Picture]] = []
        self.started = time.perf_counter()
        self.save_next = self.started + SAVE_STATE_EVERY

    def __enter__(self) -> RunRecorder:
        file = self.recording.log_file
        if file:
            with explained(file):
                file.parent.mkdir(parents=True, exist_ok=True)
                self.log = file.open("a" if self.resumed else "w", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self.log:
            self.log.close()

    def record(self, progress: OptimisationProgress) -> None:
        """Record what is due after an iteration: a log line, losses, pictures, the state."""
        n, wanted = progress.iteration, self.recording
        if self.log:
            self._log(progress)
        if wanted.print_every and n % wanted.print_every == 0:
            parts = ", ".join(f"{name} {value:.5f}" for name, value in progress.parts.items() if "/" not in name)
            self.print_line(f"{n}: {progress.loss:.5f} ({parts})")
        if wanted.save_every and n % wanted.save_every == 0:
            self.writer.write_result(self.task, progress.picture(), f"-{n:04d}")
        if wanted.preview_every and n % wanted.preview_every == 0:
            self.writer.write_result(self.task, progress.picture())
        if wanted.strip and self._is_step_of_strip(progress):
            self.steps.append((f"{n}", self.task.picture(progress.picture())))
        if self.keep_state and time.perf_counter() > self.save_next:
            self._save_state(progress)

    def _log(self, progress: OptimisationProgress) -> None:
        """Write one line of the log, and flush it, so that the log can be followed."""
        losses = {name: round(value, 8) for name, value in progress.parts.items()}
        line = {"iteration": progress.iteration, "size": progress.size, "seconds": round(progress.seconds, 3)}
        self.log.write(json.dumps(line | {"loss": round(progress.loss, 8)} | losses) + "\n")
        self.log.flush()

    def _is_step_of_strip(self, progress: OptimisationProgress) -> bool:
        """Whether an iteration is the first, or the next of those that divide the run evenly."""
        before = self.resumed.count if self.resumed else 0
        done, planned = progress.iteration - before, progress.iterations - before
        return done == 1 or done * (STRIP_STEPS - 1) // planned > len(self.steps) - 1

    def _save_state(self, progress: OptimisationProgress) -> None:
        """Save the state to resume from; where it cannot be written, say so and save no more."""
        begun = time.perf_counter()
        try:
            progress.state().save(api.state_path(self.writer.target))
        except OutputError as error:  # the picture is worth more than the state: the run goes on
            self.print_line(f"Warning: {error}")
            self.keep_state = False
        now = time.perf_counter()
        self.save_next = now + max(SAVE_STATE_EVERY, (now - begun) / SAVE_STATE_SHARE)

    def write_strip(self) -> None:
        """Write the sheet of steps, if there are any."""
        if self.steps:
            path = self.writer.target.with_name(f"{self.writer.target.stem}-steps.png")
            write_picture(contact_sheet.contact_sheet(self.steps, columns=len(self.steps)), path)


def forecast(estimate: Plan) -> str:
    """Time and memory that a run will take, as a sentence."""
    memory = f"About {duration(estimate.seconds)} and {format_size(estimate.bytes)}"
    tiles = f", in tiles of {estimate.tile} pixels" if estimate.tile else ""
    cut = f", with a history of only {estimate.history}" if estimate.cut else ""
    return f"{memory}{tiles}{cut}."
