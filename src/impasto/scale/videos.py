"""``impasto.scale.stylize_video``: one long video in parts that are painted side by side, and joined.

The parts begin where scenes begin, so that the result is that of one run, frame by frame. Each part keeps its own
state, so that a part whose process dies, or a run that is stopped, goes on from its last segment.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError, InputError, OutputError
from impasto.learning.cache import with_learnt_pictures
from impasto.scale.api import processes_for
from impasto.scale.on_ray import RayWork, work_on_ray
from impasto.scale.pool import Pool
from impasto.scale.sessions import Session
from impasto.scale.station import Result, Station, Task
from impasto.scale.worker import Worker
from impasto.styles.blending import Styles
from impasto.video.api import checked_request, make_video, paint_frames
from impasto.video.api import stylize_video as stylize_in_one_process
from impasto.video.parts import SEAMS, Part, Seams, find_parts
from impasto.video.report import FrameProgress, Report
from impasto.video.resume import WorkFolder
from impasto.video.task import Request, VideoTask, make_plan, open_task

_PARTS = 3  # parts of each process, so that a long one at the end does not keep the others waiting
_USUAL_MACHINES = 16  # processes for which there are parts where a cluster says how many there are
_FACTS = "part"  # entry of the state of a part that is finished


@dataclass(frozen=True)
class _PartTask(Task):
    """A part, as a task for a process.

    Attributes:
        request: the video, and how it is painted.
        part: the part.
        folder: where its segments go.
    """

    request: Request | None = None
    part: Part | None = None
    folder: str = ""


class _PartStation(Station):
    """What a process does with parts; the worker is not needed, since a video has styles that change."""

    def __init__(self) -> None:
        super().__init__(Worker("photograph"))

    def load(self, task: Task) -> None:
        """See :class:`Station`; the process reads frames itself."""

    def paint(self, task: Task, data: bytes | None) -> Result:
        """Paint a part; what it has to say is in the result's data, as JSON."""
        assert isinstance(task, _PartTask)
        assert task.request is not None
        assert task.part is not None
        result = Result(task.number, task.name)
        try:
            facts = _paint_part(task.request, task.part, Path(task.folder))
        except ImpastoError as error:
            return result.failed(str(error), stops=True)
        return replace(result, data=json.dumps(facts).encode())


class PartActor:
    """What each actor of Ray's does with parts.

    Args:
        request: the video, and how it is painted.
        folder: where segments go, on a disk that all machines reach.
        key: of the work folder.
    """

    def __init__(self, request: Request, folder: Path, key: str) -> None:
        self.request, self.folder, self.key = request, folder, key

    def __call__(self, row: dict[str, str]) -> dict[str, str]:
        """Paint a part, or go on with it.

        Args:
            row: the part, as JSON.

        Returns:
            Its number and facts as JSON, or the sentence on why it cannot be painted.
        """
        part = Part(**json.loads(row["part"]))
        try:
            with Session(self.folder, self.key):
                facts = _paint_part(self.request, part, self.folder)
        except ImpastoError as error:
            return {"number": str(part.number), "facts": "", "error": str(error)}
        return {"number": str(part.number), "facts": json.dumps(facts), "error": ""}


def stylize_video(
    video: str | Path,
    style: Styles | None = None,
    *,
    on: str = "local",
    processes: int | None = None,
    seams: Seams = "cuts",
    progress: FrameProgress | None = None,
    **settings: Any,
) -> Report:
    """Repaint a long video in several processes; the result is that of :func:`impasto.stylize_video`.

    A run that was stopped goes on where it stopped when it is made again.

    Args:
        video: a video file or an animation.
        style: as in :func:`impasto.stylize`.
        on: ``"local"``, ``"ray"`` or ``"ray://HOST:PORT"``, where all machines reach the video and the folder of the
            result under the same paths.
        processes: how many paint; ``None``: one a core, on Ray one a core less one. Each paints two frames side by
            side.
        seams: where parts may begin. ``"cuts"``: where scenes begin, so that the result is that of one run.
            ``"warm"``: in long takes elsewhere as well, after 25 frames that are painted for their state; beside such a
            seam the result differs a little.
        progress: called with the number of frames painted, part by part, and of those in all.
        settings: the other arguments of :func:`impasto.stylize_video`.

    Returns:
        What was done, and what was left out.

    Raises:
        InputError: there is no video, an option is out of range, or it is none for parts.
        OutputError: the result cannot be written, or a part cannot be painted.
    """
    if seams not in SEAMS:
        raise InputError(f"There are no seams {seams}; give one of {', '.join(SEAMS)}.")
    wanted = processes_for(on, processes)
    parameters = inspect.signature(stylize_in_one_process).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "progress"}
    own = {name: settings.pop(name, default) for name, default in defaults.items()}
    request = checked_request(video=video, style=style, options=settings, **own)
    if request.paint is not None:
        raise InputError("Painting by optimisation goes through the video several times; leave the processes out.")

    def paint(task: VideoTask, progress: FrameProgress | None, report: Report) -> tuple[list[Path], int]:
        """Paint the parts of a task."""
        return _paint_parts(task, progress, report, on, wanted, seams)

    return make_video(request, stylize_video, progress, paint)


