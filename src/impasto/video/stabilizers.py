"""The stabilisers by name: what ``--stabilize`` offers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from impasto.feedforward.options import Options
from impasto.flow.estimate import estimator
from impasto.pictures.sphere import Layout
from impasto.video.carrying_stabilizer import CarryingStabilizer
from impasto.video.flow_files import FlowFiles
from impasto.video.spherical_stabilizer import SphericalStabilizer
from impasto.video.stabilizer_base import NoStabilizer, Stabilizer


def _none(method: str, files: FlowFiles | None, period: int) -> Stabilizer:
    """Make the stabiliser under which every frame is painted on its own."""
    return NoStabilizer()


def _light(method: str, files: FlowFiles | None, period: int) -> Stabilizer:
    """Make a stabiliser that estimates motion at half of the frame's size; DIS uses its fastest preset."""
    return CarryingStabilizer(0.5, estimator(method, preset=0, finest=1), files, period)


def _flow(method: str, files: FlowFiles | None, period: int) -> Stabilizer:
    """Make a stabiliser that estimates motion at the frame's size; DIS uses a finer preset."""
    return CarryingStabilizer(1, estimator(method, preset=1, finest=1), files, period)


# Names of stabilisers and functions that make them, from a method of flow (see ``impasto.flow.estimate.estimator``),
# from flow files to be read instead, and from the columns after which frames repeat themselves (0: they do not).
STABILIZERS: dict[str, Callable[[str, FlowFiles | None, int], Stabilizer]] = {
    "off": _none,
    "light": _light,
    "flow": _flow,
}

STABILIZE = tuple(STABILIZERS)

Stabilize = str
"""A name in :data:`STABILIZERS`."""


def make_stabilizer(name: Stabilize, method: str = "dis", files: FlowFiles | None = None) -> Stabilizer:
    """Make the stabiliser of a name.

    Args:
        name: one of :data:`STABILIZE`.
        method: how flow is estimated, as :func:`impasto.flow.estimate.estimator` takes it.
        files: flow to be read instead of estimating it.
    """
    return STABILIZERS[name](method, files, 0)


def make_spherical_stabilizer(
    name: Stabilize, options: Options, layout: Layout | None = None, method: str = "dis"
) -> Stabilizer:
    """Make the stabiliser of a name for frames all around.

    Args:
        name, method: as for :func:`make_stabilizer`.
        options, layout: as for :class:`impasto.video.spherical_stabilizer.SphericalStabilizer`.
    """
    return SphericalStabilizer(options, layout, partial(STABILIZERS[name], method, None))
