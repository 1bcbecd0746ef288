"""The names that options give to losses and layers; needs no torch, so that options can be checked without it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Literal

from impasto.errors import ImpastoError, InputError
from impasto.options import say_value

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers of VGG whose statistics define a style unless others are given (Gatys, Ecker and Bethge 2016)."""

StyleLoss = Literal["gram", "mean", "covariance", "wasserstein"]
"""Which distance of two styles' statistics; see :func:`impasto.networks.losses.style_distance`."""

Loss = Literal["l2", "smooth-l1"]
"""How a difference grows into a loss; see :func:`impasto.networks.losses.penalty`."""
_LONGEST_SHOWN = 40  # characters of a list that a sentence about it repeats


def parse_layers(text: str, error: type[ImpastoError] = InputError) -> dict[str, float]:
    """``"relu1_1,relu2_1:0.5"`` to layers and weights; 1 where none is given.

    Caffe's names of convolutions (``conv1_1``) stand for the ReLU behind them, as neural-style meant them.

    Raises:
        InputError: a weight is no number; or another ``error``.
    """
    layers: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, weight = item.partition(":")
        try:
            layers[re.sub(r"^conv(?=\d_\d$)", "relu", name)] = float(weight) if weight else 1.0
        except ValueError as cause:
            raise error(f"{item} is no layer with a weight; write it as relu3_1:0.5.") from cause
    return layers


def as_layers(
    name: str, value: Any, error: type[ImpastoError] = InputError, *, optional: bool = False
) -> dict[str, float]:
    """Layers and weights from whatever stands for them: a mapping, names, or the command line's text.

    Args:
        name: name of the option, such as ``"content_layers"``.
        value: what was given.
        error: the class of what is raised.
        optional: whether there may be no layers.

    Returns:
        Weight by layer, each of 0 or more.

    Raises:
        InputError: the value stands for no layers, or a weight is out of range; or another ``error``.
    """
    if isinstance(value, Mapping):
        layers = dict(value)
    elif isinstance(value, str):
        layers = parse_layers(value, error)
    elif isinstance(value, Sequence) and all(isinstance(layer, str) for layer in value):
        layers = parse_layers(",".join(value), error)
    else:
        given = repr(value) if isinstance(value, list) and len(repr(value)) <= _LONGEST_SHOWN else say_value(value)
        raise error(f"The {name.replace('_', ' ')} {given} are no layers; give names, such as relu3_1:0.5,relu4_1.")
    for layer, weight in layers.items():
        if not (isinstance(weight, Real) and 0 <= float(weight) < float("inf")):
            shown = weight if isinstance(weight, str) else say_value(weight)
            raise error(f"The weight {shown} of {layer} is out of range; give a number of 0 or more.")
    if not (optional or any(layers.values())):
        loss = name.removesuffix("_layers")
        raise error(f"No {name.replace('_', ' ')} are left; to switch the loss off, give --{loss}-weight 0.")
    return layers