def _paint_parts(
    task: VideoTask, progress: FrameProgress | None, report: Report, on: str, processes: int, seams: Seams
) -> tuple[list[Path], int]:
    """Paint the parts of a task; see :data:`impasto.video.api.PaintFrames`.

    Raises:
        InputError: the result is numbered pictures.
        OutputError: a part cannot be painted.
    """
    if not task.plan.codec:
        raise InputError("Numbered pictures are painted by one process; give a video file with -o, or leave --on out.")
    parts = _known_parts(task, processes or _USUAL_MACHINES, seams)
    report.notices += task.source.notices
    report.truncated, report.damaged = task.source.truncated, task.source.damaged
    expected = sum(part.frames for part in parts)
    if len(parts) == 1 and processes != 1:
        report.notices.append("No cut was found where the video could be divided, so that one process painted it all.")
    done: dict[int, dict[str, Any]] = {}
    painted = _in_processes(task, parts, processes) if on == "local" else _on_ray(task, parts, on, processes)
    for number, said, error in painted:
        if error:
            raise OutputError(f"{error.rstrip('.')}; the same command goes on with what is painted.")
        done[number] = json.loads(said)
        if progress is not None:
            progress(sum(facts["frames"] for facts in done.values()), expected)
    ordered = [done[part.number] for part in parts]
    report.frames = sum(facts["frames"] for facts in ordered)
    report.resumed = sum(facts["resumed"] for facts in ordered)
    for facts in ordered:
        report.notices += [notice for notice in facts["notices"] if notice not in report.notices]
    for stage in ("read", "paint", "steady", "write"):
        report.seconds[stage] = sum(facts["seconds"].get(stage, 0.0) for facts in ordered)
    return [Path(path) for facts in ordered for path in facts["segments"]], ordered[-1]["duration"] if ordered else 0


def _known_parts(task: VideoTask, processes: int, seams: Seams) -> list[Part]:
    """The parts of a task: those that an earlier run has begun, or else found by reading the video once."""
    facts, _ = task.work.open()
    if facts.get("seams") == seams and "parts" in facts:
        return [Part(**part) for part in facts["parts"]]
    everywhere = task.plan.request.stabilize == "off"
    found = find_parts(task.source, task.span, everywhere=everywhere, seams=seams, wanted=_PARTS * processes)
    # A run in one process that finds this state begins anew, since no frame is done in its folder.
    begun = {"frames": 0, "segments": 0, "seams": seams, "parts": [asdict(part) for part in found]}
    task.work.save(begun, {})
    return found


def _for_processes(task: VideoTask) -> Request:
    """The request as other processes take it: styles learnt, and the result named."""
    request = task.plan.request
    effort = task.plan.options.style_effort
    style = None if request.style is None else with_learnt_pictures(request.style, effort)
    later = {time: with_learnt_pictures(styles, effort) for time, styles in (request.style_at or {}).items()}
    return replace(request, style=style, style_at=later or None, output=task.plan.target.absolute())


def _in_processes(task: VideoTask, parts: list[Part], processes: int) -> Iterator[tuple[int, str, str]]:
    """Paint parts in processes on this machine.

    Yields:
        Of each part its number, what :func:`_paint_part` returned as JSON, and why it failed.
    """
    request, folder = _for_processes(task), str(task.work.folder.absolute())

    def tasks() -> Iterator[Task]:
        """The parts as tasks for processes."""
        for part in parts:
            name = f"part {part.number + 1} of {len(parts)} of {task.source.path.name}"
            yield _PartTask(part.number, name, "", None, None, b"", None, request=request, part=part, folder=folder)

    with Pool(_PartStation(), processes) as pool:
        for result in pool.run(tasks()):
            yield result.number, (result.data or b"").decode(), result.error


def _on_ray(task: VideoTask, parts: list[Part], on: str, processes: int) -> Iterator[tuple[int, str, str]]:
    """Paint parts on a cluster of Ray's; see :func:`_in_processes`."""
    folder, key = task.work.folder.absolute(), task.work.key
    rows = [{"part": json.dumps(asdict(part))} for part in parts]
    gpu = task.plan.options.device == "cuda"
    work = RayWork(PartActor, (_for_processes(task), folder, key), rows, folder, key, gpu=gpu)
    for row in work_on_ray(work, on, processes):
        yield int(row["number"]), row["facts"], row["error"]


def _paint_part(request: Request, part: Part, folder: Path) -> dict[str, Any]:
    """Paint a part in this process, or go on with it.

    Returns:
        ``frames``, ``resumed``, ``segments`` (files), ``duration`` (of the last frame), ``notices`` and ``seconds``.
    """
    task = open_task(make_plan(request, stylize_in_one_process))
    dependencies = {"task": task.work.key, "part": asdict(part)}
    work = WorkFolder(folder / f"{part.number:04}.part-of-video", dependencies)
    facts, _ = work.open()
    if _FACTS in facts:
        finished: dict[str, Any] = facts[_FACTS]
        return finished | {"resumed": finished["frames"]}
    report = Report(task.plan.target)
    sink, duration = paint_frames(replace(task, work=work), None, report, part)
    segments = [str(path) for path in getattr(sink, "paths", [])]
    made = {"frames": report.frames, "segments": segments, "duration": duration, "resumed": report.resumed}
    made |= {"notices": report.notices, "seconds": report.seconds}
    work.save({_FACTS: made}, {})
    return made
