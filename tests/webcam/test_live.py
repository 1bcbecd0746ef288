import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.cli import picture_styles  # noqa: E402
from impasto.errors import InputError, MissingExtraError  # noqa: E402
from impasto.feedforward.options import Options  # noqa: E402
from impasto.learning import api, cache  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402
from impasto.version import install_command  # noqa: E402
from impasto.webcam.live import Pace, check_libraries  # noqa: E402

from .helpers import FakeWindow, live, run  # noqa: E402


def test_keys_switch_styles_strength_and_keep_pictures(folder, tmp_path):
    said = []
    window = FakeWindow(["2", "-", "a", "f", "s", "m", "r", "1", "r"])
    made, count = live(folder, window, rate=0, folder=tmp_path, say=said.append)
    assert count == len(window.shown) == 10
    assert "scream" in window.texts[0]
    assert "udnie" in window.texts[1]
    assert "0.9" in window.texts[2]
    assert window.shown[0].shape == (72, 96, 3)
    assert window.shown[3].shape == (144, 192, 3)  # three styles in a grid of four
    assert not window.shown[3][72:, 96:].any()
    assert window.texts[4] == ""
    with Image.open(tmp_path / "snapshot-001.png") as image:
        assert image.size == (192, 144)
    assert not made.mirror
    with av.open(str(tmp_path / "recording-001.mp4")) as container:
        assert len(list(container.decode(video=0))) >= 1
    assert len(said) == 3


def test_a_key_that_is_a_digit_and_no_number_does_nothing(folder):
    made, count = live(folder, FakeWindow(["²", "2"]), rate=0)
    assert (made.current, count) == (1, 3)


def test_a_mask_of_the_cameras_size_fits_however_small_the_picture_is_painted(folder, tmp_path):
    mask = np.zeros((72, 96), np.uint8)
    mask[:, 48:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    full, small, plain = FakeWindow(), FakeWindow(), FakeWindow()
    for window, size, where in ((full, 0, tmp_path / "mask.png"), (small, 64, tmp_path / "mask.png"), (plain, 0, None)):
        options = Options(size=size, mask=where)
        live(folder, window, styles=["scream"], options=options, mirror=False, rate=0, stabilize="off")
    kept = np.abs(full.shown[0][:, :40].astype(float) - plain.shown[0][:, :40])
    assert kept.mean() > 20  # the photograph there, not the painting
    assert not np.abs(full.shown[0][:, 56:].astype(float) - plain.shown[0][:, 56:]).max() > 2
    assert small.shown[0].shape == (48, 64, 3)
    wrong = Options(mask=np.full((10, 10), 255, np.uint8))
    with pytest.raises(InputError, match="10 x 10 pixels and the picture 96 x 72"):
        live(folder, FakeWindow(), styles=["scream"], options=wrong, rate=0)


def test_the_size_is_that_of_what_is_shown(folder):
    window = FakeWindow(["a"])
    live(folder, window, options=Options(size=48), rate=0)
    assert [shown.shape for shown in window.shown] == [(36, 48, 3), (72, 96, 3)]


def test_the_mirror_exchanges_left_and_right(folder):
    plain, turned = FakeWindow(), FakeWindow()
    options = Options(strength=0.0)
    live(folder, plain, options=options, mirror=False, rate=0, stabilize="off")
    live(folder, turned, options=options, mirror=True, rate=0, stabilize="off")
    assert np.abs(plain.shown[0].astype(float) - turned.shown[0][:, ::-1]).mean() < 2


def test_the_size_follows_the_wanted_rate():
    pace = Pace(20, 640)
    for _ in range(60):
        pace.update(0.2 * (pace.size / 640) ** 2)
    assert 256 <= pace.size <= 352
    assert pace.frames_per_second == pytest.approx(20, rel=0.35)
    for _ in range(60):
        pace.update(0.02 * (pace.size / 640) ** 2)
    assert pace.size == 640
    free = Pace(0, 640)
    free.update(9.0)
    assert free.size == 640


def test_the_command_without_a_window(folder):
    assert run("webcam", "--style", "scream", "--camera", folder, "--no-window", "--frames", "2", "-q") == 0
    assert run("webcam", "--style", "scrm", "--camera", folder, "--no-window", "--frames", "2", "-q") == 5
    assert run("webcam", "--style", "scream", "--camera", Path("none.mp4"), "--no-window", "--frames", "2") == 3


def test_pictures_given_as_styles_are_learnt_with_a_bar_before_the_camera_is_opened(
    folder, tmp_path, photo, monkeypatch, capsys
):
    photo.save(tmp_path / "mine.png")
    learnt = []

    def learn(path, _effort, progress=None):
        if progress is not None:
            assert not any(thread.name == "camera" for thread in threading.enumerate())
            progress(api.LearningProgress("style", 1, 1.0, 0.1, {"style": 0.5}))
            learnt.append(path)
        return load_style("scream")

    monkeypatch.setattr(cache, "learn_cached_style", learn)
    monkeypatch.setattr(picture_styles, "learn_cached_style", learn)
    monkeypatch.setattr(picture_styles, "is_style_cached", lambda path, _effort: False)
    style = f"udnie+{tmp_path / 'mine.png'}:2"
    assert run("webcam", "--style", style, "--camera", folder, "--no-window", "--frames", "1") == 0
    assert learnt == [tmp_path / "mine.png"]
    said = capsys.readouterr().err
    assert said.startswith("Fitting the style of ")
    assert "mine.png, which takes" in said


@pytest.mark.parametrize("module", ["cv2", "av"])
def test_what_is_missing_comes_with_the_extra_that_brings_the_window_too(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as raised:
        check_libraries()
    assert install_command("webcam") in str(raised.value)
