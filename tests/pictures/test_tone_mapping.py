import numpy as np
import pytest

from impasto.pictures import tone_mapping
from impasto.pictures.tone_mapping import HLG, PQ, to_rec709


def grey(code, transfer, peak=1000.0):
    return 255 * to_rec709(np.full((1, 3), code), 9, transfer, peak)[0]


@pytest.mark.parametrize(
    ("code", "transfer", "peak", "wanted"),
    [
        (0.0, PQ, 1000, 0),  # the codes of 0, 50, 203 and 1000 cd/m2
        (0.4403, PQ, 1000, 142),
        (0.5807, PQ, 1000, 230),
        (0.5807, PQ, 4000, 210),
        (0.5807, PQ, 203, 255),
        (0.7518, PQ, 1000, 255),
        (1.0, PQ, 1000, 255),
        (0.75, HLG, 1000, 230),  # the code of reference white in BT.2408
        (1.0, HLG, 1000, 255),
    ],
)
def test_greys_are_where_the_published_curves_have_them(code, transfer, peak, wanted):
    assert np.abs(grey(code, transfer, peak) - wanted).max() < 1


def test_colours_within_the_gamut_keep_their_light_and_others_their_luminance():
    to_wide = np.linalg.inv(np.array(tone_mapping._TO_REC_709[9]))
    inside = np.array([[0.2, 0.5, 0.3]])
    assert to_rec709((inside @ to_wide.T) ** (1 / 2.4), 9, 1) ** 2.4 == pytest.approx(inside, abs=1e-5)
    green = to_rec709(np.array([[0.0, 0.7, 0.0]]), 9, 1) ** 2.4
    assert green.min() >= 0
    assert green[0] @ (0.2126, 0.7152, 0.0722) == pytest.approx(0.678 * 0.7**2.4, rel=0.01)
    assert green[0, 1] > 3 * green[0, 0]


def test_standard_video_stays():
    code = np.random.default_rng(0).random((50, 3))
    assert to_rec709(code, 1, 1) == pytest.approx(code)
    assert to_rec709(code, 1, 13) == pytest.approx(code, abs=1e-4)
