"""How far a job is: what is done, failed and left, the rate, the time that is left, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.scale.api import find_job
from impasto.scale.job import Job, Receipt, Records
from impasto.scale.places import as_place
from impasto.scale.sessions import is_alive, sessions_in


@dataclass(frozen=True)
class RunProgress:
    """How far a run over a plan is.

    Attributes:
        settings: how it paints.
        sink: where results go.
        shards, shards_done: how many there are, and how many are done.
        pictures: how many there are; where not all are counted, what the done shards let expect; 0: unknown.
        done: pictures that are painted, or were there already.
        failed: pairs of the name of a picture that failed, and why.
        programs: programs that paint now.
        rate: pictures a second of all of them; of those before, where none paints; 0: unknown.
        seconds: that all programs have painted so far, added up.
        programs_before: programs that painted last, on which time and cost are reckoned where none paints now.
    """

    settings: str
    sink: str
    shards: int
    shards_done: int
    pictures: int
    done: int
    failed: list[tuple[str, str]] = field(default_factory=list)
    programs: int = 0
    rate: float = 0.0
    seconds: float = 0.0
    programs_before: int = 1

    @property
    def left(self) -> int:
        """Pictures that are still to be painted."""
        return max(0, self.pictures - self.done - len(self.failed))

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all are painted at this rate; ``None``: unknown."""
        if self.shards_done == self.shards:
            return 0.0
        return self.left / self.rate if self.rate and self.pictures else None

    def cost(self, price: float) -> tuple[float, float | None]:
        """What the run has cost, and what it will have cost in the end.

        Args:
            price: of one machine for an hour, in any currency.
        """
        spent, left = self.seconds / 3600 * price, self.seconds_left
        machines = max(1, self.programs or self.programs_before)
        return spent, None if left is None else spent + left / 3600 * price * machines


def progress(job: str | Path) -> list[RunProgress]:
    """How far the runs over a job are.

    Args:
        job: the job folder, the folder of results, or the name of tars; or its URL.

    Returns:
        An entry for each way in which the job is painted; none before the first.

    Raises:
        InputError: there is no job.
    """
    found = find_job(as_place(job))
    sessions = sessions_in(found.place)
    return [_progress(found, run, [one for one in sessions if one["run"] == run.id]) for run in found.runs()]


def _progress(job: Job, records: Records, sessions: list[dict[str, Any]]) -> RunProgress:
    """How far one run is."""
    about = records.about()
    wanted = {shard.name(about["settings"]) for shard in job.shards()}
    receipts: list[Receipt] = records.receipts(records.names() & wanted)
    done = {receipt.name for receipt in receipts}
    alive = [one for one in sessions if is_alive(one)]
    begun = sum(count for one in alive for name, count in one["shards"].items() if name not in done)
    pictures = job.about["pictures"]
    if job.about["uncounted_shards"]:
        counted = sum(receipt.pictures for receipt in receipts)
        pictures = round(counted / len(receipts) * len(wanted)) if receipts else 0
    latest = alive or sorted((one for one in sessions if one["pictures"]), key=lambda one: float(one["now"]))[-1:]
    return RunProgress(
        settings=about["settings"],
        sink=about["sink"],
        shards=len(wanted),
        shards_done=len(done),
        pictures=pictures,
        done=sum(receipt.written + receipt.skipped for receipt in receipts) + begun,
        failed=[(name, reason) for receipt in receipts for name, reason in receipt.failed],
        programs=len(alive),
        rate=sum(one["pictures"] / max(1e-3, one["now"] - one["started"]) for one in latest),
        seconds=sum(one["now"] - one["started"] for one in sessions),
        programs_before=max(1, len(latest)),
    )
