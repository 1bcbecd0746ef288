import numpy as np
import pytest

from impasto.sound.corpus import SEMITONES, Corpus
from impasto.sound.palette import Palette
from impasto.sound.recording import HeldSound
from impasto.sound.style import style_of

from .sounds import RATE, noise, note


def pitch_of(magnitudes, length):
    return magnitudes.argmax() * RATE / length


def test_a_corpus_has_the_frames_of_the_recording():
    samples = np.stack([noise(), noise(seed=1)])
    corpus = Corpus([samples], RATE, 1.0, transposed=False)
    assert len(corpus) == (RATE - corpus.length) // (corpus.length // 4) + 1
    frames = np.arange(len(corpus))
    both = [np.abs(corpus.spectra(frames, channel)) for channel in (0, 1)]
    assert np.allclose(corpus.magnitudes(frames), np.sqrt((both[0] ** 2 + both[1] ** 2) / 2), atol=1e-6)
    assert np.array_equal(corpus.spectra(frames, 2), corpus.spectra(frames, 0))


def test_silence_is_left_out():
    corpus = Corpus([np.concatenate([noise(), np.zeros(RATE, np.float32)])[None]], RATE, 1.0, transposed=False)
    assert len(corpus) < 0.6 * 2 * RATE / (corpus.length // 4)


def test_copies_stand_at_all_twelve_pitches():
    corpus = Corpus([note(440, 1.0)[None]], RATE, 1.0, transposed=True)
    magnitudes = corpus.magnitudes(np.arange(len(corpus)))
    found = {round(12 * np.log2(pitch_of(frame, corpus.length) / 440)) % 12 for frame in magnitudes}
    assert len(SEMITONES) == 11
    assert len(found) >= 11  # of the lowest copy the second partial is loudest, as the recording's envelope has it


def test_of_many_frames_those_that_match_are_chosen(monkeypatch):
    from impasto.sound import palette as module

    monkeypatch.setattr(module, "_MOST_FRAMES", 30)
    style = style_of(HeldSound(np.concatenate([noise(2), note(440, 1.0)])[None], RATE), "both")
    palette = Palette([(style, 1.0)], RATE, 0.0, "off", frames=True)
    wanted = Corpus([note(440, 1.0)[None]], RATE, 1.0, transposed=False)
    chosen = palette.matching(wanted.powers)
    assert len(chosen) == 30
    assert np.mean(chosen > 2 * RATE / (palette.length // 4) - 5) > 0.8


@pytest.mark.parametrize(
    ("tonality", "pitch", "copies"),
    [(0.9, "auto", 1), (0.25, "auto", 1), (0.1, "auto", 0), (0.1, "on", 1), (0.9, "off", 0)],
)
def test_copies_are_made_where_both_sounds_have_notes(tonality, pitch, copies):
    style = style_of(HeldSound(np.concatenate([note(440, 1.0)] * 2)[None], RATE), "note")
    assert len(Palette([(style, 1.0)], RATE, tonality, pitch, frames=True).transposed) == copies
