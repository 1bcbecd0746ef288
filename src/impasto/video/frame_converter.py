"""Decoded frames as upright RGB arrays of one size and of the colours that networks know."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import Sentence
from impasto.extras import pyav
from impasto.pictures import tone_mapping
from impasto.video.frame import scaled_size
from impasto.video.pixels import ColorSpace, Orientation, has_alpha, opaque, side_data, to_rgb

_CUBE_LEVEL = 8  # the square of it is the number of nodes along a side of the cube of colours
_STRANGE_MATRICES = {8: "YCgCo", 14: "ICtCp", 15: "IPT", 16: "YCgCo-R", 17: "YCgCo-R"}  # H.273: the scaler has none
_CLOCK = Fraction(1, 1000)  # seconds: a time base for filters that look at no times


@dataclass(frozen=True)
class Crop:
    """What players cut off the sides of a stored picture, in pixels."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


class FrameConverter:
    """Turns the decoded frames of a file into RGB.

    High dynamic range and wide gamuts become Rec. 709, which the result is tagged with; all else keeps its tags. A
    frame of another size than the first is fitted into that with black bars.

    Args:
        name: of the file, for notices.
        first: the first frame, as PyAV decodes it.
        stream: its stream.
        crop: what players cut off.
        size: longer side of the results in pixels; 0 keeps it.
        notices: gets sentences on what is changed, each once.

    Attributes:
        stored: width and height of the picture in pixels, upright and cropped, before resizing.
        width, height: of the results in pixels.
        colors: how the samples of the painted video shall stand for colours.
    """

    def __init__(self, name: str, first: Any, stream: Any, crop: Crop, size: int, notices: list[str]) -> None:
        self.name, self.notices = name, notices
        self.crop = crop if crop.left + crop.right < first.width and crop.top + crop.bottom < first.height else Crop()
        self.sides = first.width, first.height  # of stored frames, as they lie in the file
        self.orientation = Orientation.of(first)
        self.stored = self.orientation.upright_sides(*self._cropped(*self.sides))
        self.width, self.height = scaled_size(*self.stored, size)
        self.samples = ColorSpace.of(first, stream, turned=self.orientation.swaps_sides)
        self.primaries, self.transfer = int(first.color_primaries), int(first.color_trc)
        self.high_range = tone_mapping.is_high_range(self.transfer)
        self.foreign = self.high_range or tone_mapping.is_wide(self.primaries)
        self.peak = _peak(first)
        self.colors = self.samples.as_rec709(self.transfer) if self.foreign else self.samples
        self.graphs: dict[tuple[Any, ...], Any] = {}  # filters by the sides and the pixel format of what they take
        self.pushed = 0
        if self.foreign:
            what = "is of high dynamic range" if self.high_range else "has a wide gamut"
            text = f"The picture of {name} {what} and is converted to standard colours (Rec. 709)."
            self._say(Sentence(text, "high_range" if self.high_range else "wide_gamut", name=name))
        if strange := _STRANGE_MATRICES.get(int(first.colorspace)):
            text = f"The colours of {name} are stored as {strange}, which is not known here; they will look wrong."
            self._say(Sentence(text, "unknown_colors", name=name, colors=strange))

    def rgb(self, frame: Any, seconds: float) -> NDArray[np.uint8]:
        """A decoded frame as RGB.

        Args:
            frame: as PyAV decodes it.
            seconds: when it is shown, for a notice.

        Returns:
            ``height`` x ``width`` x 3, uint8, upright; transparent places are white.
        """
        if "A53_CC" in side_data(frame):
            text = f"The closed captions within the picture of {self.name} are left out."
            self._say(Sentence(text, "captions_left_out", name=self.name))
        if (frame.width, frame.height) != self.sides:
            text = (
                f"The picture of {self.name} changes its size, first after {seconds:.2f} seconds; from there on it is "
                "fitted into that of the first frame."
            )
            self._say(Sentence(text, "size_changes", name=self.name, seconds=seconds))
            return self._fitted(frame)
        return self._converted(frame, self.crop, self.width, self.height)

    def _say(self, notice: str) -> None:
        """Add a notice that is not there yet."""
        if notice not in self.notices:
            self.notices.append(notice)

    def _cropped(self, width: int, height: int) -> tuple[int, int]:
        """The sides of a stored picture in pixels without what is cut off."""
        return width - self.crop.left - self.crop.right, height - self.crop.top - self.crop.bottom

    def _fitted(self, frame: Any) -> NDArray[np.uint8]:
        """A frame of another size within black bars."""
        width, height = self.orientation.upright_sides(frame.width, frame.height)
        factor = min(self.width / width, self.height / height)
        inner = max(1, round(width * factor)), max(1, round(height * factor))
        rgb = self._converted(frame, Crop(), *inner)
        canvas = np.zeros((self.height, self.width, 3), np.uint8)
        left, top = (self.width - inner[0]) // 2, (self.height - inner[1]) // 2
        canvas[top : top + inner[1], left : left + inner[0]] = rgb
        return canvas

    def _converted(self, frame: Any, crop: Crop, width: int, height: int) -> NDArray[np.uint8]:
        """A frame as upright RGB of ``height`` x ``width``, which are those of the result."""
        if has_alpha(frame):
            frame = opaque(frame, self.samples)
        if self.foreign or crop != Crop():
            frame = self._filtered(frame, crop, *self.orientation.upright_sides(width, height))
        return to_rgb(frame, width, height, self.orientation, self.samples)

    def _filtered(self, frame: Any, crop: Crop, width: int, height: int) -> Any:
        """A frame cropped and, where its colours are not those of Rec. 709, in ``width`` x ``height`` with these."""
        key = (frame.width, frame.height, frame.format.name, crop, width, height)
        if key not in self.graphs:
            self.graphs = {key: self._graph(frame, crop, width, height)}
        self.pushed += 1
        frame.pts, frame.time_base = self.pushed, _CLOCK
        self.graphs[key].push(frame, at=0)
        return self.graphs[key].pull()

    def _graph(self, frame: Any, crop: Crop, width: int, height: int) -> Any:
        """FFmpeg's filters that crop frames and convert their colours by a cube of colours (a "Hald CLUT")."""
        graph = pyav().filter.Graph()
        last = graph.add(
            "buffer",
            video_size=f"{frame.width}x{frame.height}",
            pix_fmt=frame.format.name,
            time_base=str(_CLOCK),
            pixel_aspect="1/1",
            colorspace=str(int(frame.colorspace)),
            range=str(int(frame.color_range)),
        )
        filters = [("crop", f"{{}}:{{}}:{crop.left}:{crop.top}:exact=1")] if crop != Crop() else []
        inner = self._cropped(frame.width, frame.height) if crop != Crop() else (frame.width, frame.height)
        chain = [(name, text.format(*inner)) for name, text in filters]
        if self.foreign:
            scaling = "area" if width < inner[0] else "bicubic"
            reading = "" if frame.format.is_rgb else f":{self.samples.scaler_options()}"
            chain += [
                ("scale", f"{width}:{height}:flags={scaling}+accurate_rnd+full_chroma_int{reading}"),
                ("format", "rgb48le"),
            ]
        for name, text in chain:
            context = graph.add(name, text)
            last.link_to(context)
            last = context
        if not self.foreign:
            last.link_to(graph.add("buffersink"))
            graph.configure()
            return graph
        cube = self._cube()
        side = cube.shape[0]
        table = graph.add(
            "buffer", video_size=f"{side}x{side}", pix_fmt="rgb48le", time_base=str(_CLOCK), pixel_aspect="1/1"
        )
        convert, sink = graph.add("haldclut", "clut=first"), graph.add("buffersink")
        last.link_to(convert, 0, 0)
        table.link_to(convert, 0, 1)
        convert.link_to(sink)
        graph.configure()
        picture = pyav().VideoFrame.from_ndarray(cube, format="rgb48le")
        picture.pts, picture.time_base = 0, _CLOCK
        table.push(picture)
        table.push(None)
        return graph

    def _cube(self) -> NDArray[np.uint16]:
        """The conversion of colours as a square picture in which red runs fastest, then green, then blue."""
        nodes = _CUBE_LEVEL**2
        axis = np.linspace(0, 1, nodes)
        blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
        code = np.stack([red, green, blue], -1).reshape(-1, 3)
        converted = tone_mapping.to_rec709(code, self.primaries, self.transfer, self.peak)
        side = _CUBE_LEVEL**3
        return np.round(converted * 65535).astype(np.uint16).reshape(side, side, 3)


def _peak(frame: Any) -> float:
    """The brightest light of a video in cd/m2: what its frames say, or else what is usual."""
    found = side_data(frame)
    if level := found.get("CONTENT_LIGHT_LEVEL"):
        brightest = struct.unpack_from("<I", level)[0]
        if brightest:
            return float(brightest)
    if (mastering := found.get("MASTERING_DISPLAY_METADATA")) and len(mastering) >= 88:
        numerator, denominator = struct.unpack_from("<2i", mastering, 72)  # of the brightest light; see FFmpeg's struct
        if struct.unpack_from("<i", mastering, 84)[0] and denominator > 0 < numerator:
            return float(numerator / denominator)
    return tone_mapping.USUAL_PEAK
