"""Colours, orientation, crop and sizes of decoded frames."""

import re
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from impasto.pictures import tone_mapping
from impasto.video.source import open_source
from impasto.video.video_file import VideoFile

from .clips import make_clip, pictures, stylize

_REC_709, _REC_2020, _P3 = 1, 9, 12  # FFmpeg's primaries
_PQ, _HLG = 16, 18  # FFmpeg's transfer curves


def ten_bits(path, luma, *, primaries=_REC_2020, transfer=_PQ, matrix=9, peak=0, frames=2):
    """A clip of grey columns, given as 10-bit luma; ``peak``: cd/m2 of its mastering display."""
    width, height = len(luma), 64
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p10le"
        mastering = f":mastering-display=G(1,1)B(1,1)R(1,1)WP(1,1)L({peak * 10000},1)" if peak else ""
        stream.options = {"crf": "1", "x264-params": f"bframes=0{mastering}"}
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = (
            transfer, primaries, matrix, 1,
        )  # fmt: skip
        for index in range(frames):
            frame = av.VideoFrame(width, height, "yuv420p10le")
            for plane, row in zip(frame.planes, (luma, [512] * (width // 2), [512] * (width // 2)), strict=True):
                line = np.zeros(plane.line_size // 2, np.uint16)
                line[: len(row)] = row
                plane.update(np.tile(line, (plane.height, 1)).tobytes())
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def greys(path):
    return next(iter(VideoFile(path).frames())).rgb[20].astype(float)


def columns(values):
    """Code values in [0, 1] as columns of 10-bit luma, eight pixels wide."""
    return np.repeat(np.round(64 + 876 * np.asarray(values)).astype(int), 8)


@pytest.mark.parametrize(("transfer", "peak"), [(_PQ, 0), (_PQ, 4000), (_HLG, 0)])
def test_high_dynamic_range_is_converted_by_the_published_curves_and_that_is_said_once(tmp_path, transfer, peak):
    code = np.linspace(0, 0.9, 16)
    clip = ten_bits(tmp_path / "in.mp4", columns(code), transfer=transfer, peak=peak)
    wanted = 255 * tone_mapping.to_rec709(np.tile(code[:, None], 3), _REC_2020, transfer, peak or 1000)
    assert np.abs(greys(clip)[4::8] - wanted).max() <= 1.5
    video = VideoFile(clip)
    assert [notice for notice in video.notices if "high dynamic range" in notice] == video.notices
    report = stylize(clip, tmp_path / "o.mp4", strength=0, stabilize="off")
    assert report.notices == video.notices
    with av.open(str(tmp_path / "o.mp4")) as container:
        frame = next(container.decode(video=0))
        tags = frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]
    painted = greys(tmp_path / "o.mp4")
    assert np.abs(painted[4::8] - wanted).mean() <= 3
    stylize(clip, tmp_path / "o_%d.png", strength=0, stabilize="off")
    assert np.abs(next(iter(open_source(tmp_path / "o_%d.png").frames())).rgb[20, 4::8] - wanted).mean() <= 3


def test_what_is_no_brighter_than_the_middle_keeps_its_light():
    """18 cd/m2 of PQ are 18 of the 203 that white has."""
    code = np.full((1, 3), 0.3333)
    light = (tone_mapping.to_rec709(code, _REC_709, _PQ) ** 2.4 * 203)[0, 0]
    assert light == pytest.approx(float(tone_mapping._pq_to_light(code)[0, 0]), rel=1e-3)


def test_high_dynamic_range_is_near_what_ffmpeg_makes_of_it(tmp_path):
    """FFmpeg's scaler has a curve of its own, darker in the middle; order and ends must agree."""
    clip = ten_bits(tmp_path / "in.mp4", columns(np.linspace(0, 0.75, 16)), peak=1000)
    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0))
        graph = av.filter.Graph()
        nodes = [
            graph.add(
                "buffer", video_size=f"{frame.width}x{frame.height}", pix_fmt=frame.format.name, time_base="1/25",
                pixel_aspect="1/1", colorspace="9", range="1",
            ),
            graph.add("scale", "out_primaries=bt709:out_transfer=bt709:intent=perceptual"),
            graph.add("format", "rgb24"), graph.add("buffersink"),
        ]  # fmt: skip
        graph.link_nodes(*nodes).configure()
        graph.push(frame)
        theirs = graph.pull().to_ndarray()[20, 4::8].astype(float)
    ours = greys(clip)[4::8]
    assert np.abs(ours - theirs).mean() < 30
    assert np.abs(ours - theirs)[[0, -1]].max() < 4
    assert (np.diff(ours[:, 0]) >= 0).all()


@pytest.mark.parametrize(("primaries", "transfer"), [(_REC_2020, 14), (_P3, 1), (_P3, 13)])
def test_wide_gamuts_are_converted(tmp_path, primaries, transfer):
    clip = make_clip(
        tmp_path / "in.mp4", frames=1, sound=(),
        colors={"colorspace": 1, "color_primaries": primaries, "color_trc": transfer, "color_range": 1},
    )  # fmt: skip
    plain = make_clip(
        tmp_path / "plain.mp4", frames=1, sound=(),
        colors={"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1},
    )  # fmt: skip
    video = VideoFile(clip)
    assert any("wide gamut" in notice for notice in video.notices)
    wanted = 255 * tone_mapping.to_rec709(next(VideoFile(plain).frames()).rgb / 255, primaries, transfer)
    assert np.median(np.abs(next(video.frames()).rgb - wanted)) <= 1.5  # not at edges, where chroma is interpolated
    assert (video.colors.tags["color_primaries"], video.colors.tags["color_trc"]) == (1, 13 if transfer == 13 else 1)
    assert VideoFile(plain).notices == []


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_all_eight_orientations_come_out_upright(tmp_path, turns, mirrored):
    """The display matrix of an MP4 is written by hand: x' = a x + c y, y' = b x + d y."""
    clip = make_clip(tmp_path / "in.mp4", frames=2, sound=(), chapters=False)
    stored = pictures(clip)[0][1]
    matrix = np.array([[1, 0], [0, 1]])
    for _ in range(turns):
        matrix = np.array([[0, 1], [-1, 0]]) @ matrix  # a quarter turn to the left; y runs down
    if mirrored:
        matrix = matrix @ np.array([[-1, 0], [0, 1]])
    (a, c), (b, d) = matrix * 65536
    data = bytearray(clip.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    clip.write_bytes(data)
    video = VideoFile(clip)
    shown = next(video.frames()).rgb
    wanted = np.rot90(stored[:, ::-1] if mirrored else stored, turns)
    assert video.stored == wanted.shape[1::-1]
    assert np.median(np.abs(shown.astype(int) - wanted)) < 3
    # By the matrix itself: where the pixel near the stored upper left corner is shown.
    x, y = matrix @ (np.array([8, 8]) - np.array([31.5, 23.5])) + np.array(shown.shape[1::-1]) / 2 - 0.5
    assert np.abs(shown[round(y), round(x)].astype(int) - stored[8, 8]).max() < 20


def test_the_crop_of_matroska_is_cut_off(tmp_path):
    clip = make_clip(tmp_path / "in.mkv", frames=2, aspect=Fraction(4, 3), sound=(), chapters=False)
    whole = next(VideoFile(clip).frames()).rgb
    data = clip.read_bytes()
    # The description of the picture grows by the elements PixelCropBottom and PixelCropRight; a filler shrinks.
    found = re.search(rb"\xe0\x8a(.{10})(\x55\xee\x81\x00)\xec\x01\0\0\0\0\0\0\x02..", data, re.DOTALL)
    crop = bytes.fromhex("54aa8108 54dd8106")
    clip.write_bytes(
        data[: found.start()] + b"\xe0\x92" + found[1] + crop + found[2] + b"\xec\x81\0" + data[found.end() :]
    )
    video = VideoFile(clip)
    assert video.stored == (58, 40)
    assert np.abs(next(video.frames()).rgb.astype(int) - whole[:40, :58])[:-4, :-4].mean() < 0.1


def test_a_change_of_size_is_fitted_and_said(tmp_path):
    one, two = (make_clip(tmp_path / f"{w}.ts", frames=4, width=w, height=48, sound=()) for w in (64, 32))
    (tmp_path / "in.ts").write_bytes(one.read_bytes() + two.read_bytes())
    video = VideoFile(tmp_path / "in.ts")
    frames = [frame.rgb for frame in video.frames()]
    assert {frame.shape for frame in frames} == {(48, 64, 3)}
    assert frames[-1][:, :15].max() == frames[-1][:, 49:].max() == 0
    assert frames[-1][:, 20:44].mean() > 60
    assert len([notice for notice in video.notices if "changes its size" in notice]) == 1


def test_interlaced_frames_are_made_whole_and_a_part_is_what_it_is_in_the_whole(tmp_path):
    clip = tmp_path / "in.mp4"
    with av.open(str(clip), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 400, 64, "yuv420p"
        stream.options = {"x264-params": "tff=1:keyint=8", "crf": "8"}
        for index in range(30):
            picture = np.full((64, 400, 3), 40, np.uint8)
            picture[::2, 12 * index : 12 * index + 20] = 220
            picture[1::2, 12 * index + 6 : 12 * index + 26] = 220  # the second field is half a frame later
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    video = VideoFile(clip)
    assert any("deinterlaced" in notice for notice in video.notices)
    frames = list(video.frames())
    assert [frame.pts * video.time_base for frame in frames] == [Fraction(index, 25) for index in range(30)]
    with av.open(str(clip)) as container:
        woven = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)][15]
    made = frames[15].rgb[..., 0].astype(float)
    assert np.abs(np.diff(made, axis=0)).mean() < np.abs(np.diff(woven, axis=0)).mean() / 4
    for start in ("0.32", "0.35", "1"):
        part = list(video.frames(Fraction(start)))
        for frame in part:
            np.testing.assert_array_equal(frame.rgb, frames[round(frame.pts * video.time_base * 25)].rgb)


def test_captions_within_the_picture_are_said_once(tmp_path):
    clip = tmp_path / "in.mkv"
    captions = b"\xb5\x00\x31GA94\x03\x41\xff\xfc\x94\x20\xff"  # of CEA-708, in a message of H.264
    unit = b"\x06\x04" + bytes([len(captions)]) + captions + b"\x80"
    plain = make_clip(tmp_path / "plain.mkv", frames=12, sound=(), chapters=False)
    with av.open(str(plain)) as given, av.open(str(clip), "w") as out:
        picture = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                made = av.Packet(len(unit).to_bytes(4, "big") + unit + bytes(packet))
                made.stream, made.pts, made.dts, made.time_base = picture, packet.pts, packet.dts, packet.time_base
                made.is_keyframe = packet.is_keyframe
                out.mux(made)
    video = VideoFile(clip)
    assert sum(1 for _ in video.frames()) == 12
    assert video.notices == ["The closed captions within the picture of in.mkv are left out."]
    assert sum(1 for _ in VideoFile(plain).frames()) == 12
