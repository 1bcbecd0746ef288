"""Small files of every kind that are right, from which mutants are made: one file a way of writing them."""

from __future__ import annotations

import io
import multiprocessing
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
    b'GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="400" tiff:Orientation="6" dc:title="Sea"/></x:xmpmeta>'
)
_WIDTH, _HEIGHT, _FRAMES = 48, 32, 6  # of videos and animations


def make_seeds(folder: Path, kinds: Collection[str]) -> None:
    """Write the seeds of some kinds into ``folder/KIND``; a format that this machine cannot write is left out."""
    makers = {
        "picture": _pictures,
        "animation": _animations,
        "mask": _masks,
        "flow": _flow,
        "dataset": _datasets,
        "style": _styles,
        "network": _networks,
        "weights": _weights,
        "upload": _uploads,
        "motion": _motions,
    }
    for kind, maker in makers.items():
        if kind not in kinds:
            continue
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, data in maker():
            (folder / kind / name).write_bytes(data)
    if "video" not in kinds:
        return
    (folder / "video").mkdir(parents=True, exist_ok=True)
    _write_videos(folder / "video")


Named = Iterator[tuple[str, bytes]]


def _texture(width: int, height: int, seed: int = 1) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), np.uint8)
    return Image.fromarray(np.kron(small, np.ones((4, 4, 1), np.uint8))[:height, :width].copy())


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    """A picture's file."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "A sea", 6
    exif[0x8769] = {0x829A: 0.01, 0xA001: 65535, 0xA002: 99, 0x927C: b"maker's note"}
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    return exif


def _png_with(data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    at = data.index(b"IDAT") - 4
    added = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:at] + added + data[at:]


def _pictures() -> Named:
    from PIL import ImageCms

    rough, small = _texture(56, 40), _texture(36, 24)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = _exif()
    yield "meta.jpg", saved(small, "JPEG", exif=exif, icc_profile=profile, xmp=_XMP, comment=b"sea")
    yield "progressive.jpg", saved(rough, "JPEG", progressive=True)
    yield "cmyk.jpg", saved(rough.convert("CMYK"), "JPEG")
    yield "grey.jpg", saved(rough.convert("L"), "JPEG")
    texts = PngImagePlugin.PngInfo()
    texts.add_text("A", "hello" * 50, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", _XMP.decode(), zip=True)
    written = saved(small, "PNG", pnginfo=texts, icc_profile=profile, exif=exif, dpi=(72, 72))
    yield "texts.png", _png_with(written, (b"gAMA", struct.pack(">I", 50000)), (b"cICP", bytes([9, 16, 0, 1])))
    yield "palette.png", saved(small.convert("P"), "PNG", transparency=3)
    yield "bits.png", saved(small.convert("1"), "PNG")
    yield "alpha.png", saved(rough.convert("RGBA"), "PNG")
    yield "grey16.png", saved(Image.fromarray((np.asarray(rough)[..., 0] * np.uint16(257)).astype(np.uint16)), "PNG")
    yield "frames.png", saved(small, "PNG", save_all=True, append_images=[_texture(36, 24, 2)])
    for compression in ("raw", "tiff_deflate", "tiff_lzw", "packbits", "jpeg", "group4", "group3", "zstd", "lzma"):
        image = rough.convert("1") if compression.startswith("group") else rough
        try:
            yield f"{compression}.tif", saved(image, "TIFF", compression=compression)
        except (OSError, KeyError, ValueError):
            continue
    yield "pages.tif", saved(rough, "TIFF", save_all=True, append_images=[small], icc_profile=profile)
    yield "large.tif", saved(rough, "TIFF", big_tiff=True)
    yield "float.tif", saved(Image.fromarray(np.asarray(rough.convert("L"), np.float32) / 255), "TIFF")
    yield "lossy.webp", saved(rough, "WEBP", exif=exif, icc_profile=profile, xmp=_XMP)
    yield "lossless.webp", saved(small.convert("RGBA"), "WEBP", lossless=True)
    yield "photo.avif", saved(rough, "AVIF", exif=exif)
    yield "alpha.avif", saved(small.convert("RGBA"), "AVIF")
    yield "still.gif", saved(small.convert("P"), "GIF", transparency=2, comment=b"hey")
    for name, mode in (("colour.ppm", "RGB"), ("grey.pgm", "L"), ("bits.pbm", "1")):
        yield name, saved(rough.convert(mode), "PPM")
    yield "plain.ppm", b"P3 4 3 255\n" + b" ".join(b"%d" % (index * 5) for index in range(36)) + b"\n"
    yield "float.pfm", b"Pf\n4 3\n-1.0\n" + np.linspace(0, 1, 12).astype("<f4").tobytes()
    for name, mode in (("colour.bmp", "RGB"), ("palette.bmp", "P"), ("bits.bmp", "1")):
        yield name, saved(rough.convert(mode), "BMP")
    runs = bytearray(saved(rough.convert("P"), "BMP"))
    runs[30] = 1
    yield "runs.bmp", bytes(runs[:1078]) + b"\x20\x05\x18\x07\0\0" * 40 + b"\0\1"
    try:
        import pillow_heif
    except ImportError:
        return
    for name, image in (("photo.heic", rough), ("alpha.heic", _texture(64, 64).convert("RGBA"))):
        out = io.BytesIO()
        pillow_heif.from_pillow(image).save(out, quality=60)
        yield name, out.getvalue()


def _animations() -> Named:
    frames = [_texture(_WIDTH, _HEIGHT, seed) for seed in range(4)]
    for format in ("GIF", "WEBP", "PNG", "AVIF"):
        options = {"save_all": True, "append_images": frames[1:], "duration": 80}
        options |= {} if format == "AVIF" else {"loop": 2}
        yield f"opaque.{format.lower()}", saved(frames[0], format, **options)
    holes = [frame.convert("RGBA") for frame in frames]
    for index, frame in enumerate(holes):
        frame.putalpha(Image.radial_gradient("L").resize(frame.size).point(lambda v, i=index: 255 - min(255, v + i)))
    for format in ("WEBP", "PNG"):
        yield (
            f"holes.{format.lower()}",
            saved(holes[0], format, save_all=True, append_images=holes[1:], duration=[40, 90, 40, 200], loop=0),
        )


def _masks() -> Named:
    grey = _texture(32, 24).convert("L")
    for format, suffix in (("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("TIFF", "tif"), ("PPM", "pgm")):
        yield f"mask.{suffix}", saved(grey, format)
    yield "bits.png", saved(grey.convert("1"), "PNG")
    yield "alpha.webp", saved(grey.convert("RGBA"), "WEBP")
    yield "grey16.png", saved(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), "PNG")
    yield "float.tif", saved(Image.fromarray(np.asarray(grey, np.float32) / 255), "TIFF")


def _flow() -> Named:
    moved = np.random.default_rng(0).normal(0, 2, (24, 32, 2)).astype("<f4")
    yield "back.flo", b"PIEH" + struct.pack("<ii", 32, 24) + moved.tobytes()
    grey = _texture(32, 24).convert("L")
    yield "sure.pgm", saved(grey, "PPM")
    yield "sure.png", saved(grey, "PNG")
    yield "plain.pgm", b"P2\n4 3\n255\n" + b" ".join(b"%d" % value for value in range(12))
    yield "deep.pgm", b"P5\n4 3\n65535\n" + bytes(range(24))
    yield "sure.pfm", b"Pf\n4 3\n-1.0\n" + np.linspace(0, 1, 12).astype("<f4").tobytes()


def _datasets() -> Named:
    rng = np.random.default_rng(0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(4):
            archive.writestr(f"photos/{index}.png", saved(_texture(24, 24, index), "PNG"))
    yield "photos.zip", out.getvalue()
    try:
        import h5py
    except ImportError:
        return
    layouts: dict[str, dict[str, Any]] = {
        "plain.h5": {},
        "deflate.h5": {"chunks": (1, 3, 16, 16), "compression": "gzip"},
        "sums.h5": {"chunks": (2, 3, 16, 16), "shuffle": True, "fletcher32": True},
    }
    for name, layout in layouts.items():
        out = io.BytesIO()
        with h5py.File(out, "w", libver="latest" if name == "sums.h5" else "earliest") as file:
            for group, count in (("train2014", 6), ("val2014", 2)):
                pixels = rng.integers(1, 255, (count, 3, 16, 16), np.uint8)
                file.create_group(group).create_dataset("images", data=pixels, **layout)
        yield name, out.getvalue()


def _asset(*names: str) -> bytes:
    from importlib import resources

    return resources.files("impasto.assets").joinpath(*names).read_bytes()


def _styles() -> Named:
    for name in ("scream", "udnie"):
        yield f"{name}.safetensors", _asset("styles", f"{name}.safetensors")


def _networks() -> Named:
    import tempfile

    import torch

    from impasto.networks.files import load_bundled, save_folder, with_network
    from impasto.networks.transformer import Architecture, TransformerNetwork
    from impasto.styles.catalogue import load_style
    from impasto.styles.style import Style

    torch.manual_seed(3)
    tiny = TransformerNetwork(Architecture(half=4, quarter=8, eighth=8, blocks=1)).eval()
    channels = tiny.architecture.normalised_channels
    ones, zeros = torch.ones(channels), torch.zeros(channels)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_folder(tiny, {"a": (ones, zeros)}, folder)
        yield "tiny.onnx", (folder / "network.onnx").read_bytes()
        style = Style("tiny", ones.numpy(), zeros.numpy(), "", {})
        with_network(style, tiny).save(folder / "deep.safetensors")
        yield "tiny-deep.safetensors", (folder / "deep.safetensors").read_bytes()
        bundled, _ = load_bundled()
        with_network(load_style("scream"), bundled).save(folder / "deep.safetensors")
        yield "whole-deep.safetensors", (folder / "deep.safetensors").read_bytes()


def tiny_perceptual() -> dict[str, Any]:
    """A perceptual network of five convolutions, as a state dict."""
    import torch

    torch.manual_seed(5)
    tensors, channels = {"preprocess.weight": 2 * torch.eye(3)[:, :, None, None], "preprocess.bias": -torch.ones(3)}, 3
    for stage, width in enumerate((4, 6, 8, 8, 8), 1):
        tensors[f"conv{stage}_1.weight"] = torch.randn(width, channels, 3, 3) / (channels * 9) ** 0.5
        tensors[f"conv{stage}_1.bias"] = torch.zeros(width)
        channels = width
    return tensors


def _weights() -> Named:
    import torch
    from safetensors.torch import save

    tensors = tiny_perceptual()
    yield "tiny.safetensors", save(tensors)
    out = io.BytesIO()
    torch.save(tensors, out)
    yield "tiny.pth", out.getvalue()
    yield "builtin.safetensors", _asset("perceptual.safetensors")


def _uploads() -> Named:
    for name, data in _pictures():
        if name in ("meta.jpg", "progressive.jpg", "texts.png", "alpha.png", "lossy.webp", "photo.avif", "pages.tif"):
            yield name, data


# Name, codec, pixel format and codec of the sound of each video.
_VIDEOS = (
    ("a.mp4", "libx264", "yuv420p", "aac"),
    ("b.mp4", "mpeg4", "yuv420p", "libmp3lame"),
    ("c.mov", "libx264", "yuv420p", "pcm_s16le"),
    ("d.mkv", "libx264", "yuv420p", "flac"),
    ("e.mkv", "ffv1", "yuv420p", "libopus"),
    ("f.webm", "libvpx-vp9", "yuv420p", "libopus"),
    ("g.webm", "libvpx", "yuv420p", ""),
    ("h.avi", "libx264", "yuv420p", "libmp3lame"),
    ("i.avi", "mpeg4", "yuv420p", "pcm_s16le"),
    ("j.ts", "libx264", "yuv420p", "aac"),
    ("k.ts", "mpeg2video", "yuv420p", "mp2"),
    ("l.flv", "libx264", "yuv420p", "aac"),
    ("m.nut", "mpeg4", "yuv420p", "mp2"),
    ("n.mpg", "mpeg1video", "yuv420p", "mp2"),
    ("o.mp4", "libx265", "yuv420p10le", "aac"),
    ("p.mov", "prores_ks", "yuv422p10le", "aac"),
    ("q.avi", "mjpeg", "yuvj420p", ""),
)


def write_video(path: Path, codec: str, pixels: str, sound: str = "", frames: int = _FRAMES) -> None:
    """Write a clip of 25 frames a second, with a tone if there is a codec for it."""
    import av

    av.logging.set_level(av.logging.PANIC)
    with av.open(str(path), "w") as out:
        out.metadata["title"] = "A test"
        video = out.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, pixels
        video.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        audio = out.add_stream(sound, rate=48000) if sound else None
        for index in range(frames):
            picture = np.asarray(_texture(_WIDTH * 2, _HEIGHT))[:, index : index + _WIDTH]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            out.mux(video.encode(frame.reformat(format=pixels)))
        out.mux(video.encode(None))
        if audio is None:
            return
        context = audio.codec_context
        resampler = av.AudioResampler(format=context.format, layout=context.layout, rate=48000, frame_size=1024)
        wave = np.sin(np.arange(frames * 1920) / 20).astype(np.float32)[None]
        tone = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        tone.sample_rate, tone.pts = 48000, 0
        for made in (*resampler.resample(tone), *resampler.resample(None)):
            out.mux(audio.encode(made))
        out.mux(audio.encode(None))


def walk(step: float, frames: int = 40) -> str:
    """A clip in BVH of a person that walks, with legs and arms of two bones each.

    Args:
        step: how far the legs swing, in degrees.
        frames: of the clip, 30 a second.
    """
    joints, channels = "", "Zrotation Xrotation Yrotation"
    for side, x in (("Left", 1), ("Right", -1)):
        for upper, lower, end, y in (("UpLeg", "Leg", "Foot", -4), ("Arm", "ForeArm", "Hand", -3)):
            joints += f"JOINT {side}{upper}\n{{\nOFFSET {x} {4 * (y == -3)} 0\nCHANNELS 3 {channels}\n"
            joints += f"JOINT {side}{lower}\n{{\nOFFSET 0 {y} 0\nCHANNELS 3 {channels}\n"
            joints += f"JOINT {side}{end}\n{{\nOFFSET 0 {y} 0\nCHANNELS 3 {channels}\n"
            joints += "End Site\n{\nOFFSET 0 0 1\n}\n}\n}\n}\n"
    head = f"HIERARCHY\nROOT Hips\n{{\nOFFSET 0 8 0\nCHANNELS 6 Xposition Yposition Zposition {channels}\n{joints}}}\n"
    swing = step * np.sin(np.arange(frames) / 3)
    values = np.zeros((frames, 42))
    values[:, 1], values[:, 2] = 8, np.arange(frames) / 5
    values[:, [7, 25]], values[:, [16, 34]] = swing[:, None], -swing[:, None]
    lines = "\n".join(" ".join(f"{value:.4g}" for value in line) for line in values)
    return f"{head}MOTION\nFrames: {frames}\nFrame Time: 0.0333333\n{lines}\n"


def _motions() -> Named:
    import tempfile

    from impasto.motion.sources import load_motion
    from impasto.motion.style_file import save_motion_style

    yield "walk.bvh", walk(25).encode()
    yield "short.bvh", walk(40, 3).replace("\n", "\r\n").encode()
    with tempfile.TemporaryDirectory() as place:
        clip = Path(place) / "wide.bvh"
        clip.write_text(walk(50))
        save_motion_style(load_motion(clip, {}), Path(place) / "wide.safetensors")
        yield "wide.safetensors", (Path(place) / "wide.safetensors").read_bytes()


def _write_videos(folder: Path) -> None:
    """Write the videos, each in a process of its own: an encoder that breaks memory takes only its file along."""
    for name, codec, pixels, sound in _VIDEOS:
        process = multiprocessing.get_context("fork").Process(
            target=write_video, args=(folder / name, codec, pixels, sound)
        )
        process.start()
        process.join()
        if process.exitcode:
            print(f"{name} cannot be made here and is left out")
            (folder / name).unlink(missing_ok=True)
