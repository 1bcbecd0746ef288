import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.errors import OutputError  # noqa: E402
from impasto.webcam.camera import Camera  # noqa: E402
from impasto.webcam.outputs import Recording, virtual_camera  # noqa: E402

from .helpers import FakeWindow, live, run  # noqa: E402


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
