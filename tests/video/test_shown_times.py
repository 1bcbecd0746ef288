from fractions import Fraction

import av
import numpy as np
import pytest

from impasto.video.video_file import VideoFile

from .clips import stylize


def flashes(path, codec, between):
    """Three seconds of AVI whose pictures 25 and 50 are white and whose sound is loud at seconds 1 and 2."""
    with av.open(str(path), "w") as out:
        stream, sound = out.add_stream(codec, rate=25), out.add_stream("pcm_s16le", rate=48000)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        options = {"x264-params": f"bframes={between}:b-adapt=0:keyint=20"} if codec == "libx264" else {}
        stream.options = {"bf": str(between)} | options
        sound.codec_context.layout = "mono"
        packets = []
        for index in range(75):
            picture = np.full((64, 96, 3), 255 if index in (25, 50) else 40, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        wave = np.zeros((1, 144_000), np.int16)
        wave[:, 48_000:50_000] = wave[:, 96_000:98_000] = 20_000
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        for packet in sorted([*packets, *sound.encode(frame)], key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


def seen(path, start=None):
    video = VideoFile(path)
    frames = video.frames(start)
    return [round(float(f.pts * video.time_base - video.origin), 3) for f in frames if f.rgb.mean() > 150]


@pytest.mark.parametrize(("codec", "between"), [("libx264", 0), ("libx264", 3), ("mpeg4", 2)])
def test_the_picture_of_an_avi_is_in_time_with_its_sound(tmp_path, codec, between):
    clip = flashes(tmp_path / "in.avi", codec, between)
    assert seen(clip) == [1, 2]
    assert seen(clip, Fraction(3, 2)) == [2]
    stylize(clip, tmp_path / "out.mkv", strength=0, stabilize="off")
    assert seen(tmp_path / "out.mkv") == [1, 2]
    with av.open(str(tmp_path / "out.mkv")) as container:
        loud = [f.time for f in container.decode(audio=0) if np.abs(f.to_ndarray()).max() > 5000]
    assert loud[0] == pytest.approx(1, abs=0.05)


def test_a_packet_without_a_frame_delays_none_after_the_next_key_frame(tmp_path):
    clip = flashes(tmp_path / "in.avi", "libx264", 3)
    data = bytearray(clip.read_bytes())
    at = -1
    for _ in range(8):
        at = data.index(b"00dc", at + 1)
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    data[at + 8 : at + 8 + length] = bytes(length)
    clip.write_bytes(data)
    assert seen(clip) == [1, 2]
