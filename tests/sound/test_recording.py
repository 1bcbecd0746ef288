import av
import numpy as np
import pytest

from impasto.errors import InputError
from impasto.sound.recording import HeldSound, SoundFile, as_held_sound

from .sounds import RATE, bursts, noise, sine, write


def whole(source, rate=None):
    return np.concatenate(list(source.blocks(rate or source.rate)), axis=1)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.m4a", "aac")],
)
def test_the_usual_formats_are_read_as_long_as_they_are(tmp_path, name, codec):
    source = SoundFile(
        write(tmp_path / name, sine(440, 1.5, 48000), 48000, codec, container={"m4a": "ipod"}.get(name[2:]))
    )
    samples = whole(source)
    assert samples.shape[0] == source.channels == 1
    assert samples.shape[1] / source.rate == pytest.approx(1.5, abs=0.06)
    middle = samples[0, source.rate // 2 : source.rate]
    assert np.abs(np.fft.rfft(middle)).argmax() * 2 == pytest.approx(440, abs=3)
    assert not source.truncated


def test_another_rate_is_as_long(tmp_path):
    source = SoundFile(write(tmp_path / "a.wav", np.stack([sine(440), sine(880)], 1), 16000))
    assert whole(source, 11025).shape == (2, 11025)


def test_a_part_and_fewer_channels_are_read(tmp_path):
    path = write(tmp_path / "a.wav", np.tile(bursts()[:, None], 8))
    source = SoundFile(path, 0.25, 0.75, stereo=True)
    assert (source.channels, source.expected) == (2, RATE // 2)
    assert whole(source).shape == (2, RATE // 2)
    assert SoundFile(path).layout == "7.1"


def test_gaps_of_the_time_stamps_are_silence(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=RATE)
        stream.codec_context.layout = "mono"
        for at in (0, RATE * 2):
            frame = av.AudioFrame.from_ndarray(np.full((1, RATE // 2), 0.5, np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    samples = whole(SoundFile(tmp_path / "a.mkv"))[0]
    assert len(samples) == pytest.approx(2.5 * RATE, abs=50)
    assert not samples[int(0.6 * RATE) : int(1.9 * RATE)].any()
    assert samples[int(2.2 * RATE)] == pytest.approx(0.5, abs=1e-3)


def test_a_file_that_is_cut_off_says_so(tmp_path):
    path = write(tmp_path / "a.wav", bursts())
    path.write_bytes(path.read_bytes()[:40000])
    source = SoundFile(path)
    assert 0 < whole(source).shape[1] < 2 * RATE
    assert source.truncated


def test_numbers_that_are_none_become_silence(tmp_path):
    sound = noise()
    sound[100], sound[200], sound[300] = np.nan, np.inf, 1e30
    assert np.isfinite(whole(SoundFile(write(tmp_path / "a.wav", sound, codec="pcm_f32le")))).all()
    assert np.abs(whole(as_held_sound(sound, RATE))).max() <= 16


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "cannot be opened as a sound"), (b"no sound" * 99, "cannot be opened as a sound"), (None, "is not there")],
)
def test_what_is_no_sound_is_refused(tmp_path, data, said):
    path = tmp_path / "a.wav"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=said):
        SoundFile(path)
    with pytest.raises(InputError, match="is a folder"):
        SoundFile(tmp_path)


def test_a_video_without_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width = stream.height = 16
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        out.mux(stream.encode(None))
    with pytest.raises(InputError, match=r"no sound in .*a\.mp4"):
        SoundFile(tmp_path / "a.mp4")


@pytest.mark.parametrize("rate", [1000, 10**6, 44100.5, "44100", None])
def test_a_rate_that_no_sound_has_is_refused(rate):
    with pytest.raises(InputError, match="samples a second"):
        as_held_sound(noise(), rate)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2)), np.zeros(0), np.zeros((9, 99)), np.array(["a"]), [[1j]]])
def test_an_array_that_is_no_sound_is_refused(array):
    with pytest.raises(InputError, match="rray"):
        as_held_sound(array, RATE)


def test_whole_numbers_are_brought_to_1():
    held = as_held_sound(np.array([-32768, 0, 16384], np.int16), RATE)
    assert held.samples.tolist() == [[-1, 0, 0.5]]
    assert isinstance(held, HeldSound)
