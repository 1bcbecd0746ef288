"""How to optimise a picture: all options, their defaults and their checks. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from impasto.engines.devices import DEVICES, Device
from impasto.errors import InputError
from impasto.memory import limit
from impasto.networks.loss_names import Loss, StyleLoss
from impasto.options import Range, as_layers, check, nearest

Colors = Literal["style", "content", "match", "match-before"]
Init = Literal["content", "noise", "gray"]
Optimizer = Literal["adam", "lbfgs"]
Pooling = Literal["max", "average"]

LONGEST = 1024  # pixels: longer side of the result where no size is asked for
COARSEST = 96  # pixels: longer side below which no coarser scale is worth its time

_STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to paint: the same names and defaults for :func:`impasto.paint` and the command line.

    All losses are normalised (:mod:`impasto.networks.losses`), so that the weights suit every picture and size.

    Attributes:
        features: the perceptual network: ``"builtin"``, ``"vgg19"``, ``"vgg16"`` or a weights file.
        size: longer side of the result in pixels; ``None``: the input's up to 1024; 0: the input's.
        content_weight, style_weight, tv_weight: of the losses; 0 leaves one out. ``tv_weight`` smooths; its loss
            is total variation relative to the style picture's.
        content_layers, style_layers: layer to weight, of which only the ratios within each count; names alone
            (``["relu3_1", "relu4_1"]``) and the command line's form (``"relu3_1:0.5,relu4_1"``) are taken, too.
        style_scale: size of the strokes: the style picture's longer side is so many times the result's.
        style_size: the style picture's longer side in pixels instead, at the result's full size.
        init: where to start: ``"content"``, ``"noise"``, ``"gray"`` or a picture: path, bytes, PIL image or array.
        optimizer: ``"lbfgs"``, or ``"adam"``, which takes less memory and carries its state from scale to scale.
        history: pairs that L-BFGS remembers.
        learning_rate: ``None``: 0.02 for Adam (in units of a pixel's range), 1 for L-BFGS.
        iterations: at each scale.
        scales: sizes to paint at, each twice the one before, the last the full one; 0: as many as give a
            first one of 96 to 192 pixels, 1: only the full one.
        average: decay of the average over Adam's iterates, which is the result; 0: the last iterate.
        seed: of the noise.
        pooling: ``"max"``, or ``"average"`` (Gatys 2015, section 2).
        normalize_gradients: give each layer's gradient an L1 norm equal to its weight.
        style_loss: which distance of the features' statistics; see :func:`impasto.networks.losses.moment_loss`.
        coarse_style_loss: that of the scales before the last. A Wasserstein distance fills plain areas with the style's
            shapes, which Gram matrices leave nearly plain; these then reach more of its strokes at the same content.
        loss: ``"l2"`` or ``"smooth-l1"``, of content and style.
        colors: the result's: ``"style"``; ``"content"``: the photograph's chroma under the painted luminance;
            ``"match"``: painted, then given the photograph's mean and covariance; ``"match-before"``: the style
            picture is given them before the transfer (Gatys 2016, arXiv 1606.05897).
        stop_tolerance: end a scale when the loss changes by less than this share over ten iterations; 0: never.
        dream: layers as above: amplify what the layer sees (deep dream).
        max_memory: bytes that may be used, or ``"4G"``; more needs tiles, which cost time; 0: half of what is free.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        max_pixels: larger pictures are refused before they are decoded.
    """

    features: str = "builtin"
    size: int | None = None
    content_weight: float = 1.0
    style_weight: float = 30.0
    tv_weight: float = 0.1
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"relu4_1": 1.0})
    style_layers: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(_STYLE_LAYERS, 1.0))
    style_scale: float = 1.0
    style_size: int = 0
    init: Any = "content"
    optimizer: Optimizer = "lbfgs"
    history: int = 10
    learning_rate: float | None = None
    iterations: int = 100
    scales: int = 0
    average: float = 0.9
    seed: int = 0
    pooling: Pooling = "max"
    normalize_gradients: bool = False
    style_loss: StyleLoss = "gram"
    coarse_style_loss: StyleLoss = "wasserstein"
    loss: Loss = "l2"
    colors: Colors = "style"
    stop_tolerance: float = 0.0
    dream: Mapping[str, float] = field(default_factory=dict)
    max_memory: int = 0
    device: Device = "auto"
    max_pixels: int = 300_000_000

    def __post_init__(self) -> None:
        for name in _LAYERS:
            object.__setattr__(self, name, as_layers(name, getattr(self, name), optional=name == "dream"))
        object.__setattr__(self, "max_memory", limit(self.max_memory))
        check(self, _RANGES, _CHOICES)

    def taps(self, known: Iterable[str], styled: bool) -> tuple[str, ...]:
        """The layers that this recipe looks at.

        Args:
            known: those of the network.
            styled: whether there is a style.

        Raises:
            InputError: the network does not have one of them, or nothing is left to optimise.
        """
        wanted: dict[str, None] = {}
        for layers, weight in (
            (self.content_layers, self.content_weight),
            (self.style_layers, self.style_weight if styled else 0),
            (self.dream, 1),
        ):
            wanted |= dict.fromkeys(tap for tap, share in layers.items() if share * weight > 0)
        for tap in set(self.content_layers) | set(self.style_layers) | set(self.dream):
            if tap not in known:
                raise InputError(f"The perceptual network has no layer {tap}; {nearest(tap, tuple(known))}")
        if not wanted:
            raise InputError("All weights are 0, so there is nothing to paint; give a content or style weight above 0.")
        return tuple(wanted)

    @property
    def start(self) -> Any:
        """The picture to start from; ``None``: none, but the photograph, noise or grey."""
        return None if isinstance(self.init, str) and self.init in get_args(Init) else self.init

    def result_size(self, width: int, height: int) -> int:
        """The longer side of the result for an input of that size."""
        longest = max(width, height)
        if self.size is None:
            return min(longest, LONGEST)
        return self.size or longest

    def objective(self) -> str:
        """One line: what the losses depend on, besides the pictures."""
        names = [name for name in _OBJECTIVE if name != "colors" or self.colors == "match-before"]
        return " ".join(f"{name}={option_text(getattr(self, name))}" for name in names)

    def describe(self) -> str:
        """One line: what differs from the defaults."""
        return " ".join(
            f"{item.name}={text}"
            for item in fields(self)
            if item.name not in ("max_memory", "device", "max_pixels")
            and (text := option_text(getattr(self, item.name))) != option_text(getattr(DEFAULTS, item.name))
        )


