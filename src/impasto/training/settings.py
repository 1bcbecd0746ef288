"""Settings of training a network, distilling the perceptual network and learning a style.

They need no torch, so that the command line shows their help where torch is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any, Self

from impasto.errors import TrainingError
from impasto.networks.loss_names import STYLE_LAYERS, as_layers
from impasto.options import check_options, documented, inherited_option, option, options_from_keywords


@documented
@dataclass(frozen=True)
class Settings:
    """What is painted meanwhile, and what it is judged by (:mod:`impasto.training.perceptual_loss`).

    Defaults are those of training the network.

    Raises:
        TrainingError: a value is out of range.
    """

    crop: int = option(
        224,
        low=64,
        whole=True,
        multiple_of=8,
        unit="pixels",
        expected="a multiple of 8 that is at least 64",
        help="Side in pixels of the pieces of photographs that it practises on, a multiple of 8.",
        doc="Side of the photographs' crops.",
    )
    scales: tuple[float, float] = option(
        (1.0, 2.5), doc="Least and most enlargement of photographs, so that strokes do not shrink with a photograph."
    )
    features: str = option(
        "builtin",
        metavar="builtin|vgg19|vgg16|PATH",
        help="The network that judges: builtin, vgg19, vgg16 or a file.",
        doc="The perceptual network: builtin, vgg19, vgg16 or a weights file.",
    )
    content_layers: Mapping[str, float] = option(
        factory=lambda: {"relu3_1": 0.5, "relu4_1": 1.0}, doc="Layers that define the content, with their weights."
    )
    style_layers: Mapping[str, float] = option(
        # What relu5_1 sees is larger than what the network can paint in one pass: its loss outweighs all others, stays
        # as it is, and costs the photograph (lab book, 2026-11-30).
        factory=lambda: dict.fromkeys(STYLE_LAYERS[:4], 1.0),
        doc="Layers that define the style, with their weights.",
    )
    content_weight: float = option(
        1.0, low=0, help="How much is kept of the photograph.", doc="How strongly the photograph pulls."
    )
    style_weight: float = option(
        5.0, low=0, help="How much is taken of the style.", doc="How strongly the style pulls."
    )
    tv_weight: float = option(
        0.2, low=0, help="How smooth paintings are.", doc="How strongly the result is smoothed (total variation)."
    )
    style_size: int = option(
        512,
        low=32,
        whole=True,
        unit="pixels",
        help="Shorter side in pixels at which paintings are looked at; more makes strokes larger.",
    )
    style_scale: float = option(
        1.0,
        low=0.1,
        high=10,
        help="Size of the brush strokes: 2 is twice as large, 0.5 half as large.",
        doc="Size of the strokes relative to the painting's at ``style_size``.",
    )
    grain: float = option(
        1.0,
        low=0,
        doc="Most grain that is laid on photographs before they are painted; see :mod:`impasto.networks.grain`.",
    )
    seed: int = option(
        0, low=0, whole=True, help="Another number gives another run.", doc="Seed of all that is drawn by chance."
    )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], caller: Callable[..., Any] | None = None) -> Self:
        """Settings by name.

        Args:
            values: a settings file's table, or keywords.
            caller: the function that was called with them, if one was; its own keywords are suggested, too.

        Raises:
            TrainingError: a name that is not a setting, or a value out of range.
        """
        return options_from_keywords(cls, values, caller or cls, TrainingError)

    def __post_init__(self) -> None:
        for name in ("content_layers", "style_layers"):
            object.__setattr__(self, name, as_layers(name, getattr(self, name), TrainingError))
        object.__setattr__(self, "scales", _as_scales(self.scales))
        check_options(self, TrainingError)


def _as_scales(value: Any) -> tuple[float, float]:
    """A pair of enlargements; a settings file has it as a list."""
    pair = isinstance(value, Sequence) and len(value) == 2 and all(isinstance(scale, Real) for scale in value)
    if not (pair and 1 <= value[0] <= value[1] < inf):
        raise TrainingError(
            f"The scales {value} are out of range; give two numbers of at least 1, the smaller one first."
        )
    return tuple(value)


@documented
@dataclass(frozen=True)
class FitSettings(Settings):
    """How the network is trained (:mod:`impasto.training.fit`); a settings file gives the same names."""

    steps: int = option(10_000, low=1, whole=True, help="Steps of the run.")
    minutes: float | None = option(
        None,
        low=0.01,
        high=inf,
        unit="minutes",
        help="Stop after so many minutes, whatever the steps, and the time of the last checkpoint.",
        doc="Stop after so long, whatever the steps, with the learning rate down by then; the last checkpoint comes on "
        "top. ``None``: the steps end the run.",
    )
    batch: int = option(
        4, low=1, whole=True, help="Photographs a step.", doc="Photographs that are painted in one step."
    )
    equivariance_weight: float = option(
        8.0,
        low=0,
        help="How steady paintings are when the photograph moves; less is crisper.",
        doc="How strongly the painting of a moved photograph is the moved painting: steadiness against crispness.",
    )
    repetition_weight: float = option(
        1.0, low=0, help="How much is done against one motif over and over, as on wallpaper."
    )
    weave_weight: float = option(0.1, low=0, help="How much is done against a pattern that returns every four pixels.")
    noise: float = option(0.03, low=0, doc="Standard deviation of the equivariance term's noise, of values in [0, 1].")
    photograph_share: float = option(0.1, low=0, high=1, doc="Share of the pictures that learn the photograph style.")
    learning_rate: float | None = option(
        None,
        low=0,
        help="How far one step goes.  [default: 0.008; with --from 0.002; with --resume as it was]",
        doc="Of the network; ``None``: 8e-3, from trained weights 2e-3, in a run that is resumed as it was.",
    )
    predicted_share: float = option(
        0.5, low=0, high=1, doc="Share of a batch that is painted in predicted styles, where style pictures are given."
    )
    predicted_style_weight: float = option(
        12.0, low=0, doc="How strongly a predicted style pulls, relative to its upper bound."
    )
    predictor_learning_rate: float = option(8e-4, low=0, doc="Of the style predictor; each layer has its own factor.")
    style_learning_rate: float = option(6e-3, low=0, doc="Of the styles' scales and shifts.")
    warmup: int = option(100, low=1, whole=True, doc="Steps in which the learning rates rise to their peak.")
    average: float = option(0.998, low=0, high=1, doc="Decay of the moving average of the weights, per step.")
    patience: int = option(
        0, low=0, whole=True, doc="Checkpoints without a lower validation loss that end the run; 0: none do."
    )
    checkpoint_every: int = option(250, low=1, whole=True, unit="steps", help="Steps from one checkpoint to the next.")
    preview_every: int = option(
        250, low=1, whole=True, unit="steps", help="Steps from one sheet of previews to the next."
    )
    threads: int | None = option(
        None,
        low=1,
        whole=True,
        help="Processor cores to use.",
        doc="Threads of torch; ``None``: as many as torch takes.",
    )


@documented
@dataclass(frozen=True)
class PredictorSettings(Settings):
    """How the style predictor is trained (:mod:`impasto.training.predictor`)."""

    crop: int = inherited_option(Settings, "crop", 128)
    scales: tuple[float, float] = inherited_option(Settings, "scales", (1.0, 2.2))
    style_weight: float = inherited_option(Settings, "style_weight", 12.0)
    minutes: float = option(60.0, low=0.001, unit="minutes", help="How long it learns.")
    batch: int = option(4, low=1, whole=True, help="Styles a step, each with a photograph.")
    style_crop: int = option(
        192, low=64, whole=True, unit="pixels", help="Side in pixels of the pieces of style pictures."
    )
    learning_rate: float = option(1.5e-3, low=0, doc="Of Adam; each layer has a factor of its own.")
    warmup: int = option(100, low=1, whole=True, doc="Steps in which the learning rate rises to its peak.")
    average: float = option(0.997, low=0, high=1, doc="Decay of the moving average of the weights, per step.")
    checkpoint_every: int = option(250, low=1, whole=True, unit="steps", doc="Steps from one checkpoint to the next.")


@documented
@dataclass(frozen=True)
class DistillSettings:
    """How the perceptual network is distilled (:mod:`impasto.training.distill`).

    Raises:
        TrainingError: a value is out of range.
    """

    steps: int = option(5_000, low=1, whole=True, help="Steps of the run.")
    batch: int = option(4, low=1, whole=True, help="Pieces of pictures a step.", doc="Crops that one step learns from.")
    fresh: int = option(
        1, low=1, whole=True, doc="Crops of a batch that the teacher looks at; the rest were seen before."
    )
    pool: int = option(500, low=1, whole=True, doc="Crops that are kept with the teacher's features, 6 MB each.")
    painted: float = option(
        0.25, low=0, high=0.9, doc="Share of the crops that the teacher looks at that were painted under the student."
    )
    crop: int = option(
        160,
        low=64,
        whole=True,
        unit="pixels",
        help="Side in pixels of the pieces of pictures.",
        doc="Side of the photographs' crops.",
    )
    gram_weight: float = option(3.0, low=0, doc="Weight of the distance of the Gram matrices.")
    auxiliary_weight: float = option(
        0.3,
        low=0,
        doc="Weight of what the layers between the taps miss of the same layers of the teacher, so that the student "
        "keeps to its way.",
    )
    learning_rate: float = option(
        7e-5, low=0, doc="Of all weights; solved ones lose at several times the rate what they have."
    )
    warmup: int = option(100, low=1, whole=True, doc="Steps in which the learning rates rise to their peak.")
    seed: int = option(0, low=0, whole=True, doc="Seed of all that is drawn by chance.")
    checkpoint_every: int = option(250, low=1, whole=True, unit="steps", doc="Steps from one checkpoint to the next.")

    def __post_init__(self) -> None:
        check_options(self, TrainingError)

    def painted_batches_due(self, step: int) -> int:
        """How many batches of crops are painted under the student at a step."""
        if not self.painted:
            return 0
        steps_per_batch = self.batch / self.fresh * (1 / self.painted - 1)
        return int(step // steps_per_batch - (step - 1) // steps_per_batch)
