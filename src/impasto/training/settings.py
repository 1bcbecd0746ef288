"""What training a network and learning a style have in common in their settings, and the check of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from math import inf
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from impasto import _names
from impasto.errors import TrainingError
from impasto.networks.transformer import TransformerNetwork

_KINDS = {"int": (Integral, "whole number"), "float": (Real, "number")}


@dataclass(frozen=True)
class Settings:
    """What is painted meanwhile, and what it is judged by (:mod:`impasto.training.objective`).

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
    grain: float = 1.0  # most that is laid on photographs before they are painted; see :mod:`impasto.grain`
    seed: int = 0

    # Of the numbers that may not be all from 0 on: least and most.
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "crop": (64, inf),
        "style_size": (32, inf),
        "style_scale": (0.1, 10),
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
        return _names.settings(cls, values, caller or cls, TrainingError)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            kind, word = _KINDS.get(str(item.type).removesuffix(" | None"), (None, ""))
            if kind is None or (value is None and item.default is None):
                continue
            least, most = self.ranges.get(item.name, (0, inf))
            if not (isinstance(value, kind) and least <= float(value) <= most):  # so written that NaN fails, too
                limits = f"of at least {least:g}" if most == inf else f"from {least:g} to {most:g}"
                raise TrainingError(f"{item.name} is {value!r}; give a {word} {limits}.")
        if self.crop % TransformerNetwork.multiple:
            raise TrainingError(f"The crop is {self.crop} pixels; give a multiple of {TransformerNetwork.multiple}.")
