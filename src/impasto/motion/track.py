"""The music that a movement is set to: its samples, for finding beats."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impasto.errors import InputError, first_line
from impasto.extras import pyav
from impasto.files import is_file
from impasto.media.containers import open_container
from impasto.motion.beats import Pulse, find_pulse
from impasto.motion.quaternions import Array

RATE = 22050
"""Samples a second that beats are looked for in."""
_LONGEST = 3600.0  # seconds of a track that are read


def pulse_of_file(path: str | Path) -> Pulse:
    """Beats of a file with sound, at least two.

    Raises:
        InputError: it cannot be read, has no sound, or no beat.
        MissingExtraError: the extra ``video`` is not installed.
    """
    pulse = find_pulse(read_track(Path(path)), RATE)
    if len(pulse.beats) < 2:
        raise InputError(
            f"{path} has no beat that could be found; give music with a clear pulse.", key="no_beat", name=str(path)
        )
    return pulse


def read_track(path: Path) -> Array:
    """The sound of a file, mono, at :data:`RATE` samples a second.

    Raises:
        InputError: it cannot be read, or has no sound.
        MissingExtraError: the extra ``video`` is not installed.
    """
    av = pyav("Music")
    if not is_file(path):
        raise InputError(f"There is no file {path}; check the path.")
    pieces: list[Array] = []
    count = 0
    try:
        with open_container(path) as container:
            if not container.streams.audio:
                raise InputError(f"{path} has no sound; give a file with music.")
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            for frame in container.decode(container.streams.audio[0]):
                for made in resampler.resample(frame):
                    pieces.append(made.to_ndarray().ravel())
                    count += len(pieces[-1])
                if count > _LONGEST * RATE:
                    break
    except (av.error.FFmpegError, ValueError, OSError) as error:
        if not pieces:
            raise InputError(
                f"{path} cannot be read as sound ({first_line(error)}); give a file with music."
            ) from error
    if not pieces:
        raise InputError(f"{path} has no sound in it; give a file with music.")
    samples = np.concatenate(pieces).astype(np.float64)
    return np.nan_to_num(np.clip(samples, -4.0, 4.0))
