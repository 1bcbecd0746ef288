"""Stick figures of clips: one panel a clip, and strips of several moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.motion import quaternions
from impasto.motion.body import Body
from impasto.motion.joints import chain
from impasto.motion.quaternions import Array
from impasto.motion.series import smooth

_BACKGROUND, _FLOOR, _INK = (250, 249, 246), (222, 219, 212), (70, 66, 60)
_COLORS = {"left": (38, 110, 180), "right": (214, 92, 44), "": (60, 58, 56)}  # colours of the limbs, by their side
_FAR = 0.45  # share of the background in what is on the far side
_TILT = np.deg2rad(12)  # the camera looks down by this angle
_TURN = np.deg2rad(55)  # angle between where the body heads and where the camera looks from
_HEIGHT = 2.75  # leg lengths from the lower to the upper edge of a panel
_BELOW = 0.42  # leg lengths of floor at the lower edge of a panel
_GRID = 0.5  # leg lengths between the lines on the floor
_AHEAD, _ASIDE = 2.5, 1.4  # leg lengths that the lines reach to either side, and towards the camera and away from it
_SHARPER = 2  # how many times as large figures are drawn before they are reduced
_FOLLOW_SECONDS = 0.6  # standard deviation of the Gaussian by which the camera follows


@dataclass(frozen=True, eq=False)
class Figure:
    """A clip as it is drawn.

    Attributes:
        label: what is written under it.
        points: F x J x 3 in leg lengths, seen from the camera: x to the right, y up, z towards the camera; the floor is
            at y 0.
        center: F x 2, where on the floor the camera looks, x and z.
        bones: pairs of joints, and the side of the body: ``"left"``, ``"right"`` or ``""``.
        rate: frames a second.
        head: the joint at which the head is drawn; ``None``: there is none.
    """

    label: str
    points: Array = field(repr=False)
    center: Array = field(repr=False)
    bones: list[tuple[int, int, str]] = field(repr=False)
    rate: float
    head: int | None = None

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.points)


def figure_of(body: Body, label: str) -> Figure:
    """A body as it is drawn: seen from the side that it heads along, a little from ahead."""
    heading = np.arctan2(np.sin(body.heading).mean(), np.cos(body.heading).mean())
    turn = quaternions.about_axis(1, np.array(_TURN - heading))
    points = quaternions.rotate(turn, body.positions) / body.leg
    lowest = points[..., _drawn(body), 1].min(axis=1)
    points = points - np.array([0.0, float(np.percentile(lowest, 3)), 0.0])
    hips = points[:, [body.joints["left-thigh"], body.joints["right-thigh"]]].mean(1)
    center = smooth(hips[:, [0, 2]], _FOLLOW_SECONDS * body.clip.rate)
    return Figure(label, points, center, _bones(body), body.clip.rate, body.joints.get("head"))


def _drawn(body: Body) -> list[int]:
    """The joints that hang on the hips; a root that stands still is not among them."""
    hips = body.joints["hips"]
    return [index for index in range(len(body.clip.joints)) if chain(body.clip, hips, index)]


def _bones(body: Body) -> list[tuple[int, int, str]]:
    """What is drawn between which joints; fingers and faces are left out."""
    hands = [body.joints[f"{side}-hand"] for side in ("left", "right") if f"{side}-hand" in body.joints]
    limbs = {side: [i for name, i in body.joints.items() if name.startswith(side)] for side in ("left", "right")}
    bones = []
    for index in _drawn(body)[1:]:
        parent = body.clip.joints[index].parent
        if parent == body.joints.get("head"):  # which is drawn as a disc
            continue
        if any(parent in chain(body.clip, hand, parent) and parent != hand for hand in hands):
            continue
        sides = [
            side
            for side in limbs
            if any(chain(body.clip, top, index) or chain(body.clip, index, top) for top in limbs[side])
        ]
        bones.append((parent, index, sides[0] if len(sides) == 1 else ""))
    return bones


def draw_panel(figure: Figure, frame: int, size: tuple[int, int]) -> Image.Image:
    """Draw a figure at one frame; lines on the floor show how it goes.

    Args:
        figure: the figure.
        frame: the frame.
        size: width and height in pixels.
    """
    width, height = size[0] * _SHARPER, size[1] * _SHARPER
    scale = height / _HEIGHT
    image = Image.new("RGB", (width, height), _BACKGROUND)
    draw = ImageDraw.Draw(image)
    center = figure.center[frame]

    def place(points: Array) -> Array:
        """Pixels of points, N x 3 to N x 2."""
        x, z = points[:, 0] - center[0], points[:, 2] - center[1]
        up = points[:, 1] * np.cos(_TILT) - z * np.sin(_TILT)
        return np.stack([width / 2 + x * scale, height - (up + _BELOW) * scale], axis=1)

    _draw_floor(draw, place, center)
    points = figure.points[frame]
    pixels = place(points)
    shadow = place(points * np.array([1.0, 0.0, 1.0]))
    thick = max(int(0.055 * scale), 2)
    for one, other, _ in figure.bones:
        draw.line([tuple(shadow[one]), tuple(shadow[other])], fill=(205, 201, 193), width=thick)
    for one, other, side in sorted(figure.bones, key=lambda bone: points[bone[0], 2] + points[bone[1], 2]):
        near = (points[one, 2] + points[other, 2]) / 2 - center[1]
        share = _FAR * float(np.clip(0.5 - 2 * near, 0, 1))
        color = tuple(int((1 - share) * a + share * b) for a, b in zip(_COLORS[side], _BACKGROUND, strict=True))
        draw.line([tuple(pixels[one]), tuple(pixels[other])], fill=color, width=thick)
        for joint in (one, other):
            _dot(draw, pixels[joint], thick / 2, color)
    if figure.head is not None:
        top = pixels[figure.head] - np.array([0, 0.1 * scale])
        _dot(draw, top, 0.13 * scale, _COLORS[""])
    return image.reduce(_SHARPER)


def _draw_floor(draw: ImageDraw.ImageDraw, place: Callable[[Array], Array], center: Array) -> None:
    """Draw the lines on the floor, which stay where they are while the camera goes along."""
    for axis, reach in ((0, _AHEAD), (1, _ASIDE)):
        first = np.ceil((center[axis] - reach) / _GRID) * _GRID
        for at in np.arange(first, center[axis] + reach, _GRID):
            ends = np.zeros((2, 3))
            other = (_ASIDE, _AHEAD)[axis]
            ends[:, 0 if axis == 0 else 2] = at
            ends[:, 2 if axis == 0 else 0] = center[1 - axis] + np.array([-other, other])
            (x, y), (u, v) = place(ends).tolist()
            draw.line([(x, y), (u, v)], fill=_FLOOR, width=_SHARPER)


def _dot(draw: ImageDraw.ImageDraw, at: Array, radius: float, color: tuple[int, ...]) -> None:
    """Draw a filled circle."""
    draw.ellipse([at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius], fill=color)


def draw_side_by_side(figures: Sequence[Figure], seconds: float, panel: tuple[int, int]) -> Image.Image:
    """Draw figures at one time beside each other; one that has ended begins again.

    Args:
        figures: one or several.
        seconds: since the first frame.
        panel: width and height of each, in pixels.
    """
    width, height = panel
    sheet = Image.new("RGB", (width * len(figures), height), _BACKGROUND)
    for index, figure in enumerate(figures):
        frame = round(seconds * figure.rate) % figure.frames
        sheet.paste(draw_panel(figure, frame, panel), (index * width, 0))
        _write(sheet, figure.label, (index * width + width // 2, height - 6), "ms", height)
    return sheet


def draw_strip(figures: Sequence[Figure], moments: int, height: int) -> Image.Image:
    """Draw several moments of each clip, a row a clip, from its first frame to its last.

    Args:
        figures: one or several.
        moments: how many.
        height: of a row, in pixels.
    """
    width = int(height * 0.7)
    sheet = Image.new("RGB", (width * moments, height * len(figures)), _BACKGROUND)
    for row, figure in enumerate(figures):
        for column, frame in enumerate(np.linspace(0, figure.frames - 1, moments).round().astype(int)):
            sheet.paste(draw_panel(figure, int(frame), (width, height)), (column * width, row * height))
        _write(sheet, figure.label, (8, row * height + 6), "lt", height)
    return sheet


def _write(sheet: Image.Image, text: str, at: tuple[int, int], anchor: str, height: int) -> None:
    """Write a label."""
    ImageDraw.Draw(sheet).text(at, text, _INK, ImageFont.load_default(max(height // 20, 11)), anchor)


def label_of(name: str) -> str:
    """What is written under a clip: the file's name without its folder and suffix."""
    return Path(name).stem[:40]
