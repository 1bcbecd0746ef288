import json
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from PIL import Image

from impasto import files
from impasto.errors import OutputError
from impasto.video import parts

from .clips import durations, make_clip, packets, pictures, scene, slides, stylize


def test_the_last_frame_stays_as_long_after_an_interruption_just_before_the_end(tmp_path, monkeypatch):
    source, target = slides(tmp_path / "in.gif"), tmp_path / "out.gif"
    with monkeypatch.context() as patch:
        patch.setattr("impasto.video.api.join_gif", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stylize(source, target, stabilize="off")
    assert stylize(source, target, stabilize="off").resumed == 3
    assert durations(target) == [2000, 2000, 3500]


def test_an_interrupted_run_goes_on_and_ends_alike(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "in.mp4", frames=20)
    stylize(clip, tmp_path / "whole.mkv", codec="ffv1")
    stylize(clip, tmp_path / "whole.mp4")
    monkeypatch.setattr(parts, "_SEGMENT_FRAMES", 4)

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


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_run_that_went_on_after_a_crash_gives_the_same_bytes(tmp_path, monkeypatch, suffix):
    clip = make_clip(tmp_path / "in.mp4", frames=18, sound=())
    monkeypatch.setattr(parts, "_SEGMENT_FRAMES", 7)
    (tmp_path / "whole").mkdir()
    stylize(clip, tmp_path / "whole" / f"out{suffix}")

    def stop(done, _expected):
        if done == 12:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stylize(clip, tmp_path / f"out{suffix}", progress=stop)
    assert stylize(clip, tmp_path / f"out{suffix}").resumed == 7
    assert packets(tmp_path / f"out{suffix}", "video") == packets(tmp_path / "whole" / f"out{suffix}", "video")


def test_other_options_start_anew(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "in.mp4", frames=8, sound=())
    monkeypatch.setattr(parts, "_SEGMENT_FRAMES", 2)

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
    monkeypatch.setattr(parts, "_SEGMENT_FRAMES", 2)

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


def test_a_second_run_says_who_makes_the_result_and_takes_nothing_from_the_first(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=6, sound=())
    refused = []

    def begin_another(done, _expected):
        if done == 3:
            with pytest.raises(OutputError, match=r"o\.mp4 is being made by another run \(process \d+") as error:
                stylize(clip, tmp_path / "o.mp4", strength=0.5)
            refused.append(error)

    assert stylize(clip, tmp_path / "o.mp4", progress=begin_another).frames == 6
    assert len(refused) == 1
    assert len(pictures(tmp_path / "o.mp4")) == 6
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "o.mp4"]


def recorded(folder) -> int:
    """The number of frames from which the next run goes on; a segment counts from the moment it is recorded."""
    try:
        with np.load(folder / "state.npz") as state:
            return json.loads(str(state["facts"]))["frames"]
    except FileNotFoundError:
        return 0


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
@pytest.mark.parametrize("output", ["o.mkv", "o_%03d.png"])
def test_a_killed_run_goes_on_and_ends_alike_and_leaves_nothing(tmp_path, output):
    """Killed as often as it takes, at any moment."""
    clip = make_clip(tmp_path / "in.mp4", frames=40, sound=())
    codec = ["--codec", "ffv1"] if output == "o.mkv" else []
    (tmp_path / "whole").mkdir()
    (tmp_path / "part").mkdir()
    whole, part = tmp_path / "whole" / output, tmp_path / "part" / output

    def command(target):
        painting = "import impasto.video.parts as p; p._SEGMENT_FRAMES = 5; from impasto.cli import main; main()"
        given = ["video", str(clip), "--style", "scream", "-o", str(target), "-q", *codec]
        return [sys.executable, "-c", painting, *given]

    subprocess.run(command(whole), check=True)
    for frames in (5, 10):
        process = subprocess.Popen(command(part))
        folder, deadline = tmp_path / "part" / f".{output.replace('%', '_')}.impasto", time.monotonic() + 60
        while recorded(folder) < frames:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.kill()
        process.wait()
    leftover = f".impasto-{files.machine()}-{process.pid}-0.mkv.part"
    (tmp_path / "part" / leftover).write_bytes(b"half")
    done = subprocess.run([*command(part), "--json"], capture_output=True, check=True)
    assert json.loads(done.stdout)["resumed"] >= 10
    names = sorted(p.name for p in whole.parent.iterdir())
    assert sorted(p.name for p in part.parent.iterdir()) == names
    for name in names:
        assert (part.parent / name).read_bytes() == (whole.parent / name).read_bytes() or codec
    if codec:
        for (_, one), (_, two) in zip(pictures(whole), pictures(part), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_keep_what_there_is(tmp_path, number):
    clip = make_clip(tmp_path / "in.mp4", frames=400, width=192, height=128)
    command = [sys.executable, "-m", "impasto", "video", str(clip), "--style", "scream", "-o", str(tmp_path / "o.mp4")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    folder, deadline = tmp_path / ".o.mp4.impasto", time.monotonic() + 60
    while not list(folder.glob("*.part")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.7)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = subprocess.run([*command, "--json"], capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert report["frames"] == 400
    assert 0 < report["resumed"] < 400


def test_an_interrupted_run_goes_on_with_the_files_of_the_right_frames(clip, tmp_path, read, monkeypatch):
    for number in range(12):
        Image.new("L", (64, 48), 20 * number).save(tmp_path / f"m{number}.png")
    monkeypatch.setattr(parts, "_SEGMENT_FRAMES", 2)

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
