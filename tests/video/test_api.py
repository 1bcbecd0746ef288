import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.pictures.results import note_of_result
from impasto.video.source import open_source

from .clips import make_clip, packets, pictures, scene, stylize


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


@pytest.mark.parametrize("size", [(47, 33), (66, 35)])
def test_odd_sizes_keep_their_size(tmp_path, size):
    width, height = size
    clip = make_clip(
        tmp_path / "odd.mkv", frames=3, width=width, height=height, codec="ffv1", pixel_format="bgr0", sound=()
    )
    for suffix in (".mp4", ".webm", ".gif", ".mkv"):
        stylize(clip, tmp_path / f"out{suffix}", stabilize="off")
        assert pictures(tmp_path / f"out{suffix}")[0][1].shape == (height, width, 3)


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


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("codec", ["h265", "vp9"])
def test_codecs(tmp_path, suffix, codec):
    clip = make_clip(tmp_path / "in.mp4", frames=5, width=96, height=64)
    stylize(clip, tmp_path / f"o{suffix}", codec=codec, stabilize="off", quality=60)
    assert len(pictures(tmp_path / f"o{suffix}")) == 5


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_video_that_nobody_named_is_never_shown_as_another_run_made_it(tmp_path, suffix):
    video = make_clip(tmp_path / "in.mp4", frames=4, width=64, height=48)
    if suffix == ".gif":
        video = impasto.stylize_video(video, "photograph", output=tmp_path / "in.gif").output
    first, second = tmp_path / f"in-scream{suffix}", tmp_path / f"in-scream-2{suffix}"
    for more, target, kept in (
        ({}, first, False),
        ({}, first, True),
        ({"fps": 5}, second, False),
        ({"fps": 5}, second, True),
        ({}, first, True),
        ({"fps": 5, "overwrite": True}, first, False),
        ({}, tmp_path / f"in-scream-3{suffix}", False),
    ):
        report = impasto.stylize_video(video, "scream", **more)
        assert (report.output, report.kept) == (target, kept)
        assert (f"{first} was made in another way and is kept." in report.notices) == (target != first and not kept)
    mine = tmp_path / f"in-udnie{suffix}"
    mine.write_bytes(b"mine")
    assert impasto.stylize_video(video, "udnie").output == tmp_path / f"in-udnie-2{suffix}"
    assert mine.read_bytes() == b"mine"


def test_numbered_pictures_that_nobody_named_are_not_mixed_and_are_gone_on_with(tmp_path):
    for number in range(4):
        Image.new("RGB", (32, 32), (60 * number, 90, 30)).save(tmp_path / f"p{number}.png")
    source, first = tmp_path / "p%d.png", tmp_path / "p%d-scream.png"

    def stop(done, _expected):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        impasto.stylize_video(source, "scream", progress=stop)
    report = impasto.stylize_video(source, "scream")
    assert (report.output, report.kept, report.frames) == (first, False, 4)
    assert "style=scream" in (note_of_result(tmp_path / "p3-scream.png") or "")
    assert impasto.stylize_video(source, "scream").output == first
    assert impasto.stylize_video(source, "scream", strength=0.5).output == tmp_path / "p%d-scream-2.png"
