import pytest

from impasto.video.pixels import Orientation, side_data


class StrangeFrame:
    """A frame with side data of a kind that PyAV does not know, which it raises ``ValueError`` for."""

    rotation = -90

    @property
    def side_data(self):
        raise ValueError("38 is not a valid Type")


def test_side_data_of_an_unknown_kind_does_not_keep_a_frame_out():
    assert side_data(StrangeFrame()) == {}
    assert Orientation.of(StrangeFrame()) == Orientation(turns=3)


@pytest.mark.parametrize("turns", range(4))
def test_sides_are_exchanged_by_odd_quarter_turns(turns):
    assert Orientation(turns, mirrored=True).upright_sides(3, 2) == ((2, 3) if turns % 2 else (3, 2))
