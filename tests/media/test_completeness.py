import pytest

from impasto.media.completeness import is_cut_off
from impasto.video.video_file import VideoFile
from video.clips import make_clip, run


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv", ".ts", ".wmv"])
def test_a_file_that_lacks_its_last_byte_is_cut_off(tmp_path, suffix):
    webm = suffix == ".webm"
    codec = {".webm": "libvpx-vp9", ".wmv": "msmpeg4"}.get(suffix, "libx264")
    clip = make_clip(
        tmp_path / f"in{suffix}", frames=6, codec=codec, chapters=False,
        sound=("libopus",) if webm else ("mp3",), options={"movflags": "+faststart"} if suffix[1] == "m" else {},
    )  # fmt: skip
    assert not is_cut_off(clip)
    data = clip.read_bytes()
    clip.write_bytes(data[:-1])
    assert is_cut_off(clip)
    if suffix != ".ts":
        clip.write_bytes(data + b"\0\0\0\0appended")
        assert not is_cut_off(clip)


def test_a_live_recording_that_is_cut_off_is_painted_and_that_is_said(tmp_path, capsys):
    """Live recordings in Matroska state neither when nor where they end."""
    clip = make_clip(tmp_path / "in.mkv", frames=20, sound=(), chapters=False, options={"live": "1"})
    video = VideoFile(clip)
    assert sum(1 for _ in video.frames()) == 20
    assert not video.truncated
    clip.write_bytes(clip.read_bytes()[:-20])
    assert run("video", clip, "--style", "scream", "--stabilize", "off", "-o", tmp_path / "o.mp4") == 10
    assert "ends before its end" in capsys.readouterr().err
    assert sum(1 for _ in VideoFile(tmp_path / "o.mp4").frames()) >= 18
