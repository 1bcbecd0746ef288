"""Estimating optical flow between two frames, and moving pictures along with a flow.

A flow is H x W x 2 in pixels (x, y): the pixel p of the first frame is found at p + flow(p) in the second.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.arguments import check_arguments
from impasto.errors import InputError, first_line
from impasto.extras import opencv
from impasto.flow.forward_backward import Flow
from impasto.flow.shapes import check_arrays, check_flow
from impasto.threads import session_options

Pixels = NDArray[np.uint8]
"""H x W x 3, sRGB."""

Estimator = Callable[[Pixels, Pixels], Flow]
"""A function from two frames of one size to the flow from the first to the second."""

METHODS = ("dis", "deepflow")
"""Methods that have a name; a flow network is named by its ONNX file."""
_DIS_MIN_SIDE = 16  # pixels: DIS fails on smaller frames, which are padded to this
_ONNX_MULTIPLE = 8  # pixels: flow networks usually halve their input three times
_MAX_LENGTH = 100_000.0  # pixels: a vector with a longer side is unknown


def compute(first: Pixels, second: Pixels, method: str | Path = "dis") -> Flow:
    """The flow from one frame to another.

    Args:
        first, second: H x W x 3, uint8 RGB, of one size.
        method: ``"dis"`` (Kroeger et al. 2016, arXiv 1603.03590), ``"deepflow"`` (Weinzaepfel et al. 2013, slower),
            or an ONNX file, see :func:`estimator`.

    Returns:
        H x W x 2, float32: x and y in pixels.

    Raises:
        InputError: no such method, the frames do not match, or the file is no flow model.
        MissingExtraError: OpenCV is not installed.
    """
    return estimator(method)(first, second)


def estimator(method: str | Path = "dis", *, preset: int = 2, finest: int | None = None) -> Estimator:
    """A function that estimates the flow from one frame to another. Keep it: it holds the loaded model.

    Args:
        method: as in :func:`compute`. An ONNX model takes two inputs of 1 x 3 x H x W, RGB in [0, 1] unless its
            metadata has ``input_range``, for example ``"0,255"`` or ``"-1,1"``; its last output is
            1 x 2 x H x W or coarser, in pixels of the input. Fixed sizes in the model are obeyed.
        preset: 0 (fast) to 2 (fine), for DIS only.
        finest: for DIS only, the finest level of the picture pyramid that is searched: 0 is the full size, each level
            more halves it. ``None`` leaves it to the preset.

    Raises:
        InputError: no such method, or a file that is no such model.
        MissingExtraError: OpenCV is not installed.
    """
    check_arguments(needed=["method"], paths={"method": method}, whole={"preset": preset, "finest": finest})
    if str(method) == "dis":
        cv2 = opencv()
        search = cv2.DISOpticalFlow_create(preset)
        if finest is not None:
            search.setFinestScale(finest)
        return _OpenCvEstimator(search, _DIS_MIN_SIDE)
    if str(method) == "deepflow":
        optflow = getattr(opencv(), "optflow", None)
        if optflow is None:
            raise InputError(
                "This OpenCV has no DeepFlow: uninstall all opencv packages, then pip install "
                "opencv-contrib-python-headless."
            )
        return _OpenCvEstimator(optflow.createOptFlow_DeepFlow(), 1)
    if Path(method).suffix == ".onnx":
        return _OnnxEstimator(Path(method))
    raise InputError(f"There is no flow method {method}; give {', '.join(METHODS)}, or an .onnx file.")


class _OpenCvEstimator:
    """One of OpenCV's dense flow algorithms, which take two grey pictures.

    Args:
        algorithm: a ``cv2.DenseOpticalFlow``.
        min_side: pixels; frames with a shorter side are padded by repeating their border.
    """

    def __init__(self, algorithm: Any, min_side: int) -> None:
        self.algorithm, self.min_side = algorithm, min_side

    def __call__(self, first: Pixels, second: Pixels) -> Flow:
        """The flow from the first frame to the second; see :func:`compute`."""
        cv2 = opencv()
        _check_pair(first, second)
        height, width = first.shape[:2]
        one, two = (cv2.cvtColor(np.ascontiguousarray(f), cv2.COLOR_RGB2GRAY) for f in (first, second))
        down, right = max(0, self.min_side - height), max(0, self.min_side - width)
        if down or right:
            one, two = (cv2.copyMakeBorder(g, 0, down, 0, right, cv2.BORDER_REPLICATE) for g in (one, two))
        return np.ascontiguousarray(self.algorithm.calc(one, two, None)[:height, :width], np.float32)


class _OnnxEstimator:
    """A flow network in an ONNX file; :func:`estimator` says what such a file must take and give.

    Args:
        path: the file.

    Raises:
        InputError: there is no such file, or it is no flow model.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        if not path.is_file():
            raise InputError(f"There is no flow model {path}; check the path.")
        try:
            self.session = onnxruntime.InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes
            reason = first_line(error)
            raise InputError(f"{path} cannot be loaded as an ONNX model ({reason}); give another file.") from error
        self.path, inputs = path, self.session.get_inputs()
        if len(inputs) != 2 or any(len(i.shape) != 4 for i in inputs):
            raise InputError(f"{path} is no flow model: it must take two pictures of 1 x 3 x H x W.")
        self.names = [i.name for i in inputs]
        self.fixed = [side if isinstance(side, int) else None for side in inputs[0].shape[2:]]
        wanted = self.session.get_modelmeta().custom_metadata_map.get("input_range", "0,1")
        try:
            self.low, self.high = (float(bound) for bound in wanted.split(","))
        except ValueError:
            raise InputError(f"{path} has the input_range {wanted}; it must be two numbers, such as 0,255.") from None

    def __call__(self, first: Pixels, second: Pixels) -> Flow:
        """The flow from the first frame to the second; see :func:`compute`."""
        cv2 = opencv()
        _check_pair(first, second)
        height, width = first.shape[:2]
        sides = [
            fixed or -(-side // _ONNX_MULTIPLE) * _ONNX_MULTIPLE
            for fixed, side in zip(self.fixed, (height, width), strict=True)
        ]
        batches = {}
        for name, frame in zip(self.names, (first, second), strict=True):
            resized = cv2.resize(np.ascontiguousarray(frame), (sides[1], sides[0]), interpolation=cv2.INTER_AREA)
            values = self.low + resized.astype(np.float32) * ((self.high - self.low) / 255)
            batches[name] = np.ascontiguousarray(values.transpose(2, 0, 1)[None])
        try:
            flow = np.asarray(self.session.run(None, batches)[-1], np.float32)
        except Exception as error:  # onnxruntime's own classes
            reason = first_line(error)
            raise InputError(f"{self.path} cannot be run as a flow model ({reason}); give another file.") from error
        if flow.ndim != 4 or flow.shape[:2] != (1, 2):
            raise InputError(f"{self.path} is no flow model: it gives {flow.shape} instead of 1 x 2 x H x W.")
        if not np.isfinite(flow).all():
            raise InputError(f"{self.path} gives flow that is no number for these frames; give another model.")
        # The network counts in pixels of its own input: resize the grid to the frame, and scale the unit, too.
        flow = cv2.resize(np.ascontiguousarray(flow[0].transpose(1, 2, 0)), (width, height))
        return np.asarray(flow * np.array([width / sides[1], height / sides[0]], np.float32), np.float32)


def _check_pair(first: Pixels, second: Pixels) -> None:
    """Refuse anything but two RGB frames of one size.

    Raises:
        InputError: they are something else.
    """
    check_arrays(first=first, second=second)
    if first.shape != second.shape or first.ndim != 3 or first.shape[2] != 3 or first.dtype != np.uint8:
        raise InputError(
            f"Flow needs two RGB frames of one size, uint8; these are {first.shape} {first.dtype} and "
            f"{second.shape} {second.dtype}."
        )


def warp(image: NDArray[np.float32], flow: Flow, *, outside: float | None = None) -> NDArray[np.float32]:
    """Sample a picture where a flow points to: out(p) = image(p + flow(p)), bilinear.

    Args:
        image: H x W or H x W x C.
        flow: H x W x 2 in pixels; NaN counts as outside.
        outside: the value of samples outside the picture; ``None`` repeats the border.

    Returns:
        The sampled picture, of the shape of ``image``, float32.

    Raises:
        InputError: the picture is no array, or the flow is none of its size.
    """
    check_arrays(image=image)
    check_flow(flow)
    if image.shape[:2] != flow.shape[:2]:
        raise InputError(f"The picture has shape {image.shape} and the flow {flow.shape}; give both of one size.")
    height, width = image.shape[:2]
    x = np.arange(width, dtype=np.float32) + flow[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + flow[..., 1]
    with np.errstate(invalid="ignore"):
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    x, y = (np.clip(np.nan_to_num(p, nan=0.0), 0, n - 1) for p, n in ((x, width), (y, height)))
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    extra = (...,) + (None,) * (image.ndim - 2)
    a, b = (x - left)[extra], (y - top)[extra]
    upper = image[top, left] * (1 - a) + image[top, right] * a
    lower = image[below, left] * (1 - a) + image[below, right] * a
    sampled = (upper * (1 - b) + lower * b).astype(np.float32)
    if outside is not None:
        sampled[~inside] = outside
    return np.asarray(sampled)


def fit_known_flow(flow: Flow, height: int, width: int) -> tuple[Flow, NDArray[np.bool_]]:
    """A flow of another program, resized as by :func:`fit_flow`, and where it is known.

    Unknown are vectors that are no numbers, or far too long, as Middlebury marks them.

    Returns:
        ``height`` x ``width`` x 2, 0 where it is unknown; and ``height`` x ``width``.
    """
    known: NDArray[np.bool_] = np.all(np.abs(flow) <= _MAX_LENGTH, axis=2)
    if known.all():
        return fit_flow(flow, height, width), np.ones((height, width), np.bool_)
    fitted = fit_flow(np.where(known[..., None], flow, np.float32(0)), height, width)
    fitted_known = opencv().resize(known.astype(np.float32), (width, height)) == 1
    fitted[~fitted_known] = 0
    return fitted, fitted_known


def fit_flow(flow: Flow, height: int, width: int) -> Flow:
    """A flow resized for pictures of another size: ``height`` x ``width`` x 2, in pixels of these pictures."""
    if flow.shape[:2] == (height, width):
        return flow
    unit = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    return np.asarray(opencv().resize(flow * unit, (width, height)), np.float32)
