"""What training a network and learning a style have in common in their settings, and the check of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from numbers import Real
from typing import Any, ClassVar, Self

from impasto.errors import TrainingError
from impasto.networks.transformer import TransformerNetwork
from impasto.options import Range, as_layers, check, settings

NUMBER = Range(0, 1e12, "a number of 0 or more")
SHARE = Range(0, 1, "a number from 0 to 1")
COUNT = Range(1, inf, "a whole number of at least 1", whole=True)


@dataclass(frozen=True)
class Settings:
    """What is painted meanwhile, and what it is judged by (:mod:`impasto.training.perceptual_loss`).

    Defaults are those of training the network.
    """

    crop: int = 224
    scales: tuple[float, float] = (1.0, 2.5)  # enlargement of photographs: strokes shall not shrink with it
    features: str = "builtin"
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"relu3_1": 0.5, "relu4_1": 1.0})
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), 1.0)
    )
    content_weight: float = 1.0
    style_weight: float = 5.0
    tv_weight: float = 0.2
    style_size: int = 512  # shorter side at which the paintings are looked at
    style_scale: float = 1.0  # size of the strokes relative to that
    grain: float = 1.0  # most that is laid on photographs before they are painted; see :mod:`impasto.networks.grain`
    seed: int = 0

    ranges: ClassVar[Mapping[str, Range]] = {
        "crop": Range(64, inf, f"a multiple of {TransformerNetwork.multiple} that is at least 64", whole=True),
        **dict.fromkeys(("content_weight", "style_weight", "tv_weight", "grain"), NUMBER),
        "style_size": Range(32, inf, "a whole number of at least 32", whole=True),
        "style_scale": Range(0.1, 10, "a number from 0.1 to 10"),
        "seed": Range(0, inf, "a whole number of 0 or more", whole=True),
    }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], caller: Callable[..., Any] | None = None) -> Self:
        """Settings by name.

        Args:
            values: a settings file's table, or keywords.
            caller: the function that was called with them, if one was; its own keywords are suggested, too.

        Raises:
            TrainingError: a name that is not a setting, or a value out of range.
        """
        return settings(cls, values, caller or cls, TrainingError)

    def __post_init__(self) -> None:
        for name in ("content_layers", "style_layers"):
            object.__setattr__(self, name, as_layers(name, getattr(self, name), TrainingError))
        object.__setattr__(self, "scales", _as_scales(self.scales))
        check(self, self.ranges, {}, TrainingError)
        if self.crop % TransformerNetwork.multiple:
            raise TrainingError(f"The crop {self.crop} is out of range; give {self.ranges['crop'].meaning}.")


def _as_scales(value: Any) -> tuple[float, float]:
    """A pair as a settings file has it, too."""
    pair = isinstance(value, Sequence) and len(value) == 2 and all(isinstance(scale, Real) for scale in value)
    if not (pair and 1 <= value[0] <= value[1] < inf):
        raise TrainingError(
            f"The scales {value} are out of range; give two numbers of at least 1, the smaller one first."
        )
    return tuple(value)
