"""The plug-in in Krita itself, without a screen, where that is installed (Debian: krita, python3-pyqt5)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from .conftest import INTEGRATIONS

_RUNNER = shutil.which("kritarunner")
_SCRIPT = """
import os, sys
sys.path.insert(0, os.environ["PLUGINS"])
from krita import Krita
from PyQt5.QtCore import QByteArray

def run(arguments=None):
    import impasto_krita
    document = Krita.instance().createDocument(96, 64, "t", "RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc", 72.0)
    layer = document.createNode("sky", "paintlayer")
    document.rootNode().addChildNode(layer, None)
    pixels = b"".join(bytes([4 * x, 6 * y, 200, 255]) for y in range(40) for x in range(60))
    layer.setPixelData(QByteArray(pixels), 10, 12, 60, 40)
    document.refreshProjection()
    document.waitForDone()
    impasto_krita.paint_layer(document, layer, "scream", 1.0)
    document.waitForDone()
    made = document.rootNode().childNodes()[-1]
    bounds = made.bounds()
    with open(os.environ["MADE"], "wb") as file:
        file.write(bytes(made.pixelData(10, 12, 60, 40)))
        file.write(repr((made.name(), bounds.x(), bounds.y(), bounds.width(), bounds.height())).encode())
"""


@pytest.mark.slow
@pytest.mark.skipif(
    _RUNNER is None or not Path("/usr/lib/python3/dist-packages/PyQt5").is_dir(), reason="Krita is not installed"
)
def test_krita_gets_a_layer_with_the_painting(tmp_path, command, called):
    folder = tmp_path / ".local/share/kritarunner/pykrita"
    folder.mkdir(parents=True)
    (folder / "paint_once.py").write_text(_SCRIPT)
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environment = {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(runtime),
        "QT_QPA_PLATFORM": "offscreen",
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(folder),
        "PLUGINS": str(INTEGRATIONS / "krita"),
        "IMPASTO_COMMAND": str(command),
        "MADE": str(tmp_path / "made"),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }
    call = [_RUNNER, "-s", "paint_once", "-f", "run"]
    done = subprocess.run(call, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (tmp_path / "made").is_file(), done.stderr
    made = (tmp_path / "made").read_bytes()
    assert made[60 * 40 * 4 :] == b"('sky, scream', 10, 12, 60, 40)"
    assert called()[-1] == "--style=scream"
    picture = Image.frombytes("RGBA", (60, 40), made[: 60 * 40 * 4])  # blue, green, red
    assert picture.getpixel((20, 0)) == (80, 6 * 39, 200, 255)  # the pretended command turns pictures upside down
    assert picture.getpixel((20, 39)) == (80, 0, 200, 255)
