import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.cli import main, picture_styles  # noqa: E402
from impasto.errors import InputError, OutputError  # noqa: E402
from impasto.feedforward.options import Options  # noqa: E402
from impasto.learning import api  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402
from impasto.webcam import camera as cameras  # noqa: E402
from impasto.webcam.camera import Camera  # noqa: E402
from impasto.webcam.live import Live, Pace  # noqa: E402
from impasto.webcam.outputs import Recording, virtual_camera  # noqa: E402


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def folder(tmp_path, photo):
    inside = tmp_path / "in"
    inside.mkdir()
    for index in range(6):
        photo.crop((index * 4, 0, index * 4 + 160, 120)).save(inside / f"{index}.png")
    return inside


class FakeWindow:
    """Presses a key a picture, and remembers what it was shown."""

    def __init__(self, keys=()):
        self.script, self.shown, self.texts = list(keys), [], []

    def show(self, picture, text):
        self.shown.append(picture)
        self.texts.append(text)

    def pressed(self):
        return [self.script.pop(0)] if self.script else ["q"]

    def close(self):
        pass


def live(source, window, **settings):
    camera = Camera(source, width=96, height=72, rate=30)
    try:
        made = Live(camera, settings.pop("styles", ["scream", "udnie", "tahiti"]), window=window, **settings)
        return made, made.run()
    finally:
        camera.close()


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


