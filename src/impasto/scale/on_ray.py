"""Ray as an adapter: rows of work to actors, and what they say back; :class:`ShardActor` paints shards of pictures.

An actor reads its shards and writes their results itself, so that no picture goes through Ray's object store, and no
other task of Ray's has to run beside the actors.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from impasto import extras
from impasto.errors import ImpastoError, InputError, OutputError, first_line
from impasto.scale.job import Records
from impasto.scale.places import Place
from impasto.scale.pool import Pool, search_path
from impasto.scale.runner import Run, ShardRunner
from impasto.scale.sessions import Session, is_at_work
from impasto.scale.shards import Shard
from impasto.scale.station import Result
from impasto.threads import core_count

log = logging.getLogger(__name__)

_LONGEST_SILENCE = 180.0  # seconds without any actor at work after which the cluster is given up
_LONGEST_CONNECT = 10.0  # seconds
_POLL = 5.0  # seconds from one look at the sessions to the next, where no row arrives


class ClusterError(ImpastoError):
    """A cluster of Ray's does no work."""


class ShardActor:
    """What each actor does: it paints one shard after the other.

    Args:
        run: how, and where to.
        threads: of the network.
    """

    def __init__(self, run: Run, threads: int = 1) -> None:
        self.run, self.threads = run, threads
        self.ready: tuple[Records, Pool, Session] | None = None

    def __call__(self, row: dict[str, Any]) -> dict[str, str]:
        """Paint a shard, unless another actor has done so meanwhile.

        Args:
            row: the shard's line in the manifest.

        Returns:
            What became of its pictures, or the sentence on why results cannot be written.
        """
        shard = Shard.from_json(str(row["shard"]))
        try:
            records, pool, session = self.ready = self.ready or self._prepared()
            found = None if self.run.overwrite else records.receipt(shard.name(self.run.settings))
            if found is not None and not found.failed:
                return {"results": "[]", "error": ""}
            results = list(ShardRunner(self.run, records, pool, session).paint([shard]))
        except ImpastoError as error:
            return {"results": "[]", "error": str(error)}
        return {"results": json.dumps([asdict(result) for result in results]), "error": ""}

    def _prepared(self) -> tuple[Records, Pool, Session]:
        """What all shards of this actor share; an actor that failed to begin would be started again for ever."""
        records = self.run.records()
        session = Session(self.run.job, records.id)
        session.__enter__()
        return records, Pool(self.run.station(1), 1, self.threads), session


def paint_on_ray(run: Run, shards: list[Shard], on: str, most: int) -> Iterator[Result]:
    """Paint shards on a cluster of Ray's; a shard whose actor or machine dies is painted by another.

    Args:
        run: how, and where to.
        shards: what is left to do.
        on, most: see :func:`work_on_ray`.

    Yields:
        What became of each picture, shard by shard.

    Raises:
        ImpastoError: as :func:`work_on_ray` does.
        OutputError: results cannot be written.
    """
    rows = [{"shard": shard.to_json()} for shard in shards]
    work = RayWork(ShardActor, (run,), rows, run.job, run.records().id, gpu=run.worker.on_gpu)
    for row in work_on_ray(work, on, most):
        if row["error"]:
            raise OutputError(row["error"])
        yield from (Result(**result) for result in json.loads(row["results"]))


@dataclass(frozen=True)
class RayWork:
    """What is done on a cluster.

    Attributes:
        actor: the class of the actors; one is called with a row and returns a row.
        arguments: with which it is made.
        rows: what is to be done; each row is small.
        place: the folder in which actors at work report their sessions.
        run: the run of these sessions.
        gpu: whether each actor takes a GPU.
        here: the folder that paths without a root are meant from, on all machines.
    """

    actor: type[Any]
    arguments: tuple[Any, ...]
    rows: list[dict[str, str]]
    place: Place
    run: str
    gpu: bool = False
    here: Path = field(default_factory=Path.cwd)


class ActorHere:
    """What each process of Ray's does: the actor of some work, in the folder that its paths are meant from.

    Args:
        work: what is done.
    """

    def __init__(self, work: RayWork) -> None:
        if work.here.is_dir():
            os.chdir(work.here)
        self.actor = work.actor(*work.arguments)

    def __call__(self, row: dict[str, str]) -> dict[str, str]:
        """Do a row."""
        done: dict[str, str] = self.actor(row)
        return done


def work_on_ray(work: RayWork, on: str, most: int) -> Iterator[dict[str, str]]:
    """Have actors on a cluster of Ray's do some work; a row whose actor or machine dies is done by another.

    Args:
        work: what is done.
        on: ``"ray"``: the cluster that ``RAY_ADDRESS`` names, or one on this machine for the time of the call; or the
            address of a server of Ray's, ``"ray://HOST:PORT"``.
        most: actors at most; 0: as many as there are CPUs but one.

    Yields:
        What the actors return, in any order.

    Raises:
        MissingExtraError: the extra ``ray`` is not installed.
        InputError: there is no cluster at the address.
        ClusterError: the cluster starts no actor.
    """
    ray = _connected(on, most)
    try:
        yield from _rows_in_time(ray, work, most, on)
    finally:
        ray.shutdown()


