"""Optical flow: estimating it, files of it, and how far it can be trusted.

A flow is H x W x 2 in pixels (x, y): the pixel p of the first frame is found at p + flow(p) in the second.

>>> import impasto.flow
>>> forward = impasto.flow.compute(first, second)  # doctest: +SKIP
>>> backward = impasto.flow.compute(second, first)  # doctest: +SKIP
>>> trusted = impasto.flow.consistency(backward, forward)  # judges `backward` # doctest: +SKIP
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.files import atomic_path
from impasto.video.consistency import VARIANTS, Certainty, Flow, Variant, consistency
from impasto.video.libraries import opencv

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
    "fitted",
    "read_certainty",
    "read_flo",
    "warp",
    "write_certainty",
    "write_flo",
]

Frame = NDArray[np.uint8]
Estimator = Callable[[Frame, Frame], Flow]
METHODS = ("dis", "deepflow")

_TAG = struct.pack("<f", 202021.25)  # the bytes "PIEH"
_LARGEST = 100_000  # longer sides than this are a damaged header
_NUMBER = r"%0?\d*d"


def compute(first: Frame, second: Frame, method: str | Path = "dis") -> Flow:
    """The flow from one frame to another.

    Args:
        first, second: H x W x 3, uint8 RGB, of one size, at least 16 pixels each way for ``"dis"``.
        method: ``"dis"`` (Kroeger et al. 2016, arXiv 1603.03590), ``"deepflow"`` (Weinzaepfel et al. 2013, slower),
            or an ONNX file, see :func:`estimator`.

    Returns:
        H x W x 2, float32.
    """
    return estimator(method)(first, second)


def estimator(method: str | Path = "dis", *, preset: int = 2, finest: int | None = None) -> Estimator:
    """A function that estimates the flow from one frame to another; keep it, it holds the loaded model.

    Args:
        method: as in :func:`compute`. An ONNX model takes two inputs of 1 x 3 x H x W, RGB in [0, 1] unless its
            metadata has ``input_range``, for example ``"0,255"`` or ``"-1,1"``; its last output is
            1 x 2 x H x W or coarser, in pixels of the input. Fixed sizes in the model are obeyed.
        preset: of DIS, 0 to 2, faster to finer.
        finest: of DIS, how often the picture may stay halved: 0 is its own size; by default the preset's.

    Raises:
        InputError: no such method, or a file that is no such model.
        MissingExtraError: OpenCV is not installed.
    """
    if str(method) == "dis":
        cv2 = opencv()
        search = cv2.DISOpticalFlow_create(preset)
        if finest is not None:
            search.setFinestScale(finest)
        return _Grey(search, 16)
    if str(method) == "deepflow":
        optflow = getattr(opencv(), "optflow", None)
        if optflow is None:
            raise InputError(
                "This OpenCV has no DeepFlow: uninstall all opencv packages, then pip install "
                "opencv-contrib-python-headless."
            )
        return _Grey(optflow.createOptFlow_DeepFlow(), 1)
    if Path(method).suffix == ".onnx":
        return _Model(Path(method))
    raise InputError(f"There is no flow method {method}; give {', '.join(METHODS)}, or an .onnx file.")


class _Grey:
    """An estimator of OpenCV's, which takes two grey pictures."""

    def __init__(self, algorithm: Any, smallest: int) -> None:
        self.algorithm, self.smallest = algorithm, smallest

    def __call__(self, first: Frame, second: Frame) -> Flow:
        cv2 = opencv()
        _check_pair(first, second)
        height, width = first.shape[:2]
        one, two = (cv2.cvtColor(np.ascontiguousarray(f), cv2.COLOR_RGB2GRAY) for f in (first, second))
        down, right = max(0, self.smallest - height), max(0, self.smallest - width)
        if down or right:
            one, two = (cv2.copyMakeBorder(g, 0, down, 0, right, cv2.BORDER_REPLICATE) for g in (one, two))
        return np.ascontiguousarray(self.algorithm.calc(one, two, None)[:height, :width], np.float32)


