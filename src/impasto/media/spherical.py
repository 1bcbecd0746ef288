"""What a video says of showing the world all around (360 degrees), read, and written into results.

FFmpeg reads all forms: the boxes ``st3d`` and ``sv3d`` of MP4, the older XML of MP4 (``GSpherical``), and Matroska's
``Projection``. It writes Matroska's from what the stream that a result is modelled on says; in MP4 it writes Apple's
boxes beside ours and loses directions, so that MP4 is completed here.
Source: Spherical Video V2 RFC and V1 RFC (github.com/google/spatial-media, docs).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.files import atomic_path
from impasto.media.boxes import boxes_in
from impasto.media.containers import open_container

EQUIRECTANGULAR, CUBEMAP, TILE = "equirectangular", "cubemap", "equirectangular tile"
_PROJECTIONS = (EQUIRECTANGULAR, CUBEMAP, TILE, "half equirectangular", "rectilinear", "fisheye")  # FFmpeg's order
_STEREO = {0: "mono", 1: "left-right", 2: "top-bottom"}  # FFmpeg's numbers of what MP4 has numbers for, too
STEREO_LAYOUTS = {"mono": 0, "top-bottom": 1, "left-right": 2}
"""Where pictures for two eyes can lie, and the numbers of the box ``st3d`` for that."""
_XML_UUID = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
_XML = """<?xml version="1.0"?>
<rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">
<GSpherical:Spherical>true</GSpherical:Spherical>
<GSpherical:Stitched>true</GSpherical:Stitched>
<GSpherical:StitchingSoftware>Impasto</GSpherical:StitchingSoftware>
<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType>
<GSpherical:StereoMode>{stereo}</GSpherical:StereoMode>
</rdf:SphericalVideo>"""
# Bytes that a box has before the boxes in it: those of the boxes on the way to a track's picture.
_ON_THE_WAY = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"stsd": 8}
_PICTURE_BYTES = 78  # bytes of a picture's sample entry before the boxes in it
_OFFSETS = {b"stco": "I", b"co64": "Q"}  # boxes with places in the file, and the type of these
_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Spherical:
    """What a video says of showing the world all around.

    Attributes:
        projection: how, such as :data:`EQUIRECTANGULAR`.
        stereo: where pictures for two eyes lie: ``"mono"``, ``"top-bottom"``, ``"left-right"``, or ``"other"``.
        pose: yaw, pitch and roll, in degrees times 65536.
        bounds: what a tile leaves out left, top, right and bottom, in shares of the whole times 2^32.
        padding: pixels around the faces of a cube.
    """

    projection: str
    stereo: str = "mono"
    pose: tuple[int, int, int] = (0, 0, 0)
    bounds: tuple[int, int, int, int] = (0, 0, 0, 0)
    padding: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether frames are whole spheres, in a form that can be painted as such."""
        return self.projection == EQUIRECTANGULAR and self.stereo in STEREO_LAYOUTS

    @property
    def can_be_kept(self) -> bool:
        """Whether results can say so as well."""
        return self.projection in (EQUIRECTANGULAR, CUBEMAP, TILE)

    def boxes_of_picture(self) -> bytes:
        """The boxes ``st3d`` and ``sv3d`` for the sample entry of an MP4."""
        kind = (
            _box(b"cbmp", bytes(4), struct.pack(">II", 0, self.padding))
            if self.projection == CUBEMAP
            else _box(b"equi", bytes(4), struct.pack(">4I", self.bounds[1], self.bounds[3], *self.bounds[::2]))
        )
        pose = _box(b"prhd", bytes(4), struct.pack(">3i", *self.pose))
        stereo = _box(b"st3d", bytes(4), bytes([STEREO_LAYOUTS.get(self.stereo, 0)]))
        return stereo + _box(b"sv3d", _box(b"svhd", bytes(4), b"Impasto\0"), _box(b"proj", pose, kind))

    def box_of_track(self) -> bytes:
        """The XML that older players read, for the track of an MP4; empty where it has no words for this."""
        if not self.is_whole:
            return b""
        return _box(b"uuid", _XML_UUID, _XML.format(stereo=self.stereo).encode())


def read_spherical(frame: Any) -> Spherical | None:
    """What the stream of a decoded frame says of showing the world all around; ``None`` if nothing."""
    said = {data.type.name: bytes(data) for data in frame.side_data}
    try:
        projection, *pose = struct.unpack_from("=4i", said["SPHERICAL"])
        *bounds, padding = struct.unpack_from("=5I", said["SPHERICAL"], 16)
        name = _PROJECTIONS[projection] if projection in range(len(_PROJECTIONS)) else f"number {projection}"
        stereo = struct.unpack_from("=2i", said["STEREO3D"]) if "STEREO3D" in said else (0, 0)
    except (KeyError, struct.error):
        return None
    yaw, pitch, roll = pose
    left, top, right, bottom = bounds
    layout = "other" if stereo[1] & 1 else _STEREO.get(stereo[0], "other")  # inverted: the right eye comes first
    return Spherical(name, layout, (yaw, pitch, roll), (left, top, right, bottom), padding)


