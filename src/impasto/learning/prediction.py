"""The style of a picture at once, by the style predictor in onnxruntime (:mod:`impasto.networks.predictor`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.styles.source_pictures import pieces, resized_style_picture
from impasto.threads import session_options

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ScaleAndShift = tuple[NDArray[np.float32], NDArray[np.float32]]
"""The parameters of a style, C numbers each."""

_MODEL = "predictor.onnx"  # file of the package's predictor; its weights lie beside it
_OUTPUTS = ["scale", "shift"]  # names of the model's outputs


def predict(pictures: Sequence[Path], size: int, scale: float = 1.0) -> ScaleAndShift:
    """Predict the style of pictures: the mean of the predictions where there are several.

    Args:
        pictures: files, at least one.
        size: shorter side in pixels at which a picture is looked at, if it is longer.
        scale: size of the strokes relative to the picture's at ``size``.

    Raises:
        InputError: a file cannot be read.
    """
    predicted = [predict_from_pixels(resized_style_picture(path, size, scale)) for path in pictures]
    mean_scale, mean_shift = (np.mean([pair[i] for pair in predicted], axis=0) for i in (0, 1))
    return mean_scale, mean_shift


def predict_from_pixels(picture: NDArray[np.float32]) -> ScaleAndShift:
    """Predict the style of a picture, H x W x 3 in [0, 1], that has the size at which its strokes are looked at.

    Of a long one it is the mean of the predictions for its pieces.
    """
    parts = [picture[place].transpose(2, 0, 1)[None] for place in pieces(*picture.shape[:2])]
    predicted = [_session().run(_OUTPUTS, {"picture": np.ascontiguousarray(part)}) for part in parts]
    scale, shift = (np.mean([pair[i][0] for pair in predicted], axis=0) for i in (0, 1))
    return scale, shift


@cache
def _session() -> InferenceSession:
    """The package's predictor, loaded once."""
    import onnxruntime  # late, since every command that takes a style imports this module

    options = session_options()
    # As fast as with channels in blocks and with blocks of memory planned for each size, and takes half of the memory.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.enable_mem_pattern = False
    with resources.as_file(resources.files("impasto.assets")) as folder:
        return onnxruntime.InferenceSession(folder / _MODEL, options, providers=["CPUExecutionProvider"])
