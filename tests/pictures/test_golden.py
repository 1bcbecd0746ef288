"""Numbers of the ancestors (fast-neural-style, neural-style) that ours reproduce; losses' are in test_losses.py."""

import numpy as np
import pytest

from impasto.pictures import colors
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import resize_picture


@pytest.mark.parametrize(
    ("size", "longer", "wanted"),
    [
        ((760, 400), 1200, (1200, 631)),
        ((760, 400), 1024, (1024, 538)),
        ((712, 474), 1024, (1024, 681)),
        ((712, 474), 512, (512, 340)),
        ((979, 734), 512, (512, 383)),
        ((1024, 768), 512, (512, 384)),
        ((1054, 1331), 512, (405, 512)),
    ],
)
def test_the_resize_rule(size, longer, wanted):
    """The longer side is as asked for, the other one is cut to an integer: sizes of the published results."""
    blank = Picture(np.zeros((size[1], size[0], 3), np.float32))
    assert resize_picture(blank, longer).size == wanted


def test_keeping_colours_is_their_yuv():
    """Y of the result, U and V of the photograph, with their constants."""
    to_yuv = np.array([[0.299, 0.587, 0.114], [-0.14713, -0.28886, 0.436], [0.615, -0.51499, -0.10001]])
    to_rgb = np.array([[1, 0, 1.13983], [1, -0.39465, -0.58060], [1, 2.03211, 0]])
    rng = np.random.default_rng(0)
    content, result = (rng.uniform(0.3, 0.7, (20, 30, 3)).astype(np.float32) for _ in range(2))
    yuv = content @ to_yuv.T
    yuv[..., 0] = (result @ to_yuv.T)[..., 0]
    assert np.allclose(colors.keep_chroma(result, content), np.clip(yuv @ to_rgb.T, 0, 1), atol=1e-3)


def test_blend_weights_are_brought_to_a_sum_of_1():
    pytest.importorskip("torch")
    from impasto.optimisation.optimiser import Optimiser
    from impasto.optimisation.recipe import Recipe
    from impasto.optimisation.style_pictures import StylePicture

    rng = np.random.default_rng(0)
    one, other = (rng.random((64, 64, 3), np.float32) ** power for power in (1, 3))
    size = (64, 64)

    def moments(*styles):
        return Optimiser(styles, Recipe()).targets._blend(styles, size, size, one).moments["relu2_1"].second.numpy()

    both = moments(StylePicture(one, 3.0), StylePicture(other, 7.0))
    assert np.allclose(both, 0.3 * moments(StylePicture(one)) + 0.7 * moments(StylePicture(other)), rtol=1e-3)


def test_the_style_picture_is_as_large_as_the_result_times_its_scale():
    """Its longer side is the ceiling of scale times the result's."""
    pytest.importorskip("torch")
    from impasto.optimisation.optimiser import Optimiser
    from impasto.optimisation.recipe import Recipe
    from impasto.optimisation.style_pictures import StylePicture

    style = StylePicture(np.random.default_rng(0).random((60, 90, 3), np.float32))
    optimiser = Optimiser([style], Recipe(style_scale=0.333))
    optimiser.targets._blend([style], (100, 200), (100, 200), style.rgb)
    assert {max(key[1:3]) for key in optimiser.targets._measured} == {67}  # height and width
