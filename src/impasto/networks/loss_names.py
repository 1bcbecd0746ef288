"""The names that options give to losses and layers; needs no torch, so that options can be checked without it."""

from __future__ import annotations

from typing import Literal

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers of VGG whose statistics define a style unless others are given (Gatys, Ecker and Bethge 2016)."""

StyleLoss = Literal["gram", "mean", "covariance", "wasserstein"]
"""Which distance of two styles' statistics; see :func:`impasto.networks.losses.style_distance`."""

Loss = Literal["l2", "smooth-l1"]
"""How a difference grows into a loss; see :func:`impasto.networks.losses.penalty`."""
