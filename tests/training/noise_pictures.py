"""Pictures of random pixels as files, for the tests of what reads them."""

import numpy as np
from PIL import Image


def noise(seed=0, size=(40, 30)):
    width, height = size
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path, seed=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed, size)).save(path)


def same(these, those):
    return len(these) == len(those) and all(map(np.array_equal, these, those))
