import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

import impasto  # noqa: E402
from impasto.errors import InputError, OutOfMemoryError, StyleError  # noqa: E402
from impasto.feedforward.painter import Painter  # noqa: E402
from impasto.networks import losses  # noqa: E402
from impasto.optimisation.optimiser import Optimiser  # noqa: E402
from impasto.optimisation.recipe import Recipe  # noqa: E402
from impasto.optimisation.refining import Refiner  # noqa: E402
from impasto.optimisation.style_pictures import bundled_style_picture, trained_side  # noqa: E402
from impasto.optimisation.tensors import to_tensor  # noqa: E402


@pytest.fixture(scope="module")
def small_photo(photo):
    """The photograph, 96 x 64 in [0, 1]."""
    return np.asarray(photo.resize((96, 64), Image.Resampling.LANCZOS), np.float32) / 255


def style_loss(painting, style):
    """How far a painting, H x W x 3, is from a style picture, both measured as the recipe measures them."""
    targets = Optimiser([style], Recipe()).targets
    size = painting.shape[:2]
    wanted = targets.measure_once(style, size, size, painting).moments
    found = targets.planner.tiled(0).moments(to_tensor(painting, torch.device("cpu")))
    return sum(float(losses.style_distance(moments)(found[tap])) for tap, moments in wanted.items())


@pytest.mark.parametrize("name", ["starry-night", "low-poly"])
def test_a_refined_painting_is_nearer_to_the_style_and_keeps_the_photograph(small_photo, name):
    fast, refined = (impasto.stylize(small_photo, name, refine=count) for count in (0, 4))
    assert refined.shape == fast.shape
    style = bundled_style_picture(name)
    assert style_loss(refined, style) < 0.7 * style_loss(fast, style)
    assert np.corrcoef(refined.mean(axis=2).ravel(), fast.mean(axis=2).ravel())[0, 1] > 0.6


def test_a_picture_as_a_style_is_what_its_painting_is_refined_towards(small_photo, photo):
    picture = np.asarray(photo.resize((150, 140)).rotate(90))[..., ::-1]
    options = {"style_effort": "quick"}
    fast, refined = (impasto.stylize(small_photo, picture, refine=count, **options) for count in (0, 4))
    rgb = np.float32(picture) / 255
    style = impasto.optimisation.style_pictures.StylePicture(rgb, side=trained_side(rgb))
    assert style_loss(refined, style) < 0.8 * style_loss(fast, style)


def test_strength_masks_alpha_and_colours_hold_for_refined_paintings_too(small_photo):
    left = np.zeros((64, 96), np.uint8)
    left[:, :48] = 255
    pixels = np.dstack([np.uint8(255 * small_photo), np.full((64, 96), 200, np.uint8)])
    kept = impasto.stylize(pixels, {"scream": 2, "low-poly": 1}, refine=1, mask=left)
    assert np.array_equal(kept[:, 48:], pixels[:, 48:])
    assert np.array_equal(kept[..., 3], pixels[..., 3])
    assert np.abs(kept[:, :40].astype(float) - pixels[:, :40]).mean() > 5
    painter = Painter("scream", strength=0.5, refine=2)
    half, full = painter.stylize(small_photo), impasto.stylize(small_photo, "scream", refine=2)
    near, far = (np.abs(painting - small_photo).mean() for painting in (half, full))
    assert 0.2 * far < near < 0.8 * far
    parts = impasto.stylize(small_photo, ["scream", "low-poly"], masks={"low-poly": left}, refine=1, colors="match")
    assert np.abs(parts.mean(axis=(0, 1)) - small_photo.mean(axis=(0, 1))).max() < 0.05
    sixteen = impasto.stylize(np.uint16(65535 * small_photo), "scream", refine=1)
    assert sixteen.dtype == np.uint16
    assert (sixteen % 257 != 0).any()


def test_a_painting_with_large_strokes_is_refined_where_they_are_laid(small_photo, photo, monkeypatch):
    seen = []
    refine = Refiner.refine

    def watched(self, style, photograph, painting, progress):
        seen.append((photograph.shape, painting.shape))
        return refine(self, style, photograph, painting, progress)

    monkeypatch.setattr(Refiner, "refine", watched)
    large = np.asarray(photo.resize((192, 128)))
    fast, refined = (impasto.stylize(large, "scream", work_size=96, refine=count) for count in (0, 2))
    assert seen == [((64, 96, 3), (64, 96, 3))]
    assert refined.shape == large.shape
    assert not np.array_equal(fast, refined)
    finer = impasto.stylize(np.uint8(255 * small_photo), "scream", style_scale=0.5, refine=1)
    assert finer.shape == (64, 96, 3)
    assert seen[1] == ((128, 192, 3), (128, 192, 3))


def test_the_bar_goes_on_while_a_painting_is_refined(small_photo):
    told = []
    painter = Painter("scream", refine=3)
    painter.paint_only(small_photo, lambda done, total: told.append((done, total)))
    assert len(told) >= 7
    assert told == sorted(told)
    assert told[-1][0] == pytest.approx(told[-1][1], rel=0.02)


def test_the_note_on_a_result_says_how_far_it_was_refined():
    assert " refine=9 " in Painter("scream", refine=9).describe()
    assert "refine" not in Painter("scream").describe()


def test_what_cannot_be_refined_is_one_sentence(small_photo, tmp_path):
    scream = impasto.load_style("scream")
    scream.save(tmp_path / "mine.safetensors")
    with pytest.raises(StyleError, match="scream comes without a picture to refine towards"):
        Painter(tmp_path / "mine.safetensors", refine=2)
    with pytest.raises(StyleError, match="comes without a picture"):
        Painter(["low-poly", tmp_path / "mine.safetensors"], refine=2)
    with pytest.raises(InputError, match="Frames of a video are not refined"):
        Painter("scream", refine=2, for_video=True)
    with pytest.raises(InputError, match="--projection flat"):
        impasto.stylize(np.zeros((32, 64, 3), np.uint8), "scream", refine=1, projection="equirectangular")
    with pytest.raises(OutOfMemoryError, match="raise --max-memory"):
        impasto.stylize(small_photo, "scream", refine=1, max_memory="300M")
    with pytest.raises(InputError, match="too large to be refined at full size"):
        next(Painter("scream", refine=1, work_size=0).paint_rows(impasto.pictures.picture.Picture(small_photo)))


def test_ctrl_c_stops_the_painting(small_photo):
    def stop(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Painter("scream", refine=4).paint_only(small_photo, stop)
