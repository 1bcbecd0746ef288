"""How much memory and time a long sound takes: half an hour in stereo, made of the pool's clips, varied.

    python benchmarks/sound_long.py --sounds ../shared/sound --minutes 30

The style has notes, so that there are twelve transposed copies: the dearest case. The bar is 600 MB.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from impasto.sound.recording import SoundFile
from impasto.sound.resampling import resample
from impasto.sound.writing import Target, write_sound

RATE = 44100
CLIPS = ("speech_man", "trumpet", "strings_brahms", "tabla", "vibe_jazz", "sugarplum", "robin", "beat_garzul")
STYLE = "strings_brahms"
PITCHES = (1, 1, 0.95, 1.05, 1.125, 0.89)  # by which clips are varied
BAR = 600  # megabytes


def repeated(sounds: Path, seconds: float) -> Iterator[np.ndarray]:
    """Blocks of 2 x N samples: clips of the pool one after another, each time at another pitch and level."""
    random = np.random.default_rng(0)
    clips = [np.concatenate(list(SoundFile(sounds / f"{name}.flac").blocks(RATE)), axis=1) for name in CLIPS]
    left = int(seconds * RATE)
    while left > 0:
        clip = resample(clips[random.integers(len(clips))], RATE, int(RATE * random.choice(PITCHES)))[:, :left]
        left -= clip.shape[1]
        sides = [np.roll(clip[0], late) * random.uniform(0.2, 1) for late in (0, random.integers(300))]
        yield np.stack(sides).astype(np.float32)


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, default=Path("../shared/sound"), help="the folder with the pool")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--style", default=STYLE, help="name of a clip of the pool")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        long, result = Path(folder) / "long.flac", Path(folder) / "result.flac"
        target = Target(long, RATE, "stereo", "16", {})
        write_sound(target, repeated(options.sounds, 60 * options.minutes), RATE)
        command = ["impasto", "sound", str(long), "--style", str(options.sounds / f"{options.style}.flac")]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", *command, "-o", str(result), "--quiet"], check=True)
        took = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = used.ru_maxrss / 1024
        print(
            f"{options.minutes:g} minutes in stereo x {options.style}: peak {peak:.0f} MB (<= {BAR}"
            f" {'ok' if peak <= BAR else 'MISSED'}), {took:.0f} s, of processors {used.ru_utime + used.ru_stime:.0f} s"
        )


if __name__ == "__main__":
    main()
