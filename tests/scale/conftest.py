"""What the tests of many pictures share: a folder of small ones, workers, and a picture that kills its process."""

from __future__ import annotations

import io
import os
import signal
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from impasto.scale.pool import Pool
from impasto.scale.station import Result, Station
from impasto.scale.worker import Worker

POISON = b"a picture that kills its process"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that kill ten times to ``-m slow``."""
    if config.option.markexpr:
        return
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes a minute or more; run with -m slow"))


class DeadlyStation(Station):
    """Dies as a decoder with a hole does, at pictures that hold :data:`POISON`."""

    def paint(self, task, data):
        if POISON in (data if data is not None else task.source.read_bytes()):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().paint(task, data)


def encoded(image: Image.Image, format: str = "JPEG") -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def files_of(folder: Path) -> dict[str, bytes]:
    """The results in a folder by name, what is hidden left out."""
    found = (file for file in sorted(folder.rglob("*")) if file.is_file())
    names = {file.relative_to(folder).as_posix(): file for file in found}
    return {name: file.read_bytes() for name, file in names.items() if not name.startswith(".")}


def members_of(tar: Path) -> dict[str, bytes]:
    """The files in a tar by name, in order."""
    with tarfile.open(tar) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened if member.isfile()}


@pytest.fixture
def photos(tmp_path, small) -> Path:
    """Six pictures of different colours, one in a sub-folder."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for number in range(6):
        image = small.rotate(30 * number)
        name = f"deep/p{number}.png" if number == 3 else f"p{number}.jpg"
        (folder / name).write_bytes(encoded(image, "PNG" if number == 3 else "JPEG"))
    return folder


@pytest.fixture(scope="session")
def worker() -> Worker:
    """A worker in one style."""
    return Worker("scream")


class PoolHere(Pool):
    """Does in this process what a pool does, for tests in which processes are not the subject."""

    def run(self, tasks):
        for task in tasks:
            found = self.station.load(task)
            yield self.station.store(found if isinstance(found, Result) else self.station.paint(task, found))


@pytest.fixture
def here(monkeypatch):
    """Runs that start no process."""
    monkeypatch.setattr("impasto.scale.api.Pool", PoolHere)
