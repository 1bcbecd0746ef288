"""A job folder: the plan of what is to be painted, and what is written down about each run over it.

::

    plan.json                       the sources, and how many pictures and shards there are
    shards.jsonl                    a line a shard
    runs/RUN/run.json               how the run paints, and where to
    runs/RUN/receipts/SHARD.json    of each finished shard: what became of its pictures
    sessions/SESSION.json           of each program that paints or has painted: its rate, and the shards that it has

RUN is a hash of style, options, version and sink; SHARD a number and a hash of what goes in and how it is painted. So a
receipt says for good that this shard is done in this way, and whoever finds it skips the shard.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from impasto.errors import InputError
from impasto.scale import places
from impasto.scale.places import Place, join
from impasto.scale.shards import Shard
from impasto.version import __version__

_PLAN, _SHARDS, _RUN = "plan.json", "shards.jsonl", "run.json"
_EDITION = 1  # of the layout of the folder


def is_job(place: Place) -> bool:
    """Whether a place is a job folder."""
    return places.entry_of(join(place, _PLAN)) is not None


@dataclass(frozen=True)
class Receipt:
    """What became of a shard.

    Attributes:
        name: of the shard's result.
        pictures: how many the shard has.
        written: how many were painted.
        skipped: how many results were there already, or are not to be painted.
        failed: pairs of the name of a picture that failed, and why.
        result: the one file with all results; empty: each is a file of its own.
        started, finished: seconds since 1970.
        host: the machine.
    """

    name: str
    pictures: int
    written: int
    skipped: int
    failed: list[list[str]] = field(default_factory=list)
    result: str = ""
    started: float = 0.0
    finished: float = 0.0
    host: str = field(default_factory=platform.node)

    @property
    def failures(self) -> set[str]:
        """The names of the pictures that failed."""
        return {name for name, _ in self.failed}


class Job:
    """A job folder that has a plan.

    Args:
        place: the folder.

    Raises:
        InputError: there is no plan in it, or that of another version.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        if not is_job(place):
            raise InputError(f"There is no plan in {place}; make one: impasto plan PICTURES -o {place}")
        self.about: dict[str, Any] = json.loads(places.read(join(place, _PLAN)))
        if self.about.get("edition") != _EDITION:
            raise InputError(f"The plan in {place} is of another version of Impasto; make it anew with impasto plan.")

    @classmethod
    def create(cls, place: Place, sources: Iterable[object], shards: Iterable[Shard]) -> Job:
        """Write a plan; one that is there is replaced.

        Args:
            place: the folder.
            sources: what the user named, for people.
            shards: what they hold.

        Raises:
            InputError: there is nothing to paint.
            OutputError: the folder cannot be written to.
        """
        lines, size, pictures, unknown = [], 0, 0, 0
        for shard in shards:
            lines.append(shard.to_json())
            size += shard.size if shard.kind != "parquet" or shard.groups[0] == 0 else 0
            pictures, unknown = pictures + (shard.pictures or 0), unknown + (shard.pictures is None)
        about = {"edition": _EDITION, "version": __version__, "sources": [str(source) for source in sources]}
        about |= {"shards": len(lines), "pictures": pictures, "uncounted_shards": unknown, "bytes": size}
        places.write(join(place, _SHARDS), "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))
        places.write(join(place, _PLAN), json.dumps(about, indent=1).encode())
        return cls(place)

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        for line in places.read(join(self.place, _SHARDS)).decode("utf-8", "surrogatepass").splitlines():
            yield Shard.from_json(line)

    def runs(self) -> list[Records]:
        """The runs that were begun over this plan."""
        names = {entry.name.partition("/")[0] for entry in places.find(join(self.place, "runs"), fresh=True)}
        return [Records(self, name) for name in sorted(names)]


class Records:
    """What is written down about one run.

    Args:
        job: the plan.
        id: of the run.
    """

    def __init__(self, job: Job, id: str) -> None:
        self.job, self.id = job, id
        self.folder = join(job.place, f"runs/{id}")

    @classmethod
    def of(cls, job: Job, settings: str, sink: Place) -> Records:
        """The records of the run that paints in a way, to a place."""
        return cls(job, hashlib.sha256(f"{settings}\n{sink}".encode("utf-8", "surrogatepass")).hexdigest()[:12])

    def begin(self, settings: str, sink: Place) -> None:
        """Write down how the run paints, and where to."""
        about = {"settings": settings, "sink": str(sink)}
        places.write(join(self.folder, _RUN), json.dumps(about, indent=1).encode())

    def about(self) -> dict[str, str]:
        """What :meth:`begin` wrote."""
        about: dict[str, str] = json.loads(places.read(join(self.folder, _RUN)))
        return about

    def names(self) -> set[str]:
        """The names of all shards that have a receipt."""
        found = places.find(join(self.folder, "receipts"), fresh=True)
        return {entry.name.removesuffix(".json") for entry in found if entry.name.endswith(".json")}

    def receipts(self, names: Iterable[str]) -> list[Receipt]:
        """The receipts of some shards; those without one are left out."""
        folder = join(self.folder, "receipts")
        found = places.read_many(folder, [f"{name}.json" for name in names])
        return [Receipt(**json.loads(data)) for data in found.values()]

    def receipt(self, name: str) -> Receipt | None:
        """The receipt of a shard; ``None``: it is not done."""
        place = join(self.folder, f"receipts/{name}.json")
        return Receipt(**json.loads(places.read(place))) if places.entry_of(place) is not None else None

    def finish(self, receipt: Receipt) -> None:
        """Write down that a shard is done."""
        data = json.dumps(asdict(receipt)).encode()
        places.write(join(self.folder, f"receipts/{receipt.name}.json"), data)


def now() -> float:
    """Seconds since 1970, which all machines of a job count alike."""
    return time.time()