def test_a_recording_takes_pictures_of_another_size(folder, tmp_path):
    live(folder, FakeWindow(["r", "x", "a", "x", "x", "r"]), styles=["scream", "udnie"], rate=0, folder=tmp_path)
    with av.open(str(tmp_path / "recording-001.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 5
    assert {frame.shape for frame in frames} == {(72, 96, 3)}
    assert frames[-1][:12].max() < 40 < frames[-1][24:48].mean()  # side by side, between black bars


@pytest.mark.parametrize(("name", "words"), [("live.gif", "GIF"), ("live.avi", "no suffix")])
def test_a_file_that_no_recording_is_written_to_is_refused_before_the_camera_is_opened(
    tmp_path, monkeypatch, capsys, name, words
):
    monkeypatch.setattr(Camera, "__init__", lambda *_arguments, **_options: pytest.fail("it is opened"))
    assert run("webcam", "--style", "scream", "--no-window", "--record", tmp_path / name) == 4
    assert words in capsys.readouterr().err


def test_a_recording_that_cannot_be_joined_is_kept(tmp_path, monkeypatch):
    recording = Recording(tmp_path / "live.mp4")
    for _ in range(2):
        recording.write(np.zeros((32, 48, 3), np.uint8))
    recording.path = tmp_path / "gone" / "live.mp4"
    recording.path.parent.write_text("no folder")
    with pytest.raises(OutputError, match=r"what was recorded is kept in .*live\.mp4\.impasto") as caught:
        recording.close()
    assert "same command" not in str(caught.value)
    assert list(recording.work.folder.glob("*.nut"))


def test_the_mirror_exchanges_left_and_right(folder):
    plain, turned = FakeWindow(), FakeWindow()
    options = Options(strength=0.0)
    live(folder, plain, options=options, mirror=False, rate=0, stabilize="off")
    live(folder, turned, options=options, mirror=True, rate=0, stabilize="off")
    assert np.abs(plain.shown[0].astype(float) - turned.shown[0][:, ::-1]).mean() < 2


def test_the_newest_picture_wins(folder):
    camera = Camera(folder, width=32, height=24, rate=100)
    try:
        camera.latest()
        before = camera.seen
        time.sleep(0.25)
        camera.latest()
        assert camera.seen > before + 5
    finally:
        camera.close()


def test_the_size_follows_the_wanted_rate():
    pace = Pace(20, 640)
    for _ in range(60):
        pace.took(0.2 * (pace.size / 640) ** 2)
    assert 256 <= pace.size <= 352
    assert pace.shown == pytest.approx(20, rel=0.35)
    for _ in range(60):
        pace.took(0.02 * (pace.size / 640) ** 2)
    assert pace.size == 640
    free = Pace(0, 640)
    free.took(9.0)
    assert free.size == 640


def test_a_lost_camera_is_tried_again_and_then_named(monkeypatch):
    said = []
    monkeypatch.setattr(cameras, "_RETRIES", 2)
    monkeypatch.setattr(cameras, "_RETRY_AFTER", 0.05)

    class Capture:
        opened, reads = 0, 0

        def __init__(self):
            Capture.opened += 1

        def isOpened(self):
            return Capture.opened == 1

        def read(self):
            Capture.reads += 1
            return Capture.reads < 3, np.zeros((8, 8, 3), np.uint8)

        def release(self):
            pass

    monkeypatch.setattr(Camera, "opened", lambda self: Capture())
    camera = Camera(3, say=said.append)
    for _ in range(2):
        camera.thread.join(timeout=5)
    with pytest.raises(InputError, match="no camera 3"):
        camera.latest()
    camera.close()
    assert any("trying again" in text for text in said)
    assert Capture.opened >= 3


def test_an_empty_folder_is_named(tmp_path):
    camera = Camera(tmp_path)
    with pytest.raises(InputError, match="no picture"):
        camera.latest()
    camera.close()


def test_a_virtual_camera_gets_every_picture(folder):
    pyvirtualcam = pytest.importorskip("pyvirtualcam")
    sent = []

    class Fake:
        def __init__(self, width, height, **_more):
            self.size = width, height

        def device(self):
            return "fake"

        def native_fourcc(self):
            return None

        def send(self, frame):
            sent.append(np.asarray(frame).size)

        def close(self):
            pass

    pyvirtualcam.register_backend("fake", Fake)
    live(folder, FakeWindow(["x"]), virtual=virtual_camera(30, backend="fake"), rate=0)
    assert sent == [96 * 72 * 3] * 2


def test_a_real_window_opens(folder, tmp_path):
    pytest.importorskip("pygame")
    script = f"import sys; sys.argv[1:] = ['webcam', '--style', 'scream', '--camera', {str(folder)!r}, '--width', '96', '--height', '72', '--frames', '4', '--record', {str(tmp_path / 'live.mp4')!r}]; from impasto.cli import main; main()"  # noqa: E501
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    if shutil.which("xvfb-run") and sys.platform == "linux":
        command = ["xvfb-run", "-a", *command]
        environment["SDL_VIDEODRIVER"] = "x11"
    else:
        environment["SDL_VIDEODRIVER"] = "dummy"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with av.open(str(tmp_path / "live.mp4")) as container:
        assert len(list(container.decode(video=0))) == 4


def test_the_command_without_a_window(folder):
    assert run("webcam", "--style", "scream", "--camera", folder, "--no-window", "--frames", "2", "-q") == 0
    assert run("webcam", "--style", "scrm", "--camera", folder, "--no-window", "--frames", "2", "-q") == 5
    assert run("webcam", "--style", "scream", "--camera", Path("none.mp4"), "--no-window", "--frames", "2") == 3


def test_pictures_given_as_styles_are_learnt_with_a_bar_before_the_camera_is_opened(
    folder, tmp_path, photo, monkeypatch, capsys
):
    photo.save(tmp_path / "mine.png")
    learnt = []

    def learn(path, progress=None):
        if progress is not None:
            assert not any(thread.name == "camera" for thread in threading.enumerate())
            progress(api.LearningProgress("style", 1, 1.0, 0.1, {"style": 0.5}))
            learnt.append(path)
        return load_style("scream")

    monkeypatch.setattr(api, "learn_cached_style", learn)
    monkeypatch.setattr(picture_styles, "learn_cached_style", learn)
    monkeypatch.setattr(picture_styles, "is_style_cached", lambda path: False)
    style = f"udnie+{tmp_path / 'mine.png'}:2"
    assert run("webcam", "--style", style, "--camera", folder, "--no-window", "--frames", "1") == 0
    assert learnt == [tmp_path / "mine.png"]
    assert "mine.png: learning" in capsys.readouterr().err


def test_a_camera_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cameras, "_RETRIES", 1)
    monkeypatch.setattr(cameras, "_RETRY_AFTER", 0.01)
    said = []
    camera = Camera(97, say=said.append)
    with pytest.raises(InputError, match=r"There is no .*97"):
        camera.latest(timeout=20)
    assert said
