import numpy as np

from impasto.feedforward.padding import PaddedPicture
from impasto.feedforward.refinement import EnlargedPicture, Refinement
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
    canvas = PaddedPicture(Picture(np.zeros((241, 333, 3), np.float32)), 8, 16, 8)
    assert canvas.enlarged(source, canvas.whole).shape == (264, 352, 3)


def test_a_box_of_an_interpolated_picture_is_a_part_of_it():
    source = np.random.default_rng(0).integers(0, 256, (37, 53, 3)).astype(np.uint8)
    canvas = PaddedPicture(Picture(np.zeros((241, 333, 3), np.float32)), 8, 16, 8)
    whole = canvas.interpolated(source, canvas.whole, planes=4)
    assert whole.shape == (264, 352, 4)
    assert not whole[..., 3].any()
    for box in (Box(0, 0, 56, 64), Box(96, 128, 184, 352), Box(232, 8, 264, 16)):
        part = canvas.interpolated(source, box)
        assert np.abs(part - whole[box.top : box.bottom, box.left : box.right, :3]).max() < 1e-5
    smooth = enlarge_box(source, (333, 241), Box(0, 0, 241, 333))
    inner = whole[canvas.inner.top : canvas.inner.bottom, canvas.inner.left : canvas.inner.right, :3]
    assert np.abs(inner - smooth).mean() < 0.05


def test_a_refined_painting_has_the_detail_of_what_was_painted_and_the_tones_of_the_coarse_painting():
    rng = np.random.default_rng(0)
    coarse = np.zeros((64, 96, 4), np.float32)
    coarse[..., :3] = 0.3 + 0.4 * np.linspace(0, 1, 96)[:, None]
    painted = rng.uniform(0.35, 0.65, (64, 96, 3)).astype(np.float32)
    detail = np.diff(painted, axis=1)
    canvas = PaddedPicture(Picture(coarse[..., :3]), 8, 16, 8)
    merged = Refinement(coarse[..., :3], canvas).merged(painted.copy(), coarse)
    means = [one[..., :3].reshape(8, 8, 12, 8, 3).mean((1, 3)) for one in (merged, coarse)]
    assert np.abs(means[0] - means[1]).max() < 0.03
    assert np.corrcoef(np.diff(merged, axis=1).ravel(), detail.ravel())[0, 1] > 0.9
