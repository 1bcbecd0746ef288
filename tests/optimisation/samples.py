"""Small pictures and a quick optimiser, for the tests of this folder."""

import numpy as np

from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture


def rough(height=40, width=56, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def stripes(height=64, width=64):
    y, x = np.mgrid[:height, :width]
    wave = np.sin((x + y) / 2.0)[..., None] * np.float32([0.5, -0.3, 0.2]) + 0.5
    return wave.astype(np.float32)


CONTENT = np.linspace(0.2, 0.8, 64 * 48 * 3, dtype=np.float32).reshape(48, 64, 3)
QUICK = Recipe(iterations=4, scales=2)


def optimiser(recipe=QUICK, *styles):
    return Optimiser(styles or [StylePicture(stripes())], recipe)
