"""The cases from Python: each is one or several calls of the names in ``impasto.__all__``.

A call is a function of the package, which the tables call ``i``, and runs in a folder with the inputs.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def image(name: str, mode: str = "RGB") -> Image.Image:
    """Read a picture file, whole, in one of Pillow's modes."""
    with Image.open(name) as file:
        return file.convert(mode)


def array(name: str, kind: Any = np.uint8, mode: str = "RGB") -> np.ndarray:
    """Read a picture as an array: 0 to the largest number of an integer type, or 0 to 1."""
    full = {np.uint8: 255, np.uint16: 65535}.get(kind, 1)
    return (np.asarray(image(name, mode)) / 255 * full).astype(kind)


def public_names(impasto: Any) -> str:
    """List names, parameters and defaults of all that is public; without annotations, whose names are private."""
    lines = []
    for name in impasto.__all__:
        thing = getattr(impasto, name)
        lines.append(f"{name}: {type(thing).__name__}")
        if isinstance(thing, type) and issubclass(thing, Exception):
            lines[-1] += f" {[base.__name__ for base in thing.__mro__]} {thing.exit_status}"
        elif callable(thing):
            parameters = inspect.signature(thing).parameters.values()
            lines += [f"  {p.kind.description} {p.replace(annotation=inspect.Parameter.empty)}" for p in parameters]
        if isinstance(thing, type):
            lines.append("  " + " ".join(part for part in dir(thing) if not part.startswith("_")))
    return "\n".join(lines)


def with_each(function: Callable[[Any, Any], Any], *items: Any) -> tuple[Callable[[Any], Any], ...]:
    """Make the same call with each of several arguments."""
    return tuple(partial(lambda item, impasto: function(impasto, item), item) for item in items)


def with_reports(call: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, list[Any]]:
    """Make a call; return what it gives, and what it tells ``progress`` meanwhile."""
    seen: list[Any] = []

    def listen(*said: Any) -> None:
        for item in said:
            facts = vars(item) if dataclasses.is_dataclass(item) else {"told": item}
            plain = {name: fact for name, fact in facts.items() if isinstance(fact, str | int | float | Mapping)}
            seen.append({name: fact for name, fact in plain.items() if name != "seconds"})

    return call(*arguments, progress=listen, **options), seen


