from fractions import Fraction

import av
import numpy as np
import pytest

from impasto.errors import InputError
from impasto.video.source import open_source

from .clips import make_clip, packets, pictures, slides, stylize


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


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_the_last_frame_is_shown_as_long_as_before(tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    stylize(slides(tmp_path / "in.gif"), target, stabilize="off")
    with av.open(str(target)) as container:
        assert container.duration == pytest.approx(7_500_000, abs=2000)
    assert [float(f.duration * open_source(target).time_base) for f in open_source(target).frames()] == [2, 2, 3.5]


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
