"""yusuketomoto/chainer-fast-neuralstyle: batch normalisation by the picture's own statistics, after the activation."""

from __future__ import annotations

from impasto.foreign.contents import Array, Contents, DamagedError
from impasto.foreign.layers import Layers, Value

TITLE = "yusuketomoto/chainer-fast-neuralstyle"
_EPSILON = 2e-5
_MIDDLE = 120.0  # what the first edition takes from a picture, and adds to the painting
_BLOCKS = 5


def detect(contents: Contents) -> bool:
    """Whether the names are those of its ``FastStyleNet``."""
    return {"c1/W", "b1/gamma", "r1/c1/W", "d3/W"} <= contents.arrays.keys()


def describe(contents: Contents) -> Layers:
    """RGB from 0 to 255 in and out.

    Its first edition has convolutions of 3 x 3 and ReLU, and works around a middle grey; later ones have 4 x 4, ELU,
    and end with tanh.
    """
    layers = Layers()
    is_first_edition = contents.shape("c2/W")[2:] == (3, 3)

    def get(name: str) -> Array:
        if name not in contents.arrays:
            raise DamagedError(f"its weights {name} are missing")
        return contents.arrays[name]

    def conv(x: Value, name: str, stride: int = 1) -> Value:
        weight = get(f"{name}/W")
        before = 1 if stride == 2 else weight.shape[-1] // 2
        return layers.conv(x, weight, get(f"{name}/b"), stride, (before, before))

    def enlarged(x: Value, name: str, stride: int, cut: int) -> Value:
        return layers.transposed_conv(x, get(f"{name}/W"), get(f"{name}/b"), stride, (cut, cut))

    def norm(x: Value, name: str) -> Value:
        return layers.normalised(x, get(f"{name}/gamma"), get(f"{name}/beta"), _EPSILON)

    def activated(x: Value) -> Value:
        return layers.activated(x, "relu" if is_first_edition else "elu")

    x = layers.affine(layers.image, 255.0, -_MIDDLE if is_first_edition else 0.0)
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        x = norm(activated(conv(x, f"c{index}", stride)), f"b{index}")
    for block in range(1, _BLOCKS + 1):
        y = layers.activated(norm(conv(x, f"r{block}/c1"), f"r{block}/b1"), "relu")
        x = layers.added(norm(conv(y, f"r{block}/c2"), f"r{block}/b2"), x)
    for index in (1, 2):
        x = norm(activated(enlarged(x, f"d{index}", 2, 1)), f"b{index + 3}")
    x = enlarged(x, "d3", 1, 4)
    if is_first_edition:
        x = layers.affine(x, 1 / 255, _MIDDLE / 255)
    else:
        x = layers.affine(layers.activated(x, "tanh"), 0.5, 0.5)
    layers.finished(x)
    return layers