class _Model:
    """A flow network in a file."""

    multiple = 8  # the usual: networks of this kind halve their input three times

    def __init__(self, path: Path) -> None:
        import onnxruntime

        if not path.is_file():
            raise InputError(f"There is no flow model {path}; check the path.")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes
            raise InputError(f"{path} cannot be loaded as an ONNX model ({error}); give another file.") from error
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

    def __call__(self, first: Frame, second: Frame) -> Flow:
        cv2 = opencv()
        _check_pair(first, second)
        height, width = first.shape[:2]
        sides = [
            fixed or -(-side // self.multiple) * self.multiple
            for fixed, side in zip(self.fixed, (height, width), strict=True)
        ]
        batches = {}
        for name, frame in zip(self.names, (first, second), strict=True):
            resized = cv2.resize(np.ascontiguousarray(frame), (sides[1], sides[0]), interpolation=cv2.INTER_AREA)
            values = self.low + resized.astype(np.float32) * ((self.high - self.low) / 255)
            batches[name] = np.ascontiguousarray(values.transpose(2, 0, 1)[None])
        flow = np.asarray(self.session.run(None, batches)[-1], np.float32)
        if flow.ndim != 4 or flow.shape[:2] != (1, 2):
            raise InputError(f"{self.path} is no flow model: it gives {flow.shape} instead of 1 x 2 x H x W.")
        # Its unit is a pixel of the network's input; bring both the grid and the unit to the frame's.
        flow = cv2.resize(np.ascontiguousarray(flow[0].transpose(1, 2, 0)), (width, height))
        return np.asarray(flow * np.array([width / sides[1], height / sides[0]], np.float32), np.float32)


def _check_pair(first: Frame, second: Frame) -> None:
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
    """
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


def fitted(flow: Flow, height: int, width: int) -> Flow:
    """A flow for pictures of another size: H x W x 2 in pixels of these."""
    if flow.shape[:2] == (height, width):
        return flow
    unit = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    return np.asarray(opencv().resize(flow * unit, (width, height)), np.float32)


def read_flo(path: str | Path) -> Flow:
    """Read a Middlebury ``.flo`` file: H x W x 2.

    Raises:
        InputError: not there, not such a file, or cut off.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    if len(data) < 12 or data[:4] != _TAG:
        raise InputError(f"{path} is no .flo file; it does not start with PIEH.")
    width, height = struct.unpack("<ii", data[4:12])
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise InputError(f"{path} is damaged: it claims a size of {width} x {height}.")
    if len(data) < 12 + 8 * width * height:
        raise InputError(f"{path} is cut off: {width} x {height} need {12 + 8 * width * height} bytes.")
    flow = np.frombuffer(data, "<f4", 2 * width * height, offset=12).reshape(height, width, 2)
    return flow.astype(np.float32)


def write_flo(flow: Flow, path: str | Path) -> None:
    """Write H x W x 2 as a Middlebury ``.flo`` file."""
    height, width = flow.shape[:2]
    with atomic_path(path) as temporary:
        temporary.write_bytes(_TAG + struct.pack("<ii", width, height) + np.ascontiguousarray(flow, "<f4").tobytes())


def read_certainty(path: str | Path) -> Certainty:
    """Read a certainty map, H x W, 255 is certain: PGM, or any grey picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return np.array(image.convert("L"))
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(f"{path} cannot be read as a certainty map ({error}); check the path.") from error


def write_certainty(certainty: Certainty, path: str | Path) -> None:
    """Write H x W as a PGM file, byte for byte as artistic-videos does."""
    height, width = certainty.shape
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"P5\n%d %d\n255\n" % (width, height) + certainty.tobytes())


@dataclass(frozen=True)
class FramePattern:
    """File names with one number in the form of printf, such as ``frame_%04d.png``.

    Raises:
        InputError: the file's name, without its folder, has not exactly one such number.
    """

    text: str

    def __post_init__(self) -> None:
        if not _numbered(self.text):
            raise InputError(f"{self.text} must have one number in the file's name, such as frame_%04d.png.")

    @staticmethod
    def matches(text: str | Path) -> bool:
        """Whether a path is such a pattern rather than a file."""
        return _numbered(text) and not Path(text).exists()

    def path(self, number: int) -> Path:
        """The file of one frame."""
        pattern = Path(self.text)
        return pattern.with_name(re.sub(_NUMBER, lambda found: found.group() % number, pattern.name))

    def first(self, start: int | None = None) -> int:
        """The first number that there is a file for: ``start``, or else the lowest."""
        if start is not None:
            if not self.path(start).is_file():
                raise InputError(f"There is no {self.path(start)}; check the pattern and the first number.")
            return start
        numbers = self.numbers()
        if not numbers:
            raise InputError(f"There is no file for {self.text}; check the pattern.")
        return min(numbers)

    def numbers(self) -> list[int]:
        """All numbers that there is a file for, in no order."""
        pattern = Path(self.text)
        folder, (head, _, tail) = pattern.parent, re.split(f"({_NUMBER})", pattern.name)
        found = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
        names = folder.iterdir() if folder.is_dir() else []
        numbers = [int(m.group(1)) for m in (found.fullmatch(p.name) for p in names) if m]
        return [number for number in numbers if self.path(number).is_file()]

    def count(self, start: int) -> int:
        """How many consecutive files there are from a number on."""
        number = start
        while self.path(number).is_file():
            number += 1
        return number - start


def _numbered(path: str | Path) -> bool:
    return len(re.findall(_NUMBER, Path(path).name)) == 1


@dataclass(frozen=True)
class PairPattern:
    """File names with two numbers, as artistic-videos has them: ``backward_[%d]_{%d}.flo``.

    ``[...]`` takes the frame that the flow starts at, ``{...}`` the one that it points to, in either order.

    Raises:
        InputError: one of the two is missing.
    """

    text: str

    def __post_init__(self) -> None:
        for opening, closing, example in ((r"\[", r"\]", "[%d]"), (r"\{", r"\}", "{%d}")):
            if len(re.findall(f"{opening}{_NUMBER}{closing}", self.text)) != 1:
                raise InputError(f"{self.text} must have {example} once, as in backward_[%d]_{{%d}}.flo.")

    def path(self, start: int, end: int) -> Path:
        """The file of the flow from one frame to another."""
        text = re.sub(rf"\[({_NUMBER})\]", lambda found: found.group(1) % start, self.text)
        return Path(re.sub(rf"\{{({_NUMBER})\}}", lambda found: found.group(1) % end, text))


def compute_files(
    frames: Iterable[tuple[int, Frame]],
    folder: Path,
    *,
    step: int = 1,
    method: str | Path = "dis",
    variant: Variant = "artistic-videos",
) -> Iterator[tuple[int, int]]:
    """Flow and certainty files for frames ``step`` apart, named as artistic-videos does.

    For frames i and j = i + step: ``forward_i_j.flo``, ``backward_j_i.flo`` (files that exist are kept), and
    ``reliable_i_j.pgm``, ``reliable_j_i.pgm``, each judging the flow of the same two numbers.

    Args:
        frames: number and picture (H x W x 3, uint8), in order.
        step: how many frames apart.
        variant: which consistency checker; that of fast-artistic-videos looks at the frame, too.

    Yields:
        i and j, once their files are written.
    """
    if step < 1:
        raise InputError(f"The step {step} is not positive; give 1 or more.")
    estimate: Estimator | None = None
    waiting: list[tuple[int, Frame]] = []
    for j, later in frames:
        waiting.append((j, later))
        if len(waiting) <= step:
            continue
        i, earlier = waiting.pop(0)
        flows = {}
        for kind, (a, one), (b, two) in (
            ("forward", (i, earlier), (j, later)),
            ("backward", (j, later), (i, earlier)),
        ):
            path = folder / f"{kind}_{a}_{b}.flo"
            if path.is_file():
                flows[kind] = read_flo(path)
                if flows[kind].shape[:2] != one.shape[:2]:
                    raise InputError(f"{path} is of another size than the frames; delete it, or name another folder.")
            else:
                estimate = estimate or estimator(method)
                flows[kind] = estimate(one, two)
                write_flo(flows[kind], path)
        for judged, opposite, (a, frame), b in (
            ("backward", "forward", (j, later), i),
            ("forward", "backward", (i, earlier), j),
        ):
            shown = frame if variant == "fast-artistic-videos" else None
            certainty = consistency(flows[judged], flows[opposite], variant=variant, frame=shown)
            write_certainty(certainty, folder / f"reliable_{a}_{b}.pgm")
        yield i, j
