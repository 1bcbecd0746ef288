import numpy as np

from impasto.feedforward.padding import PaddedPicture
from impasto.feedforward.refinement import EnlargedPicture
from impasto.pictures.box import Box
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import enlarge_box


def test_a_box_of_an_enlarged_picture_is_a_part_of_it():
    source = np.random.default_rng(0).random((37, 53, 3), np.float32)
    size = 333, 241
    whole = enlarge_box(source, size, Box(0, 0, 241, 333))
    for box in (Box(0, 0, 50, 60), Box(100, 128, 180, 333), Box(233, 8, 241, 16)):
        part = enlarge_box(source, size, box)
        assert np.abs(part - whole[box.top : box.bottom, box.left : box.right]).max() < 1e-5
    rows = EnlargedPicture(Picture(source), size).rows(40, 60)
    assert np.abs(rows.rgb - whole[40:60]).max() < 1e-5
    canvas = PaddedPicture(Picture(np.zeros((241, 333, 3), np.float32)), 8, 16)
    assert canvas.enlarged(source, canvas.whole).shape == (264, 352, 3)
