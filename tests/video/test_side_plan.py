import av
import pytest

from impasto.media import side_plan
from impasto.media.side_plan import plan_side_streams

from .clips import make_clip, packets, stylize


def without_codec(clip):
    """Make the first sound of an MP4 one of a codec that FFmpeg does not know."""
    data = clip.read_bytes()
    clip.write_bytes(data.replace(b"mp4a", b"zzzz", 1).replace(b"esds", b"zzzz", 1))
    with av.open(str(clip)) as container:
        assert container.streams.audio[0].codec_context is None
    return clip


def test_sound_of_an_unknown_codec_is_left_out_with_a_word_and_the_film_is_kept(tmp_path):
    clip = without_codec(make_clip(tmp_path / "in.mp4", frames=4, sound=("aac", "aac")))
    report = stylize(clip, tmp_path / "out.mp4", stabilize="off")
    assert report.notices == ["The audio stream 1 (unknown) of in.mp4 is left out."]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert len(list(container.decode(video=0))) == 4
    assert packets(tmp_path / "out.mp4", "audio") == packets(clip, "audio", 1)


def test_it_is_decided_before_anything_is_painted(tmp_path, monkeypatch):
    clip, order = make_clip(tmp_path / "in.mp4", frames=3), []

    def decide(*arguments):
        order.append("decided")
        return plan_side_streams(*arguments)

    monkeypatch.setattr("impasto.video.api.plan_side_streams", decide)
    stylize(clip, tmp_path / "out.mp4", stabilize="off", progress=lambda *_: order.append("painted"))
    assert order == ["decided", "painted", "painted", "painted"]


@pytest.mark.parametrize(("kind", "encoders"), [("mp4", {1: "", 2: ""}), ("matroska", {1: "", 2: "", 3: "subrip"})])
def test_streams_are_copied_where_the_muxer_takes_them(tmp_path, kind, encoders):
    clip = make_clip(tmp_path / "in.mp4", sound=("aac", "aac"), words=("mov_text",) if kind == "matroska" else ())
    assert plan_side_streams(clip, kind).encoders == encoders


def test_what_neither_fits_nor_can_be_encoded_is_left_out(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "in.mkv", sound=("flac",), chapters=False)
    monkeypatch.setattr(side_plan, "SOUND_ENCODERS", {"mov": "libopus"})
    plan = plan_side_streams(clip, "mov")
    assert plan.encoders == {}
    assert plan.notices == ["The audio stream 1 (flac) of in.mkv is left out."]


def test_attachments_are_kept_in_matroska_and_else_said(tmp_path):
    clip = tmp_path / "in.mkv"
    with av.open(str(make_clip(tmp_path / "plain.mkv", frames=12, sound=()))) as given, av.open(str(clip), "w") as out:
        picture = out.add_stream_from_template(given.streams.video[0])
        out.add_attachment("font.ttf", "font/ttf", b"letters")
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
    stylize(clip, tmp_path / "out.mkv", stabilize="off")
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert [bytes(stream.data) for stream in container.streams.attachments] == [b"letters"]
    assert plan_side_streams(clip, "mp4").notices == ["The attachment stream 1 (unknown) of in.mkv is left out."]
