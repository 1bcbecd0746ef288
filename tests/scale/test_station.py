"""What one process does with a picture that another program is making."""

import threading
import time

import pytest

from impasto.locks import locked
from impasto.scale import station
from impasto.scale.station import Station, Task


@pytest.fixture
def task(photos, tmp_path):
    source = photos / "p0.jpg"
    return Task(1, "p0.jpg", "p0.jpg", source, source.stat().st_size, None, tmp_path / "out/p0.jpg")


def test_a_picture_that_another_program_is_making_is_waited_for_and_made_if_that_dies(task, worker):
    with locked(task.target):
        results = []
        painting = threading.Thread(target=lambda: results.append(Station(worker).paint(task, None)))
        painting.start()
        time.sleep(0.3)
        assert not results
    painting.join(20)
    assert [result.status for result in results] == ["written"]
    assert task.target.exists()


def test_a_picture_that_another_program_does_not_finish_is_no_success(task, worker, monkeypatch):
    monkeypatch.setattr(station, "_LONGEST_OTHER", 0.0)
    with locked(task.target):
        result = Station(worker).paint(task, None)
    assert result.status == "failed"
    assert str(task.target) in result.error
