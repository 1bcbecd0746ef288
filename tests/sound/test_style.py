import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import impasto
from impasto.errors import InputError, StyleError
from impasto.sound.learn import learn_sound
from impasto.sound.recording import HeldSound
from impasto.sound.style import read_sound_style, style_of, working_rate

from .sounds import RATE, melody, noise, write


def test_a_style_file_keeps_statistics_and_frames(tmp_path, style):
    learnt = learn_sound(style, tmp_path / "hiss.safetensors", metadata={"title": "Hiss"})
    again = read_sound_style(tmp_path / "hiss.safetensors")
    assert (again.name, again.rate, again.metadata["title"]) == ("hiss", RATE, "Hiss")
    assert np.allclose(again.colouring.covariance, learnt.colouring.covariance)
    assert np.abs(np.concatenate(again.stretches, 1) - np.concatenate(learnt.stretches, 1)).max() < 1e-4
    assert again.tonality == pytest.approx(learnt.tonality, abs=1e-4)
    assert not again.is_tonal


def test_frames_in_a_file_take_at_most_2_mb_and_seconds_are_left_out_for_it(tmp_path):
    loud = np.stack([noise(30, 48000, 0.3, seed) for seed in (0, 1)])
    learnt = style_of(HeldSound(loud, 48000), "loud")
    learnt.save(tmp_path / "loud.safetensors")
    assert 1_500_000 < (tmp_path / "loud.safetensors").stat().st_size < 2_030_000
    assert 5 < read_sound_style(tmp_path / "loud.safetensors").seconds < 20
    assert learnt.seconds == 30


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 88200, 96000, 192000, 384000])
def test_rates_are_worked_with_up_to_48_khz(rate):
    assert working_rate(rate) <= 48000
    assert rate % working_rate(rate) == 0


def test_silence_and_what_is_shorter_than_a_frame_are_no_styles(tmp_path):
    with pytest.raises(InputError, match=r"short.wav is shorter than 93 ms"):
        learn_sound(write(tmp_path / "short.wav", noise(0.05)))
    with pytest.raises(InputError, match=r"silent.wav is silent"):
        learn_sound(write(tmp_path / "silent.wav", 0 * noise()))


def test_a_recording_of_few_samples_a_second_has_nothing_in_the_upper_bands(tmp_path):
    low = learn_sound(write(tmp_path / "low.wav", noise(1, 8000), 8000))
    assert low.colouring.mean.shape == (64,)
    assert low.colouring.mean[-5:].max() < low.colouring.mean[:20].min()


def test_styles_of_pictures_and_sounds_refuse_one_another(tmp_path, style):
    impasto.load_style("scream").save(tmp_path / "scream.safetensors")
    with pytest.raises(StyleError, match="is a style of pictures, which impasto apply"):
        impasto.stylize_sound(style, tmp_path / "scream.safetensors")
    with pytest.raises(StyleError, match="is a style of pictures"):
        impasto.stylize_sound(style, "scream")
    learn_sound(style, tmp_path / "hiss.safetensors")
    with pytest.raises(StyleError, match="is a style of sound, which impasto sound takes"):
        impasto.load_style(tmp_path / "hiss.safetensors")


def test_a_damaged_style_file_is_refused_in_a_sentence(tmp_path, tune):
    path = tmp_path / "tune.safetensors"
    learn_sound(tune, path)
    with safe_open(path, "numpy") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    spoilt = [
        (metadata | {"rate": "999999"}, tensors),
        (metadata | {"tonality": "nan"}, tensors),
        (metadata, tensors | {"mean": np.full(64, np.nan, np.float32)}),
        (metadata, tensors | {"covariance": np.zeros((3, 3), np.float32)}),
        (metadata, tensors | {"lengths": np.array([5])}),
        (metadata, tensors | {"flac": np.zeros(100, np.uint8)}),
        (metadata, {name: value for name, value in tensors.items() if name != "flac"}),
    ]
    for header, values in spoilt:
        save_file(values, path, metadata=header)
        with pytest.raises(StyleError, match=r"^[^\n]*damaged[^\n]*source again\.$"):
            read_sound_style(path)
    data = path.read_bytes()
    for end in (0, 5, 100, len(data) // 2):
        path.write_bytes(data[:end])
        with pytest.raises(StyleError):
            read_sound_style(path)


def test_the_name_and_what_the_recording_says_of_itself_are_kept(tmp_path):
    recording = write(tmp_path / "tune.flac", melody(), codec="flac", metadata={"title": "A tune", "artist": "We"})
    learnt = learn_sound(recording, name="ours", metadata={"artist": "Us"})
    assert (learnt.name, learnt.metadata) == ("ours", {"title": "A tune", "artist": "Us", "source": "tune.flac"})
