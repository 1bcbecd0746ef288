"""Impasto in Blender: each picture that is rendered to a file, painted into a folder beside it.

Needs no package in Blender's Python. Settings stand in the output properties, under Impasto.
"""

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

import bpy

bl_info = {
    "name": "Impasto",
    "author": "Impasto",
    "version": (0, 1, 0),
    "blender": (3, 6, 0),
    "location": "Properties > Output > Impasto",
    "description": "Paints rendered pictures in the style of any picture",
    "category": "Render",
}
FOLDER = "impasto"  # beside the rendered pictures
_PICTURES = ("PNG", "JPEG", "TIFF", "WEBP")  # kinds of files that Impasto reads, of those that Blender writes


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


def paint_frame(scene):
    """Paint the picture that Blender has just written.

    Returns:
        The painting's path.

    Raises:
        PaintingError: there is no painting.
    """
    kind = scene.render.image_settings.file_format
    if kind not in _PICTURES:
        raise PaintingError(
            f"Impasto paints rendered pictures of the kinds {', '.join(_PICTURES)}, and this is {kind}: choose one of "
            "them in the output properties, or paint a video with impasto video."
        )
    rendered = Path(bpy.path.abspath(scene.render.frame_path(frame=scene.frame_current)))
    painted = rendered.parent / FOLDER / rendered.with_suffix(".png").name
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        target = Path(folder) / "painted.png"
        paint(str(rendered), str(target), scene.impasto.style, scene.impasto.strength)
        painted.parent.mkdir(exist_ok=True)
        # Beside the place first, so that no half file ever has the name.
        half = painted.with_name(f".{painted.name}.part")
        shutil.move(target, half)
        half.replace(painted)
    return painted


@bpy.app.handlers.persistent
def after_write(scene, *_):
    """What Blender calls after each picture that it writes; the render goes on whatever happens."""
    if not scene.impasto.wanted:
        return
    try:
        scene.impasto.said = f"Painted: {paint_frame(scene)}"
    except (PaintingError, OSError) as error:
        scene.impasto.said = str(error)
        sys.stderr.write(f"Impasto, frame {scene.frame_current}: {error}\n")


class ImpastoSettings(bpy.types.PropertyGroup):
    """The settings of a scene."""

    wanted: bpy.props.BoolProperty(name="Paint rendered pictures", default=False)
    style: bpy.props.StringProperty(
        name="Style",
        description="A name, a style file or a picture; several as scream:2, udnie",
        default="starry-night",
    )
    strength: bpy.props.FloatProperty(name="Strength", min=0.0, max=1.0, default=1.0)
    said: bpy.props.StringProperty(name="What became of the last picture")


class ImpastoPanel(bpy.types.Panel):
    """The settings, in the output properties."""

    bl_idname = "RENDER_PT_impasto"
    bl_label = "Impasto"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "output"

    def draw(self, context):
        """Show the settings, and what became of the last picture."""
        for name in ("wanted", "style", "strength"):
            self.layout.prop(context.scene.impasto, name)
        if context.scene.impasto.said:
            self.layout.label(text=context.scene.impasto.said)


def register():
    """What Blender calls when the add-on is switched on."""
    for kind in (ImpastoSettings, ImpastoPanel):
        bpy.utils.register_class(kind)
    bpy.types.Scene.impasto = bpy.props.PointerProperty(type=ImpastoSettings)
    bpy.app.handlers.render_write.append(after_write)


def unregister():
    """What Blender calls when it is switched off."""
    bpy.app.handlers.render_write.remove(after_write)
    del bpy.types.Scene.impasto
    for kind in (ImpastoPanel, ImpastoSettings):
        bpy.utils.unregister_class(kind)
