from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

if not find_spec("openvino"):  # pytest.importorskip would import it, telemetry and all
    pytest.skip("the extra openvino is not installed", allow_module_level=True)

import impasto
from impasto.engines.base import Statistics
from impasto.engines.onnxruntime import OnnxruntimeEngine
from impasto.engines.openvino import OpenvinoEngine
from impasto.feedforward.painter import Painter
from impasto.pictures.conversion import as_picture
from impasto.styles.catalogue import bundled_names, load_style

LEVEL = 1 / 255


@pytest.fixture(scope="module")
def engines():
    return OpenvinoEngine(), OnnxruntimeEngine()


def batch_of(image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255)


def decibels(one, other):
    return -10 * np.log10(((one - other) ** 2).mean())


@pytest.mark.parametrize("name", bundled_names())
def test_every_style_is_painted_within_50_decibels_of_onnxruntime(name, engines, photo):
    style, image = load_style(name), batch_of(photo.resize((576, 384), Image.Resampling.LANCZOS))
    (painted, statistics), (expected, known) = (engine.paint(image, style.scale, style.shift) for engine in engines)
    assert decibels(painted, expected) > 50
    deviation = np.sqrt(known.variance)
    assert np.abs((statistics.mean - known.mean) / deviation).max() < 0.1
    assert np.abs(np.sqrt(statistics.variance) / deviation - 1).max() < 0.1
    for given in (None, statistics):
        assert decibels(engines[0].paint_only(image, style.scale, style.shift, given), expected) > 50


def test_sizes_may_vary_and_few_are_kept(engines):
    engine, style = engines[0], load_style("scream")
    random = np.random.default_rng(0)
    given = Statistics(np.zeros_like(style.scale), np.ones_like(style.scale))
    for side in (16, 24, 32, 40, 48, 56):
        image = random.random((1, 4, side, side + 8), np.float32)
        assert engine.paint_only(image, style.scale, style.shift).shape == (1, 3, side, side + 8)
        assert engine.paint_only(image, style.scale, style.shift, given).shape == (1, 3, side, side + 8)
    assert len(engine._ready) == 1 + 4


def test_tiles_have_no_seams(photo):
    picture = as_picture(photo.resize((700, 460), Image.Resampling.LANCZOS))
    whole = Painter("starry-night", engine="openvino").paint(picture)
    tiled = Painter("starry-night", engine="openvino")
    tiled._budget.largest = 1 << 17  # pixels
    again = tiled.paint(picture, whole.statistics).picture.rgb
    assert decibels(again, whole.picture.rgb) > 50
    assert np.abs(again - whole.picture.rgb).max() < 10 * LEVEL


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_one_engine_paints_a_picture_alike_alone_and_among_many(engine, photo):
    picture = as_picture(photo)
    alone, among = (Painter("scream", engine=engine, many=many).paint_only(picture) for many in (False, True))
    np.testing.assert_array_equal(alone.rgb, among.rgb)


def test_stylize_takes_the_engine_that_is_asked_for(photo):
    here, there = (impasto.stylize(np.asarray(photo), "scream", engine=name) for name in ("onnxruntime", "openvino"))
    assert decibels(here / 255.0, there / 255.0) > 45  # both are rounded to a level
