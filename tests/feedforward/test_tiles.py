import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.feedforward.tiles import plan_mosaic, plan_tiles
from impasto.pictures.box import Box, mirrored_indices

MULTIPLE, MARGIN = 8, 112


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 400), st.integers(2, 400), st.integers(60_000, 3_000_000))
def test_a_plan_covers_everything_once_on_the_grid_and_within_memory(down, across, most):
    whole = Box(0, 0, down * MULTIPLE, across * MULTIPLE)
    rows = plan_tiles(whole, most, MARGIN, MULTIPLE)
    assert sum(box.pixels for row in rows for box in row) == whole.pixels
    bottom = 0
    for row in rows:
        right = 0
        for box in row:
            assert (box.top, box.left) == (bottom, right)
            assert box.top % MULTIPLE == box.left % MULTIPLE == 0
            assert box.grown(MARGIN, whole).pixels <= most
            right = box.right
        assert right == whole.right
        bottom = row[0].bottom
    assert bottom == whole.bottom


def test_what_fits_is_one_tile_and_a_panorama_is_cut_across_only():
    assert plan_tiles(Box(0, 0, 800, 1200), 800 * 1200, MARGIN, MULTIPLE) == [[Box(0, 0, 800, 1200)]]
    (row,) = plan_tiles(Box(0, 0, 304, 30000), 2_000_000, MARGIN, MULTIPLE)
    assert len(row) == 5


def test_square_tiles_paint_little_twice():
    whole = Box(0, 0, 10_000, 10_000)
    work = sum(b.grown(MARGIN, whole).pixels for row in plan_tiles(whole, 5_500_000, MARGIN, MULTIPLE) for b in row)
    assert work < 1.25 * whole.pixels


@given(st.integers(1, 30), st.integers(-70, 0), st.integers(1, 70))
def test_indices_beyond_the_ends_are_mirrored_as_numpy_pads(length, start, more):
    line = np.arange(length)
    padded = np.pad(line, (-start, more), mode="symmetric")
    assert np.array_equal(line[mirrored_indices(start, length + more, length)], padded)


@pytest.mark.parametrize("size", [(4000, 6000), (304, 30_000), (30_000, 64), (128, 128)])
@pytest.mark.parametrize("pixels", [100_000, 1_000_000])
def test_a_mosaic_looks_everywhere(size, pixels):
    whole = Box(0, 0, *size)
    sample = plan_mosaic(whole, pixels, MULTIPLE)
    boxes = [box for row in sample for box in row]
    assert all(box.cut(whole) == box and box.top % MULTIPLE == box.left % MULTIPLE == 0 for box in boxes)
    assert {len({box.top for box in row}) for row in sample} == {1}  # a file is read from top to bottom
    assert len({sum(box.width for box in row) for row in sample}) == 1  # together they are a picture
    assert [row[0].top for row in sample] == sorted(row[0].top for row in sample)
    total = sum(box.pixels for box in boxes)
    assert total <= min(whole.pixels, 1.5 * pixels)
    assert total >= min(whole.pixels, 0.6 * pixels)
    assert plan_mosaic(whole, pixels, MULTIPLE) == sample  # the same every time


def test_boxes_are_halved_along_their_longer_side_until_they_are_as_small_as_the_grid():
    assert Box(0, 0, 40, 16).halves(8) == [Box(0, 0, 24, 16), Box(24, 0, 40, 16)]
    assert Box(8, 8, 16, 40).halves(8) == [Box(8, 8, 16, 24), Box(8, 24, 16, 40)]
    assert Box(0, 0, 8, 8).halves(8) == []
