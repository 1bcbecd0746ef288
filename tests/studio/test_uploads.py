import os
import pickle
import shutil
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.extras import pyav
from impasto.studio.settings import ServerSettings
from impasto.studio.uploads import Uploads, _stored_bytes


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return Uploads(ServerSettings(max_upload=400_000, max_pixels=1_000_000), folder)


@pytest.fixture
def put(uploads):
    def written(name, content):
        path = uploads.new_path(name)
        path.write_bytes(content)
        return path

    return written


def huge_png():
    """100 000 x 100 000 pixels in a hundred bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_a_picture_is_told_by_its_content(put, uploads, picture_file):
    path = put("film.mp4", picture_file.read_bytes())
    assert uploads.kind(path) == "picture"
    assert uploads.name(path) == "film.jpg"
    assert uploads.read(path).size == (48, 32)


def test_a_video_is_told_by_its_content(put, uploads, clip):
    path = put("photo.jpg", clip.read_bytes())
    assert uploads.kind(path) == "video"
    assert uploads.name(path) == "photo.mp4"
    with pytest.raises(InputError, match="Video tab"):
        uploads.read(path)
    found = uploads.video(path)
    assert found.path.suffix == ".mp4"
    assert (found.width, found.height, found.rate, found.sound) == (96, 64, 12, True)
    assert found.seconds == pytest.approx(1, abs=0.1)


def test_a_second_picture_of_an_unknown_codec_does_not_keep_a_video_out(uploads, put, tmp_path):
    from tests.video.conftest import make_clip

    path = make_clip(tmp_path / "two.mov", frames=2, width=96, height=64, second=(32, 24), sound=(), chapters=False)
    data = path.read_bytes()
    at = data.rindex(b"avc1")
    data = data[:at] + b"zzzz" + data[at + 4 :].replace(b"avcC", b"zzzz", 1)
    found = uploads.video(put("two.mov", data))
    assert (found.width, found.height) == (96, 64)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animated_pictures_are_videos_where_one_is_wanted(put, uploads, picture_file, tmp_path, format):
    path = tmp_path / "moving"
    with Image.open(picture_file) as image:
        image.save(path, format, save_all=True, append_images=[image.rotate(180)], duration=250)
    found = uploads.video(put("moving.jpg", path.read_bytes()))
    assert (found.width, found.height, found.rate, found.seconds) == (48, 32, 4, 0.5)


@pytest.mark.parametrize("name", ["IMG_0001.MOV", "film.webm", "film.m4v"])
@pytest.mark.parametrize("odd", [0, 1])
def test_looking_at_a_video_often_leaves_it_there_once(put, uploads, clip, name, odd):
    content = clip.read_bytes()
    path = put(name, content + bytes(8 + (len(content) + odd) % 2))  # what follows the last box is not looked at
    found = [uploads.video(path).path for _ in range(3)]
    assert {one.name for one in found} == {f"{path.stem}.mp4"}
    assert found[0].samefile(path)
    assert _stored_bytes(uploads.folder) == path.stat().st_size


@pytest.mark.parametrize(
    ("suffix", "words"), [(".mp4", r"^There is no video in talk\.mp4"), (".gif", r"^talk\.gif is a picture")]
)
def test_what_does_not_move_is_named_as_the_visitor_names_it(put, uploads, picture_file, tmp_path, suffix, words):
    path = tmp_path / f"talk{suffix}"
    if suffix == ".gif":
        with Image.open(picture_file) as image:
            image.save(path)
    else:
        with pyav().open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=44100)
            silence = pyav().AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.sample_rate = 44100
            for packet in [*stream.encode(silence), *stream.encode(None)]:
                container.mux(packet)
    with pytest.raises(InputError, match=words):
        uploads.video(put(path.name, path.read_bytes()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"AAAAftyp<MPD profiles='urn:mpeg:dash:profile:isoff-on-demand:2011'>",
        b"\x1a\x45\xdf\xa3<MPD profiles='urn:mpeg:dash:profile:isoff-on-demand:2011'>matroska",
        b"PK\x03\x04 a zip",
        pickle.dumps({"torch": "state"}),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
    ],
    ids=["empty", "html", "svg", "hls", "concat", "dash", "dash-in-matroska", "zip", "pickle", "postscript"],
)
def test_other_files_are_refused_whatever_their_name(put, uploads, content):
    for name in ("photo.png", "film.mp4"):
        with pytest.raises(InputError, match="neither a picture nor a video"):
            uploads.kind(put(name, content))
        with pytest.raises(InputError):
            uploads.video(put(name, content))


def test_a_picture_too_large_is_refused_before_it_is_decoded(put, uploads):
    with pytest.raises(InputError, match=r"100000 x 100000 pixels, the limit is 1 million"):
        uploads.kind(put("bomb.png", huge_png()))


def test_a_file_too_large_is_refused(put, uploads):
    with pytest.raises(InputError, match=r"has 500 kB, the limit is 400 kB"):
        uploads.kind(put("large.png", bytes(500_000)))


def test_a_damaged_picture_is_said_to_be_so_without_its_path(put, uploads, picture_file):
    path = put("cut.jpg", picture_file.read_bytes()[:-300])
    with pytest.raises(InputError, match="damaged") as caught:
        uploads.read(path)
    assert str(uploads.folder) not in str(caught.value)


def test_a_damaged_video_is_said_to_be_so(put, uploads, clip):
    with pytest.raises(InputError, match="damaged"):
        uploads.video(put("cut.mp4", clip.read_bytes()[:2000]))


def test_no_path_outside_of_the_folder_is_taken(put, uploads, picture_file, tmp_path):
    link = uploads.new_path("link.jpg")
    link.symlink_to(picture_file)
    inside = put("photo.jpg", picture_file.read_bytes())
    (tmp_path / "files-of-others").mkdir()
    shutil.copy(picture_file, tmp_path / "files-of-others/photo.jpg")
    foreign = [
        "/etc/passwd",
        str(picture_file),
        f"{inside.parent}/../../photo.jpg",
        f"{uploads.folder}-of-others/photo.jpg",
        str(link),
        str(inside.parent),
        "http://127.0.0.1/photo.jpg",
        "photo.jpg",
        "",
        "a\0b",
        "x" * 5000,
    ]
    for path in foreign:
        with pytest.raises(InputError, match="not uploaded"):
            uploads.own_file(path)
    assert uploads.own_file(f"{inside.parent}/../{inside.parent.name}/photo.jpg") == inside


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a b (1).JPG", "a b (1).jpg"),
        ("<b>&.jpg", "_b__.jpg"),
        ("é.jpeg", "é.jpg"),
        (f"{'x' * 200}.jpg", f"{'x' * 80}.jpg"),
    ],
)
def test_names_are_made_plain(put, uploads, picture_file, given, name):
    path = uploads.new_path("photo.jpg").with_name(given)
    path.write_bytes(picture_file.read_bytes())
    assert uploads.name(path) == name


def test_a_new_path_is_fresh_and_stays_in_the_folder(uploads):
    one, two = uploads.new_path("../../x.jpg"), uploads.new_path("../../x.jpg")
    assert one != two
    for path in (one, two):
        assert path.parent.parent == uploads.folder


def test_old_files_are_swept(put, uploads, picture_file):
    path = put("photo.jpg", picture_file.read_bytes())
    assert uploads.sweep(path.stat().st_mtime + 3000) == 0
    assert path.exists()
    assert uploads.sweep(path.stat().st_mtime + 4000) == 1
    assert list(uploads.folder.iterdir()) == []


def test_what_a_job_needs_is_not_swept_nor_soon_after(put, uploads, picture_file):
    path, other = (put(name, picture_file.read_bytes()) for name in ("photo.jpg", "other.jpg"))
    for old in (path, other, path.parent, other.parent):
        os.utime(old, (1e9, 1e9))
    with uploads.protect(path), uploads.protect(path):
        assert uploads.sweep() == 1
        assert path.exists()
        assert not other.exists()
    assert uploads.sweep() == 0
    assert uploads.sweep(time.time() + 4000) == 1


def test_the_folder_can_be_full(put, uploads):
    assert not uploads.is_full
    for n in range(11):
        put(f"{n}.bin", bytes(400_000))
    assert uploads.is_full
