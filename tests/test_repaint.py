import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto.errors import InputError, StyleError
from impasto.repaint import Options

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def photo():
    with Image.open(EXAMPLES / "harbour.jpg") as image:
        return image.convert("RGB").resize((192, 128))


def test_the_same_kind_comes_out_as_went_in(photo, tmp_path):
    assert impasto.stylize(photo, "scream").size == photo.size
    array = np.asarray(photo)
    for given_array in (array, (array.astype(np.uint16) * 257), array.astype(np.float32) / 255):
        painted = impasto.stylize(given_array, "scream")
        assert painted.dtype == given_array.dtype
        assert painted.shape == given_array.shape
    encoded = io.BytesIO()
    photo.save(encoded, "PNG")
    painted_bytes = impasto.stylize(encoded.getvalue(), "scream")
    with Image.open(io.BytesIO(painted_bytes)) as image:
        assert image.format == "PNG"
    photo.save(tmp_path / "a.jpg")
    assert impasto.stylize(tmp_path / "a.jpg", "scream") == tmp_path / "a-scream.jpg"
    assert (tmp_path / "a-scream.jpg").exists()
    several = impasto.stylize([photo, array], "scream")
    assert isinstance(several[0], Image.Image)
    assert isinstance(several[1], np.ndarray)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_every_size_keeps_its_size(width, height):
    image = np.random.default_rng(width * 100 + height).random((height, width, 3), np.float32)
    painted = impasto.stylize(image, "udnie")
    assert painted.shape == image.shape
    assert np.isfinite(painted).all()


@pytest.mark.parametrize("shape", [(1, 900), (900, 1), (2, 3)])
def test_extreme_shapes_keep_theirs(shape):
    assert impasto.stylize(np.full((*shape, 3), 0.4, np.float32), "udnie").shape == (*shape, 3)


def test_strength_0_is_the_picture_and_style_grows_from_there(photo):
    array = np.asarray(photo)
    assert (impasto.stylize(array, "starry-night", strength=0) == array).all()
    full = impasto.stylize(array, "starry-night").astype(float)
    steps = [impasto.stylize(array, "starry-night", strength=s).astype(float) for s in (0.1, 0.3, 0.5, 0.7, 0.9)]
    from_photo = [np.abs(step - array).mean() for step in steps]
    from_full = [np.abs(step - full).mean() for step in steps]
    assert from_photo == sorted(from_photo)
    assert from_full == sorted(from_full, reverse=True)
    assert from_photo[0] < 0.35 * np.abs(full - array).mean()


def test_a_blend_lies_between_its_styles(photo):
    array = np.asarray(photo)
    one, two = (impasto.stylize(array, name).astype(float) for name in ("scream", "great-wave"))
    between = impasto.stylize(array, ["scream:1", "great-wave:1"]).astype(float)
    apart = np.abs(one - two).mean()
    assert 0 < np.abs(between - one).mean() < apart
    assert 0 < np.abs(between - two).mean() < apart
    assert (impasto.stylize(array, [("scream", 3), ("great-wave", 0)]) == one).all()


def test_styles_differ(photo):
    array = np.asarray(photo)
    seen = [impasto.stylize(array, name).astype(float) for name in ("scream", "great-wave", "udnie", "night-cafe")]
    for index, first in enumerate(seen):
        for second in seen[index + 1 :]:
            assert np.abs(first - second).mean() > 10


def test_alpha_stays_and_what_lies_beneath_does_not_matter():
    with Image.open(EXAMPLES / "penguin.png") as file:
        penguin = np.asarray(file.convert("RGBA").resize((96, 112)))
    garbage = penguin.copy()
    garbage[penguin[..., 3] == 0, :3] = (255, 0, 255)
    painted, other = (impasto.stylize(image, "wheat-field") for image in (penguin, garbage))
    assert (painted[..., 3] == penguin[..., 3]).all()
    visible = penguin[..., 3] > 0
    assert (painted[visible] == other[visible]).all()


def test_colors_content_keeps_the_chroma_and_match_the_mean(photo):
    array = np.asarray(photo).astype(np.float32) / 255
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    kept = impasto.stylize(array, "scream", colors="content")
    inside = ((kept > 0.01) & (kept < 0.99)).all(axis=2)
    difference = (kept - (kept @ luma)[..., None]) - (array - (array @ luma)[..., None])
    assert np.abs(difference[inside]).max() < 1e-3
    matched = impasto.stylize(array, "scream", colors="match")
    free = impasto.stylize(array, "scream")
    assert np.abs(matched.mean((0, 1)) - array.mean((0, 1))).max() < 0.03
    assert np.abs(free.mean((0, 1)) - array.mean((0, 1))).max() > 0.05


def test_size_sets_the_longer_side(photo):
    assert impasto.stylize(photo, "scream", size=96).size == (96, 64)
    assert impasto.stylize(photo, "scream", size=300).size == (300, 200)


@pytest.mark.parametrize("wrong", [{"strength": 1.5}, {"size": -1}, {"colors": "none"}, {"device": "toaster"}])
def test_options_out_of_range_are_refused(photo, wrong):
    with pytest.raises(InputError):
        impasto.stylize(photo, "scream", **wrong)
    assert Options().strength == 1


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match="PIL image or an array"):
        impasto.stylize(object(), "scream")  # type: ignore[call-overload]
    with pytest.raises(StyleError, match="did you mean scream"):
        impasto.stylize(np.zeros((4, 4, 3), np.uint8), "skream")


def test_engines_agree_on_a_real_picture(photo):
    pytest.importorskip("torch")
    from impasto.engines.onnx import OnnxEngine
    from impasto.engines.torch import TorchEngine

    batch = np.ascontiguousarray(np.asarray(photo, np.float32).transpose(2, 0, 1)[None] / 255)
    for name in ("starry-night", "udnie", "photograph"):
        style = impasto.load_style(name)
        onnx, torch = (engine.paint(batch, style.scale, style.shift)[0] for engine in (OnnxEngine(), TorchEngine()))
        assert np.abs(onnx - torch).max() * 255 < 2
