"""The card beside an exported model: what it is, what goes in and out, and a few lines that run it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from impasto.networks.export_settings import Exported, ExportSettings

_FACTS = ("title", "artist", "year", "licence", "pictures", "converted_from", "made_by", "network")
_RUN = {
    "onnx": """import numpy as np, onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession("{file}")
picture = np.asarray(Image.open("photo.jpg").convert("RGB"))[None]
painted = session.run(["painted"], {{"image": picture}})[0]
Image.fromarray(painted[0]).save("painted.jpg")""",
    "torch": """import numpy as np, torch
from PIL import Image

paint = torch.export.load("{file}").module()
picture = torch.from_numpy(np.array(Image.open("photo.jpg").convert("RGB"))[None])
Image.fromarray(paint(picture)[0].numpy()).save("painted.jpg")""",
    "safetensors": """import impasto

impasto.stylize("photo.jpg", "{file}", output="painted.jpg")""",
}


def card(what: Exported, settings: ExportSettings, output: Path, about: Mapping[str, str]) -> str:
    """The card, in Markdown."""
    kind = "a style" if what.style is not None else "a network of styles"
    lines = [f"# {what.name}", "", f"Impasto, {kind} for `{settings.to}`.", ""]
    lines += [f"* {key.replace('_', ' ')}: {about[key]}" for key in _FACTS if about.get(key)]
    if settings.to != "safetensors":
        lines += ["", "| | | |", "|---|---|---|", *_table(what, settings)]
        if settings.pixels == "planes":
            fit = what.fit
            lines += [
                "",
                f"Sides are multiples of {fit.multiple} and at least {fit.minimum}. Mirror {fit.border} pixels around "
                "the picture, and cut them off again: strokes run straight into the network's own border.",
            ]
            if what.planes == 4:
                lines += ["The fourth plane is grain (faint noise, standard deviation 0.06); zeros leave skies plain."]
    simple = settings.pixels == "bytes" and settings.vectors == "baked" and not settings.statistics
    if simple or settings.to == "safetensors":
        lines += ["", "```python", _RUN[settings.to].format(file=output.name), "```"]
    return "\n".join(lines) + "\n"


def _table(what: Exported, settings: ExportSettings) -> list[str]:
    """The inputs and outputs, in order, as rows."""
    width, height = settings.size or ("W", "H")
    if settings.pixels == "bytes":
        image = painted = f"1 x {height} x {width} x 3, bytes: RGB from 0 to 255"
    else:
        image = f"1 x {what.planes} x {height} x {width}, float32: RGB in [0, 1]"
        painted = f"1 x 3 x {height} x {width}, float32: RGB in [0, 1]"
        image += " and grain" if what.planes == 4 else ""
    one = f"{what.channels}, float32"
    rows = [("in", "image", image)]
    if settings.vectors == "inputs":
        rows += [("in", name, f"{one}: the style's {name}, as in a style file") for name in ("scale", "shift")]
    if settings.statistics:
        rows += [("in", "given_mean", f"{one}: what normalises instead of the picture's own means")]
        rows += [("in", "given_variance", f"{one}: the same of the variances")]
        rows += [("in", "measured_share", "1, float32: share of the picture's own, 1 for the first frame")]
    rows += [("out", "painted", painted)]
    if settings.statistics:
        text = f"{one}: measured on the picture, to be given with the next"
        rows += [("out", name, text) for name in ("mean", "variance")]
    return [f"| {way} | `{name}` | {text} |" for way, name, text in rows]
