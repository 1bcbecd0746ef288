import sys

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, MissingExtraError, OutputError
from impasto.motion.body import see_body
from impasto.motion.drawing import figure_of
from impasto.motion.preview import check_preview, write_preview
from impasto.motion.walker import Walk, make_walk

from .test_beats import clicks
from .test_track import write


@pytest.fixture(scope="module")
def figures():
    return [figure_of(see_body(make_walk(Walk(), seconds)), "walk") for seconds in (0.5, 0.3)]


def test_a_picture_is_a_strip(figures, tmp_path):
    write_preview(figures, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as strip:
        assert strip.height == 440


def test_a_video_has_all_frames_and_the_track(figures, tmp_path):
    av = pytest.importorskip("av")
    write(tmp_path / "track.wav", clicks(np.arange(0.2, 2.5, 0.5), 3.0))
    calls = []
    write_preview(
        figures, tmp_path / "a.mp4", track=tmp_path / "track.wav", progress=lambda *counts: calls.append(counts)
    )
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert len(list(container.decode(video=0))) == 15
        assert container.streams.video[0].width == 640
        sound = sum(frame.samples for frame in container.decode(audio=0)) if container.seek(0) is None else 0
        assert 0.3 < sound / container.streams.audio[0].rate < 0.8
    assert calls[-1] == (15, 15)


def test_what_cannot_be_drawn_is_said(figures, tmp_path, monkeypatch):
    with pytest.raises(OutputError, match=r"no suffix that a preview is written to; give one of .mp4"):
        check_preview(tmp_path / "a.avi")
    with pytest.raises(InputError, match="9 clips do not fit"):
        write_preview([figures[0]] * 9, tmp_path / "a.png")
    pytest.importorskip("av")
    with pytest.raises(InputError, match="cannot be read as sound"):
        write_preview(figures, tmp_path / "a.mp4", track=tmp_path / "no.wav")
    assert not (tmp_path / "a.mp4").exists()


def test_a_video_without_its_extra_is_refused(tmp_path, monkeypatch):
    from impasto import extras

    extras.pyav.cache_clear()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"A preview as a video needs"):
        check_preview(tmp_path / "a.mp4")
    check_preview(tmp_path / "a.png")
    monkeypatch.undo()
    extras.pyav.cache_clear()
