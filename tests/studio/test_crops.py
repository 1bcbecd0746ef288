import numpy as np
import pytest

from impasto.errors import InputError
from impasto.pictures.picture import Picture
from impasto.studio import pictures
from impasto.studio.crops import Crop
from impasto.studio.pictures import PictureRequest


@pytest.fixture
def ramp():
    """A picture of 40 x 30 that is brighter to the right."""
    rgb = np.repeat(np.tile(np.linspace(0, 1, 40, dtype=np.float32), (30, 1))[..., None], 3, axis=2)
    return Picture(rgb, alpha=np.ones((30, 40), np.float32))


def test_a_part_is_cut_out(ramp):
    part = Crop(left=0.25, right=0.75, top=0.1, bottom=0.9).cut(ramp)
    assert part.size == (20, 24)
    assert np.array_equal(part.rgb, ramp.rgb[3:27, 10:30])
    assert part.alpha.shape == (24, 20)


def test_quarter_turns_go_clockwise(ramp):
    right, half = Crop(turns=1).cut(ramp), Crop(turns=2).cut(ramp)
    assert right.size == (30, 40)
    assert right.rgb[0].max() == 0  # the left edge is at the top
    assert np.array_equal(half.rgb, ramp.rgb[::-1, ::-1])


def test_straightening_leaves_no_corner_empty_and_turns_clockwise(ramp):
    white = Picture(np.ones_like(ramp.rgb))
    for angle in (-15, -2.5, 4, 15):
        assert Crop(angle=angle).cut(white).rgb.min() > 0.98
    turned = Crop(angle=10).cut(ramp).rgb[..., 0]
    assert turned[25, 20] > turned[5, 20]  # what is on the right moves down
    assert turned[15, 20] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_samples_keep_their_kind(ramp, dtype):
    peak = 1 if dtype == np.float32 else np.iinfo(dtype).max
    picture = Picture((ramp.rgb * peak).astype(dtype))
    for crop in (Crop(turns=3), Crop(angle=3)):
        assert crop.cut(picture).rgb.dtype == dtype


@pytest.mark.parametrize(
    "wrong",
    [
        *({"left": 0.5, "right": 0.5}, {"top": 0.9, "bottom": 0.1}, {"left": -0.1}, {"right": 1.5}, {"angle": 60}),
        *({"angle": float("nan")}, {"left": float("nan")}),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match="lies outside"):
        Crop(**wrong)


def test_a_part_too_small_to_paint_is_refused(ramp):
    with pytest.raises(InputError, match="too small"):
        Crop(right=0.1).cut(ramp)


def test_only_the_part_is_painted(server, put, photo, tmp_path):
    photo.resize((120, 90)).save(tmp_path / "photo.png")
    wanted = PictureRequest(["scream"], crop=Crop(right=0.5, bottom=0.5))
    done = pictures.paint_picture(server.studio, put(tmp_path / "photo.png"), wanted)
    assert done.after.size == (60, 45)
    small = server.studio.originals.get(put(tmp_path / "photo.png"), wanted.crop)
    assert pictures.paint_preview(small, small.size, wanted).size == (60, 45)
