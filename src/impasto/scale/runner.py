"""Shards through a pool: each is opened, painted, closed and gets its receipt; several are open at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from impasto import memory
from impasto.errors import ImpastoError, OutputError
from impasto.memory import MAX_DEFAULT
from impasto.scale.job import Job, Receipt, Records, now
from impasto.scale.maker import Maker
from impasto.scale.places import Place
from impasto.scale.pool import Pool
from impasto.scale.sessions import Session
from impasto.scale.shards import Shard
from impasto.scale.sinks import MOST_WAITING, TarOfResults, is_tar, tar_of, target_of
from impasto.scale.sources import file_of, pictures_of
from impasto.scale.station import Result, Station, Task

log = logging.getLogger(__name__)

_LEAST_MEMORY = 512_000_000  # bytes that each process may take for painting, however many there are


@dataclass(frozen=True)
class Run:
    """How a job is painted, and where to; small to pickle.

    Attributes:
        job: the job folder.
        worker: makes the results.
        sink: the folder of results, or the name of their tars.
        overwrite: whether to paint what is done already.
        include_results: whether to paint pictures that are results themselves.
    """

    job: Place
    worker: Maker
    sink: Place
    overwrite: bool = False
    include_results: bool = False

    @property
    def settings(self) -> str:
        """One line that changes whenever results would."""
        return f"{self.worker.settings} {self.include_results}"

    def records(self) -> Records:
        """What is written down about this run."""
        return Records.of(Job(self.job), self.settings, self.sink)

    def pictures_left(self) -> int:
        """About how many pictures are still to be painted; 0: unknown."""
        records = self.records()
        about = records.job.about
        done = 0 if self.overwrite else sum(one.written + one.skipped for one in records.receipts(records.names()))
        return 0 if about["uncounted_shards"] else max(0, about["pictures"] - done)

    def station(self, processes: int) -> Station:
        """What each of several processes does with a picture; the memory for painting is shared out among them."""
        share = max(_LEAST_MEMORY, min(MAX_DEFAULT, memory.free() // 2 // max(1, processes)))
        worker = self.worker.with_memory(share)
        return Station(worker, overwrite=self.overwrite, include_results=self.include_results)


@dataclass
class _OpenShard:
    """A shard that is being painted.

    Attributes:
        shard: the shard.
        name: of its result.
        tar: its results; ``None``: each is a file.
        files: local copies that it is read from.
        places: position in the shard and name of the result by number of the task.
        taken: the pictures so far by the names of their results.
        kept: pictures that an earlier run over the shard has done.
        listed: whether all its tasks are known.
    """

    shard: Shard
    name: str
    tar: TarOfResults | None
    files: ExitStack
    started: float = field(default_factory=now)
    places: dict[int, tuple[int, str]] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    pictures: int = 0
    written: int = 0
    skipped: int = 0
    kept: int = 0
    failed: list[list[str]] = field(default_factory=list)
    listed: bool = False

    def receipt(self, result: str) -> Receipt:
        """The receipt of the shard, painted."""
        written = self.written + self.kept
        return Receipt(self.name, self.pictures, written, self.skipped, self.failed, result, self.started, now())


def _fetch(shard: Shard, files: ExitStack, before: Future[Path | None] | None) -> Future[Path | None]:
    """Have the file of a shard fetched in the background, where it waits for nothing when the program is stopped.

    Args:
        shard: the shard.
        files: keeps the file.
        before: the file that is fetched before.
    """
    future = Future[Path | None]()

    def fetch() -> None:
        """Fetch the file; whoever asks for it gets the error."""
        try:
            wait([] if before is None else [before])
            future.set_result(file_of(shard, files))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=fetch, daemon=True).start()
    return future


class ShardRunner:
    """Paints shards in one pool of processes.

    Args:
        run: how, and where to.
        records: gets the receipts.
        pool: paints pictures.
        session: tells others what is being painted; ``None``: nobody is told.
    """

    def __init__(self, run: Run, records: Records, pool: Pool, session: Session | None = None) -> None:
        self.run, self.records, self.pool, self.session = run, records, pool, session
        self.settings = run.settings
        self.receipts: list[Receipt] = []  # of the shards that this runner has finished
        self._open: dict[str, _OpenShard] = {}
        self._shard_of: dict[int, _OpenShard] = {}
        self._refused: list[Result] = []
        self._number = 0

    def paint(self, shards: Iterable[Shard]) -> Iterator[Result]:
        """Paint shards, and write a receipt for each.

        Yields:
            What became of each picture, as they come; their data is not kept.

        Raises:
            OutputError: results cannot be written any more, as on a full disk.
            PoolError: processes cannot be started.
        """
        try:
            for result in self.pool.run(self._tasks(shards)):
                opened = self._shard_of.pop(result.number)
                self._note(opened, result)
                if self.session is not None:
                    self.session.count(opened.name)
                result.data = None
                yield result
                self._finish_if_complete(opened)
                if result.stops:
                    raise OutputError(f"{result.error.rstrip('.')}; the same command then goes on.")
                yield from self._refusals()
            yield from self._refusals()
        except BaseException as error:
            for opened in self._open.values():
                opened.files.close()
                if opened.tar is not None:
                    opened.tar.abandon(error)
            raise

    def _fetched_ahead(self, shards: Iterable[Shard]) -> Iterator[tuple[_OpenShard, Future[Path | None]]]:
        """Shards, begun, and their local files; a file far away is fetched while the shard before it is painted."""
        before: tuple[_OpenShard, Future[Path | None]] | None = None
        for shard in shards:
            opened = self._opened(shard)
            begun = opened, _fetch(shard, opened.files, None if before is None else before[1])
            if before is not None:
                yield before
            before = begun
            if shard.kind == "files" or isinstance(shard.folder, Path):  # so that the next shard is free for others
                yield begun
                before = None
        if before is not None:
            yield before

    def _tasks(self, shards: Iterable[Shard]) -> Iterator[Task | None]:
        """The pictures of all shards; ``None`` where too many results wait for one before them."""
        for opened, file in self._fetched_ahead(shards):
            shard, failed_before = opened.shard, self._failed_before(opened)
            position = -1
            try:
                for position, picture in enumerate(pictures_of(shard, file.result())):
                    name = picture.name if picture.beside else self.run.worker.result_name(picture.name)
                    if picture.beside:
                        if opened.tar is not None:
                            opened.tar.put(position, name, picture.data or b"")
                        continue
                    opened.pictures += 1
                    if name in opened.taken:
                        other = opened.taken[name]
                        self._refuse(opened, picture.name, f"{other} and {picture.name} would both become {name}.")
                        if opened.tar is not None:
                            opened.tar.leave_out(position)
                        continue
                    opened.taken[name] = picture.name
                    if failed_before is not None and picture.name not in failed_before:
                        opened.kept += 1
                        if opened.tar is not None:
                            opened.tar.keep(position, name)
                        continue
                    self._number += 1
                    opened.places[self._number] = position, name
                    self._shard_of[self._number] = opened
                    target = target_of(self.run.sink, name)
                    yield Task(self._number, picture.name, name, picture.place, picture.size, picture.data, target)
                    while opened.tar is not None and opened.tar.waiting > MOST_WAITING:
                        yield None
            except OutputError:
                raise
            except ImpastoError as error:  # the tar or Parquet file itself cannot be read to its end
                self._refuse(opened, shard.place, str(error))
            opened.listed = True
            opened.files.close()
            self._finish_if_complete(opened)

    def _refuse(self, opened: _OpenShard, name: str, reason: str) -> None:
        """Note that a picture or a whole file fails before it comes to painting."""
        opened.failed.append([name, reason])
        self._refused.append(Result(0, name).failed(reason))

    def _refusals(self) -> Iterator[Result]:
        """What was refused since the last call."""
        refused, self._refused = self._refused, []
        yield from refused

    def _opened(self, shard: Shard) -> _OpenShard:
        """A shard, begun."""
        name = shard.name(self.settings)
        if self.session is not None:
            self.session.take(name)
        tar = None
        if is_tar(self.run.sink):
            tar = TarOfResults(shard, tar_of(self.run.sink, name), earlier=self._is_repeated(name))
        opened = self._open[name] = _OpenShard(shard, name, tar, ExitStack())
        return opened

    def _is_repeated(self, name: str) -> bool:
        """Whether only the failed pictures of a shard are painted again."""
        return not self.run.overwrite and self.records.receipt(name) is not None

    def _failed_before(self, opened: _OpenShard) -> set[str] | None:
        """The pictures of a shard that failed in an earlier run; ``None``: all are to be painted."""
        receipt = None if self.run.overwrite else self.records.receipt(opened.name)
        return None if receipt is None or opened.shard.place in receipt.failures else receipt.failures

    def _note(self, opened: _OpenShard, result: Result) -> None:
        """Note what became of a picture."""
        position, name = opened.places.pop(result.number)
        if result.status == "failed":
            opened.failed.append([result.name, result.error])
        else:
            opened.written += result.status == "written"
            opened.skipped += result.status == "skipped"
        if opened.tar is not None:
            if result.data is None:
                opened.tar.leave_out(position)
            else:
                opened.tar.put(position, name, result.data)

    def _finish_if_complete(self, opened: _OpenShard) -> None:
        """Give a shard its result and its receipt, once all its pictures are there."""
        if not opened.listed or opened.places or opened.name not in self._open:
            return
        result = ""
        if opened.tar is not None:
            opened.tar.close()
            result = str(opened.tar.target)
        del self._open[opened.name]
        receipt = opened.receipt(result)
        self.records.finish(receipt)
        self.receipts.append(receipt)
        if self.session is not None:
            self.session.give_back(opened.name)
