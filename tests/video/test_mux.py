"""Joining segments with what a source brings; nothing is painted here."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import OutputError
from impasto.media import side_streams
from impasto.media.side_plan import plan_side_streams
from impasto.video import mux
from impasto.video.frame import Frame
from impasto.video.frame_format import FrameFormat
from impasto.video.gif import join_gif
from impasto.video.pixels import ColorSpace
from impasto.video.segments import Segments
from impasto.video.sink import Encoding, container_of

from .clips import make_clip, scene

_BT709 = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1}


def joined(target, *, source=None, start=None, end=None, codec="h264", aspect=1, size=(64, 48), rate=Fraction(12)):
    """A second of frames as a file; gives the notices."""
    width, height = size
    form = FrameFormat(width, height, 1 / (rate * 512), rate, ColorSpace(1, False, _BT709, Fraction(aspect)))
    folder = target.with_name(f"{target.name}.segments")
    folder.mkdir()
    segments = Segments(folder, form, codec, Encoding())
    for index in range(round(rate)):
        segments.write(Frame(scene(index, width, height), index * 512, 512))
    segments.checkpoint()
    if target.suffix == ".gif":
        return join_gif(segments.paths, target, form, note="")
    beside = None
    if source is not None:
        plan = plan_side_streams(source, container_of(target))
        beside = side_streams.SideStreams(source, 0, start, end, start or Fraction(0), plan)
    return mux.join(segments.paths, target, form, side_streams=beside, about="a test")


def with_words(path, codec, cues, *, frames=36):
    """A clip of three seconds with cues given as (start, end) in milliseconds."""
    make_clip(path.with_suffix(".plain.mkv"), frames=frames, sound=(), chapters=False)
    with av.open(str(path.with_suffix(".plain.mkv"))) as plain, av.open(str(path), "w") as out:
        video = plain.streams.video[0]
        picture, words = out.add_stream_from_template(video), out.add_stream(codec)
        words.codec_context.subtitle_header = b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n[Events]\n"
        for packet in plain.demux(video):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
        for number, (start, end) in enumerate(cues):
            text = b"%d,0,Default,,0,0,0,,Word %d" % (number, number)
            made = av.subtitles.subtitle.SubtitleSet.create(text=text, start=0, end=end - start)
            packet = words.codec_context.encode_subtitle(made)
            packet.stream, packet.time_base = words, Fraction(1, 1000)
            packet.pts = packet.dts = start
            packet.duration = end - start
            out.mux(packet)
    return path


@pytest.mark.parametrize("codec", ["subrip", "ass"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_cues_stay_within_the_cut(tmp_path, codec, suffix):
    cues = [(100, 400), (500, 1500), (1600, 1700), (1900, 9000), (2500, 2600)]
    source = with_words(tmp_path / "in.mkv", codec, cues)
    target = tmp_path / f"out{suffix}"
    joined(target, source=source, start=Fraction(1), end=Fraction(2), codec="vp9")
    with av.open(str(target)) as container:
        found = [p for p in container.demux(subtitles=0) if p.size > 2]  # MP4 fills gaps with empty ones
        shown = [(round(float(p.pts * p.time_base), 2), round(float(p.duration * p.time_base), 2)) for p in found]
    assert shown == [(0, 0.5), (0.6, 0.1), (0.9, 0.1)]
    with av.open(str(target)) as container:
        assert container.duration <= 1_100_000
        assert float(next(container.decode(video=0)).time) < 0.01


def test_what_mov_refuses_is_encoded_anew(tmp_path):
    source = make_clip(tmp_path / "in.mkv", sound=("aac", "libopus", "flac"))
    notices = joined(tmp_path / "out.mov", source=source)
    assert ["encoded anew" in notice for notice in notices] == [True, True]
    assert ["opus" in notice for notice in notices] == [True, False]
    with av.open(str(tmp_path / "out.mov")) as container:
        assert [s.codec_context.name for s in container.streams.audio] == ["aac"] * 3
    for index, rate in enumerate((44100, 48000, 44100)):
        with av.open(str(tmp_path / "out.mov")) as container:
            assert sum(f.samples for f in container.decode(audio=index)) >= rate  # with what the encoder held back


def test_channels_and_rates_that_an_encoder_lacks(tmp_path):
    source = tmp_path / "in.mkv"
    with av.open(str(make_clip(tmp_path / "plain.mkv", sound=()))) as plain, av.open(str(source), "w") as out:
        video = plain.streams.video[0]
        picture, sound = out.add_stream_from_template(video), out.add_stream("flac", rate=192_000)
        sound.codec_context.layout = "5.1(side)"
        for packet in plain.demux(video):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 6 * 4096), np.int16), format="s16", layout="5.1(side)")
        frame.sample_rate, frame.pts, frame.time_base = 192_000, 0, Fraction(1, 192_000)
        out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    for suffix in (".webm", ".mov"):
        joined(tmp_path / f"out{suffix}", source=source, codec="vp9" if suffix == ".webm" else "h264")
        with av.open(str(tmp_path / f"out{suffix}")) as container:
            assert container.streams.audio[0].codec_context.layout.nb_channels == 6
            assert container.streams.audio[0].codec_context.sample_rate == 48000


def refuse(*_arguments, **_options):
    raise ValueError("refused")


def test_a_film_is_kept_where_ffmpeg_refuses_what_goes_beside_it(tmp_path, monkeypatch):
    source = make_clip(tmp_path / "in.mp4", frames=3)
    monkeypatch.setattr(side_streams.SideStreams, "attach", refuse)
    (notice,) = joined(tmp_path / "out.mov", source=source)
    assert notice.startswith("What in.mp4 holds beside its picture")
    with av.open(str(tmp_path / "out.mov")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert len(list(container.decode(video=0))) == 12


def test_what_ffmpeg_says_at_the_end_is_one_sentence_and_nothing_is_painted_again(tmp_path, monkeypatch):
    clip, target = make_clip(tmp_path / "in.mp4", frames=3), tmp_path / "out.mov"
    with monkeypatch.context() as patch:
        patch.setattr(mux, "packets_in_order", refuse)
        with pytest.raises(OutputError, match=r"out\.mov could not be put together \(.+\); all frames are painted"):
            impasto.stylize_video(clip, "scream", output=target, stabilize="off")
    assert not target.exists()
    report = impasto.stylize_video(clip, "scream", output=target, stabilize="off")
    assert (report.frames, report.resumed) == (3, 3)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_entries_of_the_metadata_that_do_not_fit_are_said(tmp_path):
    plain, source = make_clip(tmp_path / "plain.mkv", frames=12, sound=()), tmp_path / "in.mkv"
    with av.open(str(plain)) as given, av.open(str(source), "w") as out:
        picture = out.add_stream_from_template(given.streams.video[0])
        out.metadata.update({"title": "Mine", "LENS": "wide"})
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
    assert joined(tmp_path / "out.mkv", source=source) == []
    assert joined(tmp_path / "out.mp4", source=source) == [
        ".mp4 does not take these entries of the metadata of in.mkv: LENS."
    ]


def test_an_mp4_lasts_as_long_as_its_picture_in_whatever_order_frames_are_decoded(tmp_path):
    form = FrameFormat(64, 48, Fraction(1), Fraction(1), ColorSpace.for_pictures(48))
    segments = Segments(tmp_path, form, "h264", Encoding())
    for number, seconds in enumerate((0, 1, 20)):
        segments.write(Frame(scene(number, 64, 48), seconds, 0))
    segments.checkpoint()
    mux.join(segments.paths, tmp_path / "out.mp4", form, side_streams=None, about="a test", last=3)
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == 23
        packets = [packet.pts for packet in container.demux(stream) if packet.size]
    assert packets != sorted(packets)


@pytest.mark.parametrize("codec", ["h264", "vp9", "ffv1"])
def test_the_container_declares_the_frame_rate(tmp_path, codec):
    cv2 = pytest.importorskip("cv2")
    target = tmp_path / "out.mkv"
    joined(target, codec=codec, rate=Fraction(30000, 1001))
    with av.open(str(target)) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(29.97, abs=0.01)
    assert cv2.VideoCapture(str(target)).get(cv2.CAP_PROP_FPS) == pytest.approx(29.97, abs=0.01)


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".mkv", "h264"), (".mkv", "ffv1"), (".webm", "vp9")])
@pytest.mark.parametrize(("aspect", "size"), [(Fraction(4, 3), (48, 36)), (Fraction(2, 3), (48, 36))])
def test_the_picture_keeps_its_shape(tmp_path, suffix, codec, aspect, size):
    target = tmp_path / f"out{suffix}"
    joined(target, codec=codec, aspect=aspect, size=size)
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        pixel = stream.sample_aspect_ratio or 1
        assert pixel == (aspect if codec == "h264" else 1)
        assert Fraction(stream.width, stream.height) * pixel == Fraction(*size) * aspect


def test_a_gif_has_square_pixels(tmp_path):
    joined(tmp_path / "out.gif", codec="ffv1", aspect=Fraction(4, 3), size=(48, 36))
    with Image.open(tmp_path / "out.gif") as image:
        assert image.size == (64, 36)


@pytest.mark.parametrize(("suffix", "codec"), [(".webm", "vp9"), (".mkv", "vp9"), (".mp4", "vp9"), (".mkv", "h264")])
def test_colours_are_declared(tmp_path, suffix, codec):
    target = tmp_path / f"out{suffix}"
    joined(target, codec=codec)
    with av.open(str(target)) as container:
        frame = next(container.decode(video=0))
        assert {name: int(getattr(frame, name)) for name in _BT709} == _BT709


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_names_and_languages_of_streams_stay(tmp_path, suffix):
    plain, source = make_clip(tmp_path / "plain.mp4", second=(32, 24)), tmp_path / "in.mp4"
    labels = [
        {"language": "fra", "handler_name": "Camera", "title": "Main"}, {"language": "eng", "handler_name": "Small"},
        {"language": "deu", "title": "Director"},
    ]  # fmt: skip
    with av.open(str(plain)) as given, av.open(str(source), "w") as out:
        streams = {s.index: out.add_stream_from_template(s, opaque=True) for s in given.streams if s.type != "data"}
        for stream, label in zip(streams.values(), labels, strict=True):
            stream.metadata.update(label)
        for packet in given.demux(list(given.streams.video) + list(given.streams.audio)):
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    target = tmp_path / f"out{suffix}"
    joined(target, source=source)
    with av.open(str(target)) as container:
        video, sound = container.streams.video[0].metadata, container.streams.audio[0].metadata
        handler = video.get("handler_name", video.get("HANDLER_NAME"))
        assert (video["language"], handler) == ("fra", "Camera")
        assert sound["language"] == "deu"
        for metadata, title in ((video, "Main"), (sound, "Director")):
            assert metadata.get("title", metadata.get("name")) == title


def test_a_comment_of_the_source_stays(tmp_path):
    source = make_clip(tmp_path / "in.mkv", sound=())
    with av.open(str(source)) as given, av.open(str(tmp_path / "said.mkv"), "w") as out:
        picture = out.add_stream_from_template(given.streams.video[0])
        out.metadata["COMMENT"] = "Mine"
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
    joined(tmp_path / "out.mkv", source=tmp_path / "said.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert {v for k, v in container.metadata.items() if k.lower() == "comment"} == {"Mine"}


def test_h265_is_tagged_as_apple_wants_it(tmp_path):
    joined(tmp_path / "out.mp4", codec="h265")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"
