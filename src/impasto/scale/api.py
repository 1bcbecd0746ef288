"""``impasto.scale.plan`` and ``impasto.scale.run``: a plan of what is to be painted, and painting it."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Unpack

from impasto.errors import InputError
from impasto.feedforward.options import OptionKeywords
from impasto.feedforward.tasks import OutputOptions
from impasto.scale.job import Job, Receipt, Records, is_job
from impasto.scale.maker import Maker
from impasto.scale.on_ray import paint_on_ray
from impasto.scale.places import Place, absolute, as_place, is_folder, is_url, join, name_of
from impasto.scale.pool import Pool
from impasto.scale.runner import Run, ShardRunner
from impasto.scale.sessions import Session
from impasto.scale.shards import Shard
from impasto.scale.sinks import check_sink, is_tar
from impasto.scale.sources import SHARD_PICTURES, shards_of
from impasto.scale.station import Result
from impasto.scale.worker import Worker
from impasto.styles.blending import Styles
from impasto.threads import core_count

log = logging.getLogger(__name__)

_MIN_SHARDS = 8  # shards of each actor of Ray's, so that all have work to the end
_USUAL_ACTORS = 16  # actors for which there are shards where a cluster says how many there are
_WAIT = 5.0  # seconds from one look at the shards of others to the next
_JOB = ".impasto-job"  # name of the job folder in a folder of results, and end of that beside tars
_MOST_PROCESSES = 4096


@dataclass
class RunReport:
    """What became of the pictures of a run.

    Attributes:
        job: the job folder.
        counts: pictures by status: ``"written"``, ``"skipped"``, ``"failed"``.
        failed: pairs of the name of a picture that failed, and why.
        seconds: from start to end.
    """

    job: Place
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0


def plan(
    sources: str | Path | Sequence[str | Path],
    job: str | Path,
    *,
    shard_pictures: int = SHARD_PICTURES,
    overwrite: bool = False,
) -> Job:
    """Write a plan of what is to be painted into a job folder.

    Args:
        sources: folders, patterns, pictures, list files (``.txt``), tars and Parquet files, as paths or as URLs of
            fsspec; ``x.parquet#COLUMN`` names the column with the pictures, ``{0000..0099}`` stands for numbers.
        job: the folder, or its URL.
        shard_pictures: pictures of a shard, at most. Each tar is one shard.
        overwrite: whether a plan that is there may be replaced.

    Raises:
        InputError: a source is not there or has no picture, or there is a plan already.
        OutputError: the folder cannot be written to.
        MissingExtraError: URLs need the extra ``cloud``, Parquet files the extra ``ray``.
    """
    place, listed = as_place(job), _as_list(sources)
    if not overwrite and is_job(place):
        raise InputError(f"There is a plan in {place} already; paint it, give another folder, or --overwrite.")
    return Job.create(place, listed, shards_of(listed, shard_pictures))


def run(
    sources: str | Path | Sequence[str | Path],
    sink: str | Path,
    styles: Styles | Maker,
    *,
    on: str = "local",
    processes: int | None = None,
    writing: OutputOptions | None = None,
    overwrite: bool = False,
    include_results: bool = False,
    **options: Unpack[OptionKeywords],
) -> RunReport:
    """Paint many pictures in several processes, here or on a cluster of Ray.

    What is done already is skipped, so that the same call goes on after an interruption.

    Args:
        sources: a job folder with a plan, or what :func:`plan` takes.
        sink: a folder for one file a picture, or a name that ends in ``.tar`` for one tar a shard; or its URL.
        styles: as :func:`impasto.stylize` takes them; or a worker, which has options and writing of its own; or a
            :class:`impasto.scale.StyleLearner`, which makes a style file of each picture.
        on: ``"local"``, ``"ray"`` or ``"ray://HOST:PORT"``.
        processes: how many paint, at most; ``None``: one a core, on Ray one a core less one.
        writing: how results are encoded.
        overwrite: whether to paint what is done already.
        include_results: whether to paint pictures that are results themselves.
        options: the fields of :class:`impasto.Options`.

    Returns:
        What became of the pictures; some may have failed.

    Raises:
        InputError: a source or the cluster is not there, or an option is out of range.
        OutputError: results cannot be written.
        StyleError: no such style.
        MissingExtraError: ``on`` or a URL needs an extra.
    """
    worker = styles if isinstance(styles, Maker) else Worker(styles, writing=writing, **options)
    begun, started = open_run(sources, sink, worker, on, processes, overwrite, include_results), time.perf_counter()
    report = RunReport(begun.job)
    for result in paint_run(begun, on, processes):
        report.counts[result.status] += 1
        if result.status == "failed":
            report.failed.append((result.name, result.error))
    report.seconds = time.perf_counter() - started
    return report


def open_run(
    sources: str | Path | Sequence[str | Path],
    sink: str | Path,
    worker: Maker,
    on: str = "local",
    processes: int | None = None,
    overwrite: bool = False,
    include_results: bool = False,
) -> Run:
    """Check what is to be painted and where to, and plan it unless it is planned; see :func:`run`."""
    listed, target, wanted = _as_list(sources), absolute(as_place(sink)), processes_for(on, processes)
    check_sink(target)
    if len(listed) == 1 and is_job(as_place(listed[0])):
        job = Job(absolute(as_place(listed[0])))
    else:
        shards = list(shards_of(listed, SHARD_PICTURES, target))
        pictures, fair = sum(shard.pictures or 0 for shard in shards), _MIN_SHARDS * (wanted or _USUAL_ACTORS)
        if on != "local" and pictures < SHARD_PICTURES * fair:
            shards = list(shards_of(listed, max(1, pictures // fair), target))
        job = Job.create(job_of(target), listed, shards)
    begun = Run(job.place, worker, target, overwrite, include_results)
    _check_distinct_results(job, worker)
    if not is_tar(target):
        _check_distinct_files(job)
    begun.records().begin(begun.settings, target)
    return begun


def paint_run(begun: Run, on: str = "local", processes: int | None = None) -> Iterator[Result]:
    """Paint what is left of a run, and wait for what other programs have in hand; see :func:`run`.

    Yields:
        What became of each picture; those of shards that are done already are left out.
    """
    wanted = processes_for(on, processes)
    records = begun.records()
    left = _not_done(begun, records)
    if on != "local":
        yield from paint_on_ray(begun, list(left.values()), on, wanted)
        return
    with Session(begun.job, records.id, wanted) as session, Pool(begun.station(wanted), wanted) as pool:
        runner = ShardRunner(begun, records, pool, session)
        if session.taken_by_others():  # begin elsewhere than they did
            names = list(left)
            place = int(session.id[-8:], 16) % max(1, len(names))
            left = {name: left[name] for name in [*names[place:], *names[:place]]}
        told = False
        while left:
            yield from runner.paint(_free_shards(left, begun, records, session))
            if left and not told:
                told = True
                log.warning("Other runs have the last shards in hand (%d); this one waits, should they die.", len(left))
            if left:
                time.sleep(_WAIT)


def _not_done(begun: Run, records: Records) -> dict[str, Shard]:
    """The shards that are not done, or in which pictures failed, by the names of their results."""
    done = set() if begun.overwrite else {one.name for one in records.receipts(records.names()) if not one.failed}
    named = ((shard.name(begun.settings), shard) for shard in records.job.shards())
    return {name: shard for name, shard in named if name not in done}


def _free_shards(left: dict[str, Shard], begun: Run, records: Records, session: Session) -> Iterator[Shard]:
    """The shards that no other program is painting, one after the other.

    Args:
        left: shards by name, from which those go that are given or were done meanwhile.
        begun: the run.
        records: of the run.
        session: this program.
    """
    for name in list(left):
        taken = name in session.taken_by_others()
        done = _is_done_since(session.started, records.receipt(name), begun)
        if done or not taken:
            shard = left.pop(name)
            if not done:
                yield shard


def _is_done_since(start: float, receipt: Receipt | None, begun: Run) -> bool:
    """Whether another program has done a shard; one with failed pictures, or to be made anew, since this one began."""
    if receipt is None:
        return False
    return receipt.finished > start or not (receipt.failed or begun.overwrite)


def processes_for(on: str, processes: int | None) -> int:
    """How many processes paint.

    Raises:
        InputError: the number is out of range, or there is no such place to paint on.
    """
    if on != "local" and not re.fullmatch(r"ray(://[^/\s]+:\d+)?", on):
        raise InputError(f"There is no {on} to paint on; give local, ray or ray://HOST:PORT.")
    if processes is None:
        return core_count() if on == "local" else 0
    if not 1 <= processes <= _MOST_PROCESSES:
        raise InputError(f"{processes} processes are out of range; give 1 to {_MOST_PROCESSES}.")
    return processes


def job_of(sink: Place) -> Place:
    """The job folder of a run over what was not planned: in the folder of results, or beside the tars."""
    if not is_tar(sink):
        return join(sink, _JOB)
    name = name_of(sink) + _JOB
    return sink.with_name(name) if isinstance(sink, Path) else f"{sink.rpartition('/')[0]}/{name}"


def find_job(place: Place) -> Job:
    """The job in a folder, or of the results in it.

    Raises:
        InputError: there is none.
    """
    if is_tar(place) or (not is_job(place) and is_folder(place) and is_job(job_of(place))):
        return Job(job_of(place))
    return Job(place)


def _as_list(sources: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """One or several sources as a list; paths and URLs are told apart."""
    several = [sources] if isinstance(sources, str | Path) else list(sources)
    if not several:
        raise InputError("No source is given; name a folder with pictures, for example.")
    return [str(source) if is_url(source) else source for source in several]


def _check_distinct_results(job: Job, worker: Maker) -> None:
    """Refuse pictures whose results would have one name, as ``a.png`` and ``a.gif``.

    Raises:
        InputError: there are such.
    """

    def names() -> Iterator[str]:
        """The names of all pictures that are files."""
        return (item.name for shard in job.shards() for item in shard.items)

    if all(worker.result_name(name) == name for name in names()):
        return
    taken: dict[str, str] = {}
    for name in names():
        result = worker.result_name(name)
        if (other := taken.setdefault(result, name)) != name:
            raise InputError(f"{other} and {name} would both become {result}; paint one by itself, to another place.")


def _check_distinct_files(job: Job) -> None:
    """Refuse tars or Parquet files whose results would go into one folder, as ``a/x.tar`` and ``b/x.tar``.

    Raises:
        InputError: there are such.
    """
    taken: dict[str, str] = {}
    for shard in job.shards():
        place = f"{shard.place}#{shard.column}" if shard.column else shard.place
        if shard.kind != "files" and (other := taken.setdefault(shard.stem, place)) != place:
            raise InputError(
                f"The pictures in {other} and {place} would both go into {shard.stem}/; give the folder that both are "
                "in as the source, or paint one by itself, to another place."
            )
