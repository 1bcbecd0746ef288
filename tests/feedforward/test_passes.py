import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto import memory
from impasto.engines.base import Statistics
from impasto.engines.loading import load_engine
from impasto.errors import InputError
from impasto.feedforward import layered_styles
from impasto.feedforward.options import Options, describe
from impasto.feedforward.painter import Painter
from impasto.feedforward.passes import Pass, pass_sides, plan_passes
from impasto.memory import BYTES_PER_PIXEL, used
from impasto.pictures import resampling
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.resampling import resize_picture, shrink_picture
from impasto.styles.catalogue import load_style


@pytest.fixture(scope="module")
def scenery(photo):
    return np.asarray(photo.resize((480, 320), Image.Resampling.LANCZOS))


def small(array, size):
    return np.asarray(Image.fromarray(array).resize(size, Image.Resampling.BOX), np.float32)


@pytest.mark.parametrize("options", [{"work_size": 160}, {"style_scale": 3}, {"work_size": 240, "style_scale": 1.5}])
def test_a_large_painting_looks_like_its_preview_from_afar(scenery, options):
    preview = impasto.stylize(scenery, "starry-night", size=160)
    large = impasto.stylize(scenery, "starry-night", **options)
    direct = impasto.stylize(scenery, "starry-night")
    assert large.shape == scenery.shape
    near, far = (np.abs(small(image, (160, 106)) - preview).mean() for image in (large, direct))
    assert near < 0.5 * far


def test_it_has_detail_that_enlarging_the_preview_has_not(scenery):
    preview = Image.fromarray(impasto.stylize(scenery, "scream", size=160))
    enlarged = np.asarray(preview.resize((480, 320), Image.Resampling.BICUBIC), np.float32)
    large = impasto.stylize(scenery, "scream", work_size=160).astype(np.float32)
    steps = [np.abs(np.diff(image, n=2, axis=1)).mean() for image in (large, enlarged)]
    assert steps[0] > 1.5 * steps[1]


def test_small_strokes_are_smaller(scenery):
    fine, plain, coarse = (impasto.stylize(scenery, "scream", style_scale=scale) for scale in (0.5, 1, 2))
    assert fine.shape == plain.shape == coarse.shape
    steps = [np.abs(np.diff(image.astype(np.float32), axis=1)).mean() for image in (fine, plain, coarse)]
    assert steps[0] > steps[2]  # fine strokes change more from pixel to pixel


def test_strokes_as_large_as_asked_for_or_larger_than_the_picture_are_laid_directly(scenery):
    plain = impasto.stylize(scenery, "scream")
    for options in ({"work_size": 480}, {"work_size": 4000}):
        assert np.array_equal(impasto.stylize(scenery, "scream", **options), plain)


@pytest.mark.parametrize(("work", "full"), [(1000, 6000), (500, 10_000), (900, 1000), (64, 64), (100, 70)])
def test_every_step_about_doubles(work, full):
    sides = pass_sides(work, full)
    assert sides[0] == work
    assert sides[-1] == max(work, full) or work >= full
    assert all(1 < after / before < 2.9 for before, after in pairwise(sides))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [Pass(0, 480, True)]),
        ({"work_size": 200}, [Pass(0, 200, False), Pass(1, 480, True)]),
        ({"work_size": 4000}, [Pass(0, 480, True)]),
        ({"style_scale": 4}, [Pass(0, 120, False), Pass(1, 240, False), Pass(2, 480, True)]),
        ({"style_scale": 0.5}, [Pass(0, 960, True)]),
    ],
)
def test_a_painting_is_a_list_of_passes_of_which_the_last_is_the_result(options, expected):
    assert plan_passes((480, 320), Options(**options)) == expected


