import av
import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError, OutputError, StyleError

from .clips import make_clip, run, scene, stylize


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
        status = run("video", tmp_path / name, "--style", "scream", "-o", tmp_path / "o.mp4")
        assert status == (2 if name == "photo.jpg" else 3)  # what cannot move is for another command
        said = capsys.readouterr().err
        assert says in said, name
        assert said.count("\n") == 1
    assert run("video", tmp_path, "--style", "scream", "-o", tmp_path / "o.mp4") == 3


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
    assert run("video", clip, "--style", "scream", "--fps", "nan", "-o", tmp_path / "o.mp4") == 2


def test_a_frame_may_not_be_larger_than_allowed_and_nothing_is_left_behind(clip, tmp_path):
    with pytest.raises(InputError, match="max_pixels"):
        stylize(clip, tmp_path / "o.mp4", max_pixels=100)
    with pytest.raises(InputError, match="no frame"):
        stylize(clip, tmp_path / "o.mp4", start=60)
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_other_method_are_refused(clip, tmp_path, capsys):
    assert run("video", clip, "--style", "udnie", "--passes", "3", "-o", tmp_path / "o.mp4") == 2
    assert "--passes is for --method paint" in capsys.readouterr().err
    assert (
        run("video", clip, "--style", "a.png", "--method", "paint", "--strength", "0.5", "-o", tmp_path / "o.mp4") == 2
    )
    assert "--strength is for --method fast" in capsys.readouterr().err


def y4m(path, rate):
    """Four frames of a raw video, whose header can claim any frame rate."""
    frames = b"".join(b"FRAME\n" + bytes([60 * index]) * (16 * 16 * 3 // 2) for index in range(4))
    path.write_bytes(b"YUV4MPEG2 W16 H16 F%s Ip A1:1 C420jpeg\n" % rate.encode() + frames)
    return path


@pytest.mark.parametrize("rate", ["1000000:1", "2147483647:1", "1:2147483647", "1:1000000"])
def test_an_absurd_frame_rate_is_one_sentence(tmp_path, rate):
    with pytest.raises(InputError, match=r"in\.y4m claims .* frames a second, which no film has"):
        stylize(y4m(tmp_path / "in.y4m", rate), tmp_path / "o.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["in.y4m"]


@pytest.mark.parametrize("rate", [0, -1, 1e-12, 1e9, float("nan"), float("inf")])
def test_a_frame_rate_that_cannot_be_is_refused(tmp_path, rate):
    for target in ("o.mp4", "o_%d.png"):
        with pytest.raises(InputError, match="frame rate"):
            stylize(y4m(tmp_path / "in.y4m", "25:1"), tmp_path / target, fps=rate)
