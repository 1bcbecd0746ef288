"""What is done with a mutant of each kind, as the commands and the public functions do it.

A use returns the bytes of memory that the file honestly needs. It raises an :class:`impasto.ImpastoError` where the
file is refused, and :class:`Fault` where a result is wrong; whatever else comes out of it is a fault, too.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import impasto
from impasto.errors import ImpastoError
from mutation.seeds import walk

_BYTES_PER_PIXEL = 24  # bytes that decoding takes for each pixel, at most
_MOST_PIXELS = 300_000_000  # of pictures that are read row by row
_VIDEO_OUTPUTS = (".mp4", ".mkv", ".webm", ".mov", ".gif", "_%02d.png", "_%02d.jpg")
_VIDEO_OPTIONS: tuple[dict[str, Any], ...] = ({}, {}, {}, {"start": 0.1}, {"end": 0.15}, {"fps": 10}, {"size": 32})


class Fault(Exception):  # noqa: N818
    """A result that is wrong, though nothing was refused."""


@dataclass(frozen=True)
class Kind:
    """A kind of mutants.

    Attributes:
        use: takes the mutant's path, what decides about options, and an empty folder for results.
        share: how many of these are tried beside those of other kinds.
        tensors: whether its files are of safetensors.
    """

    use: Callable[[Path, random.Random, Path], float]
    share: int
    tensors: bool = False


@cache
def _photograph() -> np.ndarray:
    y, x = np.mgrid[:32, :48]
    return np.stack([x * 5, y * 7, 255 - x * 4], axis=2).astype(np.uint8)


def _check_painting(painting: np.ndarray) -> None:
    """A painting is as large as the photograph, and not black."""
    if painting.shape[:2] != _photograph().shape[:2] or not painting.any():
        raise Fault("black painting, or one of another size")


def use_picture(path: Path, chance: random.Random, folder: Path) -> float:
    """Read a picture whole, by rows, by frames and its size alone; write what it says of itself; paint some of them."""
    from impasto.pictures import large
    from impasto.pictures.reading import open_picture, read_picture, size_of_file
    from impasto.pictures.writing import encode_picture

    size_of_file(path)
    with contextlib.suppress(ImpastoError):
        rows = large.open_rows(path)
        if rows is not None and rows.size[0] * rows.size[1] <= _MOST_PIXELS:
            for top in range(0, rows.size[1], 256):
                rows.rows(top, min(rows.size[1], top + 256))
    with contextlib.suppress(ImpastoError), open_picture(path) as image, contextlib.suppress(Exception):
        for frame in range(min(getattr(image, "n_frames", 1), 3)):  # the caller's part, which may raise anything
            image.seek(frame)
            image.load()
    picture = read_picture(path, compact=1 << 22)
    pixels = picture.size[0] * picture.size[1]
    if picture.rgb.dtype.kind == "f" and not np.isfinite(picture.rgb).all():
        raise Fault("samples that are not finite")
    blank = replace(picture, rgb=np.zeros((4, 4, 3), np.uint8), alpha=None)
    encode_picture(blank, chance.choice(("JPEG", "PNG", "TIFF", "WEBP", "AVIF")), note="style=x")
    if pixels < 1 << 20 and chance.random() < 0.15:
        del picture, blank
        target = impasto.stylize(path, "scream", output=folder / chance.choice(("o.png", "o.jpg", "o.tif")), size=64)
        with Image.open(target) as made:
            made.load()
            if not np.asarray(made.convert("RGBA")).any():
                raise Fault("black painting")
    return _BYTES_PER_PIXEL * pixels


def use_video(path: Path, chance: random.Random, folder: Path) -> float:
    """Repaint a video or an animation, and count the frames of the result."""
    from impasto.video import parts

    parts._SEGMENT_FRAMES, parts.MIN_SEGMENT_FRAMES = 3, 1  # so that short clips have several parts
    target = folder / f"o{chance.choice(_VIDEO_OUTPUTS)}"
    options = dict(chance.choice(_VIDEO_OPTIONS))
    stabilize = "light" if chance.random() < 0.2 else "off"
    report = impasto.stylize_video(path, "scream", output=target, stabilize=stabilize, max_pixels=2_000_000, **options)
    if "%" in target.name:
        painted = [Image.open(one) for one in sorted(folder.iterdir())]
        for one in painted:
            one.load()
        count = len(painted)
    elif target.suffix == ".gif":
        with Image.open(target) as made:
            count = min(made.n_frames, report.frames)  # equal frames of a GIF become one
    else:
        import av

        with av.open(str(target)) as container:
            count = sum(1 for _ in container.decode(video=0))
    if not count or (target.suffix != ".gif" and count != report.frames):
        raise Fault(f"{count} frames in the result, {report.frames} in the report")
    return 500_000_000


def use_style(path: Path, chance: random.Random, folder: Path) -> float:
    """Paint in a style."""
    name = str(path)
    options = {"strength": 0.5} if chance.random() < 0.2 else {}
    style = [name, "udnie"] if chance.random() < 0.2 else name
    _check_painting(impasto.stylize(_photograph(), style, **options))
    return 0


def use_network(path: Path, chance: random.Random, folder: Path) -> float:
    """Paint with a network: of a style that brings its own, or of a file."""
    if "deep" in path.stem:
        return use_style(path, chance, folder)
    import torch

    from impasto.networks.files import load_network

    network, _ = load_network(path)
    with torch.inference_mode():
        channels = network.architecture.normalised_channels
        network(torch.rand(1, 3, 16, 16), torch.ones(1, channels), torch.zeros(1, channels))
    return 0


def use_weights(path: Path, chance: random.Random, folder: Path) -> float:
    """Look at a picture with a perceptual network."""
    import torch

    from impasto.networks.perceptual import load_features

    network = load_features(path)
    with torch.inference_mode():
        seen = network(torch.rand(1, 3, 32, 32), network.taps)
    if not all(one.isfinite().all() for one in seen.values()):
        raise Fault("features that are not finite")
    return 0


def use_flow(path: Path, chance: random.Random, folder: Path) -> float:
    """Read flow or a certainty map as a stabiliser does."""
    from impasto.flow.files import read_certainty, read_flo
    from impasto.flow.forward_backward import consistency
    from impasto.video.flow_files import FlowFiles

    if path.suffix != ".flo":
        return 8 * read_certainty(path).size
    flow = read_flo(path)
    if flow.size > 1 << 21:
        return 8 * flow.size
    consistency(flow, np.roll(flow, 1), variant=chance.choice(("default", "fast-artistic-videos")))
    (folder / "b_2_1.flo").write_bytes(path.read_bytes())
    try:
        back, _, _ = FlowFiles(str(folder / "b_[%d]_{%d}.flo")).read(1, 0, 24, 32)
    finally:
        (folder / "b_2_1.flo").unlink()
    if not np.isfinite(back).all():
        raise Fault("flow that is not finite")
    return 0


def use_mask(path: Path, chance: random.Random, folder: Path) -> float:
    """Read a mask, fit it to pictures, and paint some in it."""
    from impasto.pictures.masks import fit_mask, read_mask

    mask = read_mask(path, 10**7)
    height, width = mask.shape
    fitted = fit_mask(mask, (2 * width, 2 * height), (width, height))
    if not np.isfinite(fitted).all():
        raise Fault("a mask that is not finite")
    if chance.random() < 0.2:
        impasto.stylize(_photograph()[:24, :32], "scream", mask=path)
    return 4 * _BYTES_PER_PIXEL * mask.size


def use_dataset(path: Path, chance: random.Random, folder: Path) -> float:
    """Read a data set as training does, and describe it."""
    from impasto.training.dataset import info
    from impasto.training.photographs import Photographs

    if path.suffix != ".zip":
        with contextlib.suppress(ImpastoError):
            info(path)
    photographs = Photographs(path, crop=16)
    photographs.batch(2)
    return 0


def use_upload(path: Path, chance: random.Random, folder: Path) -> float:
    """Send a picture to the studio and have it painted, send it to the live page, or send a request that is odd."""
    from mutation import studio

    kind, server = chance.randrange(4), studio.running()
    if kind == 0:
        server.paint(path.name, path.read_bytes())
    elif kind == 1:
        server.live(path.read_bytes())
    else:
        server.odd_request(chance)
    return 0


def use_motion(path: Path, chance: random.Random, folder: Path) -> float:
    """Give a movement another one's style, or another one this one's."""
    clip, style = (path, folder / "walk.bvh") if path.suffix == ".bvh" else (folder / "walk.bvh", path)
    (folder / "walk.bvh").write_text(walk(30, 24))
    if chance.random() < 0.3 and path.suffix == ".bvh":
        clip, style = style, clip
    try:
        made = impasto.stylize_motion(clip, style, output=folder / "o.bvh", feet=chance.choice(("lock", "free")))
    finally:
        (folder / "walk.bvh").unlink()
    if not np.isfinite(made.clip.channels).all():
        raise Fault("a movement that is not finite")
    return 1000 * path.stat().st_size


KINDS = {
    "picture": Kind(use_picture, 12),
    "animation": Kind(use_video, 1),
    "video": Kind(use_video, 1),
    "style": Kind(use_style, 5, tensors=True),
    "network": Kind(use_network, 2, tensors=True),
    "weights": Kind(use_weights, 2, tensors=True),
    "flow": Kind(use_flow, 4),
    "mask": Kind(use_mask, 3),
    "dataset": Kind(use_dataset, 3),
    "upload": Kind(use_upload, 1),
    "motion": Kind(use_motion, 2, tensors=True),
}
