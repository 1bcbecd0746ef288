from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError
from impasto.feedforward.masks import parse_masks, split_by_mask


@pytest.fixture
def left(small):
    """White on the left half, grey in the middle column pair, black on the right."""
    mask = np.zeros((32, 48), np.uint8)
    mask[:, :23] = 255
    mask[:, 23:25] = 128
    return mask


def test_strength_applies_where_its_mask_is_white(small, left):
    array = np.asarray(small)
    painted = impasto.stylize(array, "scream", mask=left)
    full = impasto.stylize(array, "scream")
    assert np.array_equal(painted[:, 25:], array[:, 25:])
    assert np.array_equal(painted[:, :23], full[:, :23])
    between = (array[:, 23:25].astype(int) + full[:, 23:25]) / 2
    assert np.abs(painted[:, 23:25] - between).max() < 2


def test_each_style_is_painted_with_its_own_statistics_and_blended_by_its_mask(small, left):
    array = np.asarray(small)
    one, two = (impasto.stylize(array, name) for name in ("scream", "udnie"))
    both = impasto.stylize(array, ["scream", "udnie"], masks={"scream": left})
    assert np.array_equal(both[:, :23], one[:, :23])
    assert np.array_equal(both[:, 25:], two[:, 25:])
    share = np.array(128 / 255)
    assert np.abs(both[:, 23:25] - (share * one[:, 23:25] + (1 - share) * two[:, 23:25])).max() <= 1


def test_where_no_style_is_the_photograph_stays(small, left):
    array = np.asarray(small)
    for colors in ("style", "content", "match"):
        painted = impasto.stylize(array, "scream", masks={"scream": left}, colors=colors)
        assert np.array_equal(painted[:, 25:], array[:, 25:])
        assert np.abs(painted[:, :23].astype(int) - array[:, :23]).mean() > 5


def test_masks_that_overlap_share_by_their_weights(small, left):
    array = np.asarray(small)
    white = np.full_like(left, 255)
    blended = impasto.stylize(array, ["scream", "udnie"], masks={"scream": white, "udnie": white}).astype(float)
    mean = sum(impasto.stylize(array, name).astype(float) for name in ("scream", "udnie")) / 2
    assert np.abs(blended - mean).max() <= 1


def test_masks_are_files_images_and_arrays_of_any_kind(small, left, tmp_path):
    array = np.asarray(small)
    Image.fromarray(left).save(tmp_path / "mask.png")
    transparent = Image.merge("LA", [Image.new("L", small.size, 255), Image.fromarray(left)])
    kinds = [tmp_path / "mask.png", str(tmp_path / "mask.png"), Image.fromarray(left), left / np.float32(255)]
    wanted = impasto.stylize(array, "scream", mask=left)
    for kind in [*kinds, transparent, np.dstack([left] * 3)]:
        assert np.array_equal(impasto.stylize(array, "scream", mask=kind), wanted)
    assert np.array_equal(impasto.stylize(array, "scream", mask=left > 200)[:, 25:], array[:, 25:])


def test_a_mask_goes_with_the_picture_when_that_is_resized(small, left):
    array = np.asarray(small)
    painted = impasto.stylize(array, "scream", mask=left, size=96)
    plain = impasto.stylize(array, "scream", strength=0, size=96)
    assert np.array_equal(painted[:, 60:], plain[:, 60:])
    assert np.abs(painted[:, :40].astype(int) - plain[:, :40]).mean() > 5
    large = np.asarray(Image.fromarray(left).resize((96, 64)))
    assert impasto.stylize(array, "scream", mask=large, size=96).shape == painted.shape


@pytest.mark.parametrize("how", ["mask", "masks"])
@pytest.mark.parametrize("style_scale", [0.5, 1, 2])
def test_a_mask_may_have_the_size_of_the_result_whatever_the_size_of_strokes(small, left, style_scale, how):
    array = np.asarray(small)
    half = left[::2, ::2]
    options = {"size": 24, "style_scale": style_scale}
    painted = impasto.stylize(array, "scream", **options, **{how: half if how == "mask" else {"scream": half}})
    plain = impasto.stylize(array, "scream", strength=0, size=24)
    assert painted.shape == plain.shape
    assert np.abs(painted[:, 14:].astype(int) - plain[:, 14:]).mean() < 5
    assert np.abs(painted[:, :10].astype(int) - plain[:, :10]).mean() > 10


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mask": np.ones((32, 47))}, "47 x 32 pixels and the picture 48 x 32"),
        ({"mask": np.zeros((32, 48))}, "black all over"),
        ({"masks": {"scream": np.zeros((32, 48))}}, "black all over"),
        ({"masks": {"wave": np.ones((32, 48))}}, "add --style wave"),
        ({"mask": Path("none.png")}, "does not exist"),
    ],
)
def test_a_mask_that_does_not_fit_is_one_sentence(small, options, sentence):
    with pytest.raises(InputError, match=sentence):
        impasto.stylize(np.asarray(small), "scream", **options)


def test_the_command_line_tells_masks_of_styles_from_that_of_the_strength(tmp_path):
    assert parse_masks(["scream=a.png", "b.png", "x/y.safetensors=c=d.png"]) == (
        Path("b.png"),
        {"scream": Path("a.png"), "x/y.safetensors": Path("c=d.png")},
    )
    odd = tmp_path / "a=b.png"
    odd.touch()
    assert parse_masks([str(odd)]) == (odd, {})
    for twice in (["a.png", "b.png"], ["scream=a.png", "scream=b.png"]):
        with pytest.raises(InputError, match="two masks"):
            parse_masks(twice)


def test_styles_are_told_by_the_name_they_are_given_by():
    scream = impasto.load_style("scream")
    masked, rest = split_by_mask(["scream:2", ("udnie", 3.0), "great-wave"], ["udnie"])
    assert list(masked) == ["udnie"]
    assert rest is not None
    assert rest.name == "scream+great-wave"
    masked, rest = split_by_mask([scream], ["scream"])
    assert masked["scream"] is scream
    assert rest is None
