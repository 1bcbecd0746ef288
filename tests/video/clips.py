"""Clips made by code, with sound and everything else that videos bring, and what is in painted ones."""

from fractions import Fraction
from hashlib import sha256

import av
import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.cli import main
from impasto.video.source import open_source


def scene(index, width, height, seed=0):
    """A textured picture that moves a pixel a frame, with a disc that moves the other way."""
    rng = np.random.default_rng(seed)
    small = rng.integers(30, 220, (height // 8 + 2, (width + 400) // 8 + 2, 3), np.uint8)
    picture = np.kron(small, np.ones((8, 8, 1), np.uint8))[:height, index % 300 : index % 300 + width].copy()
    y, x = np.mgrid[0:height, 0:width]
    picture[np.hypot(y - height / 2, x - width / 2 + index) < height / 5] = (230, 60, 40)
    return picture


def make_clip(
    path,
    *,
    frames=12,
    width=64,
    height=48,
    rate=12,
    codec="libx264",
    pixel_format="yuv420p",
    times=None,
    sound=("aac",),
    words=(),
    second=None,
    chapters=True,
    colors=None,
    aspect=None,
    options=None,
):
    """Write a clip. ``times``: time stamps in units of 1/600 s; ``words``: codecs of subtitle streams."""
    base = Fraction(1, 600)
    with av.open(str(path), "w", options=options or {}) as out:
        out.metadata["title"] = "A test"
        videos = [(width, height)] + ([second] if second else [])
        streams = []
        for w, h in videos:
            stream = out.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = w, h, pixel_format
            stream.codec_context.time_base = base
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            for name, value in (colors or {}).items():
                setattr(stream.codec_context, name, value)
            if codec == "libx264":
                stream.options = {"g": "6", "crf": "12"}
            streams.append(stream)
        audio = []
        for index, name in enumerate(sound):
            stream = out.add_stream(name, rate=48000 if name == "libopus" else 44100)
            stream.codec_context.layout = "mono" if index else "stereo"
            stream.metadata["language"] = ("eng", "deu")[index % 2]
            audio.append(stream)
        texts = [out.add_stream(name) for name in words]
        if texts:
            header = b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n[Events]\n"
            for stream in texts:
                stream.codec_context.subtitle_header = header
        if chapters:
            base_of_chapters = {"time_base": Fraction(1, 1000)}
            parts = (
                {"id": n, "start": n * 500, "end": n * 500 + 500, "metadata": {"title": f"Part {n}"}} for n in (0, 1)
            )
            out.set_chapters([part | base_of_chapters for part in parts])
        out.start_encoding()
        for stream, (w, h) in zip(streams, videos, strict=True):
            for index in range(frames):
                frame = av.VideoFrame.from_ndarray(scene(index, w, h), format="rgb24").reformat(format=pixel_format)
                frame.pts = times[index] if times else index * 600 // rate
                frame.time_base = base
                frame.duration = 600 // rate
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        for stream in audio:
            rate_of_sound = stream.codec_context.sample_rate
            size, total = 1024, int(rate_of_sound * frames / rate)
            t = np.arange(total) / rate_of_sound
            wave = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
            layout = stream.codec_context.layout
            resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate_of_sound)
            for start in range(0, total, size):
                block = np.tile(wave[start : start + size], (layout.nb_channels, 1))
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=layout.name)
                frame.sample_rate, frame.pts, frame.time_base = rate_of_sound, start, Fraction(1, rate_of_sound)
                for made in resampler.resample(frame):
                    out.mux(stream.encode(made))
            for made in resampler.resample(None):
                out.mux(stream.encode(made))
            out.mux(stream.encode(None))
        for stream in texts:
            for n in range(2):
                text = b"%d,0,Default,,0,0,0,,Word %d" % (n, n)
                subtitle = av.subtitles.subtitle.SubtitleSet.create(text=text, start=0, end=300)
                packet = stream.codec_context.encode_subtitle(subtitle)
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = n * 400
                packet.duration = 300
                out.mux(packet)
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def stylize(video, output, **options):
    return impasto.stylize_video(video, options.pop("style", "scream"), output=output, **options)


def packets(path, kind, index=0):
    """Times in seconds and hashes of a stream's packets."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][index]
        found = [p for p in container.demux(stream) if p.size and p.pts is not None]
        return [(p.pts * p.time_base, sha256(bytes(p)).hexdigest()) for p in found]


def pictures(path):
    with av.open(str(path)) as container:
        return [(f.pts * f.time_base, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def durations(path):
    with Image.open(path) as image:
        found = []
        for index in range(image.n_frames):
            image.seek(index)
            found.append(image.info["duration"])
        return found


def slides(path):
    """Three pictures at 0, 2 and 4 seconds, to 7.5."""
    frames = [Image.fromarray(scene(20 * i, 40, 32)) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[2000, 2000, 3500], loop=0)
    return path


def open_array(clip, index):
    return [frame.rgb for frame in open_source(clip).frames()][index]
