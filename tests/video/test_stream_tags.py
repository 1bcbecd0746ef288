from impasto.media.spherical import Spherical
from impasto.video.video_file import VideoFile

from .clips import make_clip

_SPHERICAL = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")  # the id of the box of a spherical video
_XML = (
    b'<?xml version="1.0"?><rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/"><GSpherical:Spherical>true</GSpherical:Spherical>'
    b"<GSpherical:StitchingSoftware>none</GSpherical:StitchingSoftware><GSpherical:Stitched>true</GSpherical:Stitched><GSpherical:ProjectionType>equirectangular"
    b"</GSpherical:ProjectionType><GSpherical:StereoMode>top-bottom</GSpherical:StereoMode></rdf:SphericalVideo>"
)


def with_box(data, box, *path):
    """An MP4 with a box at the end of the box at ``path``; the samples stand before all boxes that grow."""
    at, ends = 0, len(data)
    sizes = []
    for name in path:
        at = data.index(name, at, ends) - 4
        sizes.append(at)
        ends = at + int.from_bytes(data[at : at + 4], "big")
        at += 8
    data = bytearray(data)
    for place in sizes:
        data[place : place + 4] = (int.from_bytes(data[place : place + 4], "big") + len(box)).to_bytes(4, "big")
    return bytes(data[:ends] + box + data[ends:])


def test_the_older_xml_says_that_a_video_is_spherical_and_stereoscopic(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=2, sound=(), chapters=False)
    assert VideoFile(clip).spherical is None
    box = _SPHERICAL + _XML
    box = (8 + len(box)).to_bytes(4, "big") + b"uuid" + box
    clip.write_bytes(with_box(clip.read_bytes(), box, b"moov", b"trak"))
    video = VideoFile(clip)
    assert sum(1 for _ in video.frames()) == 2
    assert video.spherical == Spherical("equirectangular", "top-bottom")
    assert video.notices == []  # results say both


def test_stereoscopic_video_that_is_flat_is_said_once(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=2, sound=(), chapters=False)
    box = (13).to_bytes(4, "big") + b"st3d" + bytes([0, 0, 0, 0, 1])
    clip.write_bytes(with_box(clip.read_bytes(), box, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"))
    assert VideoFile(clip).notices == ["in.mp4 is marked as stereoscopic (3D); the result is not."]