def _connected(on: str, most: int) -> Any:
    """The module ``ray``, connected to a cluster.

    Raises:
        InputError: there is no cluster at the address.
    """
    local = on == "ray" and not os.environ.get("RAY_ADDRESS")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to Ray's makers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its notices are for who works on Ray
    if local:
        os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's 15 would leave actors nothing on a busy machine
    if local and "RAY_AUTH_MODE" not in os.environ and "ray" not in sys.modules:
        # A token of its own for each run, instead of Ray's, which it would write into the user's home. Ray reads it
        # when it is imported: whoever has imported it has chosen.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    ray = extras.ray()
    where = os.environ["RAY_ADDRESS"] if on == "ray" and not local else on
    if on == "ray" and not local:
        _check_answers(where)
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if local:
        options |= {"address": "local", "include_dashboard": False, "num_cpus": max(core_count(), most + 1)}
    elif on != "ray":
        options |= {"address": on}
    if local or on != "ray":
        options["runtime_env"] = {"env_vars": {"PYTHONPATH": search_path()}} if local else {}
    try:
        ray.init(**options)
    except Exception as error:  # Ray's own classes, and those of its transport
        raise InputError(
            f"There is no cluster of Ray's at {where} ({first_line(error)}): check the address."
        ) from error
    return ray


def _check_answers(address: str) -> None:
    """Find out in seconds whether anything is at the address of a cluster, for which Ray takes many minutes.

    Raises:
        InputError: there is nothing.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):  # "auto" and others that Ray knows
        return
    try:
        with socket.create_connection((host.rpartition("/")[2], int(port)), _LONGEST_CONNECT):
            return
    except OSError as error:
        raise InputError(
            f"There is no cluster of Ray's at {address}, which RAY_ADDRESS names ({error.strerror or error}): check "
            "the address."
        ) from error


def actors_for(cpus: int, most: int, shards: int) -> tuple[int, int, float]:
    """How many actors paint at first and in the end, and how much of a CPU each takes.

    Actors that hold all CPUs would leave none for what else Ray Data has to run, and both would wait for ever; so the
    first ones leave one. Where more are asked for, they begin as machines join the cluster.

    Args:
        cpus: of the cluster now.
        most: actors that are asked for at most; 0: as many as there is work and place for.
        shards: that are to be painted.
    """
    first = max(1, min(most or cpus, cpus - 1, shards))
    return first, max(first, min(most, shards)), 1.0 if cpus > 1 else 0.5


def _rows_in_time(ray: Any, work: RayWork, most: int, on: str) -> Iterator[dict[str, str]]:
    """What actors return on the cluster that Ray is connected to; see :func:`work_on_ray`."""
    cpus = int(ray.cluster_resources().get("CPU", 0))
    actors = actors_for(cpus, most, len(work.rows))
    arriving: queue.Queue[Any] = queue.Queue()

    def fetch() -> None:
        """Bring what comes to the thread that waits with a limit."""
        try:
            # Ray Data does not run in a client of a server, so that there a task on the cluster runs it.
            given = work, *actors
            rows = _rows(*given) if on == "ray" else ray.get(ray.remote(num_cpus=0)(_all_rows).remote(*given))
            for row in rows:
                arriving.put(row)
            arriving.put(None)
        except BaseException as error:
            arriving.put(error)

    threading.Thread(target=fetch, daemon=True).start()
    yield from _arrived(arriving, work, f"The cluster has {cpus} CPUs")


def _all_rows(work: RayWork, first: int, most: int, share: float) -> list[dict[str, str]]:
    """The rows of :func:`_rows`, all at once at the end."""
    return list(_rows(work, first, most, share))


def _rows(work: RayWork, first: int, most: int, share: float) -> Iterator[dict[str, str]]:
    """Have actors work; gives what each says, as they come.

    Args:
        work: what they do.
        first: how many there are at least.
        most: how many there are, at most.
        share: how much of a CPU each takes.
    """
    from ray import data

    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    # Actors that die before they have begun are those of a machine that is lost; where none begins, we tell ourselves.
    context.max_consecutive_actor_init_deaths = -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # its errors are raised, too
    rows = data.from_items(work.rows, override_num_blocks=max(1, len(work.rows)))
    done = rows.map(
        ActorHere,
        fn_constructor_args=(replace(work, rows=[]),),
        compute=data.ActorPoolStrategy(min_size=first, max_size=most, max_tasks_in_flight_per_actor=2),
        num_cpus=share,
        num_gpus=1 if work.gpu else 0,
    )
    yield from done.iter_rows()


def _arrived(arriving: queue.Queue[Any], work: RayWork, about: str) -> Iterator[dict[str, str]]:
    """Rows as they arrive, as long as there is an actor at work.

    Args:
        arriving: rows; an error, or ``None`` at the end.
        work: what is done, whose sessions tell of actors at work.
        about: the beginning of a sentence about the cluster.

    Raises:
        ClusterError: no actor has been at work for long, or Ray gave up.
    """
    last = time.monotonic()
    while True:
        try:
            row = arriving.get(timeout=_POLL)
        except queue.Empty:
            if is_at_work(work.place, work.run):
                last = time.monotonic()
            elif time.monotonic() - last > _LONGEST_SILENCE:
                raise ClusterError(
                    f"{about}, and none of them has begun to paint for {_LONGEST_SILENCE:.0f} s: see whether it is "
                    "busy, whether Impasto is installed there, and whether it reaches the job folder."
                ) from None
            continue
        if row is None:
            return
        if isinstance(row, BaseException):
            raise ClusterError(f"Ray has stopped ({first_line(row)}); the same command goes on.") from row
        last = time.monotonic()
        yield row
