import time

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.errors import InputError  # noqa: E402
from impasto.webcam import camera as cameras  # noqa: E402
from impasto.webcam.camera import Camera  # noqa: E402


def test_the_newest_picture_wins(folder):
    camera = Camera(folder, width=32, height=24, rate=100)
    try:
        camera.latest()
        before = camera.last_given
        time.sleep(0.25)
        camera.latest()
        assert camera.last_given > before + 5
    finally:
        camera.close()


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


def test_a_camera_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cameras, "_RETRIES", 1)
    monkeypatch.setattr(cameras, "_RETRY_AFTER", 0.01)
    said = []
    camera = Camera(97, say=said.append)
    with pytest.raises(InputError, match=r"There is no .*97"):
        camera.latest(timeout=20)
    assert said


def test_what_is_changed_in_a_video_is_said_once_though_it_is_repeated(tmp_path):
    with av.open(str(tmp_path / "hdr.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, 16, 9  # BT.2020, PQ
        for _ in range(2):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 148, np.uint8), format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p10le", dst_colorspace=9)))
        out.mux(stream.encode(None))
    said = []
    camera = Camera(tmp_path / "hdr.mp4", width=64, height=48, say=said.append)
    deadline = time.monotonic() + 20
    while camera.number < 5 and time.monotonic() < deadline:
        picture = camera.latest()
    camera.close()
    assert len([sentence for sentence in said if "high dynamic range" in sentence]) == len(said) == 1
    assert np.abs(picture.astype(int) - 230).max() <= 4  # 203 cd/m2


@pytest.mark.parametrize("what", ["folder", "in.gif"])
def test_transparent_pictures_are_on_white(tmp_path, what):
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))  # red, where nobody is to see it
    clear.paste((0, 0, 255, 255), (0, 0, 8, 8))
    if what == "folder":
        (tmp_path / what).mkdir()
        clear.save(tmp_path / what / "a.png")
    else:
        other = clear.copy()
        other.paste((0, 255, 0, 255), (0, 0, 8, 8))
        clear.save(tmp_path / what, save_all=True, append_images=[other], duration=100, disposal=2)
    camera = Camera(tmp_path / what, width=32, height=32)
    try:
        assert camera.latest()[20:, 20:].min() == 255
    finally:
        camera.close()
