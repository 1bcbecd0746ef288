import av
import numpy as np
import pytest

import impasto
from impasto.errors import InputError, StyleError
from impasto.video.pipeline import FramePipeline

from .clips import make_clip, packets


@pytest.fixture(scope="module")
def hiss():
    """A second of noise, and its rate."""
    return (0.1 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32), 16000


def sound_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono")
        parts = [made.to_ndarray()[0] for frame in container.decode(stream) for made in resampler.resample(frame)]
        return np.concatenate(parts), stream.rate


def spread(path):
    """How even the spectrum of a sound is, in [0, 1]."""
    sound, _ = sound_of(path)
    power = np.abs(np.fft.rfft(sound)) ** 2 + 1e-12
    return float(np.exp(np.log(power).mean()) / power.mean())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_pictures_and_sound_are_painted_in_one_call(tmp_path, hiss, suffix):
    clip = make_clip(tmp_path / "in.mp4", sound=("aac", "aac"), words=("mov_text",))
    report = impasto.stylize_video(clip, "scream", output=tmp_path / f"out{suffix}", sound_style=hiss, stabilize="off")
    assert report.frames == 12
    assert "Of the 2 sounds of in.mp4, one is restyled; others stay." in report.notices
    assert not [notice for notice in report.notices if "audio stream 1 " in notice]
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        assert len(container.streams.audio) == 2
    before, after = (len(sound) / rate for sound, rate in map(sound_of, (clip, tmp_path / f"out{suffix}")))
    assert after == pytest.approx(before, abs=0.1)
    assert spread(tmp_path / f"out{suffix}") > 3 * spread(clip)
    assert not list(tmp_path.glob(".*"))


def test_without_a_style_of_sound_it_is_copied(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=3)
    impasto.stylize_video(clip, "scream", output=tmp_path / "out.mp4", stabilize="off")
    assert packets(tmp_path / "out.mp4", "audio") == packets(clip, "audio")


def test_what_cannot_be_is_refused_before_anything_is_painted(tmp_path, hiss, monkeypatch):
    monkeypatch.setattr(FramePipeline, "run", None)
    clip, silent = make_clip(tmp_path / "in.mp4", frames=3), make_clip(tmp_path / "silent.mp4", frames=3, sound=())
    for video, output, style, error, said in (
        (clip, "out.gif", hiss, InputError, "holds no sound"),
        (clip, "out_%04d.png", hiss, InputError, "holds no sound"),
        (silent, "out.mp4", hiss, InputError, "There is no sound in .*silent.mp4"),
        (clip, "out.mp4", "none.flac", StyleError, "There is no recording none.flac"),
    ):
        with pytest.raises(error, match=said):
            impasto.stylize_video(video, "scream", output=tmp_path / output, sound_style=style)
