import numpy as np
import pytest
from PIL import Image

from impasto.feedforward.options import DEFAULTS, Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.preview import preview_options, preview_original
from impasto.pictures.conversion import from_pil
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.resampling import resize_picture


@pytest.fixture(scope="module")
def large(photo):
    """A picture that is larger than those that are painted directly."""
    return from_pil(photo.resize((1600, 1072), Image.Resampling.LANCZOS))


@pytest.mark.parametrize(
    ("options", "full", "scale"),
    [
        ({"style_scale": 2.0}, (32, 20), 2.0),
        ({"style_scale": 2.0}, (64, 40), 1.0),
        ({}, (6400, 4000), 0.6),
        ({"style_scale": 0.5}, (6400, 4000), 0.5),
        ({"work_size": 0}, (6400, 4000), 0.6),
        ({"work_size": 64, "style_scale": 1.6}, (6400, 4000), 0.8),
        ({"size": 64}, (6400, 4000), 0.6),
        ({"size": 40}, (6400, 4000), 0.8),
    ],
)
def test_a_preview_lays_strokes_as_the_result_will_have_them(options, full, scale):
    shown = preview_options(Options(**options), (32, 20), full)
    assert (shown.size, shown.work_size, shown.style_scale) == (0, 0, scale)


@pytest.mark.parametrize("style", ["starry-night", "pen-and-ink"])
def test_preview_and_full_size_show_the_same_strokes_at_the_same_places(large, style):
    small = preview_original(large)
    assert small.size == (1000, 670)
    preview = Painter(style, preview_options(DEFAULTS, small.size, large.size)).paint(small).picture
    full = Painter(style).paint(large).picture
    direct = Painter(style, Options(work_size=0)).paint(large).picture
    for side, alike in ((500, 0.9), (250, 0.99)):  # the finest strokes are laid anew, all others are the same
        strokes, as_previewed, other = (
            resize_picture(Picture(to_unit_range(one.rgb)), side).rgb for one in (preview, full, direct)
        )
        assert np.corrcoef(strokes.ravel(), as_previewed.ravel())[0, 1] > alike
        assert np.abs(as_previewed - strokes).mean() < 0.6 * np.abs(other - strokes).mean()


@pytest.mark.parametrize("side", [1500, 600])
def test_what_is_painted_directly_is_previewed_at_its_own_size(large, side):
    picture = resize_picture(large, side)
    assert preview_original(picture) is picture
    assert preview_options(DEFAULTS, picture.size, picture.size).style_scale == 1


def test_masks_of_the_photographs_size_fit_its_preview(large):
    mask = np.zeros((1072, 1600), np.uint8)
    mask[:, :800] = 255
    options, small = Options(mask=mask), preview_original(large)
    shown = Painter("scream", preview_options(options, small.size, large.size)).paint(small).picture
    assert np.abs(shown.rgb - small.rgb)[:, 520:].max() < 1e-6
    assert np.abs(shown.rgb - small.rgb)[:, :480].mean() > 0.05
