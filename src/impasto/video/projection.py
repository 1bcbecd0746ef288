"""Whether the frames of a video are painted as spheres, and what a result keeps of that."""

from __future__ import annotations

from impasto.errors import Sentence
from impasto.media.spherical import Spherical
from impasto.pictures.projections import Projection, check_whole
from impasto.pictures.sphere import Layout
from impasto.video.frame import VideoSource

_LAYOUTS: dict[str, Layout] = {"mono": "mono", "top-bottom": "top-bottom", "left-right": "left-right"}


def is_all_around(source: VideoSource, projection: Projection, *, by_network: bool) -> bool:
    """Whether frames are painted as spheres; the source's notices say where its own word is not followed.

    Args:
        source: the video.
        projection: what is asked for.
        by_network: whether the network paints; frames that are optimised are always flat.

    Raises:
        InputError: spheres are asked for, and frames cannot be such.
    """
    said = source.spherical
    if projection == "equirectangular" and layout_of(source) is None:
        check_whole((source.width, source.height))
    if projection != "auto":
        return projection == "equirectangular" and by_network
    if said is None or (said.is_whole and by_network):
        return said is not None
    what = said.projection if said.stereo in _LAYOUTS else f"{said.projection}, {said.stereo} stereo"
    text = f"{source.path.name} shows the world all around ({what}), and is painted as flat frames."
    source.notices.append(Sentence(text, "painted_flat", name=source.path.name, what=what))
    return False


def layout_of(source: VideoSource) -> Layout | None:
    """Where the spheres of two eyes lie in frames; ``None``: the video does not say that it shows spheres."""
    said = source.spherical
    return _LAYOUTS[said.stereo] if said is not None and said.is_whole else None


def kept_projection(source: VideoSource, container: str | None, codec: str) -> tuple[Spherical | None, list[str]]:
    """What a result says of showing the world all around, and a notice where it cannot say what its source says.

    Args:
        source: the video.
        container: FFmpeg's name of the result's; ``None``: numbered pictures.
        codec: of the result.
    """
    said = source.spherical
    if said is None:
        return None, []
    if container not in (None, "gif") and said.can_be_kept and codec != "ffv1":
        return said, []
    text = f"The result does not say that it shows the world all around, as {source.path.name} does; tell the player."
    return None, [Sentence(text, "projection_not_kept", name=source.path.name)]
