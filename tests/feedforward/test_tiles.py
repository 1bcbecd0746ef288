"""Tiles cover a picture once, and a tiled painting is the untiled one: whatever the size, the colours, the masks."""

import logging
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.engines.loading import load_engine
from impasto.errors import InputError, OutOfMemoryError
from impasto.feedforward import layered_styles
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.feedforward.tiles import plan_mosaic, plan_tiles
from impasto.memory import MIN_PIXELS, Budget
from impasto.pictures.box import Box, mirrored_indices
from impasto.pictures.conversion import from_array
from impasto.pictures.decoding import from_pil
from impasto.pictures.picture import to_samples

LEVEL = 1 / 255
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
    assert all(box.intersection(whole) == box and box.top % MULTIPLE == box.left % MULTIPLE == 0 for box in boxes)
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


class Small(Budget):
    """A budget in which only small tiles fit."""

    def __init__(self, pixels):
        self.largest, self._pixels, self._kept = 1 << 62, pixels, 0
        self._per_pixel = self._lanes = 1

    def allows(self, pixels):
        return False

    def holds(self, size):
        return False

    def pixels(self, reserved=0):
        return min(self.largest, self._pixels)


def painter(styles, pixels=None, **options):
    made = Painter(styles, Options(**options))
    if pixels:
        made._budget = Small(pixels)
    return made


@pytest.fixture(scope="module")
def scenery(photo):
    return from_pil(photo.resize((760, 520), Image.Resampling.LANCZOS))


def part(picture, height, width):
    alpha = None if picture.alpha is None else picture.alpha[:height, :width]
    return replace(picture, rgb=picture.rgb[:height, :width], alpha=alpha)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 520), st.integers(1, 760), st.integers(60_000, 200_000), st.sampled_from(["scream", "udnie"]))
def test_tiles_equal_the_whole_given_the_same_statistics(scenery, height, width, pixels, style):
    picture = part(scenery, height, width)
    whole = painter(style).paint(picture)
    tiled = painter(style, pixels).paint(picture, whole.statistics)
    assert tiled.picture.rgb.shape == picture.rgb.shape
    # In a few pixels nothing varies, and the network multiplies rounding by hundreds.
    assert np.abs(tiled.picture.rgb - whole.picture.rgb).max() < (0.01 if min(height, width) > 40 else 0.5) * LEVEL
    assert tiled.statistics is not None


def mask_of(shape, soft=True):
    across = np.linspace(-0.5, 1.5, shape[1], dtype=np.float32)[None].repeat(shape[0], 0)
    return np.clip(across, 0, 1) if soft else (across > 0.5).astype(np.float32)


@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        ({"colors": "content"}, 0.01),
        ({"strength": 0.6}, 0.01),
        ({"mask": True}, 0.01),
        ({"masks": True}, 0.01),
        ({"work_size": 200}, 0.3),
        ({"style_scale": 2.5, "strength": 0.8}, 0.3),
        ({"colors": "match"}, 16),  # whose map comes from a sample
    ],
)
def test_tiles_equal_the_whole_with_every_option(scenery, options, tolerance):
    mask = mask_of(scenery.rgb.shape)
    options = {
        name: mask if name == "mask" else {"udnie": mask} if name == "masks" else value
        for name, value in options.items()
    }
    whole = painter(["udnie", "scream"], **options).paint(scenery)
    tiled = painter(["udnie", "scream"], 150_000, **options).paint(scenery, whole.statistics)
    assert np.abs(tiled.picture.rgb - whole.picture.rgb).max() < tolerance * LEVEL


def test_a_mosaic_has_about_the_statistics_of_the_whole(scenery):
    whole, tiled = (painter("starry-night", pixels).paint(scenery) for pixels in (None, 200_000))
    assert 0 < np.abs(tiled.picture.rgb - whole.picture.rgb).mean() < 12 * LEVEL
    assert np.abs(tiled.picture.rgb.mean((0, 1)) - whole.picture.rgb.mean((0, 1))).max() < 8 * LEVEL


def test_tiles_have_no_seams(scenery):
    """Where tiles meet, neighbouring pixels differ no more than anywhere; those of naive tiles do."""
    made = painter("scream", 150_000)
    tiled = made.paint(scenery).picture.rgb
    engine = load_engine("cpu")
    rows = plan_tiles(Box(0, 0, 520, 760), 150_000, 112, engine.multiple)
    assert len(rows) * len(rows[0]) >= 4
    naive = tiled.copy()
    for box in (box for row in rows for box in row):
        here = slice(box.top, box.bottom), slice(box.left, box.right)
        naive[here] = painter("scream").paint(from_array(scenery.rgb[here])).picture.rgb

    def roughness(rgb):
        steps = np.abs(np.diff(rgb, axis=1)).mean((0, 2))
        at = [box.left - 1 for box in rows[0][1:]]
        return steps[at].mean() / np.median(steps)

    whole = roughness(painter("scream").paint(scenery).picture.rgb)
    assert abs(roughness(tiled) - whole) < 0.1
    assert roughness(naive) > whole + 0.3


