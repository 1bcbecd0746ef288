"""What a picture stream says of itself beside its samples: its crop, and that it is stereoscopic.

PyAV does not show this data of a stream. FFmpeg writes all of it into the header of a Matroska file, whichever
container it was read from; so such a header is made in memory and read.
"""

from __future__ import annotations

import io
import logging
from typing import Any

from impasto.errors import Sentence
from impasto.extras import pyav
from impasto.media.matroska import SEGMENT, elements
from impasto.video.frame_converter import Crop

log = logging.getLogger(__name__)

_VIDEO = (SEGMENT, 0x1654AE6B, 0xAE, 0xE0)  # the ids down to the description of a picture: tracks, track, video
_CROPS = {0x54CC: "left", 0x54BB: "top", 0x54DD: "right", 0x54AA: "bottom"}
_STEREO_MODE = 0x53B8


def crop_and_notices(name: str, stream: Any, *, keeps_stereo: bool = False) -> tuple[Crop, list[str]]:
    """The crop of a picture stream, and sentences on its tags that no result has.

    Args:
        name: of the file, for the sentences.
        stream: of a file that PyAV has opened.
        keeps_stereo: whether results say that they are stereoscopic, as spherical ones do.
    """
    header = _matroska_header(stream)
    values = {id: int.from_bytes(content, "big") for id, content in elements(header, *_VIDEO) if len(content) <= 8}
    crop = Crop(**{side: values.get(id, 0) for id, side in _CROPS.items()})
    notices: list[str] = []
    if values.get(_STEREO_MODE) and not keeps_stereo:
        text = f"{name} is marked as stereoscopic (3D); the result is not."
        notices.append(Sentence(text, "stereoscopic", name=name))
    return crop, notices


def _matroska_header(stream: Any) -> bytes:
    """The header of a Matroska file with this stream alone; empty where Matroska does not take it."""
    av = pyav()
    made = io.BytesIO()
    try:
        with av.open(made, "w", format="matroska") as container:
            container.add_stream_from_template(stream, opaque=True)
            container.start_encoding()
    except (av.error.FFmpegError, ValueError) as error:
        log.info("The tags of %s cannot be read: %s", stream, error)
    return made.getvalue()
