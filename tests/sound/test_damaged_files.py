import numpy as np
import pytest

import impasto
from impasto.errors import ImpastoError

from .sounds import noise, sine, write

FORMATS = {
    "a.wav": {},
    "a.flac": {"codec": "flac"},
    "a.mp3": {"codec": "libmp3lame"},
    "a.ogg": {"codec": "libopus", "rate": 48000},
    "a.m4a": {"codec": "aac", "container": "ipod"},
    "a.mkv": {"codec": "flac"},
}
COUNT = 12  # mutants of each format


def mutants(data, seed):
    """A file with bytes changed, left out, or repeated; headers are hit as often as the rest."""
    random = np.random.default_rng(seed)
    for number in range(COUNT):
        spoilt = bytearray(data)
        reach = len(spoilt) if number % 2 else min(len(spoilt), 200)
        kind = number % 4
        if kind < 2:
            for place in random.integers(0, reach, 1 + number):
                spoilt[place] = random.integers(0, 256)
        elif kind == 2:
            del spoilt[random.integers(0, reach) :]
        else:
            at = int(random.integers(0, reach))
            spoilt[at:at] = spoilt[at : at + 500]
        yield bytes(spoilt)


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_restyled_as_far_as_it_goes_or_refused_in_a_sentence(tmp_path, name):
    settings = dict(FORMATS[name])
    rate = settings.setdefault("rate", 16000)
    path = write(tmp_path / name, sine(440, 0.4, rate), **settings)
    said = []
    for number, data in enumerate(mutants(path.read_bytes(), seed=len(name) + len(settings))):
        path.write_bytes(data)
        try:
            result, _ = impasto.stylize_sound(path, (noise(0.3), 16000), method="colour")
        except ImpastoError as error:
            said.append(str(error))
        else:
            assert np.isfinite(result).all(), number
            assert len(result) < 60 * rate
    assert all(text and "\n" not in text for text in said)
