from fractions import Fraction

import av
import numpy as np
import pytest

from impasto.errors import OutputError
from impasto.video.frame import Frame
from impasto.video.frame_format import FrameFormat
from impasto.video.pixels import ColorSpace
from impasto.video.segments import Segments, packets_of
from impasto.video.sink import Encoding

from .clips import scene


class Failing:
    """A container on which every call fails as FFmpeg does."""

    def __init__(self, error):
        self.error = error

    def mux(self, packets):
        raise self.error

    def close(self):
        raise self.error


@pytest.mark.parametrize("number", [28, 22])  # a full disk, and what is no OSError: an argument that is refused
def test_a_failure_of_the_encoder_is_one_sentence_and_is_abandoned_in_peace(tmp_path, number):
    form = FrameFormat(64, 48, Fraction(1, 12), Fraction(12), ColorSpace.for_pictures(48))
    segments = Segments(tmp_path, form, "h264", Encoding())
    segments.write(Frame(scene(0, 64, 48), 0, 1))
    written = segments.container
    with pytest.raises(av.error.FFmpegError) as raised:
        av.error.err_check(-number)
    segments.container = Failing(raised.value)
    with pytest.raises(OutputError):
        segments.checkpoint()
    segments.abandon()
    written.close()
    assert segments.container is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "ffv1"])
def test_the_same_frames_give_the_same_bytes(tmp_path, codec):
    form, made = FrameFormat(96, 64, Fraction(1, 12), Fraction(12), ColorSpace.for_pictures(64)), set()
    for turn in range(4):
        folder = tmp_path / str(turn)
        folder.mkdir()
        segments = Segments(folder, form, codec, Encoding())
        for index in range(14):
            segments.write(Frame(scene(index, 96, 64), index, 1))
            if index % 7 == 6:
                segments.checkpoint()
        made.add(b"".join(bytes(packet) for packet in packets_of(segments.paths)))
        _ = [np.full(200_000 + 50_000 * size, turn + 1, np.uint8) for size in range(40)]  # what memory held before
    assert len(made) == 1
