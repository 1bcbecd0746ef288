"""Sessions: what a program that paints tells the others, and whoever asks for progress, every few seconds."""

from __future__ import annotations

import json
import os
import platform
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from impasto.errors import ImpastoError
from impasto.files import machine
from impasto.scale import places
from impasto.scale.job import now
from impasto.scale.places import Place, join

_EVERY = 5.0  # seconds from one report to the next
LEASE = 60.0  # seconds without a report after which a session counts as dead, and others may take its shards


def sessions_in(place: Place) -> list[dict[str, Any]]:
    """What each program has written down last in a job folder about its work."""
    folder = join(place, "sessions")
    names = [entry.name for entry in places.find(folder, fresh=True) if entry.name.endswith(".json")]
    return [json.loads(data) for data in places.read_many(folder, names).values()]


def is_at_work(place: Place, run: str) -> bool:
    """Whether any program works on a run."""
    return any(one["run"] == run and is_alive(one) for one in sessions_in(place))


def is_alive(session: Mapping[str, Any]) -> bool:
    """Whether a session goes on, as far as its reports tell; of this machine, its process is asked for."""
    if session["ended"] or now() - session["now"] > LEASE:
        return False
    if session["machine"] != machine():
        return True
    import psutil

    return bool(psutil.pid_exists(session["process"]))


class Session:
    """Reports of this program on a run, in a thread of its own.

    Args:
        place: the job folder.
        run: an id of what is made, and how.
        processes: how many paint.
    """

    def __init__(self, place: Place, run: str, processes: int = 1) -> None:
        self.id = f"{machine()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.place, self.run, self.started = place, run, now()
        self._report_place = join(place, f"sessions/{self.id}.json")
        self._about: dict[str, Any] = {
            "session": self.id,
            "run": run,
            "host": platform.node(),
            "machine": machine(),
            "process": os.getpid(),
            "processes": processes,
            "started": self.started,
            "now": self.started,
            "pictures": 0,
            "shards": {},
            "ended": False,
        }
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._report_often, daemon=True)

    def __enter__(self) -> Session:
        self._report()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        with self._lock:
            self._about |= {"ended": True, "shards": {}}
        self._report()

    def take(self, shard: str) -> None:
        """Say that a shard is begun, so that others leave it."""
        with self._lock:
            self._about["shards"][shard] = 0
        self._report()

    def count(self, shard: str) -> None:
        """Count a picture of a shard."""
        with self._lock:
            self._about["shards"][shard] += 1
            self._about["pictures"] += 1

    def give_back(self, shard: str) -> None:
        """Say that a shard is finished."""
        with self._lock:
            self._about["shards"].pop(shard, None)

    def taken_by_others(self) -> set[str]:
        """The shards that other programs are painting now."""
        others = (one for one in sessions_in(self.place) if one["session"] != self.id and one["run"] == self.run)
        return {shard for one in others if is_alive(one) for shard in one["shards"]}

    def _report_often(self) -> None:
        """Report until the end."""
        while not self._stop.wait(_EVERY):
            self._report()

    def _report(self) -> None:
        """Write the report; one that cannot be written, as on a full disk, is left out."""
        with self._lock:
            self._about["now"] = now()
            data = json.dumps(self._about).encode()
        try:
            places.write(self._report_place, data)
        except ImpastoError:
            return
