import numpy as np
import pytest

from impasto.arithmetic import smooth_step, transport_matrix


def covariance_of(seed, size):
    mixed = np.random.default_rng(seed).normal(size=(size, 3 * size))
    return mixed @ mixed.T


@pytest.mark.parametrize("size", [2, 3, 40])
def test_the_map_leads_one_covariance_to_the_other_and_is_symmetric(size):
    one, other = covariance_of(1, size), covariance_of(2, size)
    matrix = transport_matrix(one, other)
    np.testing.assert_allclose(matrix @ one @ matrix.T, other, rtol=1e-6, atol=1e-6 * other.max())
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
    np.testing.assert_allclose(transport_matrix(one, one), np.eye(size), atol=1e-7)


def test_a_covariance_without_spread_gives_a_finite_map():
    assert np.isfinite(transport_matrix(np.zeros((3, 3)), covariance_of(1, 3))).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_step_is_smooth_between_its_ends_and_keeps_the_type(kind):
    found = smooth_step(np.array([-1, 2, 3, 4, 9], kind), 2, 4)
    np.testing.assert_allclose(found, [0, 0, 0.5, 1, 1])
    assert found.dtype == kind
