"""Settings of learning a style; they need no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from impasto.options import documented, inherited_option, option
from impasto.training.settings import Settings

Effort = Literal["quick", "draft", "full"]
"""How much is done for the style of a picture: predict it, fit it for a few steps from there, or for more."""

EffortChoice = Literal["auto", "quick", "draft", "full"]
"""An effort, or ``auto``: the best style of the picture that is there, else the best that takes no minute."""

DRAFT: Mapping[str, int] = {"steps": 20, "crops": 24, "held_out": 4}
"""The settings of a draft where they are not :class:`LearnSettings`' own, which are those of a full fit."""

DEEP_MINUTES = 45.0  # minutes for which ``deep`` fits the network unless told otherwise

# What lies in the folder of an unfinished style: from where the same call goes on, the losses, how far it is, and the
# folder of a network of its own.
CHECKPOINT, LOG, PREVIEW, NETWORK = "checkpoint.pt", "log.jsonl", "preview.jpg", "network"


@documented
@dataclass(frozen=True)
class LearnSettings(Settings):
    """How a style is learnt; content, style and total variation are weighed as in training the network."""

    crop: int = inherited_option(
        Settings, "crop", 192, help="Side in pixels of the pictures that it practises on, a multiple of 8."
    )
    scales: tuple[float, float] = inherited_option(Settings, "scales", (1.0, 2.0))
    features: str = inherited_option(
        Settings, "features", help="The network that judges: builtin, vgg19, vgg16 or a file."
    )
    style_weight: float = inherited_option(
        Settings, "style_weight", 12.0, help="More is more paint and less photograph."
    )
    steps: int = option(200, low=1, whole=True, help="Steps; with more it comes closer, up to a few hundred.")
    batch: int = option(2, low=1, whole=True, doc="Crops that one step learns from.")
    crops: int = option(64, low=1, whole=True, doc="Crops to learn from, the same in the whole run.")
    held_out: int = option(8, low=1, whole=True, doc="Crops to judge by, from photographs that are not learnt from.")
    learning_rate: float = option(
        0.12, low=0, doc="Of the style's scale and shift, with Adam: the peak of a cosine decay."
    )
    average: float = option(0.9, low=0, high=1, doc="Decay of the moving average of scale and shift, per step.")
    check_every: int = option(
        50, low=1, whole=True, help="Steps from one look at how good it is, with a new preview, to the next."
    )


class LearnKeywords(TypedDict, total=False):
    """The fields of :class:`LearnSettings` as keywords of a call, in all forms that they can be given in."""

    crop: int
    scales: Sequence[float]
    features: str | Path
    content_layers: Mapping[str, float] | Sequence[str] | str
    style_layers: Mapping[str, float] | Sequence[str] | str
    content_weight: float
    style_weight: float
    tv_weight: float
    style_size: int
    style_scale: float
    grain: float
    seed: int
    steps: int
    batch: int
    crops: int
    held_out: int
    learning_rate: float
    average: float
    check_every: int
