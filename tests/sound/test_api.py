import tracemalloc

import numpy as np
import pytest

import impasto
from impasto.errors import InputError, OutputError, StyleError
from impasto.sound import render
from impasto.sound.loudness import CEILING

from .sounds import RATE, bursts, centroid, level, melody, noise, read, seconds, sine, spectrum, write


def held(samples, rate=RATE):
    return samples, rate


def test_a_mosaic_has_the_contents_rhythm_and_the_styles_spectrum():
    content = sine(200, 2) * (np.abs(bursts()) > 0)
    result, rate = impasto.stylize_sound(held(content), held(noise(1.5)))
    assert (rate, result.shape, result.dtype) == (RATE, content.shape, np.float32)
    envelope = [np.convolve(np.abs(item), np.ones(1600) / 1600, "same") for item in (content, result)]
    assert np.corrcoef(*envelope)[0, 1] > 0.95
    assert np.abs(result[: int(0.05 * RATE)]).max() < 1e-3
    assert centroid(result) > 2 * centroid(content)


def test_the_notes_of_a_melody_are_played_by_another_instrument():
    """The style has one note; its transposed copies give those of the content."""

    def tone(hertz):
        return sine(hertz, 0.5) + sine(2 * hertz, 0.5, level=0.2)

    content = np.concatenate([tone(262), tone(392)])
    result, _ = impasto.stylize_sound(held(content), held(np.tile(tone(440), 3)), pitch="on")
    for first, hertz in ((0, 262), (RATE // 2, 392)):
        part = result[first + 1000 : first + 7000]
        found = spectrum(part).argmax() * RATE / len(part)
        semitones = 12 * np.log2(found / hertz)
        assert abs(semitones - 12 * round(semitones / 12)) < 0.6


def test_colouring_keeps_the_contents_waveform_and_takes_the_styles_spectrum():
    content = bursts()
    style = np.cumsum(noise(1.5)) * 0.05
    result, _ = impasto.stylize_sound(held(content), held(style - style.mean()), method="colour")
    assert centroid(result) < 0.6 * centroid(content)
    assert np.corrcoef(np.abs(content), np.abs(result))[0, 1] > 0.5


def test_strength_0_is_the_content_itself_and_less_strength_is_nearer_to_it():
    content = np.stack([melody(), melody()[::-1]], axis=1)
    same, rate = impasto.stylize_sound(held(content, 96000), held(noise()), strength=0)
    assert rate == 96000
    assert np.array_equal(same, content)
    distances = []
    for strength in (0.3, 0.7, 1.0):
        result, _ = impasto.stylize_sound(held(melody()), held(noise()), strength=strength)
        distances.append(level(result - melody()))
    assert distances == sorted(distances)


def test_the_result_is_as_loud_as_the_content_and_never_clips():
    result, _ = impasto.stylize_sound(held(np.clip(bursts() * 8, -1, 1)), held(noise(1.5)))
    assert CEILING / 2 < np.abs(result).max() <= CEILING
    for content in (bursts() / 3, bursts() / 30):
        result, _ = impasto.stylize_sound(held(content), held(noise(1.5)))
        assert 20 * np.log10(level(result) / level(content)) == pytest.approx(0, abs=2)


def test_silence_stays_silent_and_that_is_said(tmp_path):
    result, _ = impasto.stylize_sound(held(np.zeros(RATE)), held(noise()))
    assert not result.any()
    silent = write(tmp_path / "silent.wav", np.zeros(RATE))
    report = impasto.stylize_sound(silent, held(noise()), output=tmp_path / "out.wav")
    assert report.notices == ["silent.wav is silent, and so is the result."]
    assert read(tmp_path / "out.wav")[0].shape == (1, RATE)


@pytest.mark.parametrize("length", [1, 10, 700, 1500, 3001])
def test_a_click_shorter_than_a_frame_is_restyled(length):
    click = np.zeros(length)
    click[length // 2] = 0.9
    result, _ = impasto.stylize_sound(held(click), held(noise()))
    assert result.shape == (length,)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("rate", [2000, 8000, 11025, 44100, 96000, 192000])
def test_every_rate_comes_out_as_it_went_in(rate):
    content = sine(440, 0.6, rate) * (seconds(0.6, rate) > 0.2)
    result, found = impasto.stylize_sound(held(content, rate), held(noise()), pitch="off")
    assert (found, len(result)) == (rate, len(content))
    assert level(result[int(0.3 * rate) :]) > 0.02


def test_a_seed_gives_the_same_result_again_and_another_gives_another():
    first, again, other = (impasto.stylize_sound(held(bursts()), held(noise(1.5)), seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_stereo_keeps_its_sides_and_a_stereo_style_brings_its_own():
    content = np.stack([bursts(), np.zeros(2 * RATE)], axis=1)
    result, _ = impasto.stylize_sound(held(content), held(noise()))
    assert level(result[:, 1]) < 0.01 * level(result[:, 0])
    wide = np.stack([noise(), noise(seed=9)], axis=1)
    result, _ = impasto.stylize_sound(held(np.stack([bursts()] * 2, axis=1)), held(wide))
    assert abs(np.corrcoef(result.T)[0, 1]) < 0.5


def test_channels_for_low_frequencies_are_kept(tmp_path):
    content = write(tmp_path / "surround.wav", np.tile(bursts()[:, None], 8))
    impasto.stylize_sound(content, held(noise()), output=tmp_path / "out.wav")
    before, after = read(content)[0], read(tmp_path / "out.wav")[0]
    assert after.shape == before.shape
    differ = [float(np.abs(one - other).max()) > 0.05 for one, other in zip(before, after, strict=True)]
    assert differ.count(False) == 1


def test_blocks_fade_into_one_another_without_a_seam(monkeypatch):
    monkeypatch.setattr(render, "_BLOCK_SECONDS", 1)
    content = noise(3.4)
    result, _ = impasto.stylize_sound(held(content), held(noise(1.5, seed=3)))
    assert len(result) == len(content)
    levels = np.array([level(part) for part in np.split(result[: len(result) // 400 * 400], len(result) // 400)])
    assert levels.min() > 0.4 * levels.mean()
    steps = np.abs(np.diff(result))
    assert steps.max() < 8 * steps.mean()


def test_of_two_styles_the_one_with_more_weight_is_heard_more():
    """One style is a low tone, the other a high one; the content has both."""
    content, low, high = noise(1.5), sine(300, 1.5), sine(3000, 1.5)
    shares = []
    for weight in (0.25, 1, 4):
        result, _ = impasto.stylize_sound(held(content), [(held(low), 1), (held(high), weight)], pitch="off")
        power = spectrum(result) ** 2
        shares.append(power[len(power) // 8 :].sum() / power.sum())
    assert shares == sorted(shares)
    assert shares[2] > 2 * shares[0]


def test_styles_are_given_in_every_way(content, style, tune):
    given = [style, str(style), f"{style}:2", [style, f"{tune}:0.5"], {style: 2, tune: 1}, [(style, 2), (tune, 1)]]
    for item in given:
        assert len(impasto.stylize_sound(content, item, method="colour")[0]) == 2 * RATE


def test_only_the_asked_part_of_a_style_is_used(tmp_path):
    style = write(tmp_path / "two.wav", np.concatenate([sine(300, 1.0), sine(3000, 1.0)]))
    low, high = (
        impasto.stylize_sound(held(noise()), style, style_from=start, style_to=start + 1, pitch="off")[0]
        for start in (0, 1)
    )
    assert centroid(low) < 1000 < 2000 < centroid(high)


@pytest.mark.parametrize(
    ("style", "options", "error", "said"),
    [
        ([], {}, StyleError, "No style is given"),
        ("none.flac", {}, StyleError, "There is no recording none.flac"),
        (held(noise(0.05)), {}, InputError, "too short to be a style"),
        (held(0 * noise()), {}, InputError, "silence is no style"),
        ([(held(noise()), 0)], {}, StyleError, "not all 0"),
        ([(held(noise()), -1)], {}, StyleError, "0 or more"),
        ([(held(noise()), "much")], {}, InputError, "weight of a style is the text 'much'"),
        (held(noise()), {"method": "remix"}, InputError, "no method remix"),
        (held(noise()), {"strength": 2}, InputError, "strength 2 is out of range"),
        (held(noise()), {"style_from": 2, "style_to": 1}, InputError, "ends before it begins"),
        (held(noise()), {"style_from": 5}, InputError, "nothing in the part"),
        (held(noise()), {"bits": "16"}, OutputError, "leave them out"),
        (held(noise()), {"speed": 1}, InputError, "no option speed"),
        (7, {}, InputError, "not 7"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(style, options, error, said):
    with pytest.raises(error, match=said):
        impasto.stylize_sound(held(bursts()), style, **options)


def test_the_result_is_none_of_its_sources(content, style):
    for path in (content, style):
        with pytest.raises(InputError, match="is one of the inputs"):
            impasto.stylize_sound(content, style, output=path)


def test_progress_runs_up_to_1(content, style, tmp_path):
    shares = []
    impasto.stylize_sound(content, style, output=tmp_path / "out.wav", progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_an_interrupted_run_leaves_nothing(content, style, tmp_path):
    def stop(share):
        if share > 0.5:
            raise KeyboardInterrupt

    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        impasto.stylize_sound(content, style, output=tmp_path / "out.wav", progress=stop)
    assert sorted(tmp_path.iterdir()) == before


def test_a_note_of_how_it_was_made_and_the_contents_title_are_kept(content, style, tmp_path):
    import av

    impasto.stylize_sound(content, style, output=tmp_path / "out.flac", seed=3)
    with av.open(str(tmp_path / "out.flac")) as container:
        metadata = {name.lower(): text for name, text in container.metadata.items()}
    assert metadata["title"] == "Bursts"
    assert "sound style=hiss seed=3 id=" in metadata["comment"]


def test_a_long_sound_needs_hardly_more_memory_than_a_short_one(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.sound.api._HELD_BYTES", 1 << 16)
    rate = 4000
    peaks = []
    for length in (15, 60):
        content = write(tmp_path / f"{length}.wav", bursts(length, rate=rate), rate=rate)
        tracemalloc.start()
        impasto.stylize_sound(content, (noise(2.0, rate), rate), output=tmp_path / "out.wav")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
