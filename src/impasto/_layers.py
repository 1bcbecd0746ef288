"""Layers of a perceptual network and their weights, as callers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from impasto.errors import ImpastoError, InputError


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
    """What stands for layers and weights as these.

    Args:
        name: the option's, ``content_layers`` for example.
        error: what a wrong value is.
        optional: there may be none.

    Raises:
        InputError: it stands for none, or a weight is out of range; or another ``error``.
    """
    if isinstance(value, Mapping):
        layers = dict(value)
    elif isinstance(value, str):
        layers = parse_layers(value, error)
    elif isinstance(value, Sequence) and all(isinstance(layer, str) for layer in value):
        layers = parse_layers(",".join(value), error)
    else:
        raise error(f"The {name.replace('_', ' ')} {value!r} are no layers; give names, such as relu3_1:0.5,relu4_1.")
    for layer, weight in layers.items():
        if not (isinstance(weight, Real) and 0 <= float(weight) < float("inf")):
            raise error(f"The weight {weight} of {layer} is out of range; give a number of 0 or more.")
    if not (optional or any(layers.values())):
        loss = name.removesuffix("_layers")
        raise error(f"No {name.replace('_', ' ')} are left; to switch the loss off, give --{loss}-weight 0.")
    return layers
