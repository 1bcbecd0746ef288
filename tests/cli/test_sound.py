import io
import json
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("av", reason="sound needs PyAV: pip install impasto[sound]")

import av
import numpy as np

from sound.sounds import RATE, bursts, noise, read, run, sine, write


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """A folder with a content and two styles, in which commands run."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "bursts.wav", bursts())
    write(tmp_path / "hiss.wav", noise(1.2))
    write(tmp_path / "tone.wav", sine(440, 1.2))
    return tmp_path


def with_pictures(path, seconds=2):
    """A video with the bursts as its sound."""
    with av.open(str(path), "w") as out:
        film, sound = out.add_stream("libx264", rate=10), out.add_stream("aac", rate=RATE)
        film.width, film.height, sound.codec_context.layout = 32, 32, "mono"
        for index in range(10 * seconds):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 10 * index % 255, np.uint8), format="rgb24")
            out.mux(film.encode(picture))
        frame = av.AudioFrame.from_ndarray(bursts(seconds)[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        out.mux(sound.encode(frame))
        out.mux(film.encode(None))
        out.mux(sound.encode(None))
    return path


def pictures(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_a_sound_is_restyled_and_what_was_done_is_said(sounds, capsys):
    assert run("sound", "bursts.wav", "--style", "hiss.wav", "-o", "out.flac", "--bits", "24") == 0
    assert "out.flac  (2.0 s of sound in" in capsys.readouterr().out
    samples, rate = read(sounds / "out.flac")
    assert (samples.shape, rate) == ((1, 2 * RATE), RATE)
    assert run("sound", "bursts.wav", "--style", "hiss.wav:2", "--style", "tone.wav", "-o", "out.wav", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["styles"] == {"hiss": 0.6667, "tone": 0.3333}
    assert (report["output"], report["seconds"], report["method"]) == ("out.wav", 2.0, "mosaic")


def test_a_result_that_nobody_named_lies_beside_and_is_kept(sounds, capsys):
    command = "sound", "bursts.wav", "--style", "hiss.wav", "--method", "colour"
    assert run(*command) == 0
    assert (sounds / "bursts-hiss.wav").exists()
    assert run(*command) == 0
    assert "bursts-hiss.wav was made in the same way and is kept" in capsys.readouterr().err
    assert run(*command, "--strength", "0.5") == 0
    assert (sounds / "bursts-hiss-2.wav").exists()
    assert run(*command, "--strength", "0.5", "--overwrite") == 0
    assert not (sounds / "bursts-hiss-3.wav").exists()


def test_sounds_go_through_pipes(sounds, monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((sounds / "bursts.wav").read_bytes())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, write_through=True))
    assert run("sound", "-", "--style", "hiss.wav", "--method", "colour", "-o", "-") == 0
    (sounds / "piped.wav").write_bytes(out.getvalue())
    assert read(sounds / "piped.wav")[0].shape == (1, 2 * RATE)


def test_the_pictures_of_a_video_are_copied(sounds, capsys):
    clip = with_pictures(sounds / "clip.mp4")
    for name in ("out.mp4", "out.mkv", "out.mov"):
        assert run("sound", clip, "--style", "hiss.wav", "-o", name, "-q") == 0
        assert len(pictures(name)) == len(pictures(clip)) == 20
        before, after = read(clip)[0][0], read(name)[0][0]
        assert after.size == pytest.approx(before.size, abs=3000)
        envelope = [
            np.convolve(np.abs(sound[: 2 * RATE - 3000]), np.ones(800) / 800, "same") for sound in (before, after)
        ]
        assert np.corrcoef(*envelope)[0, 1] > 0.9, name
    assert pictures("out.mp4") == pictures(clip)
    assert run("sound", clip, "--style", "hiss.wav", "-o", "out.wav") == 0
    assert "The pictures of clip.mp4 are left out" in capsys.readouterr().err


def test_a_style_of_sound_is_learnt_kept_and_used_by_name(sounds, capsys):
    assert run("learn", "hiss.wav", "-o", "hiss.safetensors", "--title", "Hiss") == 0
    assert "style of sound; 1.2 s, without notes" in capsys.readouterr().out
    assert run("learn", "tone.wav", "--json") == 0
    assert json.loads(capsys.readouterr().out)["tonality"] > 0.35
    assert run("learn", "tone.wav") == 0
    assert "made in the same way and is kept" in capsys.readouterr().err
    assert run("styles", "add", "hiss.safetensors", "--name", "soft rain") == 0
    assert run("styles", "list") == 0
    assert "Hiss (yours, sound)" in capsys.readouterr().out
    assert run("sound", "bursts.wav", "--style", "soft rain:2", "--style", "tone.safetensors", "-o", "out.wav") == 0
    assert run("apply", "bursts.wav", "--style", "hiss.safetensors", "-o", "out.png") == 5
    assert "is a style of sound" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("bursts.wav",), 2, "No style is given; try: impasto sound bursts.wav --style rain.flac"),
        (("bursts.wav", "--style", "hiss.wav", "-o", "out.xyz"), 4, "no suffix of a sound that can be written"),
        (("bursts.wav", "--style", "hiss.wav", "-o", "out.mp3", "--bits", "24"), 4, "takes no bits"),
        (("none.wav", "--style", "hiss.wav", "-o", "out.wav"), 3, "none.wav is not there"),
        (("bursts.wav", "--style", "none.wav", "-o", "out.wav"), 5, "There is no recording none.wav"),
        (("bursts.wav", "--style", "hiss.wav", "--style-from", "x", "-o", "out.wav"), 2, "x is no time"),
        (("-", "--style", "hiss.wav"), 2, "give -o FILE"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_a_status(sounds, capsys, arguments, status, said):
    assert run("sound", *arguments) == status
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_learning_refuses_what_pictures_alone_take(sounds, capsys):
    assert run("learn", "hiss.wav", "tone.wav") == 2
    assert run("learn", "hiss.wav", "--steps", "5") == 2
    assert "--steps is for pictures" in capsys.readouterr().err


def test_a_file_that_is_cut_off_is_restyled_and_that_is_said(sounds, capsys):
    (sounds / "cut.wav").write_bytes((sounds / "bursts.wav").read_bytes()[:40000])
    assert run("sound", "cut.wav", "--style", "hiss.wav", "-o", "out.wav", "--method", "colour") == 10
    assert "cut.wav ends before its end; out.wav holds the 1.2 s" in capsys.readouterr().err
    assert read(sounds / "out.wav")[0].shape[1] > RATE
