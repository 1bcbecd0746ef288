import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")

from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture
from optimisation.samples import CONTENT, QUICK, optimiser, rough, stripes


def test_what_an_objective_is():
    one = optimiser().objective_hash
    same = dataclasses.replace(QUICK, iterations=9, scales=0, history=3, learning_rate=0.1, colors="match", seed=4)
    assert optimiser(same).objective_hash == one
    left, right = np.eye(64, dtype=np.float32), 1 - np.eye(64, dtype=np.float32)
    others = [
        optimiser(dataclasses.replace(QUICK, tv_weight=0.2)),
        optimiser(dataclasses.replace(QUICK, colors="match-before")),
        optimiser(dataclasses.replace(QUICK, dream={"relu3_1": 1.0})),
        optimiser(QUICK, StylePicture(stripes()), StylePicture(rough(), weight=2.0)),
        optimiser(QUICK, StylePicture(stripes()), StylePicture(rough(), weight=3.0)),
        optimiser(QUICK, StylePicture(stripes(), mask=left)),
        optimiser(QUICK, StylePicture(stripes(), mask=right)),
    ]
    assert len({one, *(other.objective_hash for other in others)}) == 8


def test_blends_lie_between_their_styles():
    one, other = StylePicture(stripes()), StylePicture(rough(64, 64))
    alone = optimiser(QUICK, one).paint(CONTENT).rgb
    same = optimiser(QUICK, one, StylePicture(stripes(), weight=3.0)).paint(CONTENT).rgb
    assert np.abs(alone - same).max() < 1e-3
    assert np.abs(alone - optimiser(QUICK, one, other).paint(CONTENT).rgb).max() > 1e-2


def test_masks_keep_each_style_to_its_part_and_the_photograph_elsewhere():
    left = np.zeros((48, 64), np.float32)
    left[:, :32] = 1
    result = optimiser(QUICK, StylePicture(stripes(), mask=left)).paint(CONTENT).rgb
    assert np.abs(result[:, 34:] - CONTENT[:, 34:]).max() < 1e-6
    assert np.abs(result[:, :30] - CONTENT[:, :30]).max() > 0.02
    both = optimiser(QUICK, StylePicture(stripes(), mask=left), StylePicture(rough())).paint(CONTENT).rgb
    assert np.abs(both[:, 40:] - CONTENT[:, 40:]).max() > 0.02


def test_an_optimiser_looks_at_its_styles_once():
    one = optimiser(Recipe(iterations=1, scales=1))
    one.paint(CONTENT)
    known = dict(one.targets._measured)
    one.paint(rough(48, 64))
    assert one.targets._measured.keys() == known.keys()


def test_styles_are_matched_to_each_photograph_before_it_is_painted():
    """Frames of a video often lie in the same place in memory, one after the other."""
    recipe = Recipe(iterations=2, scales=1, colors="match-before")
    one, frame = optimiser(recipe), np.empty_like(CONTENT)
    for photograph in (CONTENT, 1 - CONTENT**2):
        frame[:] = photograph
        assert np.array_equal(one.paint(frame).rgb, optimiser(recipe).paint(photograph).rgb)
    assert not one.targets._measured  # nor does what is kept grow from frame to frame
