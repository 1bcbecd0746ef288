import numpy as np
import pytest

torch = pytest.importorskip("torch")

import impasto  # noqa: E402
from impasto.optimisation.recipe import ITERATIONS, REFINING_ITERATIONS, REFINING_SCALES, Recipe  # noqa: E402
from impasto.pictures.resampling import resize_array  # noqa: E402


@pytest.fixture(scope="module")
def photograph():
    """A picture with plain and with busy parts, 64 x 96."""
    random = np.random.default_rng(0)
    return np.clip(resize_array(random.random((8, 12, 3)).astype(np.float32), (96, 64)), 0, 1)


def test_the_start_is_the_fast_painting_in_the_style_that_the_picture_is_painted_in(photograph):
    """A style picture that one bundled style painted itself is nearest to that style."""
    for name in ("scream", "pen-and-ink"):
        wanted = impasto.stylize(photograph, name)
        found = impasto.paint(photograph, wanted, init="fast", iterations=0)
        assert np.abs(found - impasto.stylize(photograph, name)).max() < 1e-3


def test_few_iterations_at_two_sizes_refine_it():
    plain, fast = Recipe(), Recipe(init="fast")
    assert (plain.iterations_a_scale, plain.scale_count) == (ITERATIONS, 0)
    assert (fast.iterations_a_scale, fast.scale_count) == (REFINING_ITERATIONS, REFINING_SCALES)
    assert Recipe(init="fast", iterations=40, scales=3).iterations_a_scale == 40
    assert Recipe(init="fast", iterations=40, scales=3).scale_count == 3


def test_beyond_the_masks_of_all_styles_the_start_is_the_photograph(photograph):
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    style = impasto.stylize(photograph, "scream")
    found = impasto.paint(photograph, style, masks={0: mask}, init="fast", iterations=0)
    assert np.abs(found[:, 60:] - photograph[:, 60:]).max() < 1e-3
    assert np.abs(found[:, :40] - photograph[:, :40]).mean() > 0.02


def test_refining_that_was_interrupted_at_the_first_size_ends_as_if_it_had_not_been(photograph):
    from impasto.optimisation.api import OptimisationTask
    from impasto.optimisation.style_pictures import StylePicture
    from impasto.pictures.picture import Picture

    def stop(progress):
        if progress.iteration == 1:
            raise KeyboardInterrupt

    style = [StylePicture(impasto.stylize(photograph, "scream"))]
    task = OptimisationTask(Picture(photograph), style, Recipe(init="fast", iterations=2))
    whole = task.paint()
    part = task.paint(progress=stop)
    assert part.interrupted
    assert np.array_equal(task.paint(resume=part.state).rgb, whole.rgb)


def test_the_start_of_a_bundled_style_is_its_own_painting(photograph):
    for name in ("low-poly", "kiss"):
        found = impasto.paint(photograph, name, init="fast", iterations=0)
        assert np.abs(found - impasto.stylize(photograph, name)).max() < 1e-3
