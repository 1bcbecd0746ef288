import numpy as np
import pytest

from impasto.pictures.contact_sheet import _INK, _PAPER, _columns, contact_sheet
from impasto.pictures.picture import Picture


def red(width, height):
    return Picture(np.broadcast_to(np.float32([1, 0, 0]), (height, width, 3)))


def columns_of_red(sheet, row):
    """Where pictures stand in a row of a sheet: first and last column of pixels of each."""
    line = (sheet.rgb[row] > (0.9, -1, -1)).all(axis=1) & (sheet.rgb[row] < (2, 0.1, 0.1)).all(axis=1)
    edges = np.flatnonzero(np.diff(np.r_[0, line.astype(int), 0]))
    return list(zip(edges[::2], edges[1::2] - 1, strict=True))


@pytest.mark.parametrize(
    ("count", "ratio", "columns"),
    [(1, 1, 1), (2, 1, 2), (3, 1.5, 3), (4, 1, 2), (9, 1, 3), (21, 1.35, 3), (21, 0.65, 7), (20, 1, 4), (16, 1, 4)],
)
def test_rows_are_full_where_that_makes_no_strip(count, ratio, columns):
    assert _columns(count, ratio) == columns


@pytest.mark.parametrize("ratio", [0.3, 0.7, 1, 1.4, 3])
def test_no_sheet_is_a_strip(ratio):
    for count in range(4, 60):
        columns = _columns(count, ratio)
        rows = -(-count // columns)
        assert 1 / 3.1 < ratio * columns / rows < 3.1


def test_a_last_row_that_is_not_full_stands_in_the_middle():
    sheet = contact_sheet([("a", red(40, 30))] * 5, columns=3)
    first, last = columns_of_red(sheet, 20), columns_of_red(sheet, 20 + 30 + 28 + 12)
    assert len(first) == 3
    assert len(last) == 2
    assert last[0][0] == pytest.approx(sheet.size[0] - 1 - last[1][1], abs=1)
    assert np.allclose(sheet.rgb[0, 0], np.float32(_PAPER) / 255)
    assert (np.abs(sheet.rgb - np.float32(_INK) / 255).max(axis=2) < 0.02).any()  # the labels
