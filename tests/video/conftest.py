"""Fixtures: a clip, and the files that are read for its frames."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.video import flow_files, pipeline

from .clips import make_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A second of 64 x 48 with two sound streams, subtitles, chapters and a title."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return make_clip(path, sound=("aac", "aac"), words=("mov_text",))


@pytest.fixture
def read(monkeypatch):
    """The names of the masks and flow files that are read, in order."""
    names, read_mask = [], pipeline.read_mask

    def mask(given, *arguments, **options):
        names.extend([given.name] if isinstance(given, Path) else [])
        return read_mask(given, *arguments, **options)

    def flow(path):
        names.append(path.name)
        return np.zeros((48, 64, 2), np.float32)

    monkeypatch.setattr(pipeline, "read_mask", mask)
    monkeypatch.setattr(flow_files, "read_flo", flow)
    return names
