from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.pictures.profiles import srgb_profile
from impasto.pictures.reading import read_picture
from impasto.video.source import open_source
from impasto.video.video_file import VideoFile

from .clips import make_clip, scene

av = pytest.importorskip("av")
COCKATOO = Path(__file__).parents[3] / "shared" / "video" / "cockatoo.mp4"


def intra_refresh(path):
    """A clip with key frames from which nothing can be decoded whole: blocks are refreshed column by column."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.options = {"x264-params": "intra-refresh=1:keyint=12:bframes=0:ref=1"}
        for index in range(60):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(scene(index, 128, 96), format="rgb24")))
        out.mux(stream.encode(None))
    return path


def check_seeking(path, starts, size=0):
    video = VideoFile(path, size=size)
    whole = {frame.pts: frame.rgb for frame in video.frames()}
    for start in starts:
        part = list(video.frames(Fraction(start)))
        shown = max(pts for pts in whole if pts * video.time_base <= Fraction(start))
        assert [frame.pts for frame in part] == [pts for pts in whole if pts >= shown]
        assert all(np.array_equal(frame.rgb, whole[frame.pts]) for frame in part)
    assert video.damaged == 0


def test_a_part_is_what_it_is_in_the_whole(tmp_path):
    check_seeking(make_clip(tmp_path / "in.mp4", frames=30), ["0.3", "1.1", "2"])
    check_seeking(intra_refresh(tmp_path / "refresh.mp4"), ["1.55", "3.5", "5"])


@pytest.mark.skipif(not COCKATOO.exists(), reason="../shared/video is not here")
def test_a_part_of_a_clip_whose_key_frames_cannot_be_decoded_alone():
    check_seeking(COCKATOO, ["4.8", "10.9"], size=128)


def test_sound_that_outlasts_the_picture_is_no_early_end(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=12)
    longer = tmp_path / "longer.mkv"
    with av.open(str(clip)) as source, av.open(str(longer), "w") as out:
        streams = {s.index: out.add_stream_from_template(s) for s in (source.streams.video[0], source.streams.audio[0])}
        for packet in source.demux([source.streams[index] for index in streams]):
            if packet.dts is not None and (
                packet.stream.type == "audio" or packet.pts * packet.time_base < Fraction(1, 2)
            ):
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    video = VideoFile(longer)
    assert 4 <= sum(1 for _ in video.frames()) <= 8
    assert not video.truncated


def test_a_short_file_that_was_cut_off_says_so(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=16, rate=16, sound=(), options={"movflags": "+faststart"})
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    video = VideoFile(clip)
    assert 3 < sum(1 for _ in video.frames()) < 16
    assert video.truncated


def see_through(path, codec, pixel_format):
    """A green clip, the left half of it transparent, the rest half so up to three quarters."""
    picture = np.zeros((48, 64, 4), np.uint8)
    picture[..., 1:4:2] = 255
    picture[:, :32, 3], picture[:, 32:48, 3] = 0, 128
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixel_format
        for _ in range(2):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgba").reformat(format=pixel_format)))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("codec", "pixel_format"), [("png", "rgba"), ("prores_ks", "yuva444p10le"), ("qtrle", "argb")])
@pytest.mark.parametrize("size", [0, 32])
def test_transparent_places_are_white_and_that_is_said(tmp_path, codec, pixel_format, size):
    video = VideoFile(see_through(tmp_path / "in.mov", codec, pixel_format), size=size)
    assert any("on white" in notice for notice in video.notices)
    for frame in video.frames():
        across = frame.rgb[8, [1, video.width * 5 // 8, -2]].astype(int)
        assert np.abs(across - [(255, 255, 255), (127, 255, 127), (0, 255, 0)]).max() <= 2


def test_a_second_picture_of_an_unknown_codec_is_left_out_with_a_word(tmp_path):
    clip = make_clip(tmp_path / "in.mov", frames=2, second=(32, 24), sound=(), chapters=False)
    data = clip.read_bytes()
    at = data.rindex(b"avc1")
    clip.write_bytes(data[:at] + b"zzzz" + data[at + 4 :].replace(b"avcC", b"zzzz", 1))
    video = VideoFile(clip)
    assert sum(1 for _ in video.frames()) == 2
    assert [notice for notice in video.notices if "left out" in notice] == [
        "The video stream 1 (unknown) of in.mov is left out."
    ]


def test_the_transparency_of_webm_is_left_out_and_that_is_said(tmp_path):
    video = VideoFile(see_through(tmp_path / "in.webm", "libvpx-vp9", "yuva420p"))
    assert any("transparency" in notice for notice in video.notices)
    assert VideoFile(make_clip(tmp_path / "plain.mp4", frames=1)).notices == []


@pytest.mark.parametrize("orientation", [1, 6])
def test_frames_of_an_animation_are_decoded_as_pictures_are(orientation, tmp_path):
    """Upright, and with the colours of their profile, as the first frame is that apply reads."""
    frames = [Image.new("RGB", (12, 8), colour) for colour in ((250, 80, 60), (60, 80, 250))]
    exif = Image.Exif()
    exif[0x0112] = orientation
    profile = bytearray(srgb_profile())
    at = profile.index(b"para") if b"para" in profile else profile.index(b"curv")
    profile[at + 12 : at + 16] = (65536).to_bytes(4, "big")  # the exponent of the curve: another gamma
    path = tmp_path / "moving.png"
    frames[0].save(path, save_all=True, append_images=frames[1:], exif=exif, icc_profile=bytes(profile), duration=100)
    source = open_source(path)
    first, _ = source.frames()
    assert source.stored == ((8, 12) if orientation == 6 else (12, 8))
    wanted = read_picture(path).rgb * 255
    assert np.abs(wanted - (250, 80, 60)).max() > 5
    assert np.abs(first.rgb - wanted).max() <= 1
