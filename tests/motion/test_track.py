import numpy as np
import pytest

from impasto.errors import InputError
from impasto.motion.track import RATE, pulse_of_file, read_track

from .test_beats import clicks

av = pytest.importorskip("av")


def write(path, samples: np.ndarray, rate: int = 48000) -> None:
    """A WAV file of 16 bits, in stereo."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="stereo")
        data = (np.clip(samples, -1, 1) * 32767).astype(np.int16).repeat(2)[None]
        frame = av.AudioFrame.from_ndarray(data, format="s16", layout="stereo")
        frame.sample_rate = rate
        container.mux([*stream.encode(frame), *stream.encode(None)])


@pytest.mark.parametrize("rate", [8000, 48000])
def test_the_beats_of_a_file_are_found(tmp_path, rate):
    times = np.arange(0.5, 11.5, 0.5)
    write(tmp_path / "a.wav", clicks(times, 12.0, rate), rate)
    assert len(read_track(tmp_path / "a.wav")) == pytest.approx(12 * RATE, rel=0.01)
    assert np.abs(pulse_of_file(tmp_path / "a.wav").beats[:, None] - times).min(axis=1).max() < 0.03


def test_what_is_no_music_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        pulse_of_file(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes(b"RIFF and nothing")
    with pytest.raises(InputError, match="cannot be read as sound"):
        pulse_of_file(tmp_path / "a.wav")
    write(tmp_path / "silent.wav", np.zeros(48000 * 3))
    with pytest.raises(InputError, match="has no beat"):
        pulse_of_file(tmp_path / "silent.wav")