def test_a_compact_picture_stays_so_and_alpha_is_kept(scenery, cutout):
    compact = replace(scenery, rgb=to_samples(scenery.rgb, np.dtype(np.uint8)))
    tiled = painter("scream", 150_000).paint(compact).picture
    assert tiled.rgb.dtype == np.uint8
    assert np.abs(tiled.rgb.astype(float) - 255 * painter("scream", 150_000).paint(scenery).picture.rgb).max() < 3
    hole = from_pil(cutout.resize((600, 400)))
    whole = painter("scream").paint(hole)
    tiled = painter("scream", 150_000).paint(hole, whole.statistics).picture
    assert np.array_equal(tiled.alpha, hole.alpha)
    assert np.array_equal(tiled.rgb, np.clip(tiled.rgb, 0, 1))
    assert np.abs(tiled.rgb - whole.picture.rgb)[hole.alpha > 0].max() < 0.01 * LEVEL


def test_tiles_where_nothing_is_painted_are_not_run(scenery, monkeypatch):
    mask = np.zeros((520, 760), np.uint8)
    mask[:8, :8] = 255
    made = painter("scream", 100_000, mask=mask)
    runs = []
    (layer,) = made.styles._layers
    monkeypatch.setattr(made.styles, "_layers", [replace(layer, engine=Counting(layer.engine, runs))], raising=False)
    painted = made.paint(scenery).picture.rgb
    assert len(runs) == 2  # the mosaic and one tile
    assert np.array_equal(painted[200:], scenery.rgb[200:])
    assert np.abs(painted - scenery.rgb)[:8, :8].mean() > 10 * LEVEL


class Counting:
    """An engine that keeps account, and runs out of memory above some size."""

    def __init__(self, engine, runs, most=1 << 62):
        self._engine, self._runs, self._most = engine, runs, most

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def paint(self, image, *rest):
        self._count(image)
        return self._engine.paint(image, *rest)

    def paint_only(self, image, *rest):
        self._count(image)
        return self._engine.paint_only(image, *rest)

    def _count(self, image):
        pixels = image.shape[2] * image.shape[3]
        self._runs.append(pixels)
        if pixels > self._most:
            raise OutOfMemoryError("too large")


def test_where_memory_runs_out_tiles_are_halved_and_it_is_said(scenery, monkeypatch, caplog):
    runs = []
    counting = Counting(load_engine("cpu"), runs, most=150_000)
    monkeypatch.setattr(layered_styles, "load_engine", lambda *_: counting)
    whole = painter("scream")
    with caplog.at_level(logging.WARNING):
        painted = whole.paint(scenery).picture.rgb
    assert "Memory ran out" in caplog.text
    assert sum(pixels > 150_000 for pixels in runs) <= 3  # it is not forgotten from tile to tile
    assert np.abs(painted - painter("scream", 150_000).paint(scenery).picture.rgb).mean() < 12 * LEVEL
    counting._most = MIN_PIXELS // 4
    with pytest.raises(
        OutOfMemoryError, match=r"Even 0\.\d\d million pixels at a time need more memory than there is"
    ) as raised:
        painter("scream").paint(scenery)
    assert isinstance(raised.value, InputError)


def test_other_errors_of_an_engine_are_not_taken_for_that(scenery, monkeypatch):
    class Broken(Counting):
        def paint(self, *_):
            raise RuntimeError("no such kernel")

    monkeypatch.setattr(layered_styles, "load_engine", lambda *_: Broken(load_engine("cpu"), []))
    with pytest.raises(RuntimeError, match="no such kernel"):
        painter("scream").paint(scenery)


def test_statistics_of_one_frame_hold_the_next(scenery):
    made = painter("scream")
    first = made.paint(scenery)
    other = part(scenery, 200, 300)
    held = made.paint(other, first.statistics)
    free = made.paint(other)
    half = made.paint(other, first.statistics, 0.5)
    assert np.array_equal(held.statistics[0, 0].mean, first.statistics[0, 0].mean)
    assert not np.array_equal(half.statistics[0, 0].mean, first.statistics[0, 0].mean)
    far = [np.abs(p.picture.rgb - free.picture.rgb).mean() for p in (held, half)]
    assert far[0] > far[1] > 0


def test_bands_are_the_painting_from_top_to_bottom(scenery):
    whole = painter("scream", 150_000).paint(scenery).picture.rgb
    bands = list(painter("scream", 150_000).paint_rows(scenery))
    assert len(bands) > 1
    assert np.array_equal(np.concatenate([band.rgb for band in bands]), whole)
    assert MIN_PIXELS <= 150_000
