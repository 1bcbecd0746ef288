import pytest

from impasto.remaining import seconds_left


@pytest.mark.parametrize(
    ("seconds", "share", "begun", "left"),
    [
        (3, 0.25, 0, 9),
        (3, 0.09, 0, None),
        (0, 0, 0, None),
        (5, 1, 0, 0),
        (10, 0.75, 0.5, 10),
        (10, 0.52, 0.5, None),
        (1, 1, 1, None),
    ],
)
def test_the_time_left_is_told_by_what_was_done_and_not_before_a_tenth_of_it(seconds, share, begun, left):
    assert seconds_left(seconds, share, begun) == (left if left is None else pytest.approx(left))
