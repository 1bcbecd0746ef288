"""How to paint in one pass of the network: the options, and the line about them in a result's metadata.

The same options, under the same names, are those of :func:`impasto.stylize`, :func:`impasto.stylize_video`, the
command line and the studio. What is known of each is written in :class:`Options` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypedDict, get_args

from impasto import memory
from impasto.engines.devices import DEVICES, ENGINES, Device, EngineName
from impasto.errors import InputError
from impasto.learning.settings import EffortChoice
from impasto.options import SliderRange, changed_options, check_options, documented, option, say_value
from impasto.pictures.colors import COLOR_MODES, ColorMode
from impasto.pictures.masks import MaskLike
from impasto.pictures.projections import PROJECTIONS, Projection
from impasto.styles.style import Style
from impasto.version import __version__

REFINING_ITERATIONS = 16  # iterations at each scale that are enough for a fast painting
AUTO_WORK_SIDE = 1000  # pixels: longer side at which strokes are laid by default on a large picture
AUTO_LARGEST_SIDE = 1500  # pixels: longer side up to which a picture is no large one, and is painted directly
_MANY = 1e15  # pixels or bytes: an upper limit that no picture and no machine reaches


@documented
@dataclass(frozen=True, kw_only=True)
class Options:
    """How to paint: the same names and defaults for images, folders, video and the command line."""

    strength: float = option(
        1.0,
        low=0,
        high=1,
        slider=SliderRange(0.0, 1.0, 0.01),
        help="How strong the style is: 0 is the photograph itself, 1 the full style.",
    )
    size: int = option(
        0,
        low=0,
        high=_MANY,
        whole=True,
        unit="pixels",
        expected="the longer side in pixels, or 0 to keep it",
        help="Longer side of the result in pixels; 0 keeps the input's size.",
        doc="Longer side of the result in pixels; 0 keeps the input's size, and more than that enlarges.",
    )
    colors: ColorMode = option(
        "style",
        choices=COLOR_MODES,
        title="colour mode",
        help="style: the style's colours; content: the photograph's; match: painted in the style's, then shifted to "
        "the photograph's range of colours.",
        doc="The style's colours; the photograph's chroma under the result's luminance; or the result's colours with "
        "the photograph's mean and covariance.",
    )
    style_scale: float = option(
        1.0,
        low=0.25,
        high=32,
        slider=SliderRange(0.5, 8.0, 0.1),
        help="Size of the brush strokes: 2 is twice as large, 0.5 half as large.",
        doc="Size of the strokes: 1 as trained, 2 twice as large.",
    )
    style_effort: EffortChoice = option(
        "auto",
        choices=get_args(EffortChoice),
        noted=False,
        help="How a picture is made a style: quick predicts it, draft fits it for some seconds, full for a minute; "
        "auto takes the best that is kept, else a draft.",
        doc="How much is done for a style that is a picture: predict it, fit it for some steps, or for "
        "more; ``auto`` takes the best that is kept, else a draft, and predicts it without the extra ``train``.",
    )
    grain: float = option(
        1.0,
        low=0,
        high=4,
        slider=SliderRange(0.0, 1.0, 0.05),
        help="Strokes in even parts, such as a clear sky: 0 leaves them plain, 1 is as the style was learnt.",
        doc="How uneven the network sees the picture, so that even parts get strokes, too; 1 is as trained, 0 not at "
        "all.",
    )
    work_size: int | Literal["auto"] = option(
        "auto",
        low=64,
        also=0,
        high=_MANY,
        whole=True,
        unit="pixels",
        expected="at least 64, or 0 for the result's own, or auto",
        help="Longer side, in pixels, of a first painting that is then refined to full size, so that strokes are "
        f"large; 0: none; auto: {AUTO_WORK_SIDE} for results larger than {AUTO_LARGEST_SIDE}.",
        doc="Longer side at which strokes are laid, to be refined at full size; 0 is the result's, auto is "
        f"{AUTO_WORK_SIDE} for results larger than {AUTO_LARGEST_SIDE}.",
    )
    refine: int = option(
        0,
        low=0,
        high=1000,
        whole=True,
        unit="iterations",
        title="number of refining iterations",
        metavar="N",
        help="Optimise what was painted, for more of the style's strokes and shapes: N iterations at half the size and "
        f"N at full size; {REFINING_ITERATIONS} are enough, and take 20 to 30 seconds. Needs the extra train.",
        doc="Iterations at half the size, and as many at full size, by which the painting is optimised towards the "
        f"style; {REFINING_ITERATIONS} are enough, 0: none. Needs the extra ``train``.",
    )
    projection: Projection = option(
        "auto",
        choices=PROJECTIONS,
        help="Of pictures all around (360 degrees). equirectangular: painted without a seam and with round poles; "
        "flat: as any picture; auto: as the file itself says.",
        doc="How the picture shows the world: all around (``equirectangular``), painted without a seam and with round "
        "poles; flat; or what its metadata say.",
    )
    mask: MaskLike | None = option(
        None,
        compare=False,
        noted=False,
        doc="Where strength applies: a file, a PIL image or an array of the picture's or the result's size, in which "
        "white is fully.",
    )
    masks: Mapping[str, MaskLike] = option(
        factory=dict,
        compare=False,
        noted=False,
        doc="Where a style applies, by its name; styles without a mask share what the masks leave, and where no style "
        "is, the photograph stays.",
    )
    device: Device = option(
        "auto",
        choices=DEVICES,
        noted=False,
        help="Where to compute: cpu, cuda (NVIDIA), mps (Apple), or auto, the best of these; directml, coreml or "
        "webgpu through onnxruntime.",
        doc="Where to run.",
    )
    engine: EngineName = option(
        "auto",
        choices=ENGINES,
        noted=False,
        help="What runs the network: onnxruntime, openvino (extra openvino), torch (extra train), or auto: see impasto "
        "doctor, which measures them.",
        doc="What runs the network; ``auto`` is what ``IMPASTO_ENGINE`` names, else onnxruntime on the CPU, and for "
        "many pictures OpenVINO where ``impasto doctor`` has measured that it is faster.",
    )
    max_memory: int = option(
        0,
        low=0,
        high=_MANY,
        unit="bytes",
        noted=False,
        expected="a number of bytes, or 0 to have it chosen",
        help="Memory to use at most, such as 2G or 800M; auto: half of what is free, up to 2G.",
        doc='Bytes that the process may take, or text such as ``"2G"``; 0 is half of what is free, at most 2 GB.',
    )
    max_pixels: int = option(
        memory.MAX_PIXELS,
        low=1,
        high=_MANY,
        unit="pixels",
        noted=False,
        expected="a number of pixels",
        help="Refuse pictures of more pixels than this, before reading them.",
        doc="Pixels of the largest picture that is taken; a larger one is refused before it is decoded.",
    )

    def __post_init__(self) -> None:
        if not isinstance(self.masks, Mapping):
            raise InputError(f"The option masks takes a dictionary of masks by style, not {say_value(self.masks)}.")
        object.__setattr__(self, "max_memory", memory.parse_limit(self.max_memory))
        check_options(self)

    def stroke_side(self, longer_side: int) -> int:
        """Pixels of the longer side at which strokes are laid for a result with a longer side in pixels.

        It is larger than the result where strokes are to be smaller than the network's.
        """
        if self.work_size == "auto":
            work = AUTO_WORK_SIDE if longer_side > AUTO_LARGEST_SIDE else longer_side
        else:
            work = min(self.work_size or longer_side, longer_side)
        return max(1, round(work / self.style_scale))

    def every_mask(self) -> dict[str | None, MaskLike]:
        """All masks by the name of their style; the mask of the strength is under ``None``."""
        return ({} if self.mask is None else {None: self.mask}) | dict(self.masks)

    def with_masks(self, masks: Mapping[str | None, MaskLike]) -> Options:
        """These options with other masks, which are given as :meth:`every_mask` returns them."""
        by_style = {name: mask for name, mask in masks.items() if name is not None}
        return replace(self, mask=masks.get(None), masks=by_style)


class OptionKeywords(TypedDict, total=False):
    """The fields of :class:`Options` as keywords of a call, in all forms that they can be given in."""

    strength: float
    size: int
    colors: ColorMode
    style_scale: float
    style_effort: EffortChoice
    grain: float
    work_size: int | Literal["auto"]
    refine: int
    projection: Projection
    mask: MaskLike | None
    masks: Mapping[str, MaskLike]
    device: Device
    engine: EngineName
    max_memory: int | str
    max_pixels: int


DEFAULTS = Options()


def describe(style: Style, options: Options) -> str:
    """One line for the result's metadata: the version, the style, and the options that differ from their defaults."""
    parts = [f"impasto {__version__}", f"style={style.name}"]
    if "blend" in style.metadata:
        parts.append(f"blend={style.metadata['blend']}")
    if style.metadata.get("style_effort", "full") != "full":
        parts.append(f"style_effort={style.metadata['style_effort']}")
    parts += [f"{name}={value}" for name, value in changed_options(options)]
    if options.mask is not None:
        parts.append("mask=strength")
    if options.masks:
        parts.append(f"masks={'+'.join(options.masks)}")
    return " ".join(parts)
