"""Live painting without a camera and without a window."""

import pytest

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.cli import main  # noqa: E402
from impasto.webcam.camera import Camera  # noqa: E402
from impasto.webcam.live import LivePainter  # noqa: E402


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


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
        made = LivePainter(camera, settings.pop("styles", ["scream", "udnie", "tahiti"]), window=window, **settings)
        return made, made.run()
    finally:
        camera.close()