def option_text(value: object) -> str:
    """A value as the command line takes it; of a picture, what it is."""
    if isinstance(value, Mapping):
        return ",".join(f"{layer}:{weight:g}" for layer, weight in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int | Path | None) else type(value).__name__


_CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": get_args(Optimizer),
    "pooling": get_args(Pooling),
    "style_loss": get_args(StyleLoss),
    "coarse_style_loss": get_args(StyleLoss),
    "loss": get_args(Loss),
    "colors": get_args(Colors),
    "device": DEVICES,
}
_LAYERS = ("content_layers", "style_layers", "dream")
_OBJECTIVE = (
    "features",
    "content_weight",
    "style_weight",
    "tv_weight",
    "content_layers",
    "style_layers",
    "style_scale",
    "style_size",
    "pooling",
    "normalize_gradients",
    "style_loss",
    "coarse_style_loss",
    "loss",
    "colors",
    "dream",
)
_MANY = 1e12
_RANGES = {
    "size": Range(0, _MANY, "the longer side in pixels, or 0 to keep the input's", whole=True),
    "content_weight": Range(0, _MANY, "a number of 0 or more"),
    "style_weight": Range(0, _MANY, "a number of 0 or more"),
    "tv_weight": Range(0, _MANY, "a number of 0 or more"),
    "style_scale": Range(0.01, 100, "a number from 0.01 to 100"),
    "style_size": Range(0, _MANY, "the longer side in pixels, or 0 for the result's", whole=True),
    "history": Range(1, 1000, "a whole number from 1 to 1000", whole=True),
    "learning_rate": Range(1e-12, _MANY, "a number above 0"),
    "iterations": Range(0, _MANY, "a whole number of 0 or more", whole=True),
    "scales": Range(0, 16, "a whole number from 1 to 16, or 0 to have it chosen", whole=True),
    "average": Range(0, 0.9999, "a number from 0 up to 0.9999"),
    "stop_tolerance": Range(0, 1, "a number from 0 to 1"),
    "max_memory": Range(0, float("inf"), "a number of bytes, or 0 for half of what is free"),
    "max_pixels": Range(1, float("inf"), "a number of pixels"),
}
DEFAULTS = Recipe()
