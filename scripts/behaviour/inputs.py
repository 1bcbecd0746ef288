"""The files that every case begins with: pictures of all kinds, masks, videos, weights and settings.

They are made anew each time from ``examples/harbour.jpg`` and from numbers that are random but always the same.
"""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("kinds", "broken", "empty", "one", "holiday/deep", "photos", "frames", "masks")


def write_kinds(kinds: Path, small: Image.Image, rng: np.random.Generator) -> None:
    """Write a picture in every file format and mode that Impasto reads."""
    import cv2
    import pillow_heif

    y, x = np.mgrid[:64, :96]
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


def write_photographs(folder: Path, harbour: Image.Image) -> None:
    """Write six small photographs to learn on, in a folder and in a zip."""
    with zipfile.ZipFile(folder / "photos.zip", "w") as pack:
        for n in range(6):
            harbour.crop((n * 90, n * 30, n * 90 + 600, n * 30 + 400)).resize((96, 64)).save(folder / f"photos/{n}.png")
            pack.writestr(zipfile.ZipInfo(f"pictures/{n}.png"), (folder / f"photos/{n}.png").read_bytes())


def write_clip(path: Path, frames: list[np.ndarray]) -> None:
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


def write_videos(folder: Path, photo: Image.Image) -> None:
    """Write a moving disc before a panning photograph: numbered pictures, masks, videos, one of them cut off."""
    y, x = np.mgrid[:64, :96]
    frames = [np.asarray(photo)[n : n + 64, 4 * n : 4 * n + 96].copy() for n in range(8)]
    for n, frame in enumerate(frames):
        frame[np.hypot(y - 30, x - 70 + 5 * n) < 12] = 230, 60, 40
        Image.fromarray(np.uint8(255 * (x < 10 + 9 * n))).save(folder / f"masks/m_{n + 1:04}.png")
        Image.fromarray(frame).save(folder / f"frames/f_{n + 3:04}.png")
    write_clip(folder / "clip.mp4", frames)
    (folder / "cut.mp4").write_bytes((whole := (folder / "clip.mp4").read_bytes())[: len(whole) * 6 // 10])
    first, *rest = (Image.fromarray(frame) for frame in frames[:4])
    first.save(folder / "moving.gif", save_all=True, append_images=rest, duration=120, loop=0)


def write_training_files(folder: Path, rng: np.random.Generator) -> None:
    """Write the weights of a tiny teacher, and settings for training, good and wrong ones."""
    from safetensors.numpy import save_file

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


def write_inputs(folder: Path) -> None:
    """Write what the cases begin with."""
    rng = np.random.default_rng(5)
    with Image.open(REPOSITORY / "examples" / "harbour.jpg") as image:
        harbour = image.convert("RGB")
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    photo, small, other = harbour.resize((192, 128)), harbour.resize((96, 64)), harbour.resize((64, 96)).rotate(180)
    y, x = np.mgrid[:64, :96]
    soft = Image.fromarray(np.uint8(np.clip(x * 4 - 100, 0, 255)))
    for path in ("small.png", "one/small.png", "holiday/deep/two.png", "broken/good.png"):
        small.save(folder / path)
    photo.save(folder / "photo.jpg", quality=90)
    other.save(folder / "other.png")
    harbour.crop((0, 0, 90, 70)).save(folder / "holiday/one.jpg")
    soft.save(folder / "soft.png")
    soft.point(lambda value: 255 * (value > 127)).save(folder / "mask.png")
    soft.resize((50, 50)).save(folder / "wide.png")
    (folder / "broken/text.jpg").write_bytes(b"not a picture")
    (folder / "broken/cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:4000])
    (folder / "empty.png").write_bytes(b"")
    for name in ("large.png", "large.tif"):
        harbour.resize((2048, 1536)).save(folder / name)
    write_kinds(folder / "kinds", small, rng)
    stripes = np.sin((x + 9 * np.sin(y / 15)) / 4)[..., None] * [80, 50, -40] + rng.normal(128, 9, (64, 96, 3))
    Image.fromarray(np.uint8(stripes.clip(0, 255))).resize((192, 128)).save(folder / "painting.png")
    write_photographs(folder, harbour)
    write_videos(folder, photo)
    write_training_files(folder, rng)
