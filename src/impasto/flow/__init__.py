"""Optical flow: pairs of frames in; flow fields, certainty maps and their files out.

>>> from impasto import flow
>>> back = flow.compute(second, first, method="dis")  # doctest: +SKIP
>>> certainty = flow.consistency(back, flow.compute(first, second))  # doctest: +SKIP

Modules in order: shapes, forward_backward, estimate, files, folders. Imports only arguments, errors, files,
options, extras and pictures, and no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.flow.estimate import METHODS, compute, estimator, warp
    from impasto.flow.files import FramePattern, PairPattern, read_certainty, read_flo, write_certainty, write_flo
    from impasto.flow.folders import compute_files
    from impasto.flow.forward_backward import VARIANTS, Variant, consistency

# Public names and the modules that define them, imported on first use: `import impasto.flow` needs no OpenCV.
_PUBLIC = {
    "METHODS": "estimate",
    "VARIANTS": "forward_backward",
    "FramePattern": "files",
    "PairPattern": "files",
    "Variant": "forward_backward",
    "compute": "estimate",
    "compute_files": "folders",
    "consistency": "forward_backward",
    "estimator": "estimate",
    "read_certainty": "files",
    "read_flo": "files",
    "warp": "estimate",
    "write_certainty": "files",
    "write_flo": "files",
}

__all__ = [
    "METHODS",
    "VARIANTS",
    "FramePattern",
    "PairPattern",
    "Variant",
    "compute",
    "compute_files",
    "consistency",
    "estimator",
    "read_certainty",
    "read_flo",
    "warp",
    "write_certainty",
    "write_flo",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"impasto.flow.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'impasto.flow' has no attribute {name!r}")
