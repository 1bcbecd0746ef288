"""Arithmetic that pictures, sound and movement share."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.float32, np.float64)

_LEAST_EIGENVALUE = 1e-12  # rounding can make one negative, whose root is not a number


def smooth_step(values: NDArray[Number], low: float = 0.0, high: float = 1.0) -> NDArray[Number]:
    """0 up to ``low``, 1 from ``high`` on, smooth in between (smoothstep); of the shape and type of the values."""
    kind = values.dtype.type
    at = np.clip((values - kind(low)) / kind(high - low), 0, 1)
    smooth: NDArray[Number] = at * at * (3 - 2 * at)
    return smooth


def transport_matrix(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric map from one covariance to another that moves points least (optimal transport of Gaussians).

    A = S^-1/2 (S^1/2 C S^1/2)^1/2 S^-1/2 for covariances S and C (Pitie and Kokaram 2007, The linear Monge-Kantorovitch
    linear colour mapping).

    Args:
        one, other: N x N, without negative eigenvalues.
    """
    root, inverse = _power(one, 0.5), _power(one, -0.5)
    return inverse @ _power(root @ other @ root, 0.5) @ inverse


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """A power of a symmetric matrix, N x N, whose eigenvalues are not negative."""
    values, vectors = np.linalg.eigh(matrix)
    powered: NDArray[np.float64] = (vectors * np.maximum(values, _LEAST_EIGENVALUE) ** exponent) @ vectors.T
    return powered
