"""What a case gives, in words: results of calls, and files by what they hold."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

# What differs from run to run: a pattern, and what stands for it.
VARIABLE_PARTS = (
    (r"\x1b\[[0-9;?]*[a-zA-Z]|[^\n]*\r(?!\n)", ""),
    (r"\b(impasto-|tmp)[a-z0-9_]{8}\b", r"\1NAME"),
    (r"[ ━╸╺]*[━╸╺][ ━╸╺]*", " BAR "),
    (r"\d+(?:\.\d+)?(?:e-\d+)? (s|ms|MB|GB|kB|minutes?|frames a second)\b", r"N \1"),
    (r"(?:\d+|-):(?:\d\d|--):(?:\d\d|--)", "H:MM:SS"),
    (r"""(["']?seconds["']?): ?(?:\{[^}]*\}|\d[\d.e-]*)""", r"\1: N"),
)
# What differs from machine to machine in the doctor's report.
VERSIONS = ((r"\b\d+\.\d+[\w.+]*", "VERSION"), (r"(?:Linux|macOS|Windows)-[\w.+-]+", "PLATFORM"))


def masked(text: str, folder: Path, checkout: Path, *, versions: bool = False) -> str:
    """A text without what differs from run to run: times, rates, memory, paths and, if asked, versions."""
    for path, name in ((folder, "DIR"), (folder.parent, "ROOT"), (checkout, "REPO"), (Path(sys.prefix), "VENV")):
        text = text.replace(str(path), name)
    for pattern, instead in VARIABLE_PARTS + (VERSIONS if versions else ()):
        text = re.sub(pattern, instead, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def short_hash(data: bytes) -> str:
    """The first twelve digits of a hash."""
    return hashlib.sha256(data).hexdigest()[:12]


def array_in_words(values: Any) -> str:
    """An array as its hash, and its mean, which tells small changes from great ones."""
    values = np.asarray(values)
    mean = f" mean {values.mean():.5g}" if values.size else ""
    return f"{values.dtype} {' x '.join(map(str, values.shape))} {short_hash(values.tobytes())}{mean}"


def in_words(value: Any) -> str:
    """Whatever a call gives, in words."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        plain = {name: "N" if name == "seconds" else part for name, part in parts.items()}
        return f"{type(value).__name__}\n{in_words(plain)}"
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {in_words(value[key])}".replace("\n", "\n  ") for key in sorted(value, key=str))
    if isinstance(value, list | tuple) and not all(isinstance(item, str | int | float) for item in value):
        return "\n".join(f"- {in_words(item)}".replace("\n", "\n  ") for item in value)
    if isinstance(value, np.ndarray):
        return array_in_words(value)
    if isinstance(value, bytes):
        with contextlib.suppress(OSError), Image.open(io.BytesIO(value)) as image:
            return f"{in_words(image)}\n{len(value)} bytes {short_hash(value)}"
        return f"{len(value)} bytes {short_hash(value)}"
    if isinstance(value, Image.Image):
        return "\n".join(picture_fingerprint(value).values())
    text = f"{type(value).__name__} {value}" if isinstance(value, Path | list | tuple) else str(value)
    return text if len(text) < 20_000 else f"{len(text)} characters {short_hash(text.encode())}"


def picture_fingerprint(image: Image.Image) -> dict[str, str]:
    """A picture: the pixels of all its frames as hashes, and its metadata."""
    lines = [f"{image.format} {image.mode} {image.width} x {image.height}"]
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        palette, duration = short_hash(bytes(image.getpalette() or ())), image.info.get("duration", "")
        lines.append(f"{array_in_words(image)} {palette} {duration}")
    exif = image.getexif()
    facts = {"info": image.info, "exif": dict(exif), "camera": exif.get_ifd(0x8769), "place": exif.get_ifd(0x8825)}
    return {"pixels": "\n".join(lines), "metadata": in_words({name: fact for name, fact in facts.items() if fact})}


def video_fingerprint(path: Path) -> dict[str, str]:
    """A video: frames and sound as hashes, and its metadata."""
    import av

    with av.open(str(path)) as container:
        count = len(container.streams)
        parts = {"metadata": in_words({"metadata": dict(container.metadata), "chapters": container.chapters()})}
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
        parts[f"{kind} {index}"] = in_words(about)
    return parts


def safetensors_fingerprint(data: bytes) -> dict[str, str]:
    """A safetensors file: its tensors as hashes, and its metadata."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, tensor in header.items():
        first, end = tensor["data_offsets"]
        tensors[name] = f"{tensor['dtype']} {tensor['shape']} {short_hash(data[start + first : start + end])}"
    return {"tensors": in_words(tensors), "metadata": in_words(metadata)}


def hdf5_fingerprint(path: Path) -> dict[str, str]:
    """An HDF5 file by what it holds; not its bytes, in which deleted data leave traces, here the sources' times."""
    import h5py

    content: dict[str, str] = {}

    def add(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            content[name] = f"{in_words(dict(item.attrs))} {array_in_words(item[:])}"

    with h5py.File(path) as file:
        content["/"] = in_words(dict(file.attrs))
        file.visititems(add)
    return {"content": in_words(content)}


def file_fingerprint(path: Path) -> dict[str, str]:
    """What a file holds: part to words."""
    data, suffix = path.read_bytes(), path.suffix.lower()
    if suffix in (".mp4", ".mov", ".mkv", ".webm"):
        return video_fingerprint(path)
    if suffix in (".safetensors", ".state"):
        return safetensors_fingerprint(data)
    if suffix in (".json", ".jsonl", ".txt", ".toml"):
        return {"text": data.decode()}
    if suffix in (".pt", ".checkpoint") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            names = [name for name in pack.namelist() if "/data/" in name]
            return {"tensors": in_words({name.split("/", 1)[1]: short_hash(pack.read(name)) for name in names})}
    if suffix == ".h5":
        return hdf5_fingerprint(path)
    parts = {"bytes": f"{len(data)} bytes {short_hash(data)}"}
    with contextlib.suppress(OSError), Image.open(path) as image:
        parts |= picture_fingerprint(image)
    return parts
