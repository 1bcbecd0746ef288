import io

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from impasto.errors import InputError, TruncatedError  # noqa: E402
from impasto.feedforward.painter import Painter  # noqa: E402
from impasto.video.raw_frames import paint_raw, parse_form  # noqa: E402
from impasto.video.stabilizers import make_stabilizer  # noqa: E402


@pytest.fixture(scope="module")
def frames(photo):
    """Three frames, 96 x 64, that move a little."""
    whole = np.asarray(photo)
    return [np.ascontiguousarray(whole[i : i + 64, 2 * i : 2 * i + 96]) for i in range(3)]


def y4m(frames, kind="yuv420p", tags="C420jpeg") -> bytes:
    height, width = frames[0].shape[:2]
    out = f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 {tags}\n".encode()
    for frame in frames:
        made = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format=kind, dst_colorspace="ITU601")
        out += b"FRAME\n" + made.to_ndarray().tobytes()
    return out


def painted(data, form, stabilize="off", **options):
    out = io.BytesIO()
    painter = Painter("scream", for_video=True)
    count = paint_raw(io.BytesIO(data), out, parse_form(form), painter, make_stabilizer(stabilize), **options)
    return count, out.getvalue()


def decoded(data) -> list[np.ndarray]:
    """Frames of y4m, as FFmpeg's library reads it."""
    with av.open(io.BytesIO(data), format="yuv4mpegpipe") as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("stabilize", ["off", "light"])
def test_raw_rgb_goes_out_as_it_came_in_frame_for_frame(frames, stabilize):
    count, out = painted(b"".join(frame.tobytes() for frame in frames), "rgb24:96x64", stabilize)
    stabilizer, painter = make_stabilizer(stabilize), Painter("scream", for_video=True)
    expected = [stabilizer.paint(frame, painter) for frame in frames]
    assert count == 3
    np.testing.assert_array_equal(np.frombuffer(out, np.uint8).reshape(3, 64, 96, 3), expected)


@pytest.mark.parametrize(("kind", "tags"), [("yuv420p", "C420jpeg"), ("yuv444p", "C444 XYSCSS=444")])
def test_y4m_keeps_its_header_and_its_number_of_frames(frames, kind, tags):
    count, out = painted(y4m(frames, kind, tags), "y4m")
    assert out.partition(b"\n")[0] == f"YUV4MPEG2 W96 H64 F25:1 Ip A1:1 {tags}".encode()
    shown = decoded(out)
    assert count == len(shown) == 3
    expected = Painter("scream", for_video=True).stylize(decoded(y4m(frames, kind, tags))[0])
    assert np.abs(shown[0].astype(int) - expected).mean() < 3  # chroma is halved


def test_frames_are_resized_and_the_header_says_so(frames):
    _, out = painted(y4m(frames), "y4m", size=48)
    assert out.startswith(b"YUV4MPEG2 W48 H32 F25:1")
    assert decoded(out)[0].shape == (32, 48, 3)


@pytest.mark.parametrize("cut", [1, 5000])
def test_what_ends_within_a_frame_is_said_and_the_frames_before_are_there(frames, cut):
    out = io.BytesIO()
    with pytest.raises(TruncatedError, match="the 2 before it are painted and written"):
        paint_raw(io.BytesIO(y4m(frames)[:-cut]), out, parse_form("y4m"), Painter("scream"), make_stabilizer("off"))
    assert len(decoded(out.getvalue())) == 2


@pytest.mark.parametrize(
    ("data", "form", "sentence"),
    [
        (b"RIFF....", "y4m", "is no YUV4MPEG2"),
        (b"YUV4MPEG2 W96 H64 C420p10\n", "y4m", "ffmpeg -pix_fmt yuv420p"),
        (b"YUV4MPEG2 W99999999 H64 C420\n", "y4m", "are not painted"),
        (b"YUV4MPEG2 W97 H64 C420\n", "y4m", "an odd side"),
        (b"YUV4MPEG2 W96 H64 C420\nnothing\n", "y4m", "a frame has no beginning"),
        (b"", "rgb24", "rgb24 with their size, as rgb24:640x480, not rgb24"),
        (b"", "rgb24:0x5", "Raw frames are y4m"),
    ],
)
def test_another_form_is_one_sentence(data, form, sentence):
    with pytest.raises(InputError, match=sentence):
        painted(data, form)
