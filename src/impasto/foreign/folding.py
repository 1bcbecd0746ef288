"""Normalisations whose statistics are given, multiplied into the convolutions before them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.foreign.layers import Layers

Vector = NDArray[np.float32]


def folded(layers: Layers, scale: Vector, shift: Vector, mean: Vector, variance: Vector) -> Layers:
    """The same network for one style and one set of statistics: it has no normalisations.

    Args:
        layers: the network, finished.
        scale: scale of the style, C numbers, C the network's normalised channels.
        shift: shift of the style, C numbers.
        mean: what is to be normalised with, C numbers.
        variance: the same, C numbers.
    """
    uses = Counter(index for step in layers.steps for index in step["in"])
    result = replace(layers, steps=[], weights=dict(layers.weights), channels=0, scale=[], shift=[])
    places = {-1: -1}  # the number of each value among those of the result
    for index, step in enumerate(layers.steps):
        inputs = [places[at] for at in step["in"]]
        if step["op"] != "normalise":
            result.steps.append({**step, "in": inputs})
        else:
            part = slice(step["first"], step["first"] + step["count"])
            gain = scale[part].astype(float) / np.sqrt(variance[part].astype(float) + step["epsilon"])
            group = step.get("group", 1)
            gain, offset = (np.repeat(v, group) for v in (gain, shift[part] - mean[part] * gain))
            before = result.steps[inputs[0]] if inputs[0] >= 0 else {"op": "image"}
            if before["op"] in ("conv", "transposed_conv") and uses[step["in"][0]] == 1:
                result.steps[inputs[0]] = _multiplied(result, before, index, gain, offset)
                places[index] = inputs[0]
                continue
            names = {"scale": f"scale{index}", "offset": f"offset{index}"}
            _keep(result, dict(zip(names.values(), (gain, offset), strict=True)))
            result.steps.append({"op": "affine", "in": inputs, **names})
        places[index] = len(result.steps) - 1
    return result


def _multiplied(
    layers: Layers, step: Mapping[str, Any], index: int, gain: NDArray[np.float64], offset: NDArray[np.float64]
) -> dict[str, Any]:
    """A convolution whose outputs are multiplied and moved.

    Args:
        layers: takes the new weights.
        step: the convolution.
        index: makes their names unique.
        gain: one number an output channel.
        offset: the same.
    """
    factors = gain[:, None, None, None] if step["op"] == "conv" else gain[:, None, None]
    weight = layers.weights[step["weight"]] * factors
    bias = offset if "bias" not in step else layers.weights[step["bias"]] * gain + offset
    names = {"weight": f"weight{index}", "bias": f"bias{index}"}
    _keep(layers, dict(zip(names.values(), (weight, bias), strict=True)))
    return {**step, **names}


def _keep(layers: Layers, weights: Mapping[str, NDArray[np.float64]]) -> None:
    """Add weights to those of a network."""
    layers.weights.update({name: value.astype(np.float32) for name, value in weights.items()})
