import av
import numpy as np
import pytest

from impasto.media.spherical import Spherical, complete_mp4, read_spherical

_SAID = [
    Spherical("equirectangular", "mono", (90 << 16, -(30 << 16), 1 << 15)),
    Spherical("equirectangular", "top-bottom"),
    Spherical("equirectangular tile", "left-right", bounds=(1 << 30, 0, 1 << 30, 0)),
    Spherical("cubemap", padding=3),
]


def write(path, *, options=None, sound=False):
    with av.open(str(path), "w", options=options or {}) as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        heard = out.add_stream("aac", rate=8000) if sound else None
        for index in range(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 64, 3), 40 * index, np.uint8), "rgb24")))
            if heard is not None:
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.float32), "fltp", "mono")
                frame.sample_rate = 8000
                out.mux(heard.encode(frame))
        out.mux(stream.encode())
        if heard is not None:
            out.mux(heard.encode())


def read(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    with av.open(str(path)) as container:
        sounds = [bytes(packet) for s in container.streams.audio for packet in container.demux(s)]
    return read_spherical(frames[0]), [frame.to_ndarray() for frame in frames], sounds


@pytest.mark.parametrize("said", _SAID, ids=str)
@pytest.mark.parametrize("index_first", [True, False])
def test_what_is_written_into_an_mp4_is_read_back_by_ffmpeg(tmp_path, said, index_first):
    path = tmp_path / "clip.mp4"
    write(path, options={"movflags": "+faststart"} if index_first else None, sound=True)
    before = read(path)
    assert before[0] is None
    complete_mp4(path, said)
    found, frames, sounds = read(path)
    assert found == said
    assert all(np.array_equal(one, other) for one, other in zip(frames, before[1], strict=True))
    assert sounds == before[2]
    assert (b"GSpherical:Spherical>true" in path.read_bytes()) == said.is_whole


def test_a_flat_video_says_nothing(tmp_path):
    write(tmp_path / "clip.mkv")
    assert read(tmp_path / "clip.mkv")[0] is None
