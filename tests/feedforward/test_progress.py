import numpy as np
import pytest

from impasto.feedforward.batch import run_batch
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.tasks import BatchTask
from impasto.memory import Budget
from impasto.pictures.conversion import as_picture


class Small(Budget):
    """A budget that allows no picture at once, so that all are cut into tiles."""

    def allows(self, pixels):
        return False

    def pixels(self, reserved=0):
        return 1 << 16


def told_by(painter, picture):
    told = []
    painter.paint(as_picture(picture), progress=lambda *now: told.append(now))
    return told


def half_mask():
    mask = np.zeros((128, 192), np.uint8)
    mask[:, 96:] = 255
    return mask


@pytest.mark.parametrize(
    ("styles", "options"),
    [("scream", {"work_size": 96}), (["scream", "udnie"], {"masks": {"udnie": half_mask()}}), ("udnie", {"size": 240})],
    ids=["passes", "masks", "larger"],
)
def test_a_picture_s_progress_begins_at_nothing_rises_and_ends_with_all(photo, styles, options):
    done, total = zip(*told_by(Painter(styles, Options(**options)), photo), strict=True)
    assert done[0] == 0
    assert list(done) == sorted(done)
    assert len(set(total)) == 1
    assert done[-1] == pytest.approx(total[0], rel=0.1)


def test_every_tile_is_a_step(photo):
    painter = Painter("scream")
    painter._budget = Small(0)
    told = told_by(painter, photo.resize((384, 256)))
    assert len(told) > 2
    assert told[-1][0] == told[-1][1]


def test_a_batch_tells_how_far_each_picture_is(small, tmp_path):
    small.save(tmp_path / "a.png")
    told = []
    tasks = [BatchTask(tmp_path / "a.png", tmp_path / f"{name}.png") for name in "bc"]
    outcomes = list(run_batch(tasks, Painter("scream"), progress=lambda *now: told.append(now)))
    assert [outcome.status for outcome in outcomes] == ["written", "written"]
    assert [done for done, _ in told].count(0) == 2
