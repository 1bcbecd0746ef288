"""How to optimise a picture: all options, their defaults and their checks. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from impasto.engines.devices import split_devices
from impasto.errors import InputError
from impasto.feedforward.options import REFINING_ITERATIONS
from impasto.memory import MAX_PIXELS, parse_limit
from impasto.networks.loss_names import STYLE_LAYERS, Loss, StyleLoss, as_layers
from impasto.options import (
    LARGEST,
    changed_options,
    check_options,
    documented,
    option,
    option_text,
    suggest,
)

Colors = Literal["style", "content", "match", "match-before"]
Init = Literal["content", "fast", "noise", "gray"]
Optimizer = Literal["adam", "lbfgs"]
Pooling = Literal["max", "average"]
Layers = Mapping[str, float] | Sequence[str] | str  # the forms in which layers can be given

LONGEST = 1024  # pixels: longer side of the result where no size is asked for
ITERATIONS = 90  # iterations at each scale, where no number is asked for
REFINING_SCALES = 2  # scales at which a fast painting is refined, where no number is asked for
COARSEST = 96  # pixels: longer side below which no coarser scale is worth its time


@documented
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to paint: the same names and defaults for :func:`impasto.paint` and the command line.

    All losses are normalised (:mod:`impasto.networks.losses`), so that the weights suit every picture and size.
    """

    features: str = option(
        "builtin", metavar="NAME|FILE", help="The network that judges the painting: builtin, vgg19, vgg16 or a file."
    )
    size: int | None = option(
        None,
        low=0,
        high=LARGEST,
        whole=True,
        unit="pixels",
        expected="the longer side in pixels, or 0 to keep the input's",
        help=f"Longer side of the result in pixels; 0 keeps the input's size.  [default: the input's, up to {LONGEST}]",
        doc=f"Longer side of the result; ``None``: the input's up to {LONGEST}; 0: the input's.",
    )
    content_weight: float = option(
        1.0, low=0, help="How much it keeps of the photograph; only the ratio to the style's counts."
    )
    style_weight: float = option(30.0, low=0, help="How much it takes of the style.")
    tv_weight: float = option(
        0.1,
        low=0,
        help="How smooth it is: more has less speckle and less detail.",
        doc="How strongly the result is smoothed: weight of its total variation relative to the style picture's.",
    )
    content_layers: Mapping[str, float] = option(
        factory=lambda: {"relu4_1": 1.0},
        help="Layers of the judging network that see the photograph; deeper ones keep less of it.",
        doc='Weight by layer, of which only the ratios count; names alone (``["relu3_1", "relu4_1"]``) and the '
        'command line\'s form (``"relu3_1:0.5,relu4_1"``) are taken, too.',
    )
    style_layers: Mapping[str, float] = option(
        factory=lambda: dict.fromkeys(STYLE_LAYERS, 1.0),
        help="Layers of the judging network that see the style; the first see texture, the last shapes.",
        doc="Layers that define the style, in the forms of ``content_layers``.",
    )
    style_scale: float = option(
        1.0,
        low=0.01,
        high=100,
        help="Size of the brush strokes: 1, as they look with both pictures equally large; 0.5, half as large.",
    )
    style_size: int = option(
        0,
        low=0,
        high=LARGEST,
        whole=True,
        unit="pixels",
        expected="the longer side in pixels, or 0 for the result's",
        help="The same, given as the style picture's longer side in pixels; 0: by --style-scale.",
        doc="The style picture's longer side in pixels at the result's full size, instead of ``style_scale``.",
    )
    init: Any = option(
        "content",
        help="What to start from: content (the photograph), fast (the photograph in the nearest style that impasto "
        "apply knows, so that few iterations are enough), noise, gray or a picture file.",
        doc='Where to start: ``"content"``, ``"fast"``, ``"noise"``, ``"gray"`` or a picture (path, bytes, PIL image '
        'or array). ``"fast"`` is the photograph as :func:`impasto.stylize` paints it in the nearest known style.',
    )
    optimizer: Optimizer = option(
        "lbfgs",
        choices=get_args(Optimizer),
        help="How it is optimised: lbfgs, or adam with less memory and more iterations.",
        doc="Adam takes less memory and more iterations, and carries its state from scale to scale.",
    )
    history: int = option(
        10, low=1, high=1000, whole=True, help="Iterations that lbfgs remembers; fewer take less memory."
    )
    learning_rate: float | None = option(
        None,
        low=1e-12,
        expected="a number above 0",
        help="How far one iteration goes.  [default: 0.02 for adam, 1 for lbfgs]",
        doc="``None``: 0.02 for Adam (in units of a pixel's range), 1 for L-BFGS.",
    )
    iterations: int | None = option(
        None,
        low=0,
        high=LARGEST,
        whole=True,
        help="How many, at each of the --scales; more takes longer and settles further.  "
        f"[default: {ITERATIONS}, with --init fast {REFINING_ITERATIONS}]",
        doc=f"Iterations at each scale; ``None``: {ITERATIONS}, from a fast painting {REFINING_ITERATIONS}.",
    )
    scales: int = option(
        0,
        low=0,
        high=16,
        whole=True,
        expected="a whole number from 1 to 16, or 0 to have it chosen",
        help="How many sizes it is painted at, each twice the one before; 1: only the full one; 0: chosen for you.",
        doc="Sizes to paint at, each twice the one before, the last the full one; 1: only the full one; 0: as many as "
        "give a first one of 96 to 192 pixels, from a fast painting half the full one and the full one.",
    )
    average: float = option(
        0.9,
        low=0,
        high=0.9999,
        expected="a number from 0 up to 0.9999",
        help="Of adam: how much of the iterations before is in the result; 0: only the last one.",
    )
    seed: int = option(0, help="Another number gives other noise.", doc="Seed of the noise.")
    pooling: Pooling = option(
        "max",
        choices=get_args(Pooling),
        help="How the judging network shrinks pictures; average is smoother.",
        doc="Pooling of the perceptual network (average: Gatys 2015, section 2).",
    )
    normalize_gradients: bool = option(
        False,
        help="Have each layer pull equally hard.",
        doc="Give each layer's gradient an L1 norm equal to its weight.",
    )
    style_loss: StyleLoss = option(
        "gram",
        choices=get_args(StyleLoss),
        help="What of the style is to agree: which measure of its textures.",
        doc="Which statistics of the features define the style; see :func:`impasto.networks.losses.style_distance`.",
    )
    coarse_style_loss: StyleLoss = option(
        "wasserstein",
        choices=get_args(StyleLoss),
        help="The same, at the sizes before the last one.",
        doc="Which statistics define the style at the scales before the last. A Wasserstein distance fills plain areas "
        "with the style's shapes, which Gram matrices leave nearly plain; these then reach more of its strokes at the "
        "same content.",
    )
    loss: Loss = option(
        "l2",
        choices=get_args(Loss),
        help="How differences are counted; smooth-l1 counts large ones less.",
        doc="Distance of content and style.",
    )
    colors: Colors = option(
        "style",
        choices=get_args(Colors),
        title="colour mode",
        help="style: the style's colours; content: the photograph's; match: painted, then shifted to the "
        "photograph's range of colours; match-before: the style picture is shifted so first.",
        doc="The result's colours: the style's; the photograph's chroma under the painted luminance; painted, then "
        "given the photograph's mean and covariance; or the style picture given them before the transfer (Gatys 2016, "
        "arXiv 1606.05897).",
    )
    stop_tolerance: float = option(
        0.0,
        low=0,
        high=1,
        help="Stop early once ten iterations improve the picture by less than this share; 0: never.",
        doc="End a scale when ten iterations change the loss by less than this share; 0: never.",
    )
    dream: Mapping[str, float] = option(
        factory=dict,
        help="Strengthen what these layers see (deep dream); then no style is needed.",
        doc="Layers, in the forms of ``content_layers``, of which the picture amplifies what they see (deep dream).",
    )
    max_memory: int = option(
        0,
        low=0,
        unit="bytes",
        noted=False,
        expected="a number of bytes, or 0 for half of what is free",
        help="Memory to use at most, such as 4G or 800M, by painting in tiles; auto: half of what is free.",
        doc="Bytes that may be used, or text such as ``'4G'``; more needs tiles, which cost time; 0: half of what is "
        "free.",
    )
    device: str = option(
        "auto",
        metavar="DEVICE[,DEVICE...]",
        noted=False,
        help="Where to compute: cpu, cuda (NVIDIA), mps (Apple), or auto, the best there is; cuda:0,cuda:1 share one "
        "picture.",
        doc='Where to compute: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"``, the best there is; '
        '``"cuda:0,cuda:1"`` share the tiles of one picture.',
    )
    max_pixels: int = option(
        MAX_PIXELS,
        low=1,
        high=inf,
        unit="pixels",
        noted=False,
        expected="a number of pixels",
        help="Refuse pictures of more pixels than this, before reading them.",
        doc="Pixels of the largest picture that is taken; a larger one is refused before it is decoded.",
    )

    def __post_init__(self) -> None:
        for name in ("content_layers", "style_layers", "dream"):
            object.__setattr__(self, name, as_layers(name, getattr(self, name), optional=name == "dream"))
        object.__setattr__(self, "max_memory", parse_limit(self.max_memory))
        check_options(self)
        split_devices(self.device)

    def taps(self, known: Iterable[str], styled: bool) -> tuple[str, ...]:
        """The layers that this recipe looks at.

        Args:
            known: the layers that the network has.
            styled: whether there is a style.

        Raises:
            InputError: the network lacks a layer of the recipe, or all weights are 0.
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
                raise InputError(f"The perceptual network has no layer {tap}; {suggest(tap, tuple(known))}")
        if not wanted:
            raise InputError("All weights are 0, so there is nothing to paint; give a content or style weight above 0.")
        return tuple(wanted)

    @property
    def start(self) -> Any:
        """The picture to start from; ``None``: the run starts from the photograph, from noise or from grey."""
        return None if isinstance(self.init, str) and self.init in get_args(Init) else self.init

    @property
    def refines(self) -> bool:
        """Whether the run starts from the painting of the fast path."""
        return isinstance(self.init, str) and self.init == "fast"

    @property
    def iterations_a_scale(self) -> int:
        """The most iterations at each scale."""
        if self.iterations is not None:
            return self.iterations
        return REFINING_ITERATIONS if self.refines else ITERATIONS

    @property
    def scale_count(self) -> int:
        """How many sizes to paint at; 0: as many as the result's size asks for."""
        return REFINING_SCALES if self.refines and not self.scales else self.scales

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
        return " ".join(f"{name}={option_text(value)}" for name, value in changed_options(self))


# Fields of the recipe that losses depend on; ``colors`` counts only where the style picture is changed by it.
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
DEFAULTS = Recipe()


class RecipeKeywords(TypedDict, total=False):
    """The fields of :class:`Recipe` as keywords of a call, in all forms that they can be given in."""

    features: str | Path
    size: int | None
    content_weight: float
    style_weight: float
    tv_weight: float
    content_layers: Layers
    style_layers: Layers
    style_scale: float
    style_size: int
    init: Any
    optimizer: Optimizer
    history: int
    learning_rate: float | None
    iterations: int | None
    scales: int
    average: float
    seed: int
    pooling: Pooling
    normalize_gradients: bool
    style_loss: StyleLoss
    coarse_style_loss: StyleLoss
    loss: Loss
    colors: Colors
    stop_tolerance: float
    dream: Layers
    max_memory: int | str
    device: str
    max_pixels: int
