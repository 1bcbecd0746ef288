#!/usr/bin/env python3
"""Keep what Impasto does, and show after a change of its code what it does otherwise.

    python scripts/behaviour.py record FILE.json     runs every case and writes what came out
    python scripts/behaviour.py compare FILE.json    runs every case again and prints what differs; status 1 if any does

`--only WORD` takes the cases with WORD in their names, `--checkout FOLDER` another checkout than the one that this
script lies in, `--keep FOLDER` leaves what was made in a new folder, and `-v` says how long each case took.

A case is one or several commands, each in a process of its own, or calls of the names in `impasto.__all__`; only these
are used, so that the files of the package may move. Kept of a case are exit statuses or errors, what was said, and
every file that was made, changed or removed: pictures as hashes of pixels and bytes, and metadata in words; videos as
hashes of frames and sound; safetensors by tensor. Times, rates, memory, paths and the doctor's versions are masked.

Python must have every extra (`pip install ".[all]"`). Hashes hold for one machine and one set of packages, because
arithmetic differs with the processor; `compare` warns where they are others. Not kept: the pictures in a camera's
recording (its encoder goes by the clock), what a `.pt` checkpoint holds beside tensors, and the studio's pages.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import difflib
import hashlib
import importlib.metadata
import inspect
import io
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parents[1]
PACKAGES = ("av", "click", "h5py", "numpy", "onnx", "onnxruntime", "opencv-contrib-python-headless", "pillow", "torch")
TIMEOUT = 180  # seconds a command

# Commands. `< FILE` and `> FILE` are as in a shell, `^C FILE` is Ctrl-C once FILE is there, `NAME=` a variable's value.
HELP = """apply, paint, video, webcam, learn, train, distill, dataset, dataset pack, dataset info, flow, flow compute,
    flow consistency, styles, styles list, styles show, styles preview, styles add, styles remove, studio, doctor"""
P = "paint small.png --style painting.png"
FEW = "--iterations 2 --scales 1 --size 64"
PASS = "--method paint --style painting.png --size 48 --end 0.4 --first-iterations 2 --iterations 1"
LEARN = "learn painting.png --steps 2 --check-every 1 --crop 64 --photos photos"
TRAIN = "train painting.png --photos photos --steps 2 --batch 1 --crop 64 --style-size 64 --from bundled -o run"
DISTILL = "distill --teacher teacher.safetensors --batch 1 --crop 64 -o s.safetensors"
BLEND = "apply photo.jpg --style scream:2 --style udnie:1"
COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help", "--version", *(f"{' '.join(name.split())} --help" for name in HELP.split(","))),
    "doctor": ("doctor", "doctor --json", "IMPASTO_CACHE= IMPASTO_OFFLINE= doctor --json"),
    "apply-jpeg": ("apply photo.jpg --style starry-night -o out.jpg --timing",),
    "apply-beside": (BLEND, BLEND, f"{BLEND} --overwrite --quiet", f"-v {BLEND} -o out.png"),
    "apply-kinds": ("apply kinds --style scream -o out",),
    **{f"apply-to-{name}": (f"apply kinds --style udnie --strength 0.8 --format {name} -o out",)
       for name in ("jpg", "png", "webp", "tiff", "avif", "ppm")},
    "apply-strip": ("apply kinds/camera.jpg --style scream --strip --quality 60 -o out.jpg",
                    "apply kinds/camera.jpg --style scream --format webp -o named"),
    "apply-blend": ("apply small.png --style scream:2 --style udnie:1 --style great-wave:0.5 -o out.png",),
    "apply-strength": ("apply small.png --style scream --strength 0 -o 0.png",
                       "apply small.png --style scream --strength 0.6 -o 6.png"),
    "apply-colors": ("apply small.png --style tahiti --colors content -o content.png",
                     "apply small.png --style tahiti --colors match -o match.png"),
    "apply-strokes": ("apply photo.jpg --style houses --style-scale 0.5 -o fine.png",
                      "apply photo.jpg --style houses --style-scale 2 --device cpu -o broad.png",
                      "apply photo.jpg --style houses --work-size 96 -o refined.png"),
    "apply-grain": ("apply small.png --style houses --grain 0 -o 0.png", "apply small.png --style houses --grain 2.5"),
    "apply-size": ("apply small.png --style scream --size 50 -o 50.png",
                   "apply small.png --style scream --size 200 -o 200.png"),
    "apply-mask": ("apply small.png --style scream --mask mask.png -o one.png",
                   "apply small.png --style scream --style udnie --mask scream=mask.png -o two.png",
                   "apply small.png --style scream --style udnie --mask udnie=mask.png --mask soft.png -o both.png"),
    "apply-tiles-png": ("apply large.png --style mosaic --max-memory 256M -o out.png --json",),
    "apply-tiles-tiff": ("apply large.tif --style mosaic --max-memory 256M --colors match -o out.tif",),
    "apply-tiles-jpeg": ("apply large.png --style udnie --max-memory 600M --work-size 512 -o out.jpg",),
    "apply-folder": ("apply holiday --style houses -o out", "apply holiday --style houses -o out",
                     "apply holiday --style houses -o out --overwrite --json", "apply holiday --style udnie --timing"),
    "apply-pattern": ("apply frames/f_*.png small.png --style houses -o out --json",),
    "apply-broken": ("apply broken --style scream -o out", "apply broken --style scream -o out --json"),
    "apply-pipes": ("apply - --style scream < photo.jpg > a.jpg",
                    "apply - --style scream --format png --json < photo.jpg > b.png",
                    "apply photo.jpg --style scream -o - --timing > c.jpg",
                    "apply - --style scream -o d.webp < small.png", "apply - --style scream < broken/text.jpg"),
    "apply-watch": ("apply --watch one --style scream -o out ^C out/small.png",),
    "apply-errors": (
        "apply none.jpg --style scream", "apply small.png --style scraem", "apply small.png", "aply small.png",
        "apply small.png --style scream -o out.docx", "apply small.png --style scream --strength 2",
        "apply small.png --style scream --colors greyish", "apply small.png --style scream --mask wide.png",
        "apply small.png --style scream --mask wave=mask.png", "apply broken/cut.jpg --style scream",
        "apply small.png --style scream --max-memory lots", "apply small.png --style scream --device cuda",
        "apply empty --style scream -o out", "apply *.bmp --style scream", "apply small.png --style scream:0",
        "apply small.png --style scream -o small.png", "apply small.png --style scream --max-pixels 100",
        "apply small.png --style scream --no-such-option", "apply small.png --style teacher.safetensors",
        "apply - photo.jpg --style scream", "apply --style scream --watch one", "apply photo.jpg --style none.jpg",
    ),
    "styles": ("styles list", "styles list --json", "styles show scream", "styles show great-wave --json",
               "styles preview small.png --tile 40 -o sheet.png", "styles preview small.png --tile 32 --strength 0.7",
               "styles preview small.png --tile 32", "styles show scraem", "styles remove scream", "styles add x.sft"),
    "learn": (f"{LEARN} -o mine.safetensors --title Waves --artist Me --year 1889", f"{LEARN} -o mine.safetensors",
              "apply small.png --style mine.safetensors --style scream -o out.png",
              "styles add mine.safetensors", "styles add mine.safetensors --name mine",
              "styles add mine.safetensors --name other", "styles list", "styles show mine --json",
              "apply small.png --style mine:2 --style scream -o named.png", "IMPASTO_STYLES= styles list --json",
              "IMPASTO_STYLES= styles add mine.safetensors --name xdg -q", "styles remove mine", "styles show mine"),
    "learn-several": (f"{LEARN}.zip small.png -o two.safetensors --style-scale 2 --style-weight 9 --seed 3 --json",),
    "learn-drawn": ("learn painting.png --name waves --steps 1 --check-every 1 --crop 64 -q",),
    "learn-deep": (f"{LEARN} --crop 320 -o deep.safetensors --deep --minutes 0.01",  # a step takes longer: it is one
                   "apply small.png --style deep.safetensors --strength 0.5 -o out.png",
                   "apply small.png --style deep.safetensors --style scream", "styles show deep.safetensors"),
    "train": (TRAIN, TRAIN, "apply small.png --style run/painting.safetensors -o out.png"),
    "train-settings": ("train mine.toml --photos photos.zip --paintings . -o run",
                       "train mine.toml --photos photos.zip --paintings . -o run --resume --steps 2 -q"),
    "train-errors": ("train painting.png --photos none -o run", "train none.png --photos photos -o run",
                     "train painting.png --photos photos -o run --crop -1", "train wrong.toml --photos photos -o run",
                     "train painting.png -o run", "learn none.png", "learn painting.png -o mine.png",
                     "learn painting.png --minutes 3", "learn painting.png --steps 0", "learn small.png --device mps",
                     "learn painting.png --features vgg19", "distill --photos photos -o out.safetensors"),
    "distill": (f"{DISTILL} --photos photos --steps 2", f"{DISTILL} --photos photos --steps 3 --resume -q",
                f"{P} -o o.png --features s.safetensors {FEW}"),
    "distill-from": (f"{DISTILL} --photos photos.zip --steps 1 --from builtin",),
    "dataset": ("dataset pack --train photos --val holiday --size 64 -o p.h5 --workers 1",
                "dataset pack --train photos --val holiday --size 64 -o p.h5", "dataset info p.h5",
                "dataset info p.h5 --json", "dataset pack --train photos.zip --limit 3 -o q.h5 -q",
                f"{LEARN} --photos p.h5 -o mine.safetensors -q", "dataset info small.png", "dataset info none.h5",
                "dataset pack --train none -o r.h5", "dataset pack --train empty -o r.h5"),
    "flow": ("flow compute frames/f_%04d.png -o flow --json", "flow compute clip.mp4 -o other --step 3 --size 64",
             "flow compute clip.mp4 -o deep --step 6 --method deepflow --variant fast-artistic-videos -q",
             "flow consistency flow/forward_3_4.flo flow/backward_4_3.flo -o map.pgm",
             "flow consistency flow/forward_3_4.flo flow/backward_4_3.flo -o map2.pgm --variant fast-artistic-videos "
             "--frame frames/f_0003.png", "flow consistency flow/forward_3_4.flo small.png -o map3.pgm",
             "flow compute frames/f_%04d.png -o flow --step 99",
             "video frames/f_%04d.png --style scream --flow-pattern flow/backward_[%d]_{%d}.flo "
             "--certainty-pattern flow/reliable_[%d]_{%d}.pgm -o out_%04d.png"),
    "paint": (f"{P} -o out.png --print-every 1 --log log.jsonl --no-state {FEW}",
              "paint photo.jpg --style painting.png --iterations 1 --size 100"),
    "paint-scales": ("paint photo.jpg --style painting.png -o out.jpg --optimizer adam --iterations 2 --scales 2 "
                     "--coarse-style-loss covariance --style-loss wasserstein --save-every 1 --steps-strip --json -q",),
    "paint-options": (
        f"{P}:2 --style other.png -o out.png --mask painting=mask.png --style-scale 0.5 --pooling average --seed 3 "
        "--tv-weight 1 --init noise --optimizer adam --average 0 --learning-rate 0.1 --max-memory 2G --colors match "
        "--normalize-gradients --style-loss mean --loss smooth-l1 --stop-tolerance 0.001 --dream relu3_1:0.1 -q "
        f"--content-layers relu3_1,relu4_1:2 --style-layers relu1_1:1,relu4_1:2 {FEW}",),
    "paint-colors": (f"paint kinds/rgba.png --style painting.png -o a.png --colors match-before --init gray {FEW}",
                     f"paint kinds/rgb16.png --style painting.png -o b.png --colors content --init other.png {FEW}"),
    "paint-sweep": (f"{P} -o out.png --sweep content-weight=1,20 {FEW}",),
    "paint-resume": (f"{P} -o out.png --log log.jsonl {FEW}", f"{P} -o out.png --log log.jsonl --resume {FEW}",
                     f"paint small.png --style other.png -o out.png --style-weight 9 --resume --no-state {FEW}"),
    "paint-pipes": (f"paint - --style painting.png --json {FEW} < photo.jpg > out.jpg",),
    "paint-errors": ("paint small.png", "paint small.png --style scream", f"{P}:no", f"{P} -o small.png",
                     "paint none.png --style painting.png", f"{P} --style-layers relu1_11", f"{P} --mask mask.png",
                     "paint - --style painting.png < empty.png", f"{P} --iterations -1 --features vgg19",
                     f"{P} --resume", f"{P} --sweep nothing=1,2"),
    "video-light": ("video clip.mp4 --style starry-night -o out.mp4 --timing", "video clip.mp4 --style scream --json",
                    "video clip.mp4 --style scream"),
    "video-off": ("video clip.mp4 --style scream --stabilize off --grain 0.5 --size 64 -o out.mkv",),
    "video-flow": ("video clip.mp4 --style scream --stabilize flow --flow-method deepflow --end 0.5 -o out.mp4",),
    "video-fading": ("video clip.mp4 --style-at 0=starry-night --style-at 0.6=scream:2 --colors content -o out.mp4",),
    "video-blend": ("video clip.mp4 --style scream:2 --style udnie --strength 0.7 --start 0.25 --end 0:00.8 -o o.mov",),
    "video-codecs": ("video clip.mp4 --style scream --codec ffv1 --size 64 --end 0.3 -o out.mkv",
                     "video clip.mp4 --style scream --size 64 --end 0.3 --quality 30 -o out.webm",
                     "video clip.mp4 --style scream --codec h265 --size 64 --end 0.3 -o out.mp4"),
    "video-gif": ("video clip.mp4 --style scream --fps 4 -o out.gif", "video moving.gif --style udnie -o other.gif",
                  "video moving.gif --style udnie"),
    "video-pictures": ("video frames/f_%04d.png --fps 6 --style houses -o out_%04d.jpg --quality 80",
                       "video frames/f_%04d.png --fps 6 --start-number 4 --style houses -o out.mp4",
                       "video frames/f_%04d.png --style houses --style-scale 2 --work-size 64 --end 0.1 -o out.webm"),
    "video-masks": ("video clip.mp4 --style scream --mask masks/m_%04d.png -o out.mp4",
                    "video clip.mp4 --style scream --style udnie --mask udnie=mask.png --end 0.4 -o out_%02d.png"),
    "video-cut": ("video cut.mp4 --style scream -o out.mp4",),
    "video-paint": (f"video clip.mp4 {PASS} -o out_%02d.png", f"video clip.mp4 {PASS} --offsets 1,2 -o out.mp4 -q "
                    "--combine normalize --criterion smooth-l1 --recipe style_weight=9 --recipe optimizer=adam"),
    "video-passes": (f"video clip.mp4 {PASS} --passes 2 --init image --blend 0.5 --blend-other 0.2 --temporal-after 1 "
                     "-o out.mkv --json",),
    "video-errors": ("video none.mp4 --style scream", "video clip.mp4", "video clip.mp4 --style scream -o out.avi",
                     "video clip.mp4 --style scream --start 9 -o out.mp4", "video broken/text.jpg --style scream",
                     "video clip.mp4 --style scream --iterations 3", "video clip.mp4 --style scream --start soon",
                     "video clip.mp4 --style-at soon=scream", "video clip.mp4 --style scream --mask wide.png -o o.mp4",
                     "video clip.mp4 --style scream --method paint -o out.mp4", "video clip.mp4 --style scraem",
                     "video clip.mp4 --style scream --stabilize off --flow-method deepflow -o out.mp4",
                     "video frames/g_%04d.png --style scream", "video clip.mp4 --style scream -o clip.mp4",
                     "video clip.mp4 --style scream --codec vp9 -o out.gif"),
    "webcam": ("webcam --style scream --style udnie+tahiti --camera one --no-window --frames 3 --fps 0 --side-by-side "
               "--record live.mkv", "webcam --style scream --camera clip.mp4 --no-window --frames 2 --fps 0 -q",
               "webcam --style scream --camera empty --no-window", "webcam --style scraem --camera one --no-window",
               "webcam --style scream --camera one --no-window --record live.gif"),
    "studio-errors": ("studio --host 0.0.0.0 --no-browser --port 0", "studio --tls-cert none.pem --no-browser --port 0",
                      "studio --port 99999", "studio --max-upload much"),
}  # fmt: skip


# Calls. Each is given the package and runs in a folder with the inputs.
def pil(name: str, mode: str = "RGB") -> Image.Image:
    """A picture that is read whole."""
    with Image.open(name) as image:
        return image.convert(mode)


def array(name: str, kind: Any = np.uint8, mode: str = "RGB") -> np.ndarray:
    """A picture as an array of numbers of a kind."""
    full = {np.uint8: 255, np.uint16: 65535}.get(kind, 1)
    return (np.asarray(pil(name, mode)) / 255 * full).astype(kind)


def surface(impasto: Any) -> str:
    """Names, parameters and defaults of everything that is public; without annotations, whose names are private."""
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


def each(function: Callable[[Any, Any], Any], *items: Any) -> tuple[Callable[[Any], Any], ...]:
    """The same call with several things."""
    return tuple(partial(lambda item, impasto: function(impasto, item), item) for item in items)


def watched(call: Callable[..., Any], *arguments: Any, told: str, **options: Any) -> tuple[Any, list[Any]]:
    """What a call gives, and what it tells meanwhile."""
    seen: list[Any] = []

    def listen(*said: Any) -> None:
        for item in said:
            facts = vars(item) if dataclasses.is_dataclass(item) else {"told": item}
            plain = {name: fact for name, fact in facts.items() if isinstance(fact, str | int | float | Mapping)}
            seen.append({name: fact for name, fact in plain.items() if name != "seconds"})

    return call(*arguments, **{told: listen}, **options), seen


TINY: dict[str, Any] = {"iterations": 2, "scales": 1, "size": 48}
BRIEF: dict[str, Any] = {"photos": "photos", "steps": 2, "check_every": 1, "crop": 64}
CALLS: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "api-surface": (surface, lambda i: i.Options(), lambda i: i.Recipe(),
                    lambda i: i.Recipe(style_layers="relu1_1:2,relu3_1", max_memory="1G", size=0)),
    "api-paths": (lambda i: i.stylize("photo.jpg", "starry-night", output="out.png"),
                  lambda i: i.stylize(Path("photo.jpg"), ["scream:2", "udnie"], strength=0.7),
                  lambda i: i.stylize("kinds/rgb16.png", "scream", output=Path("new/deep.tiff"))),
    "api-pil": each(lambda i, mode: i.stylize(pil("kinds/rgba.png", mode), "great-wave"),
                    "RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "F"),
    "api-arrays": (*each(lambda i, kind: i.stylize(array("small.png", kind), "scream"),
                         np.uint8, np.uint16, np.float32, np.float64),
                   lambda i: i.stylize(array("small.png", np.uint8, "L"), "scream"),
                   lambda i: i.stylize(array("kinds/rgba.png", np.float32, "RGBA"), "scream"),
                   lambda i: i.stylize(array("small.png")[::2, ::-3], "scream")),
    "api-bytes": each(lambda i, name: i.stylize(Path(name).read_bytes(), "udnie"), "photo.jpg", "kinds/webp.webp",
                      "kinds/deep.tif", "kinds/palette.png", "kinds/camera.jpg"),
    "api-batch": (lambda i: i.stylize([pil("small.png"), array("other.png"), "photo.jpg"], "houses"),
                  lambda i: i.stylize([], "houses")),
    "api-blends": (lambda i: i.stylize(pil("small.png"), [("scream", 2), ("udnie", 1)]),
                   lambda i: i.stylize(pil("small.png"), (i.load_style(name) for name in ("scream", "tahiti"))),
                   lambda i: i.stylize(pil("small.png"), [(i.load_style("scream"), 0.5), "photograph:1.5"])),
    "api-options": (lambda i: i.stylize(array("small.png"), "scream", strength=0.3, colors="match", style_scale=0.5),
                    lambda i: i.stylize(array("small.png"), "scream", size=150, grain=0, work_size=64, max_memory="1G"),
                    lambda i: i.stylize(array("small.png"), "scream", size=40, colors="content", device="cpu")),
    "api-masks": (lambda i: i.stylize(pil("small.png"), "scream", mask=pil("mask.png")),
                  lambda i: i.stylize(pil("small.png"), "scream", mask=array("soft.png", np.float32, "L"), size=80),
                  lambda i: i.stylize(pil("small.png"), ["scream", "udnie"], masks={"scream": "mask.png"}),
                  lambda i: i.stylize(pil("small.png"), ["scream", "udnie"], mask="mask.png", strength=0.5,
                                      masks={"scream": "mask.png", "udnie": pil("soft.png")})),
    "api-styles": (lambda i: i.load_style("great-wave"), lambda i: i.load_style("photograph").painted,
                   lambda i: i.load_style("scream").save(Path("kept.safetensors")),
                   lambda i: i.load_style("kept.safetensors"), lambda i: i.load_style(Path("kept.safetensors")).name),
    "api-errors": (
        lambda i: i.stylize("none.jpg", "scream"), lambda i: i.stylize(pil("small.png"), "scraem"),
        lambda i: i.stylize(pil("small.png"), {"scream": 2}), lambda i: i.stylize(pil("small.png"), []),
        lambda i: i.stylize(pil("small.png"), "scream", strenght=1), lambda i: i.stylize(None, "scream"),
        lambda i: i.stylize(pil("small.png"), "scream", strength="much"),
        lambda i: i.stylize(pil("small.png"), "scream", output="out.png"),
        lambda i: i.stylize(["small.png"], "scream", output="out.png"),
        lambda i: i.stylize(["small.png", "./small.png"], "scream"), lambda i: i.stylize(b"nothing", "scream"),
        lambda i: i.stylize(np.zeros((8, 8, 5), np.uint8), "scream"),
        lambda i: i.stylize(np.zeros((8, 8, 3), np.int64), "scream"),
        lambda i: i.stylize(np.full((64, 64, 3), np.nan, np.float32), "scream"),
        lambda i: i.stylize(pil("small.png"), "scream", mask=np.zeros((64, 96), np.uint8)),
        lambda i: i.stylize(pil("small.png"), "scream", masks={"udnie": "mask.png"}),
        lambda i: i.stylize(pil("small.png"), "scream", colors="grey"), lambda i: i.load_style(7),
        lambda i: i.stylize(pil("small.png"), "scream", device="mps"), lambda i: i.Options(size=-1),
        lambda i: i.Options(max_memory="1X"), lambda i: i.Recipe(iterations=1.5), lambda i: i.Recipe(optimizer="sgd"),
        lambda i: i.paint("small.png", "none.png"), lambda i: i.paint(pil("small.png"), []),
        lambda i: i.paint(pil("small.png"), pil("painting.png"), iteration=3), lambda i: i.nothing,
        lambda i: i.learn_style([]), lambda i: i.learn_style("painting.png", "out.png"),
        lambda i: i.learn_style("painting.png", stepps=3), lambda i: i.learn_style("painting.png", name="photograph"),
        lambda i: i.learn_style("painting.png", metadata={"format": "x"}), lambda i: i.learn_style(pil("painting.png")),
        lambda i: i.stylize_video("none.mp4", "scream"), lambda i: i.stylize_video("clip.mp4"),
        lambda i: i.stylize_video("clip.mp4", "scream", stabilize="much"), lambda i: i.DownloadError("x").exit_status,
        lambda i: i.stylize_video("clip.mp4", "scream", output="out.mp4", sizes=3),
        lambda i: str(i.MissingExtraError("Painting", "train")),
    ),
    "api-paint": (lambda i: watched(i.paint, pil("small.png"), pil("painting.png"), told="callback", **TINY),
                  lambda i: i.paint(array("small.png", np.uint16), [("painting.png", 2), pil("photo.jpg")], **TINY),
                  lambda i: i.paint(Path("photo.jpg").read_bytes(), "painting.png:2", optimizer="adam", **TINY),
                  lambda i: i.paint(pil("kinds/rgba.png", "RGBA"), ["painting.png", "photo.jpg"],
                                    masks={1: "mask.png"}, **TINY),
                  lambda i: i.paint("small.png", "painting.png", output="out.png", keep_state=True, **TINY),
                  lambda i: i.paint("small.png", "painting.png", output="out.png", resume=True, **TINY)),
    "api-learn": (lambda i: watched(i.learn_style, "painting.png", "mine.safetensors", told="progress", **BRIEF,
                                    metadata={"artist": "Me", "year": 1889}),
                  lambda i: i.stylize(pil("small.png"), i.learn_style(["painting.png", "other.png"], **BRIEF))),
    "api-video": (lambda i: watched(i.stylize_video, "clip.mp4", "scream", output="out.mp4", told="progress"),
                  lambda i: i.stylize_video("frames/f_%04d.png", ["scream", "udnie:2"], fps=5, end=0.6),
                  lambda i: i.stylize_video("clip.mp4", style_at={0: "scream", 0.5: ["udnie"]}, output="b.mkv", size=64,
                                            stabilize="off", mask=pil("mask.png"), codec="ffv1")),
}  # fmt: skip


def clip(path: Path, frames: list[np.ndarray]) -> None:
    """A second of video with sound, a title and chapters."""
    import av

    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        out.metadata["title"] = "A test"
        video, sound = out.add_stream("libx264", rate=8), out.add_stream("aac", rate=44100)
        video.height, video.width, video.pix_fmt = *frames[0].shape[:2], "yuv420p"
        video.options, sound.codec_context.layout = {"crf": "12", "threads": "1"}, "stereo"
        part = {"time_base": Fraction(1, 1000), "metadata": {"title": "Part"}}
        out.set_chapters([{"id": n, "start": n * 500, "end": n * 500 + 500, **part} for n in (0, 1)])
        for rgb in frames:
            out.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        wave = 0.3 * np.sin(np.arange(44100, dtype=np.float32) / 16)
        for start in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(np.stack(2 * [wave[start : start + 1024]]), "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = 44100, start, Fraction(1, 44100)
            out.mux(sound.encode(frame))
        for stream in (video, sound):
            out.mux(stream.encode(None))


def make_inputs(folder: Path) -> None:
    """What the cases begin with: pictures of all kinds, masks, videos and the like."""
    import cv2
    import pillow_heif
    from safetensors.numpy import save_file

    rng = np.random.default_rng(5)
    with Image.open(HERE / "examples" / "harbour.jpg") as image:
        harbour = image.convert("RGB")
    for name in ("kinds", "broken", "empty", "one", "holiday/deep", "photos", "frames", "masks"):
        (folder / name).mkdir(parents=True)
    photo, small, other = harbour.resize((192, 128)), harbour.resize((96, 64)), harbour.resize((64, 96)).rotate(180)
    y, x = np.mgrid[:64, :96]
    kinds, soft = folder / "kinds", Image.fromarray(np.uint8(np.clip(x * 4 - 100, 0, 255)))
    for path in ("small.png", "one/small.png", "holiday/deep/two.png", "broken/good.png"):
        small.save(folder / path)
    photo.save(folder / "photo.jpg", quality=90)
    other.save(folder / "other.png")
    harbour.crop((0, 0, 90, 70)).save(folder / "holiday/one.jpg")
    soft.save(folder / "soft.png")
    soft.point(lambda value: 255 * (value > 127)).save(folder / "mask.png")
    soft.resize((50, 50)).save(folder / "wide.png")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "A maker", {1: "N", 2: (48.0, 51.0, 30.0)}
    small.save(kinds / "camera.jpg", exif=exif, dpi=(300, 300), comment="A comment")
    small.convert("P", palette=Image.Palette.ADAPTIVE).save(kinds / "palette.png", transparency=3)
    modes = {"grey.png": "L", "bits.png": "1", "still.gif": "P", "ppm.ppm": "RGB", "cmyk.jpg": "CMYK"}
    for name, mode in modes.items():
        small.convert(mode).save(kinds / name)
    lab = small.convert("LAB")
    profile = lab.info["icc_profile"]
    lab.save(kinds / "lab.tif", icc_profile=profile[:24] + bytes(12) + profile[36:])  # without the time of now
    cutout = small.copy()
    cutout.putalpha(Image.fromarray(np.uint8(np.clip(300 - 9 * np.hypot(y - 32, x - 48), 0, 255))))
    cutout.save(kinds / "rgba.png")
    fine = np.asarray(small)[..., ::-1].astype(np.uint16) * 250 + rng.integers(0, 250, (64, 96, 3), np.uint16)
    for name, samples in (("rgb16.png", fine), ("rgb16.tif", fine), ("grey16.png", fine[..., 0])):
        cv2.imwrite(str(kinds / name), samples)
    (kinds / "rgb16.tif").rename(kinds / "deep.tif")
    small.save(kinds / "webp.webp", exif=exif)
    small.save(kinds / "avif.avif", quality=80, speed=8)
    pillow_heif.from_pillow(small).save(kinds / "heic.heic", quality=90)
    (folder / "broken/text.jpg").write_bytes(b"not a picture")
    (folder / "broken/cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:4000])
    (folder / "empty.png").write_bytes(b"")
    for name in ("large.png", "large.tif"):
        harbour.resize((2048, 1536)).save(folder / name)
    stripes = np.sin((x + 9 * np.sin(y / 15)) / 4)[..., None] * [80, 50, -40] + rng.normal(128, 9, (64, 96, 3))
    Image.fromarray(np.uint8(stripes.clip(0, 255))).resize((192, 128)).save(folder / "painting.png")
    with zipfile.ZipFile(folder / "photos.zip", "w") as pack:
        for n in range(6):
            harbour.crop((n * 90, n * 30, n * 90 + 600, n * 30 + 400)).resize((96, 64)).save(folder / f"photos/{n}.png")
            pack.writestr(zipfile.ZipInfo(f"pictures/{n}.png"), (folder / f"photos/{n}.png").read_bytes())
    frames = [np.asarray(photo)[n : n + 64, 4 * n : 4 * n + 96].copy() for n in range(8)]
    for n, frame in enumerate(frames):
        frame[np.hypot(y - 30, x - 70 + 5 * n) < 12] = 230, 60, 40
        Image.fromarray(np.uint8(255 * (x < 10 + 9 * n))).save(folder / f"masks/m_{n + 1:04}.png")
        Image.fromarray(frame).save(folder / f"frames/f_{n + 3:04}.png")
    clip(folder / "clip.mp4", frames)
    (folder / "cut.mp4").write_bytes((whole := (folder / "clip.mp4").read_bytes())[: len(whole) * 6 // 10])
    first, *rest = (Image.fromarray(frame) for frame in frames[:4])
    first.save(folder / "moving.gif", save_all=True, append_images=rest, duration=120, loop=0)
    teacher: dict[str, Any] = {"preprocess.weight": 4 * np.eye(3)[:, :, None, None], "preprocess.bias": -2 * np.ones(3)}
    for stage in range(1, 6):
        inputs = 3 if stage == 1 else 8
        teacher[f"conv{stage}_1.weight"] = rng.standard_normal((8, inputs, 3, 3)) / np.sqrt(4.5 * inputs)
        teacher[f"conv{stage}_1.bias"] = np.zeros(8)
    weights = {name: np.ascontiguousarray(value, np.float32) for name, value in teacher.items()}
    save_file(weights, folder / "teacher.safetensors")
    settings = "steps = 1\nbatch = 1\ncrop = 64\nstyle_size = 64\nseed = 4\n"
    style = '[[style]]\nname = "waves"\ntitle = "Waves"\nyear = 1889\npictures = ["painting.png", "other.png"]\n'
    (folder / "mine.toml").write_text(f"[settings]\n{settings}{style}")
    (folder / "wrong.toml").write_text("[settings]\nstile_weight = 3\n")


MASKS = (  # what differs from run to run
    (r"\x1b\[[0-9;?]*[a-zA-Z]|[^\n]*\r(?!\n)", ""),
    (r"\b(impasto-|tmp)[a-z0-9_]{8}\b", r"\1NAME"),
    (r"[ ━╸╺]*[━╸╺][ ━╸╺]*", " BAR "),
    (r"\d+(?:\.\d+)?(?:e-\d+)? (s|ms|MB|GB|kB|minutes?|frames a second)\b", r"N \1"),
    (r"(?:\d+|-):(?:\d\d|--):(?:\d\d|--)", "H:MM:SS"),
    (r"""(["']?seconds["']?): ?(?:\{[^}]*\}|\d[\d.e-]*)""", r"\1: N"),
)
VERSIONS = ((r"\b\d+\.\d+[\w.+]*", "VERSION"), (r"(?:Linux|macOS|Windows)-[\w.+-]+", "PLATFORM"))
OF_OTHERS = re.compile(r"home/$|home/\.cache|tmp/\.ses$|tmp/torchinductor")  # files of onnxruntime and torch


def masked(text: str, folder: Path, versions: bool = False) -> str:
    """A text without what differs from run to run."""
    for path, name in ((folder, "DIR"), (folder.parent, "ROOT"), (CHECKOUT, "REPO"), (Path(sys.prefix), "VENV")):
        text = text.replace(str(path), name)
    for pattern, instead in MASKS + (VERSIONS if versions else ()):
        text = re.sub(pattern, instead, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def sha(data: bytes) -> str:
    """The first twelve digits of a hash."""
    return hashlib.sha256(data).hexdigest()[:12]


def numbers(values: Any) -> str:
    """An array as its hash, and its mean, which tells small changes from great ones."""
    values = np.asarray(values)
    mean = f" mean {values.mean():.5g}" if values.size else ""
    return f"{values.dtype} {' x '.join(map(str, values.shape))} {sha(values.tobytes())}{mean}"


def say(value: Any) -> str:
    """Whatever a call gives, in words."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return f"{type(value).__name__}\n{say({key: 'N' if key == 'seconds' else it for key, it in parts.items()})}"
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {say(value[key])}".replace("\n", "\n  ") for key in sorted(value, key=str))
    if isinstance(value, list | tuple) and not all(isinstance(item, str | int | float) for item in value):
        return "\n".join(f"- {say(item)}".replace("\n", "\n  ") for item in value)
    if isinstance(value, np.ndarray):
        return numbers(value)
    if isinstance(value, bytes):
        with contextlib.suppress(OSError), Image.open(io.BytesIO(value)) as image:
            return f"{say(image)}\n{len(value)} bytes {sha(value)}"
        return f"{len(value)} bytes {sha(value)}"
    if isinstance(value, Image.Image):
        return "\n".join(picture(value).values())
    text = f"{type(value).__name__} {value}" if isinstance(value, Path | list | tuple) else str(value)
    return text if len(text) < 20_000 else f"{len(text)} characters {sha(text.encode())}"


def picture(image: Image.Image) -> dict[str, str]:
    """A picture: the pixels of all its frames as hashes, and its metadata."""
    lines = [f"{image.format} {image.mode} {image.width} x {image.height}"]
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        lines.append(f"{numbers(image)} {sha(bytes(image.getpalette() or ()))} {image.info.get('duration', '')}")
    exif = image.getexif()
    facts = {"info": image.info, "exif": dict(exif), "camera": exif.get_ifd(0x8769), "place": exif.get_ifd(0x8825)}
    return {"pixels": "\n".join(lines), "metadata": say({name: fact for name, fact in facts.items() if fact})}


def movie(path: Path) -> dict[str, str]:
    """A video: frames and sound as hashes, and its metadata."""
    import av

    with av.open(str(path)) as container:
        count = len(container.streams)
        parts = {"metadata": say({"metadata": dict(container.metadata), "chapters": container.chapters()})}
    for index in range(count):
        digest, times, forms, mean = hashlib.sha256(), [], set(), 0.0
        with av.open(str(path)) as container, contextlib.suppress(av.error.InvalidDataError):  # one is cut off
            stream = container.streams[index]
            kind, context, base = stream.type, stream.codec_context, stream.time_base
            about = {"codec": context.name if context else ""}  # asked now: a closed container takes it along
            for item in container.decode(stream) if kind in ("video", "audio") else container.demux(stream):
                if isinstance(item, av.Packet):
                    values, form = np.frombuffer(bytes(item), np.uint8), "packet"
                else:
                    values, form = item.to_ndarray(**({"format": "rgb24"} if kind == "video" else {})), item.format.name
                digest.update(values.tobytes())
                times.append(item.pts)
                forms.add(f"{form} {'x'.join(map(str, values.shape))}" if kind == "video" else form)
                mean += float(values.mean()) if values.size else 0.0
        about |= {"forms": sorted(forms), "count": len(times)}
        if not path.name.startswith("live"):  # a camera's recording: its encoder and its times go by the clock
            content = f"{digest.hexdigest()[:12]} mean {mean / max(1, len(times)):.5g}"
            about |= {"time base": base, "times": str(times), "content": content}
        parts[f"{kind} {index}"] = say(about)
    return parts


def described(path: Path) -> dict[str, str]:
    """What a file holds: part to words."""
    data, suffix = path.read_bytes(), path.suffix.lower()
    if suffix in (".mp4", ".mov", ".mkv", ".webm"):
        return movie(path)
    if suffix in (".safetensors", ".state"):
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        about = header.pop("__metadata__", {})
        spans = {name: [start + offset for offset in item["data_offsets"]] for name, item in header.items()}
        tensors = {name: f"{it['dtype']} {it['shape']} {sha(data[slice(*spans[name])])}" for name, it in header.items()}
        return {"tensors": say(tensors), "metadata": say(about)}
    if suffix in (".json", ".jsonl", ".txt", ".toml"):
        return {"text": data.decode()}
    if suffix in (".pt", ".checkpoint") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            names = [name for name in pack.namelist() if "/data/" in name]
            return {"tensors": say({name.split("/", 1)[1]: sha(pack.read(name)) for name in names})}
    if suffix == ".h5":  # not its bytes: what was deleted leaves its traces in them, here the sources' times
        import h5py

        things: dict[str, str] = {}
        with h5py.File(path) as file:
            things["/"] = say(dict(file.attrs))
            file.visititems(lambda name, it: things.update({name: f"{say(dict(it.attrs))} {numbers(it[:])}"})
                            if isinstance(it, h5py.Dataset) else None)  # fmt: skip
        return {"content": say(things)}
    parts = {"bytes": f"{len(data)} bytes {sha(data)}"}
    with contextlib.suppress(OSError), Image.open(path) as image:
        parts |= picture(image)
    return parts


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file, and the folders."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder)) + "/" * path.is_dir()
        found[name] = (0, 0) if path.is_dir() else (path.stat().st_size, path.stat().st_mtime_ns)
    return {name: state for name, state in found.items() if not OF_OTHERS.match(name)}


CHECKOUT = HERE


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a case: nothing of the user's."""
    home = folder / "home"
    own = {"HOME": home, "XDG_CACHE_HOME": home / ".cache", "XDG_CONFIG_HOME": home / ".config", "LANG": "C.UTF-8",
           "XDG_DATA_HOME": home / ".local", "IMPASTO_STYLES": home / "styles", "IMPASTO_CACHE": home / "cache",
           "PYTHONPATH": CHECKOUT / "src", "PATH": os.environ.get("PATH", ""), "TMPDIR": folder / "tmp",
           "IMPASTO_OFFLINE": 1, "OMP_NUM_THREADS": 1, "COLUMNS": 200, "NO_COLOR": 1}  # fmt: skip
    return {name: str(value) for name, value in own.items()}


@contextlib.contextmanager
def case(root: Path, name: str, parts: dict[str, str]) -> Iterator[Path]:
    """A folder with the inputs for a case; adds to its parts the files that it makes, changes or removes."""
    folder = root / name
    shutil.copytree(root / "inputs", folder)
    (folder / "tmp").mkdir()
    before = listing(folder)
    yield folder
    after = listing(folder)
    for file in sorted(before.keys() | after.keys()):
        if file not in after:
            parts[f"{file} is removed"] = "yes"
        elif before.get(file) != after[file] and file.endswith("/"):
            parts[f"{file} is made"] = "yes"
        elif before.get(file) != after[file]:
            parts |= {f"{file}: {part}": masked(text, folder) for part, text in described(folder / file).items()}
        elif not file.endswith("/"):
            (folder / file).unlink()  # what is new is kept for whoever wants to look


def command(number: int, line: str, folder: Path) -> dict[str, str]:
    """Run a command: its exit status and what it says."""
    words, environment, files = shlex.split(line), surroundings(folder), {}
    while "=" in words[0]:
        environment |= [words.pop(0).split("=", 1)]
    for sign in ("<", ">", "^C"):
        if sign in words:
            at = words.index(sign)
            files[sign] = folder / words[at + 1]
            del words[at : at + 2]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": folder, "env": environment}
    arguments = [sys.executable, "-m", "impasto", *words]
    with files.get("<", Path(os.devnull)).open("rb") as given, subprocess.Popen(arguments, stdin=given, **pipes) as run:
        if "^C" in files:
            while run.poll() is None and not files["^C"].exists():
                time.sleep(0.05)
            time.sleep(0.7)
            run.send_signal(signal.SIGINT)
        try:
            out, err = run.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            run.kill()
            out, err = b"", f"not finished after {TIMEOUT} s".encode()
    if ">" in files:
        files[">"].write_bytes(out)
        out = b""
    said = {"status": str(run.returncode).encode(), "stdout": out, "stderr": err}
    words_of = {key: masked(text.decode(errors="replace"), folder, "doctor" in line) for key, text in said.items()}
    return {f"{number} `{line}` {key}": text for key, text in words_of.items()}


def call(number: int, function: Callable[[Any], Any], impasto: Any, folder: Path) -> dict[str, str]:
    """Make a call: what it gives, or its error, and what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            value = say(function(impasto))
        except Exception as error:
            value = f"{type(error).__name__} {getattr(error, 'exit_status', '')}: {error}"
    said = {"value": value, "stdout": out.getvalue(), "stderr": err.getvalue()}
    return {f"call {number} {key}": masked(text, folder) for key, text in said.items()}


def child(root: Path, names: list[str]) -> None:
    """Make the calls of several cases in this process, and write a line of JSON for each."""
    import impasto

    warnings.simplefilter("always")
    for name in names:
        started, parts = time.perf_counter(), {}
        with case(root, name, parts) as folder:
            os.chdir(folder)
            os.environ.update(surroundings(folder))
            tempfile.tempdir = None
            for number, function in enumerate(CALLS[name], 1):
                parts |= call(number, function, impasto, folder)
            os.chdir(root)
        print(json.dumps([name, time.perf_counter() - started, parts]), flush=True)


def run(root: Path, only: str, verbose: bool) -> dict[str, dict[str, str]]:
    """All cases: name to part to words."""
    results: dict[str, dict[str, str]] = {}

    def keep(name: str, seconds: float, parts: dict[str, str]) -> None:
        results[name] = {key: text for key, text in parts.items() if text}
        if verbose:
            print(f"{seconds:6.1f} s  {name}", file=sys.stderr, flush=True)

    inputs = root / "inputs"
    make_inputs(inputs)
    if only in "inputs":
        files = {str(path.relative_to(inputs)): described(path) for path in sorted(inputs.rglob("*")) if path.is_file()}
        keep("inputs", 0, {f"{file}: {part}": text for file, parts in files.items() for part, text in parts.items()})
    for name, lines in COMMANDS.items():
        if only in name:
            started, parts = time.perf_counter(), {}
            with case(root, name, parts) as folder:
                for number, line in enumerate(lines, 1):
                    parts |= command(number, line, folder)
            keep(name, time.perf_counter() - started, parts)
    if names := [name for name in CALLS if only in name]:
        arguments = [sys.executable, __file__, "child", root, CHECKOUT, *names]
        environment = surroundings(root / "child")
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
            for line in process.stdout or ():
                keep(*json.loads(line))
        for name in names:
            results.setdefault(name, {"process": f"ended with status {process.returncode}"})
    return results


def machine() -> dict[str, str]:
    """What hashes hang on beside the code."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    facts = {"processor": model[1] if model else platform.processor(), "python": platform.python_version()}
    return facts | {name: importlib.metadata.version(name) for name in PACKAGES}


def compare(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> int:
    """Print what differs; how many cases do."""
    differing = 0
    for name in {**after, **before}:
        old, new = before.get(name, {}), after.get(name, {})
        changed = [part for part in {**new, **old} if old.get(part) != new.get(part)]
        differing += bool(changed)
        for part in changed:
            print(f"\n== {name}: {part}")
            texts = [side.get(part, "(nothing)").splitlines() for side in (old, new)]
            lines = list(difflib.unified_diff(*texts, lineterm="", n=1))[2:]
            print("\n".join(line[:400] for line in lines[:40]) + ("\n..." if len(lines) > 40 else ""))
    return differing


def main() -> int:
    """The command line."""
    global CHECKOUT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--checkout", type=Path, default=HERE, metavar="FOLDER")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args()
    CHECKOUT = given.checkout.resolve()
    before = json.loads(given.file.read_text(encoding="utf-8")) if given.mode == "compare" else {}
    with tempfile.TemporaryDirectory(prefix="behaviour-") as temporary:
        root = (given.keep or Path(temporary)).resolve()
        asked = [sys.executable, "-c", "import impasto; print(impasto.__file__)"]
        found = subprocess.run(asked, env=surroundings(root), capture_output=True, text=True)
        if not found.stdout.startswith(f"{CHECKOUT}/src/"):
            sys.exit(f"The package is not taken from {CHECKOUT}: {found.stdout or found.stderr}")
        started = time.perf_counter()
        results = run(root, given.only, given.verbose)
        seconds = time.perf_counter() - started
    if given.mode == "record":
        text = json.dumps({"machine": machine(), "cases": results}, indent=1, ensure_ascii=False)
        given.file.write_text(text + "\n", encoding="utf-8")
        print(f"{len(results)} cases in {seconds:.0f} s: {given.file}")
        return 0
    if others := {key: (it, machine()[key]) for key, it in before["machine"].items() if it != machine()[key]}:
        print(f"Not the machine or the packages that {given.file} was made with, so pixels may differ: {others}")
    differing = compare({name: parts for name, parts in before["cases"].items() if given.only in name}, results)
    print(f"\n{differing} of {len(results)} cases differ from {given.file} ({seconds:.0f} s)")
    return 1 if differing else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        CHECKOUT = Path(sys.argv[3])
        child(Path(sys.argv[2]), sys.argv[4:])
    else:
        sys.exit(main())
