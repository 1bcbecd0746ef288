import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.pictures import colors

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@pytest.fixture
def content(photo):
    return np.asarray(photo, np.float32) / 255


@pytest.fixture
def result(content):
    """Other colours, and little enough contrast that matching clips nothing."""
    mixed = content[:, ::-1] @ np.array([[0.2, 0.1, 0.0], [0.1, 0.3, 0.1], [0.0, 0.0, 0.2]], np.float32)
    return (mixed + np.array([0.4, 0.1, 0.2], np.float32)).astype(np.float32)


def test_style_leaves_the_result_as_it_is(result, content):
    assert colors.apply_color_mode(result, content, "style") is result


def test_content_takes_the_luminance_of_the_result_and_the_chroma_of_the_photograph(result, content):
    kept = colors.apply_color_mode(result, content, "content")
    inside = ((kept > 0) & (kept < 1)).all(axis=2)
    assert inside.mean() > 0.5
    assert np.allclose((kept @ LUMA)[inside], (result @ LUMA)[inside], atol=1e-5)
    chroma = [image - (image @ LUMA)[..., None] for image in (kept, content)]
    assert np.allclose(chroma[0][inside], chroma[1][inside], atol=1e-5)


def test_match_gives_the_mean_and_covariance_of_the_photograph(result, content):
    # Softer and in the middle, so that nothing is clipped.
    content = 0.35 + 0.3 * content
    matched = colors.apply_color_mode(result, content, "match")
    assert matched.min() > 0
    assert matched.max() < 1
    assert np.allclose(matched.mean((0, 1)), content.mean((0, 1)), atol=1e-3)
    covariances = [np.cov(image.reshape(-1, 3).T) for image in (matched, content)]
    assert np.allclose(*covariances, atol=1e-4)
    assert not np.allclose(np.cov(result.reshape(-1, 3).T), covariances[1], atol=3e-4)


def test_match_leaves_alone_what_matches_already(content):
    assert np.abs(colors.match_colors(content, content) - content).max() < 2e-3


@pytest.mark.parametrize("mode", colors.COLOR_MODES)
@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0]))
def test_flat_and_tiny_pictures_stay_finite(mode, height, width, ours, theirs):
    painted = colors.apply_color_mode(
        np.full((height, width, 3), ours, np.float32), np.full((height, width, 3), theirs, np.float32), mode
    )
    assert painted.dtype == np.float32
    assert painted.shape == (height, width, 3)
    assert (painted >= 0).all()
    assert (painted <= 1).all()
    if mode != "style":
        assert np.allclose(painted, theirs if mode == "match" else ours, atol=1e-3)


def test_grey_photographs_stay_grey(result):
    grey = np.repeat(np.linspace(0.2, 0.8, result.shape[0], dtype=np.float32)[:, None, None], 3, 2)
    grey = np.broadcast_to(grey, result.shape)
    kept = colors.apply_color_mode(result, grey, "content")
    assert np.ptp(kept, axis=2).max() < 1e-5
    matched = colors.apply_color_mode(result, grey, "match")
    assert np.ptp(matched, axis=2).std() < 0.02