@pytest.mark.parametrize(
    ("options", "side", "sides"),
    [
        ({}, 1500, [1500]),
        ({}, 1501, [1000, 1501]),
        ({}, 4000, [1000, 2000, 4000]),
        ({"work_size": "auto"}, 4000, [1000, 2000, 4000]),
        ({}, 8000, [1000, 2000, 4000, 8000]),
        ({"work_size": 0}, 4000, [4000]),
        ({"work_size": 2000}, 4000, [2000, 4000]),
        ({"work_size": 5000}, 4000, [4000]),
        ({"style_scale": 2}, 4000, [500, 1000, 2000, 4000]),
        ({"style_scale": 0.5}, 1000, [2000]),
    ],
)
def test_strokes_of_what_is_larger_than_1500_pixels_are_laid_at_1000_unless_told_otherwise(options, side, sides):
    assert [one.side for one in plan_passes((side, side * 3 // 4), Options(**options))] == sides


@pytest.mark.parametrize("word", ["automatic", "AUTO", "", "1000", None, True, 63, -1, 1000.5])
def test_a_work_size_is_a_number_of_pixels_or_auto(word):
    with pytest.raises(InputError, match=r"work.size .* at least 64, or 0 for the result's own, or auto"):
        Options(work_size=word)


def test_the_default_is_not_noted_and_the_size_of_strokes_is():
    style = load_style("scream")
    assert "work_size" not in describe(style, Options())
    assert describe(style, Options(work_size=0)).endswith("work_size=0")


@pytest.mark.parametrize("options", [{}, {"work_size": 100}, {"style_scale": 0.5}])
def test_statistics_are_kept_by_pass_and_layer(scenery, options):
    mask = np.zeros(scenery.shape[:2], np.uint8)
    mask[:, :200] = 255
    chosen = Options(masks={"udnie": mask}, **options)
    painted = Painter(["udnie", "scream"], chosen).paint(from_array(scenery))
    count = len(plan_passes((480, 320), chosen))
    assert set(painted.statistics) == {(step, layer) for step in range(count) for layer in (0, 1)}


@pytest.mark.parametrize("alpha", [False, True])
def test_a_picture_shrunk_row_by_row_is_the_picture_shrunk(scenery, alpha):
    rgb = scenery.repeat(3, 0).repeat(3, 1)
    opacity = np.full(rgb.shape[:2], 255, np.uint8)
    opacity[:, :700] = 40
    picture = Picture(rgb, opacity if alpha else None)
    by_rows = shrink_picture(picture, 100)
    at_once = resize_picture(Picture(to_unit_range(rgb), to_unit_range(opacity) if alpha else None), 100)
    assert by_rows.size == at_once.size == (100, 66)
    assert np.abs(by_rows.rgb - at_once.rgb).mean() < 0.01
    if alpha:
        assert np.abs(by_rows.alpha - at_once.alpha).mean() < 0.01


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("side", [479, 300, 130])
def test_a_picture_made_a_little_smaller_is_never_whole_in_floating_point(scenery, alpha, side, monkeypatch):
    monkeypatch.setattr(resampling, "_BAND_PIXELS", 480 * 40)
    opacity = np.tile(np.linspace(0, 255, 320).astype(np.uint8)[:, None], 480)
    picture = Picture(scenery, opacity if alpha else None)
    asked = []

    class Source:
        size, transparent = picture.size, picture.transparent

        def rows(self, top, bottom):
            asked.append((top, bottom))
            return picture.rows(top, bottom)

    by_rows = shrink_picture(Source(), side)
    at_once = resize_picture(Picture(to_unit_range(scenery), to_unit_range(opacity) if alpha else None), side)
    assert by_rows.size == at_once.size
    assert asked == sorted(asked)
    assert max(bottom - top for top, bottom in asked) < 80
    assert np.abs(by_rows.rgb - at_once.rgb).max() < 0.1 / 255
    assert (by_rows.alpha is None) == (not alpha)
    if alpha:
        assert np.abs(by_rows.alpha - at_once.alpha).max() < 0.1 / 255


def test_a_picture_of_48_megapixels_is_refined_within_the_memory_that_it_may_take(monkeypatch):
    """The network is left out, so that what is measured are the paintings between the passes and their handling."""
    engine = load_engine("cpu")

    class Copying:
        def __getattr__(self, name):
            return getattr(engine, name)

        def paint(self, image, scale, shift, given=None, measured_share=0.0):
            assert image[0, 0].size * BYTES_PER_PIXEL < 800e6
            return image[:, :3].copy(), given or Statistics(np.zeros_like(scale), np.ones_like(scale))

        def paint_only(self, image, scale, shift, given=None):
            return self.paint(image, scale, shift, given)[0]

    class Rows:
        size, transparent, dtype = (8000, 6000), False, np.dtype(np.uint8)

        def rows(self, top, bottom):
            return Picture(np.full((bottom - top, 8000, 3), 200, np.uint8))

    monkeypatch.setattr(layered_styles, "load_engine", lambda *_: Copying())
    taken = used()
    monkeypatch.setattr(memory, "used", lambda: taken)  # what other tests left, and give back meanwhile, is no room
    painter = Painter("scream", Options(max_memory=memory._PROGRAM_BYTES + 800_000_000))
    tracemalloc.start()
    try:
        heights = [len(band.rgb) for band in painter.paint_rows(Rows())]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(heights) == 6000
    assert peak < 400e6
