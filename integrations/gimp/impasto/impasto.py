#!/usr/bin/env python3
"""Impasto in GIMP 3: the layer, painted in a style, as a new layer above it. Needs no package in GIMP's Python."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, Gio, GLib, GObject  # noqa: E402

PROCEDURE = "impasto-paint"


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


def paint_layer(image, layer, styles, strength):
    """Add a painting of a layer above it, seen where the selection is.

    Raises:
        PaintingError: there is no painting.
    """
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        source, target = str(Path(folder) / "layer.png"), str(Path(folder) / "painted.png")
        save_layer(image, layer, source)
        paint(source, target, styles, strength)
        painted = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(target))
    _, left, top = layer.get_offsets()
    image.undo_group_start()
    painted.set_name(f"{layer.get_name()}, {styles}")
    image.insert_layer(painted, layer.get_parent(), image.get_item_position(layer))
    painted.set_offsets(left, top)
    if not Gimp.Selection.is_empty(image):
        painted.add_mask(painted.create_mask(Gimp.AddMaskType.SELECTION))
    image.undo_group_end()


def save_layer(image, layer, path):
    """Write a layer's pixels to a PNG file, as they are without its opacity, mode and mask."""
    alone = Gimp.Image.new_with_precision(
        layer.get_width(), layer.get_height(), Gimp.ImageBaseType.RGB, image.get_precision()
    )
    try:
        profile = image.get_color_profile()
        if profile is not None and profile.is_rgb():
            alone.set_color_profile(profile)
        copy = Gimp.Layer.new_from_drawable(layer, alone)
        alone.insert_layer(copy, None, 0)
        copy.set_offsets(0, 0)
        copy.set_visible(True)
        copy.set_opacity(100)
        copy.set_mode(Gimp.LayerMode.NORMAL)
        if copy.get_mask() is not None:
            copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
        if not Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, alone, Gio.File.new_for_path(path), None):
            raise PaintingError("GIMP could not write the layer to a temporary file; is the disk full?")
    finally:
        alone.delete()


class Impasto(Gimp.PlugIn):
    """The plug-in, as GIMP asks for it."""

    def do_set_i18n(self, _name):
        """There are no translations."""
        return False

    def do_query_procedures(self):
        """The names of its procedures."""
        return [PROCEDURE]

    def do_create_procedure(self, name):
        """The procedure of a name, with its place in the menu and its arguments."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, self.run, None)
        procedure.set_image_types("RGB*")  # in an image of greys the painting would lose its colours
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_menu_label("Paint with _Impasto...")
        procedure.add_menu_path("<Image>/Filters/Artistic/")
        procedure.set_documentation("Paint the layer in a style", "A new layer above this one, by Impasto.", name)
        procedure.set_attribution("Impasto", "Impasto, MIT", "2026")
        flags = GObject.ParamFlags.READWRITE
        about = "A name, a style file or a picture; several with weights, as scream:2, udnie"
        procedure.add_string_argument("style", "_Style", about, "starry-night", flags)
        procedure.add_double_argument("strength", "S_trength", "0 is the layer itself", 0.0, 1.0, 1.0, flags)
        return procedure

    def run(self, procedure, run_mode, image, drawables, config, _data):
        """Ask for the arguments, and paint; what fails is one sentence."""
        if run_mode == Gimp.RunMode.INTERACTIVE:
            GimpUi.init(PROCEDURE)
            dialog = GimpUi.ProcedureDialog.new(procedure, config, "Impasto")
            dialog.fill(None)
            wanted = dialog.run()
            dialog.destroy()
            if not wanted:
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        try:
            if len(drawables) != 1 or not isinstance(drawables[0], Gimp.Layer):
                raise PaintingError("Choose one layer, and no mask or channel, to paint.")
            Gimp.progress_init("Impasto paints")
            paint_layer(image, drawables[0], config.get_property("style"), config.get_property("strength"))
        except (PaintingError, OSError) as error:
            return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(error)))
        Gimp.displays_flush()
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


if __name__ == "__main__":
    Gimp.main(Impasto.__gtype__, sys.argv)
