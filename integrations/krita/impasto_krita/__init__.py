"""Impasto in Krita: the layer, painted in a style, as a new layer above it. Needs no package in Krita's Python."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from krita import Extension, InfoObject, Krita

try:
    from PyQt6.QtCore import QByteArray, QRect
    from PyQt6.QtGui import QImage
    from PyQt6.QtWidgets import QInputDialog, QMessageBox
except ImportError:  # Krita 5
    from PyQt5.QtCore import QByteArray, QRect
    from PyQt5.QtGui import QImage
    from PyQt5.QtWidgets import QInputDialog, QMessageBox

TITLE = "Impasto"
_PROFILE = "sRGB-elle-V2-srgbtrc.icc"  # Krita's name of sRGB
_ASKED = "Style: a name, a style file or a picture; several with weights, as scream:2, udnie"


# --- How Impasto is called: these lines are the same in the plug-ins for GIMP, Krita and Blender. ---
STUDIO = "http://127.0.0.1:7860"
UNKNOWN = (
    "Impasto was not found: install it, name its command in the environment variable IMPASTO_COMMAND, or start "
    "impasto studio."
)


class PaintingError(Exception):
    """One sentence that says why there is no painting."""


def paint(source, target, styles, strength=1.0):
    """Have a picture file painted to another file, both PNG: by the command, or by a studio that runs.

    Args:
        source, target: paths.
        styles: such as ``"scream"`` or ``"scream:2, udnie"``.
        strength: 0 to 1.

    Raises:
        PaintingError: there is no Impasto, or it refused.
    """
    names = [name.strip() for name in styles.split(",") if name.strip()]
    if not names:
        raise PaintingError("No style is given; name one, for example starry-night.")
    studio = os.environ.get("IMPASTO_STUDIO")
    command = os.environ.get("IMPASTO_COMMAND") or shutil.which("impasto")
    if command and not studio:
        _run(command, source, target, names, strength)
    else:
        _post(studio or STUDIO, source, target, names, strength)


def _run(command, source, target, names, strength):
    """Run the command; what is said by it in the end is the error."""
    chosen = [f"--style={name}" for name in names]
    # Variables of the program's own Python and libraries would break Impasto's.
    own = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # of Windows
    call = [command, "apply", source, "-o", target, f"--strength={strength}", "--overwrite", "--quiet", *chosen]
    try:
        done = subprocess.run(call, env=environment, capture_output=True, text=True, creationflags=flags)
    except OSError as error:
        raise PaintingError(f"{command} cannot be run: {error.strerror or error}.") from error
    if done.returncode or not Path(target).exists():
        lines = done.stderr.strip().splitlines() or [f"Impasto ended with status {done.returncode} and said nothing."]
        raise PaintingError(lines[-1])


def _post(address, source, target, names, strength):
    """Send the picture to a studio."""
    boundary = uuid.uuid4().hex
    fields = [*(("styles", name) for name in names), ("strength", str(strength))]
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    )
    about = f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="picture.png"\r\n'
    body += f"{about}Content-Type: image/png\r\n\r\n".encode() + Path(source).read_bytes()
    body += f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    password = os.environ.get("IMPASTO_STUDIO_PASSWORD")
    if password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"impasto:{password}".encode()).decode()
    try:
        request = urllib.request.Request(address.rstrip("/") + "/api/apply", body, headers)
        with urllib.request.urlopen(request, timeout=3600) as answer:
            painted = answer.read()
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            raise PaintingError(str(json.loads(text)["detail"])) from error
        except (ValueError, KeyError, TypeError):
            raise PaintingError(f"The studio at {address} answered {error.code} {error.reason}.") from error
    except (OSError, ValueError) as error:
        if address == STUDIO:
            raise PaintingError(UNKNOWN) from error
        raise PaintingError(f"There is no studio at {address}: start impasto studio, or set IMPASTO_STUDIO.") from error
    Path(target).write_bytes(painted)


# --- End of the lines that are the same. ---


def paint_layer(document, layer, styles, strength):
    """Add a painting of a layer above it.

    Raises:
        PaintingError: there is no painting.
    """
    bounds = layer.bounds().intersected(QRect(0, 0, document.width(), document.height()))
    if bounds.isEmpty():
        raise PaintingError("The layer is empty; choose one with a picture.")
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        source, target = str(Path(folder) / "layer.png"), str(Path(folder) / "painted.png")
        settings = InfoObject()
        settings.setProperty("alpha", True)
        settings.setProperty("forceSRGB", True)
        krita = Krita.instance()
        silent = krita.batchmode()
        krita.setBatchmode(True)  # no dialog of the PNG export
        try:
            saved = layer.save(source, document.xRes(), document.yRes(), settings, bounds)
        finally:
            krita.setBatchmode(silent)
        if saved is False or not Path(source).exists():  # Krita 5.1 gives nothing back
            raise PaintingError("Krita could not write the layer to a temporary file; is the disk full?")
        paint(source, target, styles, strength)
        picture = QImage(target)
    if picture.isNull():
        raise PaintingError("Krita cannot read the painting.")
    picture = picture.convertToFormat(QImage.Format.Format_ARGB32)  # B, G, R, A in memory, as Krita's RGBA of 8 bits
    pixels = picture.constBits()
    pixels.setsize(picture.width() * picture.height() * 4)
    painted = document.createNode(f"{layer.name()}, {styles}", "paintlayer")
    painted.setColorSpace("RGBA", "U8", _PROFILE)
    painted.setPixelData(QByteArray(bytes(pixels)), bounds.x(), bounds.y(), picture.width(), picture.height())
    layer.parentNode().addChildNode(painted, layer)
    document.refreshProjection()


class Impasto(Extension):
    """The extension, as Krita asks for it."""

    def setup(self):
        """Nothing is to be made ready."""

    def createActions(self, window):
        """Put it into the menu Tools, Scripts."""
        action = window.createAction("impasto_paint", "Paint with Impasto...", "tools/scripts")
        action.triggered.connect(self.run)

    def run(self):
        """Ask for the style and paint; what fails is one sentence."""
        document = Krita.instance().activeDocument()
        try:
            if document is None or document.activeNode() is None:
                raise PaintingError("Open a picture and choose a layer to paint.")
            styles, wanted = QInputDialog.getText(None, TITLE, _ASKED, text="starry-night")
            if not wanted:
                return
            strength, wanted = QInputDialog.getDouble(None, TITLE, "Strength, 0 to 1", 1.0, 0.0, 1.0, 2)
            if wanted:
                paint_layer(document, document.activeNode(), styles, strength)
        except (PaintingError, OSError) as error:
            QMessageBox.warning(None, TITLE, str(error))


Krita.instance().addExtension(Impasto(Krita.instance()))
