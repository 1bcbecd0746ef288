"""Files of sound that several tests restyle."""

import pytest

pytest.importorskip("av", reason="sound needs PyAV: pip install impasto[sound]")

from .sounds import bursts, melody, noise, write


@pytest.fixture
def content(tmp_path):
    return write(tmp_path / "bursts.wav", bursts(), metadata={"title": "Bursts"})


@pytest.fixture
def style(tmp_path):
    return write(tmp_path / "hiss.wav", noise(1.5))


@pytest.fixture
def tune(tmp_path):
    return write(tmp_path / "tune.wav", melody())
