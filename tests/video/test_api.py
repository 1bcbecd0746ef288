import json
import struct
import subprocess
import sys
import time
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.cli import main
from impasto.errors import InputError, OutputError, StyleError
from impasto.pictures import masks
from impasto.styles.catalogue import load_style, video_style
from impasto.video import motion, pipeline
from impasto.video.source import open_source, scaled

from .conftest import make_clip, scene


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def stylize(video, output, **options):
    return impasto.stylize_video(video, options.pop("style", "scream"), output=output, **options)


def packets(path, kind, index=0):
    """Times in seconds and hashes of a stream's packets."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][index]
        found = [p for p in container.demux(stream) if p.size and p.pts is not None]
        return [(p.pts * p.time_base, sha256(bytes(p)).hexdigest()) for p in found]


def pictures(path):
    with av.open(str(path)) as container:
        return [(f.pts * f.time_base, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def test_everything_beside_the_picture_is_kept_bit_by_bit(clip, tmp_path):
    report = stylize(clip, tmp_path / "out.mp4")
    assert report.frames == 12
    assert not report.notices
    before, after = pictures(clip), pictures(tmp_path / "out.mp4")
    assert [t for t, _ in after] == [t for t, _ in before]
    assert after[0][1].shape == before[0][1].shape
    assert np.abs(after[3][1].astype(float) - before[3][1]).mean() > 10
    for index in (0, 1):
        assert packets(tmp_path / "out.mp4", "audio", index) == packets(clip, "audio", index)
    assert packets(tmp_path / "out.mp4", "subtitle") == packets(clip, "subtitle")
    with av.open(str(clip)) as one, av.open(str(tmp_path / "out.mp4")) as two:
        assert two.metadata["title"] == "A test"
        assert "scream" in two.metadata["comment"]
        assert [c["metadata"] for c in two.chapters()] == [c["metadata"] for c in one.chapters()]
        assert [(s.type, s.language) for s in two.streams] == [(s.type, s.language) for s in one.streams]
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mov"])
def test_sound_stays_in_step_in_other_containers(clip, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    report = stylize(clip, target)
    start = pictures(target)[0][0] - pictures(clip)[0][0]  # Matroska moves all, so that nothing starts before 0
    for index in (0, 1):
        before, after = packets(clip, "audio", index), packets(target, "audio", index)
        if suffix == ".webm":
            assert abs(after[0][0] - start - before[0][0]) < 0.05
        else:
            assert [h for _, h in after] == [h for _, h in before]
            for (t, _), (u, _) in zip(before, after, strict=True):
                assert abs(u - start - t) <= Fraction(1, 900)
    assert len(packets(target, "subtitle")) >= 2
    encoded_anew = sum("encoded anew" in notice for notice in report.notices)
    assert encoded_anew == {".mkv": 1, ".webm": 3, ".mov": 0}[suffix]


def test_variable_time_stamps_aspect_and_colours_stay(tmp_path):
    times = [0, 50, 75, 175, 200, 400, 410, 600]
    clip = make_clip(
        tmp_path / "vfr.mp4", frames=8, times=times, aspect=Fraction(4, 3),
        colors={"color_range": 2, "colorspace": 5, "color_primaries": 5, "color_trc": 6},
    )  # fmt: skip
    stylize(clip, tmp_path / "out.mp4", stabilize="off")
    assert [t for t, _ in pictures(tmp_path / "out.mp4")] == [Fraction(t, 600) for t in times]
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (2, 5, 5, 6)


@pytest.mark.parametrize("colors", [{"color_range": 2, "colorspace": 1}, {"color_range": 1, "colorspace": 5}, {}])
def test_colours_come_through_unharmed(tmp_path, colors):
    clip = make_clip(tmp_path / "in.mp4", frames=2, colors=colors, sound=())
    stylize(clip, tmp_path / "out.mkv", strength=0, stabilize="off", codec="h264", quality=100)
    before = [frame.rgb for frame in open_source(clip).frames()]
    after = [frame.rgb for frame in open_source(tmp_path / "out.mkv").frames()]
    assert np.abs(before[0].astype(float) - after[0]).mean() < 6
    with av.open(str(clip)) as one, av.open(str(tmp_path / "out.mkv")) as two:
        a, b = (next(c.decode(video=0)).to_ndarray(format="yuv420p")[:48] for c in (one, two))
    assert abs(float(a.mean()) - float(b.mean())) < 1.5


def test_video_is_painted_by_the_steady_twin(clip, tmp_path):
    stylize(clip, tmp_path / "frame_%02d.png", stabilize="off", end=0.1)
    frame = next(open_source(clip).frames()).rgb
    expected = impasto.stylize(frame, video_style(load_style("scream")))
    assert np.array_equal(np.asarray(Image.open(min(tmp_path.glob("frame_*.png")))), expected)


@pytest.mark.parametrize("size", [(47, 33), (66, 35)])
def test_odd_sizes_keep_their_size(tmp_path, size):
    width, height = size
    clip = make_clip(
        tmp_path / "odd.mkv", frames=3, width=width, height=height, codec="ffv1", pixel_format="bgr0", sound=()
    )
    for suffix in (".mp4", ".webm", ".gif", ".mkv"):
        stylize(clip, tmp_path / f"out{suffix}", stabilize="off")
        assert pictures(tmp_path / f"out{suffix}")[0][1].shape == (height, width, 3)


def test_sizes_are_even_where_that_is_asked_for():
    assert scaled(1280, 720, 640) == (640, 360)
    assert scaled(450, 350, 640) == (640, 498)
    assert scaled(350, 450, 641) == (499, 641)
    assert scaled(99, 3, 0) == (99, 3)


def test_a_rotated_video_is_upright(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=3, sound=())
    data = bytearray(clip.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 36 - 0
    unit = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    at = data.index(unit, data.index(b"tkhd"))
    data[at : at + 36] = struct.pack(
        ">9i", 0, 0x10000, 0, -0x10000, 0, 0, 48 << 16, 0, 0x40000000
    )  # 90 degrees clockwise
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(data)
    stylize(turned, tmp_path / "out.mp4", strength=0, stabilize="off", quality=100)
    got = pictures(tmp_path / "out.mp4")[0][1]
    assert got.shape == (64, 48, 3)
    wanted = np.rot90(scene(0, 64, 48), -1)
    assert np.abs(got.astype(float) - wanted).mean() < 12


def test_the_largest_stream_is_painted_and_the_others_are_named(tmp_path):
    clip = make_clip(tmp_path / "two.mkv", frames=3, width=48, height=32, second=(96, 64))
    report = stylize(clip, tmp_path / "out.mkv", stabilize="off")
    assert pictures(tmp_path / "out.mkv")[0][1].shape == (64, 96, 3)
    assert any("48 x 32" in notice for notice in report.notices)


def test_a_part_of_it(clip, tmp_path):
    report = stylize(clip, tmp_path / "out.mp4", start=0.5, end=0.75, stabilize="off")
    assert report.frames == 3
    assert [t for t, _ in pictures(tmp_path / "out.mp4")] == [Fraction(n, 12) for n in range(3)]
    sound = packets(tmp_path / "out.mp4", "audio")
    whole = {h: t for t, h in packets(clip, "audio")}
    assert all(abs(whole[h] - Fraction(1, 2) - t) < Fraction(1, 1000) for t, h in sound)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [c["metadata"]["title"] for c in container.chapters()] == ["Part 1"]


@pytest.mark.parametrize(("fps", "count"), [(6, 6), (24, 24)])
def test_another_frame_rate(clip, tmp_path, fps, count):
    report = stylize(clip, tmp_path / "out.mp4", fps=fps, stabilize="off")
    assert report.frames == count
    assert [t for t, _ in pictures(tmp_path / "out.mp4")] == [Fraction(n, fps) for n in range(count)]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations(tmp_path, suffix):
    frames = [Image.fromarray(scene(i, 40, 32)) for i in range(4)]
    source = tmp_path / f"in{suffix}"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=[100, 50, 200, 3000], loop=0)
    report = stylize(source, tmp_path / "out.gif")
    assert report.frames == 4
    with Image.open(tmp_path / "out.gif") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (4, (40, 32), 0)
    assert durations(tmp_path / "out.gif") == [100, 50, 200, 3000]


def durations(path):
    with Image.open(path) as image:
        found = []
        for index in range(image.n_frames):
            image.seek(index)
            found.append(image.info["duration"])
        return found


def slides(path):
    """Three pictures at 0, 2 and 4 seconds, to 7.5."""
    frames = [Image.fromarray(scene(20 * i, 40, 32)) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[2000, 2000, 3500], loop=0)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_the_last_frame_is_shown_as_long_as_before(tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    stylize(slides(tmp_path / "in.gif"), target, stabilize="off")
    with av.open(str(target)) as container:
        assert container.duration == pytest.approx(7_500_000, abs=2000)
    assert [float(f.duration * open_source(target).time_base) for f in open_source(target).frames()] == [2, 2, 3.5]


def test_the_last_frame_stays_as_long_after_an_interruption_just_before_the_end(tmp_path, monkeypatch):
    from impasto.video import mux

    source, target = slides(tmp_path / "in.gif"), tmp_path / "out.gif"
    with monkeypatch.context() as patch:
        patch.setattr(mux, "join_gif", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stylize(source, target, stabilize="off")
    assert stylize(source, target, stabilize="off").resumed == 3
    assert durations(target) == [2000, 2000, 3500]


def test_a_gif_has_no_frames_that_browsers_slow_down(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=30, rate=60, sound=())
    report = stylize(clip, tmp_path / "out.gif", stabilize="off")
    shown = durations(tmp_path / "out.gif")
    assert min(shown) == 20
    assert sum(shown) == 500
    assert report.notices == [f"A GIF shows at most 50 frames a second: {30 - len(shown)} frames are left out."]
    frames = [Image.fromarray(scene(i, 40, 32)) for i in range(3)]
    frames[0].save(tmp_path / "fast.gif", save_all=True, append_images=frames[1:], duration=10, loop=0)
    stylize(tmp_path / "fast.gif", tmp_path / "slow.gif", stabilize="off")
    assert durations(tmp_path / "slow.gif") == [100, 100, 100]  # as browsers play what they are given


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_what_is_on_screen_at_the_start_is_shown_until_the_next_frame(tmp_path, suffix):
    source = slides(tmp_path / "in.gif")
    if suffix == ".mp4":
        stylize(source, tmp_path / "in.mp4", stabilize="off", strength=0)
        source = tmp_path / "in.mp4"
    whole = [frame.rgb.astype(float) for frame in open_source(source).frames()]
    for start, end, shown in ((2.5, 3.5, {0: 1}), (1.0, 3.5, {0: 0, 1: 1}), (5.0, None, {0: 2}), (2.0, 3.0, {0: 1})):
        stylize(source, tmp_path / "o.mkv", start=start, end=end, strength=0, codec="ffv1", stabilize="off")
        result = pictures(tmp_path / "o.mkv")
        assert [float(time) for time, _ in result] == list(shown)
        for (_, picture), index in zip(result, shown.values(), strict=True):
            assert np.abs(picture - whole[index]).max() <= 1
        with av.open(str(tmp_path / "o.mkv")) as container:
            assert container.duration == pytest.approx(((end or 7.5) - start) * 1_000_000, abs=2000)
    stylize(source, tmp_path / "o.mkv", start=1, end=3, fps=2, strength=0, codec="ffv1", stabilize="off")
    result = pictures(tmp_path / "o.mkv")
    assert [float(time) for time, _ in result] == [0, 0.5, 1, 1.5]
    assert [np.abs(picture - whole[i]).max() <= 1 for (_, picture), i in zip(result, (0, 0, 1, 1), strict=True)]
    with pytest.raises(InputError, match="no frame"):
        stylize(source, tmp_path / "o.mkv", start=8)


def test_numbered_pictures_in_and_out(tmp_path):
    for number in range(5, 9):
        Image.fromarray(scene(number, 40, 32)).save(tmp_path / f"in_{number:03}.png")
    assert (
        run("video", tmp_path / "in_%03d.png", "--style", "udnie", "--fps", "5", "-o", tmp_path / "out.mp4", "-q") == 0
    )
    assert [t for t, _ in pictures(tmp_path / "out.mp4")] == [Fraction(n, 5) for n in range(4)]
    assert run("video", tmp_path / "out.mp4", "--style", "udnie", "-o", tmp_path / "o_%02d.png", "-q") == 0
    assert sorted(p.name for p in tmp_path.glob("o_*.png")) == [f"o_{n:02}.png" for n in range(1, 5)]
    Image.fromarray(scene(1, 44, 32)).save(tmp_path / "in_007.png")
    with pytest.raises(InputError, match="another size"):
        stylize(tmp_path / "in_%03d.png", tmp_path / "no.mp4")


def test_pictures_are_written_as_well_as_ever_unless_a_quality_is_given(clip, tmp_path):
    for name, given in (("plain", ()), ("same", ("--quality", "95")), ("small", ("--quality", "50"))):
        output = tmp_path / f"{name}_%d.jpg"
        assert run("video", clip, "--style", "scream", "--end", "0.05", "-o", output, "-q", *given) == 0
    plain, same, small = ((tmp_path / f"{name}_1.jpg").read_bytes() for name in ("plain", "same", "small"))
    assert plain == same
    assert len(small) < 0.7 * len(plain)


def test_gif_has_no_sound_and_says_so(clip, tmp_path):
    report = stylize(clip, tmp_path / "out.gif", end=0.3)
    assert any("sound and subtitles" in notice for notice in report.notices)


def test_what_is_no_video_is_one_sentence(tmp_path, capsys):
    Image.fromarray(scene(0, 40, 32)).save(tmp_path / "photo.jpg")
    Image.fromarray(scene(0, 40, 32)).save(tmp_path / "photo.png")
    (tmp_path / "text.mp4").write_text("nothing")
    make_clip(tmp_path / "sound.mp4", frames=0, sound=("aac",))
    with av.open(str(tmp_path / "only.m4a"), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    for name, says in (
        ("photo.jpg", "is a picture"), ("photo.png", "is a picture"), ("text.mp4", "cannot be opened"),
        ("only.m4a", "no video"), ("none.mp4", "There is no"), ("shot_%02d/frame.png", "There is no"),
    ):  # fmt: skip
        assert run("video", tmp_path / name, "--style", "scream", "-o", tmp_path / "o.mp4") == 3
        said = capsys.readouterr().err
        assert says in said, name
        assert said.count("\n") == 1
    assert run("video", tmp_path, "--style", "scream", "-o", tmp_path / "o.mp4") == 3


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


def test_an_interrupted_run_goes_on_and_ends_alike(tmp_path, monkeypatch):

    clip = make_clip(tmp_path / "in.mp4", frames=20)
    stylize(clip, tmp_path / "whole.mkv", codec="ffv1")
    stylize(clip, tmp_path / "whole.mp4")
    monkeypatch.setattr(pipeline, "_SEGMENT_FRAMES", 4)

    def stop(done, expected):
        assert expected == 20
        if done == 9:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stylize(clip, tmp_path / "out.mp4", progress=stop)
    assert not (tmp_path / "out.mp4").exists()
    report = stylize(clip, tmp_path / "out.mp4")
    assert report.resumed == 8
    assert report.frames == 20
    assert [t for t, _ in pictures(tmp_path / "out.mp4")] == [t for t, _ in pictures(tmp_path / "whole.mp4")]
    with av.open(str(tmp_path / "out.mp4")) as container:
        decoding = [p.dts for p in container.demux(video=0) if p.size]
    assert decoding == sorted(set(decoding))
    assert packets(tmp_path / "out.mp4", "audio") == packets(clip, "audio")
    with pytest.raises(RuntimeError, match="stop"):
        stylize(clip, tmp_path / "out.mkv", codec="ffv1", progress=stop)
    assert stylize(clip, tmp_path / "out.mkv", codec="ffv1").resumed == 8
    for (_, one), (_, two) in zip(pictures(tmp_path / "whole.mkv"), pictures(tmp_path / "out.mkv"), strict=True):
        np.testing.assert_array_equal(one, two)


def test_other_options_start_anew(tmp_path, monkeypatch):

    clip = make_clip(tmp_path / "in.mp4", frames=8, sound=())
    monkeypatch.setattr(pipeline, "_SEGMENT_FRAMES", 2)

    def stop(done, _expected):
        if done == 5:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stylize(clip, tmp_path / "out.mp4", progress=stop)
    assert stylize(clip, tmp_path / "out.mp4", strength=0.5).resumed == 0


@pytest.mark.parametrize("other", ["rate", "last picture", "first number"])
def test_other_numbered_pictures_start_anew(tmp_path, monkeypatch, other):

    for number in range(1, 10):
        Image.fromarray(scene(number, 40, 32)).save(tmp_path / f"in_{number}.png")
    monkeypatch.setattr(pipeline, "_SEGMENT_FRAMES", 2)

    def stop(done, _expected):
        if done == 5:
            raise RuntimeError

    def paint(rate=24, first=1, **options):
        return stylize(tmp_path / "in_%d.png", tmp_path / "o.mkv", fps=rate, start_number=first, **options)

    with pytest.raises(RuntimeError):
        paint(progress=stop)
    rate, first = 48 if other == "rate" else 24, 2 if other == "first number" else 1
    if other == "last picture":
        Image.fromarray(scene(30, 40, 32)).save(tmp_path / "in_9.png")
    report = paint(rate, first)
    assert (report.resumed, report.frames) == (0, 10 - first)
    times = [round(time * rate, 1) for time, _ in pictures(tmp_path / "o.mkv")]  # Matroska counts in milliseconds
    assert times == list(range(10 - first))


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_what_there_is(tmp_path):
    import signal

    clip = make_clip(tmp_path / "in.mp4", frames=400, width=192, height=128)
    command = [sys.executable, "-m", "impasto", "video", str(clip), "--style", "scream", "-o", str(tmp_path / "o.mp4")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    folder, deadline = tmp_path / ".o.mp4.impasto", time.monotonic() + 60
    while not list(folder.glob("*.part")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = subprocess.run([*command, "--json"], capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert report["frames"] == 400
    assert 0 < report["resumed"] < 400


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


def open_array(clip, index):
    return [frame.rgb for frame in open_source(clip).frames()][index]


def test_a_mask_for_every_frame(clip, tmp_path):
    for number in range(12):
        mask = np.zeros((48, 64), np.uint8)
        mask[:, : 4 * number] = 255
        Image.fromarray(mask).save(tmp_path / f"m{number:02}.png")
    stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m%02d.png"), codec="ffv1", stabilize="off")
    change = [
        np.abs(frame.astype(float) - open_array(clip, i)).mean(axis=(0, 2))
        for i, (_, frame) in enumerate(pictures(tmp_path / "o.mkv"))
    ]
    assert change[0].max() < 2
    assert change[11][:40].mean() > 10
    assert change[11][46:].max() < 2
    (tmp_path / "m07.png").unlink()
    with pytest.raises(InputError, match="no mask"):
        stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m%02d.png"))


@pytest.fixture
def read(monkeypatch):
    """The names of the masks and flow files that are read, in order."""
    from impasto.video import optimised

    names, read_mask = [], masks.read_mask

    def mask(given, *arguments, **options):
        names.extend([given.name] if isinstance(given, Path) else [])
        return read_mask(given, *arguments, **options)

    def flow(path):
        names.append(path.name)
        return np.zeros((48, 64, 2), np.float32)

    monkeypatch.setattr(masks, "read_mask", mask)
    monkeypatch.setattr(motion, "read_flo", flow)
    monkeypatch.setattr(optimised, "read_flo", flow)
    return names


@pytest.mark.parametrize(
    ("options", "frames"),
    [({"start": 0.5, "end": 0.75}, [6, 7, 8]), ({"fps": 6}, range(0, 12, 2)), ({"end": 0.25, "fps": 24}, [0, 1, 2])],
)
@pytest.mark.parametrize("first", [0, 1])
def test_files_go_by_the_frames_of_the_whole_video(clip, tmp_path, read, options, frames, first):
    for number in range(12):
        Image.new("L", (64, 48), 20 * number).save(tmp_path / f"m{number + first}.png")
    stylize(clip, tmp_path / "o.mp4", mask=str(tmp_path / "m%d.png"), stabilize="off", **options)
    assert read == [f"m{index + first}.png" for index in frames]
    read.clear()
    stylize(clip, tmp_path / "o.mp4", flow="b_[%d]_{%d}.flo", **options)
    assert read == [f"b_{index + 1}_{before + 1}.flo" for before, index in pairwise(frames)]


def test_files_go_by_the_numbers_of_pictures(tmp_path, read):
    for number in range(3, 9):
        Image.fromarray(scene(number, 64, 48)).save(tmp_path / f"in_{number}.png")
        Image.new("L", (64, 48), 20 * number).save(tmp_path / f"m{number}.png")
    masks = {"mask": str(tmp_path / "m%d.png"), "stabilize": "off"}
    for options, numbers in (
        ({"start": 0.08}, [5, 6, 7, 8]),
        ({"start_number": 5}, [5, 6, 7, 8]),
        ({"start_number": 5, "start": 0.08}, [7, 8]),
    ):
        read.clear()
        stylize(tmp_path / "in_%d.png", tmp_path / "out_%d.png", **masks, **options)
        assert read == [f"m{number}.png" for number in numbers]
        assert all((tmp_path / f"out_{number}.png").exists() for number in numbers)
        read.clear()
        stylize(tmp_path / "in_%d.png", tmp_path / "o.mp4", flow="b_[%d]_{%d}.flo", **options)
        assert read == [f"b_{number}_{number - 1}.flo" for number in numbers[1:]]


def test_an_interrupted_run_goes_on_with_the_files_of_the_right_frames(clip, tmp_path, read, monkeypatch):

    for number in range(12):
        Image.new("L", (64, 48), 20 * number).save(tmp_path / f"m{number}.png")
    monkeypatch.setattr(pipeline, "_SEGMENT_FRAMES", 2)

    def stop(done, _expected):
        if done == 3:
            raise RuntimeError

    options = {"mask": str(tmp_path / "m%d.png"), "start": 0.25}
    with pytest.raises(RuntimeError):
        stylize(clip, tmp_path / "o.mp4", progress=stop, **options)
    read.clear()
    resumed = stylize(clip, tmp_path / "o.mp4", **options).resumed
    assert resumed >= 2
    assert read == [f"m{index}.png" for index in range(3 + resumed, 12)]


def test_a_mask_of_a_pattern_is_read_as_one_of_a_file_is(clip, tmp_path):
    half = np.zeros((48, 64, 2), np.uint8)
    half[..., 0], half[:, :32, 1] = 255, 255  # white, the right half of it transparent
    for number in range(12):
        Image.fromarray(half, "LA").save(tmp_path / f"m{number:02}.png")
    for name, mask in (("file", "m00.png"), ("pattern", "m%02d.png")):
        stylize(clip, tmp_path / f"{name}.mkv", mask=str(tmp_path / mask), codec="ffv1", end=0.2)
    for (_, one), (_, two) in zip(pictures(tmp_path / "file.mkv"), pictures(tmp_path / "pattern.mkv"), strict=True):
        assert np.array_equal(one, two)


def test_of_a_pattern_a_mask_may_be_black_and_leaves_the_frame_as_it_is(clip, tmp_path):
    for number, level in enumerate([0, 255, 0, 0]):
        Image.new("L", (64, 48), level).save(tmp_path / f"m{number}.png")
    stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m%d.png"), codec="ffv1", stabilize="off", end=0.3)
    first, second = (np.abs(pictures(tmp_path / "o.mkv")[i][1].astype(float) - open_array(clip, i)) for i in (0, 1))
    assert first.max() <= 1
    assert second.mean() > 10
    with pytest.raises(InputError, match="black all over"):
        stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m0.png"))


def test_wrong_options_are_named_before_any_work(clip, tmp_path):
    for options, error, says in (
        ({"output": tmp_path / "o.avi"}, OutputError, "no suffix"),
        ({"output": clip}, InputError, "video itself"),
        ({"output": tmp_path / "o.webm", "codec": "h264"}, OutputError, "does not hold"),
        ({"output": tmp_path / "o.gif", "codec": "h264"}, OutputError, "no other codec"),
        ({"output": tmp_path / "o_%d.png", "codec": "h264"}, OutputError, "no codec"),
        ({"output": tmp_path / "o.mp4", "start": 2, "end": 1}, InputError, "after the start"),
        ({"output": tmp_path / "o.mp4", "start": float("nan")}, InputError, "start nan is no finite"),
        ({"output": tmp_path / "o.mp4", "fps": float("inf")}, InputError, "frame rate inf is no finite"),
        ({"output": tmp_path / "o.mp4", "quality": 0}, InputError, "quality"),
        ({"output": tmp_path / "o.gif", "quality": 50}, OutputError, "one quality"),
        ({"output": tmp_path / "o.mkv", "quality": 50, "codec": "ffv1"}, OutputError, "lossless"),
        ({"output": tmp_path / "o.mp4", "stabilize": "much"}, InputError, "stabiliser"),
        ({"output": tmp_path / "o.mp4", "certainty": "c_[%d]_{%d}.pgm"}, InputError, "give those as well"),
        ({"output": tmp_path / "o.mp4", "flow": "b_[%d]_{%d}.flo", "stabilize": "off"}, InputError, "another --stab"),
        ({"output": tmp_path / "o.mp4", "flow_method": "deepflow", "stabilize": "off"}, InputError, "another --stab"),
        ({"output": tmp_path / "o.mp4", "start_number": 3}, InputError, "--start-number"),
        ({"output": tmp_path / "o.mp4", "start": 60}, InputError, "no frame"),
    ):
        with pytest.raises(error, match=says):
            impasto.stylize_video(clip, "scream", **options)
    Image.fromarray(scene(0, 40, 32)).save(tmp_path / "in_1.png")
    for rate in (-5, 0, 1e-9, 2000):
        with pytest.raises(InputError, match="out of range"):
            impasto.stylize_video(tmp_path / "in_%d.png", "scream", fps=rate, output=tmp_path / "o.mp4")
    with pytest.raises(StyleError, match="no style"):
        impasto.stylize_video(clip, "scrm", output=tmp_path / "o.mp4")
    with pytest.raises(InputError, match="No style"):
        impasto.stylize_video(clip, output=tmp_path / "o.mp4")
    assert run("video", clip, "-o", tmp_path / "o.mp4") == 2
    for when in ("x", "nan", "inf", "1:nan"):
        assert run("video", clip, "--style-at", f"{when}=scream", "-o", tmp_path / "o.mp4") == 2
        assert run("video", clip, "--style", "scream", "--end", when, "-o", tmp_path / "o.mp4") == 2
    assert run("video", clip, "--style", "scream", "--fps", "nan", "-o", tmp_path / "o.mp4") == 3


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("codec", ["h265", "vp9"])
def test_codecs(tmp_path, suffix, codec):
    clip = make_clip(tmp_path / "in.mp4", frames=5, width=96, height=64)
    stylize(clip, tmp_path / f"o{suffix}", codec=codec, stabilize="off", quality=60)
    assert len(pictures(tmp_path / f"o{suffix}")) == 5


def test_pictures_keep_their_numbers_and_are_never_painted_over(tmp_path):
    for number in range(5, 9):
        Image.fromarray(scene(number, 40, 32)).save(tmp_path / f"in_{number:03}.png")
    before = (tmp_path / "in_006.png").read_bytes()
    with pytest.raises(InputError, match="input pictures themselves"):
        stylize(tmp_path / "in_%03d.png", tmp_path / "in_%03d.png")
    assert (tmp_path / "in_006.png").read_bytes() == before
    (tmp_path / "in_010.png").write_bytes(before)
    report = stylize(tmp_path / "in_%03d.png", tmp_path / "out_%02d.png", start_number=6)
    assert any("in_009.png is missing; 1 pictures" in notice for notice in report.notices)
    assert sorted(p.name for p in tmp_path.glob("out_*")) == ["out_06.png", "out_07.png", "out_08.png"]


def test_a_frame_may_not_be_larger_than_allowed_and_nothing_is_left_behind(clip, tmp_path):
    with pytest.raises(InputError, match="max_pixels"):
        stylize(clip, tmp_path / "o.mp4", max_pixels=100)
    with pytest.raises(InputError, match="no frame"):
        stylize(clip, tmp_path / "o.mp4", start=60)
    assert list(tmp_path.iterdir()) == []


def test_masks_of_the_source_fit_frames_made_smaller(clip, tmp_path):
    Image.fromarray(np.tile(np.repeat(np.uint8([0, 255]), 32), (48, 1))).save(tmp_path / "mask.png")
    for mask in (tmp_path / "mask.png", np.tile(np.repeat(np.uint8([0, 255]), 16), (24, 1))):
        report = stylize(clip, tmp_path / "o.mkv", mask=mask, size=32)
        assert report.frames == 12


def test_options_of_the_other_method_are_refused(clip, tmp_path, capsys):
    assert run("video", clip, "--style", "udnie", "--passes", "3", "-o", tmp_path / "o.mp4") == 2
    assert "--passes is for --method paint" in capsys.readouterr().err
    assert (
        run("video", clip, "--style", "a.png", "--method", "paint", "--strength", "0.5", "-o", tmp_path / "o.mp4") == 2
    )
    assert "--strength is for --method fast" in capsys.readouterr().err
