import random
from contextlib import contextmanager
from fractions import Fraction

import pytest

from impasto.errors import ImpastoError
from impasto.media.side_plan import plan_side_streams
from impasto.video.video_file import VideoFile

from .clips import make_clip, stylize


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi", ".ts", ".flv"])
def test_damaged_files_are_read_as_far_as_they_go_or_refused_in_one_sentence(tmp_path, suffix):
    webm = suffix == ".webm"
    whole = make_clip(
        tmp_path / f"whole{suffix}", frames=6, width=48, height=32, codec="libvpx-vp9" if webm else "libx264",
        sound=("libopus",) if webm else ("mp3",), chapters=False,
    ).read_bytes()  # fmt: skip
    rng, read, sentences = random.Random(5), 0, []
    for number in range(24):
        data = bytearray(whole)
        if number % 3 == 0:
            data = data[: rng.randrange(len(data))]
        else:
            reach = 1200 if number % 3 == 1 else len(data)  # heads of parts, or anything
            for _ in range(rng.choice((1, 4, 30))):
                data[rng.randrange(min(reach, len(data)))] = rng.choice((0, 1, 128, 255, rng.randrange(256)))
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(data)
        try:
            video = VideoFile(path)
            read += sum(1 for _ in video.frames()) > 0
            plan_side_streams(path, "mp4")
        except ImpastoError as error:
            sentences.append(str(error))
    assert read >= 8
    assert not any("\n" in sentence for sentence in sentences)


def test_a_start_is_found_in_a_file_in_which_nothing_can_be_sought(tmp_path, monkeypatch):
    import av

    class Unseekable:
        def __init__(self, container):
            self.container = container

        def __getattr__(self, name):
            return getattr(self.container, name)

        def seek(self, *_, **__):
            raise av.error.PermissionError(1, "Operation not permitted")

    opened = VideoFile._opened

    @contextmanager
    def unseekable(self):
        with opened(self) as container:
            yield Unseekable(container)

    path = make_clip(tmp_path / "clip.mp4", frames=12, width=48, height=32)
    start = Fraction(1, 5)
    wanted = [frame.rgb.tobytes() for frame in VideoFile(path).frames(start)]
    monkeypatch.setattr(VideoFile, "_opened", unseekable)
    assert [frame.rgb.tobytes() for frame in VideoFile(path).frames(start)] == wanted


def test_nothing_is_left_of_a_file_that_cannot_be_painted(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=6, chapters=False)
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat") + 4
    data[start : start + 3000] = bytes(3000)
    clip.write_bytes(data[: start + 3000] + data[data.index(b"moov") - 4 :])
    with pytest.raises(ImpastoError):
        stylize(clip, tmp_path / "out.mp4", stabilize="off")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
