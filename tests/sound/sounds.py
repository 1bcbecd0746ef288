"""Sounds made by code, with exact truth for pitch, onsets and loudness."""

from fractions import Fraction

import av
import numpy as np
import pytest

from impasto.cli import main

RATE = 16000


def seconds(length, rate=RATE):
    return np.arange(int(length * rate)) / rate


def sine(hertz, length=1.0, rate=RATE, level=0.3):
    return (level * np.sin(2 * np.pi * hertz * seconds(length, rate))).astype(np.float32)


def note(hertz, length=0.5, rate=RATE):
    """A tone with eight partials that dies away, as a plucked string's does."""
    t = seconds(length, rate)
    partials = [np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 9) if hertz * k < rate / 2]
    return (0.2 * sum(partials) * np.exp(-4 * t)).astype(np.float32)


def melody(rate=RATE, notes=(262, 330, 392, 523)):
    return np.concatenate([note(hertz, rate=rate) for hertz in notes])


def noise(length=1.0, rate=RATE, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(int(length * rate))).astype(np.float32)


def bursts(length=2.0, every=0.5, rate=RATE):
    """Bursts of noise of 60 ms that begin every half second; silence in between."""
    sound, burst = np.zeros(int(length * rate), np.float32), noise(0.06, rate, 0.3)
    for at in np.arange(0.1, length - 0.1, every):
        sound[int(at * rate) : int(at * rate) + len(burst)] += burst * np.linspace(1, 0, len(burst))
    return sound


def write(path, samples, rate=RATE, codec="pcm_s16le", layout=None, metadata=(), container=None):
    """Write N or N x C samples."""
    samples = np.atleast_2d(np.asarray(samples, np.float32).T)
    layout = layout or {1: "mono", 2: "stereo", 8: "7.1"}[len(samples)]
    with av.open(str(path), "w", format=container) as out:
        out.metadata.update(dict(metadata))
        stream = out.add_stream(codec, rate=rate)
        stream.codec_context.layout = layout
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def read(path):
    """C x N samples and their rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt")
        parts = [made.to_ndarray()[0] for frame in container.decode(stream) for made in resampler.resample(frame)]
        return np.concatenate(parts).reshape(-1, stream.codec_context.layout.nb_channels).T, stream.rate


def level(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


def spectrum(samples):
    return np.abs(np.fft.rfft(samples * np.hanning(len(samples))))


def centroid(samples, rate=RATE):
    """The middle of the spectrum in Hz."""
    power = spectrum(samples) ** 2
    return float((np.fft.rfftfreq(len(samples), 1 / rate) * power).sum() / power.sum())


def run(*arguments):
    """Run a command; its exit status."""
    with pytest.raises(SystemExit) as raised:
        main(list(map(str, arguments)))
    return raised.value.code or 0