def write_model(segment: Path, model: Path, spherical: Spherical) -> None:
    """Write a file whose stream is that of a segment and says that it shows the world all around.

    A Matroska file whose stream is modelled on it says so, too.

    Args:
        segment: a file with one stream.
        model: the file to write: MP4 with the first packet of the stream.
        spherical: what it says.
    """
    with open_container(segment) as source, open_container(model, "w", format="mp4") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.pts is not None:
                packet.stream, packet.dts = stream, packet.pts
                output.mux(packet)
                break
    complete_mp4(model, spherical)


def complete_mp4(path: Path, spherical: Spherical) -> None:
    """Have the picture of an MP4 say that it shows the world all around.

    The file's index grows by what is said; where pictures and sound lie behind it, their places move along.

    Args:
        path: the file, which is replaced.
        spherical: what it says.
    """
    with path.open("rb") as source:
        places = list(_boxes_of_file(source))
        start, size, _ = next(place for place in places if place[2] == b"moov")
        source.seek(start)
        index = source.read(size)
        longer = _completed(index, spherical, 0)
        if any(kind == b"mdat" and at > start for at, _, kind in places):
            longer = _completed(index, spherical, len(longer) - len(index))
        with atomic_path(path) as temporary, temporary.open("wb") as target:
            source.seek(0)
            _copy(source, target, start)
            target.write(longer)
            source.seek(start + size)
            _copy(source, target, None)


def _copy(source: Any, target: Any, count: int | None) -> None:
    """Copy bytes from one open file to another; ``None``: to the end."""
    while count is None or count > 0:
        part = source.read(_COPY_BYTES if count is None else min(_COPY_BYTES, count))
        if not part:
            return
        target.write(part)
        count = None if count is None else count - len(part)


def _completed(index: bytes, spherical: Spherical, moved: int) -> bytes:
    """The index (``moov``) of an MP4 that says it of its first track of pictures.

    Args:
        index: the box.
        spherical: what it says.
        moved: bytes by which everything behind the index moves.
    """
    done = False

    def inside(start: int, end: int, in_picture: bool) -> bytes:
        """The boxes in a span, changed."""
        nonlocal done
        parts = []
        for kind, begins, holds, ends in boxes_in(index, start, end):
            if kind in _ON_THE_WAY:
                within = holds + _ON_THE_WAY[kind]
                is_track = kind == b"trak" and not done and _is_of_pictures(index[begins:ends])
                made = index[holds:within] + inside(within, ends, in_picture or is_track)
                if is_track:
                    done, made = True, made + spherical.box_of_track()
                if kind == b"stsd" and in_picture:
                    made = index[holds:within] + _entry(index[within:ends], spherical)
                parts.append(_box(kind, made))
            elif kind in _OFFSETS and moved:
                (count,) = struct.unpack_from(">I", index, holds + 4)
                form = f">{count}{_OFFSETS[kind]}"
                moved_to = (place + moved for place in struct.unpack_from(form, index, holds + 8))
                parts.append(_box(kind, index[holds : holds + 8], struct.pack(form, *moved_to)))
            else:
                parts.append(index[begins:ends])
        return b"".join(parts)

    return inside(0, len(index), False)


def _entry(entries: bytes, spherical: Spherical) -> bytes:
    """The sample entries of a track of pictures, of which the first is completed."""
    kind, _, holds, ends = next(boxes_in(entries, 0, len(entries)))
    whole = _box(kind, entries[holds:ends], spherical.boxes_of_picture())
    return whole + entries[ends:]


def _is_of_pictures(track: bytes) -> bool:
    """Whether a track (``trak``) is one of pictures."""
    at = track.find(b"hdlr")
    return at > 0 and track[at + 12 : at + 16] == b"vide"


def _box(kind: bytes, *parts: bytes) -> bytes:
    """A box of an MP4."""
    inside = b"".join(parts)
    return struct.pack(">I4s", 8 + len(inside), kind) + inside


def _boxes_of_file(source: Any) -> Iterator[tuple[int, int, bytes]]:
    """The outermost boxes of an open file: where each begins, its bytes, and its kind."""
    at = 0
    while len(head := source.read(16)) >= 8:
        size, kind = struct.unpack_from(">I4s", head)
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
        if size < 8:
            return
        yield at, size, kind
        at += size
        source.seek(at)
