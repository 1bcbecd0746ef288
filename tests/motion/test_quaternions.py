import itertools

import numpy as np
import pytest

from impasto.motion import quaternions

RANDOM = np.random.default_rng(0)
ROTATIONS = quaternions.normalised(RANDOM.normal(size=(200, 4)))
VECTORS = quaternions.normalised(RANDOM.normal(size=(200, 3)))


def alike(one, other) -> bool:
    return bool(np.allclose(np.abs(np.sum(one * other, axis=-1)), 1, atol=1e-9))


@pytest.mark.parametrize("axes", ["".join(axes) for axes in itertools.permutations("XYZ")])
def test_angles_in_any_order_come_back_as_the_same_rotation(axes):
    assert alike(quaternions.from_euler(quaternions.to_euler(ROTATIONS, axes), axes), ROTATIONS)
    quarter = quaternions.from_euler(np.array([[30.0, 90.0, 20.0], [30.0, -90.0, 20.0]]), axes)
    assert alike(quaternions.from_euler(quaternions.to_euler(quarter, axes), axes), quarter)


def test_rotations_turn_as_matrices_do():
    matrices = np.stack([quaternions.rotate(ROTATIONS, axis) for axis in np.eye(3)], axis=-1)
    assert alike(quaternions.from_matrices(matrices), ROTATIONS)
    assert np.allclose(np.einsum("nij,nj->ni", matrices, VECTORS), quaternions.rotate(ROTATIONS, VECTORS))


def test_the_rotation_between_two_directions_leads_there_even_if_they_are_opposite():
    others = VECTORS[::-1]
    assert np.allclose(quaternions.rotate(quaternions.between(VECTORS, others), VECTORS), others)
    assert np.allclose(quaternions.rotate(quaternions.between(VECTORS, -VECTORS), VECTORS), -VECTORS)


def test_shares_of_a_rotation_add_up():
    third = quaternions.power(ROTATIONS, 1 / 3)
    assert alike(quaternions.multiply(third, quaternions.multiply(third, third)), ROTATIONS)
    assert alike(quaternions.mix(ROTATIONS, ROTATIONS[::-1], np.ones(200)), ROTATIONS[::-1])


def test_angles_do_not_jump_from_frame_to_frame():
    turning = np.stack([np.linspace(0, 720, 200), np.linspace(-170, 170, 200), np.zeros(200)], axis=1)
    euler = quaternions.to_euler(quaternions.from_euler(turning, "ZXY"), "ZXY")
    smooth = quaternions.unwrapped_euler(euler, np.zeros(3))
    assert np.abs(np.diff(smooth, axis=0)).max() < 10
    assert alike(quaternions.from_euler(smooth, "ZXY"), quaternions.from_euler(turning, "ZXY"))
