import av
import numpy as np
from PIL import Image

import impasto
from impasto.styles.catalogue import load_style, video_style
from impasto.video.source import open_source

from .clips import make_clip, open_array, pictures, run, stylize


def test_video_is_painted_by_the_steady_network(clip, tmp_path):
    stylize(clip, tmp_path / "frame_%02d.png", stabilize="off", end=0.1)
    frame = next(open_source(clip).frames()).rgb
    expected = impasto.stylize(frame, video_style(load_style("scream")))
    assert np.array_equal(np.asarray(Image.open(min(tmp_path.glob("frame_*.png")))), expected)


def test_a_truncated_file_gives_what_it_holds(tmp_path, capsys):
    clip = make_clip(tmp_path / "in.mp4", frames=48, options={"movflags": "+faststart"})
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    assert run("video", clip, "--style", "scream", "-o", tmp_path / "out.mp4", "--stabilize", "off") == 10
    assert "before its end" in capsys.readouterr().err
    assert 3 < len(pictures(tmp_path / "out.mp4")) < 48


def test_damage_is_skipped_and_counted(tmp_path, capsys):
    clip = make_clip(tmp_path / "in.mkv", frames=24, codec="mjpeg", pixel_format="yuvj420p", sound=())
    with av.open(str(clip)) as container:
        packet = [p for p in container.demux(video=0) if p.size][10]
        where, size = clip.read_bytes().index(bytes(packet)), packet.size
    data = bytearray(clip.read_bytes())
    data[where : where + size] = bytes(size)
    clip.write_bytes(data)
    report = stylize(clip, tmp_path / "out.mkv", stabilize="off")
    assert report.damaged >= 1
    assert 20 <= report.frames <= 24
    assert not report.truncated


def test_styles_fade_from_time_to_time(clip, tmp_path):
    fade = {0: "photograph", 0.9: "composition-vii"}
    impasto.stylize_video(clip, style_at=fade, output=tmp_path / "fade.mkv", codec="ffv1", stabilize="off")
    frames = [frame for _, frame in pictures(tmp_path / "fade.mkv")]
    photograph, painted = (video_style(load_style(name)) for name in fade.values())
    first = np.asarray(impasto.stylize(open_array(clip, 0), photograph))
    last = np.asarray(impasto.stylize(open_array(clip, 11), painted))
    assert np.abs(frames[0].astype(float) - first).mean() < 1
    assert np.abs(frames[11].astype(float) - last).mean() < 1
    assert np.abs(frames[6].astype(float) - np.asarray(impasto.stylize(open_array(clip, 6), photograph))).mean() > 3
