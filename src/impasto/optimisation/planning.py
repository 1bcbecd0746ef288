"""How much memory and time an optimisation takes, and the tiles and histories that fit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from impasto.errors import InputError
from impasto.memory import format_size, free
from impasto.networks.perceptual import PerceptualNetwork
from impasto.networks.speed import has_bfloat16
from impasto.optimisation.feature_tiles import TiledFeatures
from impasto.optimisation.recipe import Recipe

STARTING_SECONDS = 1.0
"""Seconds that a run takes before and after its iterations."""
_FLOAT_BYTES = 4  # bytes of a number
_PIXEL_BYTES = 3 * _FLOAT_BYTES  # bytes of a pixel of a picture in floating-point numbers
_BASE_BYTES = 650 * 2**20  # bytes of the interpreter, of torch and its buffers, and of the network
_PICTURE_COPIES = 6  # pictures besides the minimiser's: as read, at the scale's size, the gradient, temporaries
_ADAM_COPIES = 4  # pictures that Adam holds: the iterate, both moments of the gradient, the average
_LBFGS_COPIES = 6  # pictures that L-BFGS holds besides the two of each pair that it remembers
_STYLE_COPIES = 3.5  # style pictures that are held while one is measured
_NO_GRAPH_SHARE = 0.6  # of the bytes that autograd keeps of a pass, in a pass that it does not follow
_PASS_OVERHEAD = 1.5  # bytes of a pass through the network for each that autograd keeps; see benchmarks/paint.py
_TILE_SIDES = (2048, 1536, 1024, 768, 512, 384, 256)  # pixels, tried in this order where a picture is cut into tiles
_TRIAL_SIDE = 192  # pixels, of the picture whose evaluation is timed


class Plan(NamedTuple):
    """What a run takes.

    Attributes:
        bytes: memory at the peak, on the device that takes most.
        seconds: time from start to finish; 0 where it was not estimated.
        tile: side of the tiles in pixels; 0: the picture is not cut, except into a strip for each device.
        history: pairs that L-BFGS remembers.
        cut: whether the history is shorter than the recipe wants.
    """

    bytes: int
    seconds: float
    tile: int
    history: int
    cut: bool


class Planner:
    """Finds the tiles and the history with which pictures fit into the memory that a recipe may take.

    How much memory is free is asked only once, since painting itself takes of it.

    Args:
        network: the perceptual network, on its device.
        taps: its layers that the recipe looks at.
        recipe: how to paint.
        device: where to paint.
        copies: of the network, on further devices that share the work.

    Attributes:
        budget: bytes that may be used on each device.
    """

    def __init__(
        self,
        network: PerceptualNetwork,
        taps: Sequence[str],
        recipe: Recipe,
        device: torch.device,
        copies: Sequence[PerceptualNetwork] = (),
    ) -> None:
        self.network, self.taps, self.recipe, self.device = network, tuple(taps), recipe, device
        self.copies = tuple(copies)
        strips = Counter(next(one.buffers()).device for one in (network, *copies))
        self.devices, self._strips_a_device = len(strips), max(strips.values())
        self.budget = recipe.max_memory or min(_half_of_free_memory(one) for one in strips)
        self._half = all(map(has_bfloat16, strips))
        self._pass_bytes = max(_pass_bytes_per_pixel(network, tap) for tap in taps)

    def plan(self, height: int, width: int) -> Plan:
        """Find tiles and a history for painting at a size, and the memory that it will take then.

        Where the recipe has no limit, a plan that takes more than the budget is returned rather than refused.

        Raises:
            InputError: it does not fit into ``recipe.max_memory`` however small the tiles.
        """
        recipe, pixels = self.recipe, height * width
        content_bytes = sum(
            self.network.channels(tap) * _FLOAT_BYTES / self.network.stride(tap) ** 2
            for tap, weight in recipe.content_layers.items()
            if weight * recipe.content_weight > 0
        )
        fixed = _BASE_BYTES + pixels * (content_bytes + _PIXEL_BYTES * _PICTURE_COPIES)
        histories = [recipe.history] if recipe.optimizer == "lbfgs" else [0]
        while histories[-1] > 1:
            histories.append(histories[-1] // 2)
        for history in histories:
            copies = 2 * history + _LBFGS_COPIES if history else _ADAM_COPIES
            for tile, window_pixels in self._tiles(height, width):
                total = int(fixed + pixels * _PIXEL_BYTES * copies + window_pixels * self._pass_bytes * _PASS_OVERHEAD)
                if total <= self.budget:
                    return Plan(total, 0.0, tile, history, history < histories[0])
        if recipe.max_memory:
            less = " or --optimizer adam" if history else ""
            raise InputError(
                f"{width} x {height} pixels take at least {format_size(total)} with {recipe.optimizer}; "
                "raise --max-memory, "
                f"or give a smaller --size{less}."
            )
        return Plan(total, 0.0, tile, history, history < histories[0])

    def plan_style_picture(self, style_size: tuple[int, int], painted_pixels: int) -> Plan:
        """Find the tiles in which a style picture can be measured, and the memory that it takes.

        Args:
            style_size: its height and width.
            painted_pixels: height times width of the picture that is painted.

        Raises:
            InputError: it does not fit into ``recipe.max_memory``.
        """
        recipe, (height, width) = self.recipe, style_size
        copies = painted_pixels * _PICTURE_COPIES + height * width * _STYLE_COPIES
        fixed = _BASE_BYTES + copies * _PIXEL_BYTES
        for tile, window_pixels in self._tiles(height, width):
            total = int(fixed + window_pixels * self._pass_bytes * _NO_GRAPH_SHARE)
            if total <= self.budget:
                return Plan(total, 0.0, tile, 0, False)
        if recipe.max_memory:
            option = (
                f"--style-size {recipe.style_size}" if recipe.style_size else f"--style-scale {recipe.style_scale:g}"
            )
            raise InputError(
                f"The style picture, {width} x {height} pixels by {option}, takes at least {format_size(total)}; "
                "give a "
                f"smaller {option.split()[0]}, or raise --max-memory."
            )
        return Plan(total, 0.0, tile, 0, False)

    def _tiles(self, height: int, width: int) -> Iterator[tuple[int, int]]:
        """Sides of tiles from the largest down (0: a whole strip), and the pixels that a device's networks see at once.

        Strips (:class:`impasto.optimisation.feature_tiles.TiledFeatures`) lie across the longer side.
        """
        reach = max(self.network.receptive_radius(tap) for tap in self.taps)
        longer, shorter = max(height, width), min(height, width)
        depth = -(-longer // (1 + len(self.copies)))
        yield 0, self._strips_a_device * shorter * min(longer, depth + 2 * reach)
        for tile in _TILE_SIDES:
            if tile < max(shorter, depth):
                seen = min(longer, min(tile, depth) + 2 * reach) * min(shorter, tile + 2 * reach)
                yield tile, self._strips_a_device * seen

    def tiled(self, tile: int) -> TiledFeatures:
        """The layers that the recipe looks at, in tiles of that side, on all devices."""
        return TiledFeatures(self.network, self.taps, tile, self.copies, half=self._half)

    def measure_seconds_per_pixel(self) -> float:
        """Time an evaluation of a small picture, forwards and backwards: seconds for each of its pixels."""
        trial = torch.rand(1, 3, _TRIAL_SIDE, _TRIAL_SIDE, device=self.device, requires_grad=True)
        best = float("inf")
        for _ in range(2):
            started = time.perf_counter()
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
                features = self.network(trial, self.taps)
            torch.autograd.backward(list(features.values()), [torch.ones_like(values) for values in features.values()])
            best = min(best, time.perf_counter() - started)
        return best / _TRIAL_SIDE**2


def _half_of_free_memory(device: torch.device) -> int:
    """Half of the bytes that are free on a device."""
    return int(torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free()) // 2


def _pass_bytes_per_pixel(network: PerceptualNetwork, tap: str) -> float:
    """Bytes that autograd keeps of a pass up to a tap, for each pixel of the picture."""
    total = 2.0 * _PIXEL_BYTES
    for layer in network.taps[: network.taps.index(tap) + 1]:
        # Autograd keeps the padded input and the output of each convolution; the heads and slopes of taps take as much.
        total += 2 * network.channels(layer) * _FLOAT_BYTES / network.stride(layer) ** 2
    return total