# Options of paintings and of styles to learn that take a second or two.
QUICK_PAINT: dict[str, Any] = {"iterations": 2, "scales": 1, "size": 48}
QUICK_LEARN: dict[str, Any] = {"photos": "photos", "steps": 2, "check_every": 1, "crop": 64}
# Name of a case to its calls.
CALLS: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "api-surface": (public_names, lambda i: i.Options(), lambda i: i.Recipe(),
                    lambda i: i.Recipe(style_layers="relu1_1:2,relu3_1", max_memory="1G", size=0)),
    "api-paths": (lambda i: i.stylize("photo.jpg", "starry-night", output="out.png"),
                  lambda i: i.stylize(Path("photo.jpg"), ["scream:2", "udnie"], strength=0.7),
                  lambda i: i.stylize("kinds/rgb16.png", "scream", output=Path("new/deep.tiff"))),
    "api-pil": with_each(lambda i, mode: i.stylize(image("kinds/rgba.png", mode), "great-wave"),
                    "RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "F"),
    "api-arrays": (*with_each(lambda i, kind: i.stylize(array("small.png", kind), "scream"),
                         np.uint8, np.uint16, np.float32, np.float64),
                   lambda i: i.stylize(array("small.png", np.uint8, "L"), "scream"),
                   lambda i: i.stylize(array("kinds/rgba.png", np.float32, "RGBA"), "scream"),
                   lambda i: i.stylize(array("small.png")[::2, ::-3], "scream")),
    "api-bytes": with_each(lambda i, name: i.stylize(Path(name).read_bytes(), "udnie"), "photo.jpg", "kinds/webp.webp",
                      "kinds/deep.tif", "kinds/palette.png", "kinds/camera.jpg"),
    "api-batch": (lambda i: i.stylize([image("small.png"), array("other.png"), "photo.jpg"], "houses"),
                  lambda i: i.stylize([], "houses")),
    "api-blends": (lambda i: i.stylize(image("small.png"), [("scream", 2), ("udnie", 1)]),
                   lambda i: i.stylize(image("small.png"), (i.load_style(name) for name in ("scream", "tahiti"))),
                   lambda i: i.stylize(image("small.png"), [(i.load_style("scream"), 0.5), "photograph:1.5"])),
    "api-options": (lambda i: i.stylize(array("small.png"), "scream", strength=0.3, colors="match", style_scale=0.5),
                    lambda i: i.stylize(array("small.png"), "scream", size=150, grain=0, work_size=64, max_memory="1G"),
                    lambda i: i.stylize(array("small.png"), "scream", size=40, colors="content", device="cpu")),
    "api-masks": (lambda i: i.stylize(image("small.png"), "scream", mask=image("mask.png")),
                  lambda i: i.stylize(image("small.png"), "scream", mask=array("soft.png", np.float32, "L"), size=80),
                  lambda i: i.stylize(image("small.png"), ["scream", "udnie"], masks={"scream": "mask.png"}),
                  lambda i: i.stylize(image("small.png"), ["scream", "udnie"], mask="mask.png", strength=0.5,
                                      masks={"scream": "mask.png", "udnie": image("soft.png")})),
    "api-styles": (lambda i: i.load_style("great-wave"), lambda i: i.load_style("photograph").grain_share,
                   lambda i: i.load_style("scream").save(Path("kept.safetensors")),
                   lambda i: i.load_style("kept.safetensors"), lambda i: i.load_style(Path("kept.safetensors")).name),
    "api-errors": (
        lambda i: i.stylize("none.jpg", "scream"), lambda i: i.stylize(image("small.png"), "scraem"),
        lambda i: i.stylize(image("small.png"), {"scream": 2}), lambda i: i.stylize(image("small.png"), []),
        lambda i: i.stylize(image("small.png"), "scream", strenght=1), lambda i: i.stylize(None, "scream"),
        lambda i: i.stylize(image("small.png"), "scream", strength="much"),
        lambda i: i.stylize(image("small.png"), "scream", output="out.png"),
        lambda i: i.stylize(["small.png"], "scream", output="out.png"),
        lambda i: i.stylize(["small.png", "./small.png"], "scream"), lambda i: i.stylize(b"nothing", "scream"),
        lambda i: i.stylize(np.zeros((8, 8, 5), np.uint8), "scream"),
        lambda i: i.stylize(np.zeros((8, 8, 3), np.int64), "scream"),
        lambda i: i.stylize(np.full((64, 64, 3), np.nan, np.float32), "scream"),
        lambda i: i.stylize(image("small.png"), "scream", mask=np.zeros((64, 96), np.uint8)),
        lambda i: i.stylize(image("small.png"), "scream", masks={"udnie": "mask.png"}),
        lambda i: i.stylize(image("small.png"), "scream", colors="grey"), lambda i: i.load_style(7),
        lambda i: i.stylize(image("small.png"), "scream", device="mps"), lambda i: i.Options(size=-1),
        lambda i: i.Options(max_memory="1X"), lambda i: i.Recipe(iterations=1.5), lambda i: i.Recipe(optimizer="sgd"),
        lambda i: i.paint("small.png", "none.png"), lambda i: i.paint(image("small.png"), []),
        lambda i: i.paint(image("small.png"), image("painting.png"), iteration=3), lambda i: i.nothing,
        lambda i: i.learn_style([]), lambda i: i.learn_style("painting.png", "out.png"),
        lambda i: i.learn_style("painting.png", stepps=3), lambda i: i.learn_style("painting.png", name="photograph"),
        lambda i: i.learn_style("painting.png", metadata={"format": "x"}),
        lambda i: i.learn_style(image("painting.png")),
        lambda i: i.stylize_video("none.mp4", "scream"), lambda i: i.stylize_video("clip.mp4"),
        lambda i: i.stylize_video("clip.mp4", "scream", stabilize="much"), lambda i: i.DownloadError("x").exit_status,
        lambda i: i.stylize_video("clip.mp4", "scream", output="out.mp4", sizes=3),
        lambda i: str(i.MissingExtraError("Painting", "train")),
    ),
    "api-paint": (lambda i: with_reports(i.paint, image("small.png"), image("painting.png"),
                                         **QUICK_PAINT),
                  lambda i: i.paint(array("small.png", np.uint16), [("painting.png", 2), image("photo.jpg")],
                                    **QUICK_PAINT),
                  lambda i: i.paint(Path("photo.jpg").read_bytes(), "painting.png:2", optimizer="adam", **QUICK_PAINT),
                  lambda i: i.paint(image("kinds/rgba.png", "RGBA"), ["painting.png", "photo.jpg"],
                                    masks={1: "mask.png"}, **QUICK_PAINT),
                  lambda i: i.paint("small.png", "painting.png", output="out.png", keep_state=True, **QUICK_PAINT),
                  lambda i: i.paint("small.png", "painting.png", output="out.png", resume=True, **QUICK_PAINT)),
    "api-learn": (lambda i: with_reports(i.learn_style, "painting.png", "mine.safetensors",
                                         **QUICK_LEARN, metadata={"artist": "Me", "year": 1889}),
                  lambda i: i.stylize(image("small.png"), i.learn_style(["painting.png", "other.png"], **QUICK_LEARN))),
    "api-video": (lambda i: with_reports(i.stylize_video, "clip.mp4", "scream", output="out.mp4"),
                  lambda i: i.stylize_video("frames/f_%04d.png", ["scream", "udnie:2"], fps=5, end=0.6),
                  lambda i: i.stylize_video("clip.mp4", style_at={0: "scream", 0.5: ["udnie"]}, output="b.mkv", size=64,
                                            stabilize="off", mask=image("mask.png"), codec="ffv1")),
}  # fmt: skip
