"""The losses by the names that options give them; needs no torch, so that options can be checked without it."""

from __future__ import annotations

from typing import Literal

StyleLoss = Literal["gram", "mean", "covariance", "wasserstein"]
"""Which distance of two styles' statistics; see :func:`impasto.networks.losses.moment_loss`."""

Loss = Literal["l2", "smooth-l1"]
"""How a difference grows into a loss; see :func:`impasto.networks.losses.penalty`."""
