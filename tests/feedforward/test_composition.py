"""What a composition asks of its engines: statistics only where they are wanted."""

import numpy as np
import pytest

import impasto
from impasto.feedforward import layered_styles
from impasto.feedforward.painter import Painter
from impasto.pictures.conversion import as_picture
from impasto.video.stabilizers import make_stabilizer


class Asked:
    """An engine that notes what it is asked for."""

    def __init__(self, engine):
        self.engine, self.calls = engine, []

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def paint(self, image, scale, shift, given=None, measured_share=0.0):
        self.calls.append("statistics")
        return self.engine.paint(image, scale, shift, given, measured_share)

    def paint_only(self, image, scale, shift, given=None):
        self.calls.append("painting" if given is None else "painting, given")
        return self.engine.paint_only(image, scale, shift, given)


@pytest.fixture
def asked(monkeypatch):
    engine = Asked(layered_styles.load_engine("cpu"))
    monkeypatch.setattr(layered_styles, "load_engine", lambda *_: engine)
    return engine.calls


def test_statistics_are_measured_only_where_they_come_out(photo, asked):
    made, picture = Painter("scream"), as_picture(photo)
    alone = made.paint_only(picture)
    assert asked == ["painting"]
    first = made.paint(picture)
    assert asked[1:] == ["statistics"]
    assert np.abs(alone.rgb - first.picture.rgb).max() < 0.05 / 255
    held = made.paint(picture, first.statistics)
    assert asked[2:] == ["painting, given"]
    assert held.statistics.keys() == first.statistics.keys()
    made.paint(picture, first.statistics, 0.2)
    assert asked[3:] == ["statistics"]


def test_tiles_share_the_statistics_that_are_measured_once(photo, asked):
    made = Painter("scream")
    made._budget.largest = 1 << 17  # pixels
    made.paint_only(as_picture(photo.resize((700, 460))))
    assert asked[0] == "statistics"
    assert len(asked) > 2
    assert set(asked[1:]) == {"painting, given"}


def test_stylize_and_a_film_frame_by_frame_ask_for_no_statistics(photo, asked):
    impasto.stylize(photo, "scream")
    impasto.stylize(photo, "scream", work_size=64)  # in several passes
    make_stabilizer("off").paint(np.asarray(photo), Painter("scream"))
    assert set(asked) == {"painting"}
