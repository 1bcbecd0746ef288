"""How much memory and time an optimisation takes, and the tiles and histories that fit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from impasto.engines.devices import torch_device
from impasto.errors import InputError
from impasto.memory import amount, free
from impasto.networks.perceptual import PerceptualNetwork
from impasto.optimisation.recipe import Recipe

STARTING = 1.0
"""Seconds that a run takes before and after its iterations."""
_FLOAT = 4
_PIXEL = 3 * _FLOAT
_BASE = 650 * 2**20  # the interpreter, torch and its buffers, the network
_COPIES = 6  # of the picture besides the optimiser's: as read, at the scale's size, the gradient, temporaries
_ADAM_COPIES = 4
_LBFGS_COPIES = 6
_STYLE_COPIES = 3.5  # of a style picture while it is looked at
_LOOK = 0.6  # of what autograd keeps of a pass, in one that it does not follow
_OVERHEAD = 1.5  # of a pass through the network over what autograd keeps; see benchmarks/paint.py
_TILES = (2048, 1536, 1024, 768, 512, 384, 256)


class Plan(NamedTuple):
    """What a run takes.

    Attributes:
        bytes: of memory at the peak.
        seconds: from start to finish.
        tile: side of the tiles; 0: none.
        history: pairs that L-BFGS remembers.
        cut: whether these are fewer than the recipe wants.
    """

    bytes: int
    seconds: float
    tile: int
    history: int
    cut: bool


def memory_budget(recipe: Recipe) -> int:
    """Bytes that a recipe may take. To be asked once, before painting, which itself takes of what is free."""
    if recipe.max_memory:
        return recipe.max_memory
    on_gpu = torch_device(recipe.device) == "cuda"
    return int(torch.cuda.mem_get_info()[0] if on_gpu else free()) // 2


def plan_memory(
    network: PerceptualNetwork, taps: Sequence[str], height: int, width: int, recipe: Recipe, most: int
) -> Plan:
    """Tiles and a history with which a picture of that size fits, and the memory that it will take then.

    Args:
        most: bytes to keep to, as :func:`budget` gives them. Those that nobody asked for are overstepped rather than
            not to paint at all.

    Raises:
        InputError: it does not fit into ``recipe.max_memory`` however small the tiles.
    """
    pixels = height * width
    deepest = max(bytes_a_pixel(network, tap) for tap in taps)
    kept = sum(
        network.channels(tap) * _FLOAT / network.stride(tap) ** 2
        for tap, weight in recipe.content_layers.items()
        if weight * recipe.content_weight > 0
    )
    fixed = _BASE + pixels * (kept + _PIXEL * _COPIES)
    histories = [recipe.history] if recipe.optimizer == "lbfgs" else [0]
    while histories[-1] > 1:
        histories.append(histories[-1] // 2)
    for history in histories:
        copies = 2 * history + _LBFGS_COPIES if history else _ADAM_COPIES
        for tile, seen in _tiles(network, taps, height, width):
            total = int(fixed + pixels * _PIXEL * copies + seen * deepest * _OVERHEAD)
            if total <= most:
                return Plan(total, 0.0, tile, history, history < histories[0])
    if recipe.max_memory:
        less = " or --optimizer adam" if history else ""
        raise InputError(
            f"{width} x {height} pixels take at least {amount(total)} with {recipe.optimizer}; raise --max-memory, or "
            f"give a smaller --size{less}."
        )
    return Plan(total, 0.0, tile, history, history < histories[0])


def plan_style_picture(
    network: PerceptualNetwork, taps: Sequence[str], style: tuple[int, int], painted: int, recipe: Recipe, most: int
) -> Plan:
    """Tiles in which a style picture can be looked at, and the memory that it takes.

    Args:
        style: its height and width.
        painted: pixels of the picture that is painted.
        most: as for :func:`plan`.

    Raises:
        InputError: it does not fit into ``recipe.max_memory``.
    """
    height, width = style
    deepest = max(bytes_a_pixel(network, tap) for tap in taps)
    fixed = _BASE + (painted * _COPIES + height * width * _STYLE_COPIES) * _PIXEL
    for tile, seen in _tiles(network, taps, height, width):
        total = int(fixed + seen * deepest * _LOOK)
        if total <= most:
            return Plan(total, 0.0, tile, 0, False)
    if recipe.max_memory:
        option = f"--style-size {recipe.style_size}" if recipe.style_size else f"--style-scale {recipe.style_scale:g}"
        raise InputError(
            f"The style picture, {width} x {height} pixels by {option}, takes at least {amount(total)}; give a smaller "
            f"{option.split()[0]}, or raise --max-memory."
        )
    return Plan(total, 0.0, tile, 0, False)


def _tiles(network: PerceptualNetwork, taps: Sequence[str], height: int, width: int) -> Iterator[tuple[int, int]]:
    """Sides of tiles from the largest down, and the pixels that the network sees at once."""
    yield 0, height * width
    reach = max(network.reach(tap) for tap in taps)
    for tile in _TILES:
        if tile < max(height, width):
            yield tile, min(height, tile + 2 * reach) * min(width, tile + 2 * reach)


def bytes_a_pixel(network: PerceptualNetwork, tap: str) -> float:
    """What autograd keeps of a pass up to a tap, for each pixel of the picture."""
    total = 2.0 * _PIXEL
    for layer in network.taps[: network.taps.index(tap) + 1]:
        # The padded input and the output of each convolution, and as much again for the heads and slopes of taps.
        total += 2 * network.channels(layer) * _FLOAT / network.stride(layer) ** 2
    return total


def seconds_a_pixel(network: PerceptualNetwork, taps: Sequence[str], device: torch.device) -> float:
    """What an evaluation takes for each pixel, from a trial on a small picture."""
    side = 192
    trial = torch.rand(1, 3, side, side, device=device, requires_grad=True)
    best = float("inf")
    for _ in range(2):
        started = time.perf_counter()
        features = network(trial, taps)
        torch.autograd.backward(list(features.values()), [torch.ones_like(values) for values in features.values()])
        best = min(best, time.perf_counter() - started)
    return best / side**2
