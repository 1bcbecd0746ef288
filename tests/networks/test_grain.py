"""Grain: the same at a place whatever box it is asked for, and of the strength that it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import impasto
from impasto.networks.grain import grain_of_box

side = st.integers(1, 90)
place = st.integers(-2000, 10**6)


@given(place, place, side, side, st.data())
def test_a_part_of_a_box_has_the_grain_of_its_place(top, left, height, width, data):
    down, across = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    whole, part = (
        grain_of_box(top, left, height, width),
        grain_of_box(top + down, left + across, height - down, width - across),
    )
    assert whole.shape == (height, width, 1)
    np.testing.assert_array_equal(whole[down:, across:], part)


def test_it_is_faint_even_and_never_repeats_nearby():
    plane = grain_of_box(0, 0, 1400, 1400)[..., 0]
    assert abs(plane.mean()) < 0.002
    assert plane.std() == pytest.approx(0.061, abs=0.004)
    for shift in (488, 496, 508, 512, 544, 704, 1016):
        alike = np.corrcoef(plane[:, shift:].ravel(), plane[:, :-shift].ravel())[0, 1]
        assert alike < 0.7, f"the grain after {shift} pixels is much like that before"


def test_an_even_picture_gets_strokes_from_it():
    card = np.full((160, 160, 3), 0.5, np.float32)
    even, painted = (impasto.stylize(card, "starry-night", grain=amount) for amount in (0.0, 1.0))

    def repeats(picture):
        """How far autocorrelation along a row rises again at 8 to 55 pixels, beyond its lowest: a pattern comes back.

        Its height alone does not tell: wide strokes are alike over 8 pixels without repeating anything.
        """
        grey = picture.mean(axis=2)[24:-24, 24:-24]
        grey = grey - grey.mean()
        power = np.fft.ifft2(np.abs(np.fft.fft2(grey)) ** 2).real
        alike = (power / power[0, 0])[0, :56]
        return (alike - np.minimum.accumulate(alike))[8:].max()

    assert repeats(painted) < 0.5 * repeats(even)


def test_no_strength_no_grain():
    photograph = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    np.testing.assert_array_equal(impasto.stylize(photograph, "scream", strength=0), photograph)


def test_too_much_is_refused():
    with pytest.raises(impasto.InputError, match="grain"):
        impasto.stylize(np.zeros((8, 8, 3), np.uint8), "scream", grain=5)
