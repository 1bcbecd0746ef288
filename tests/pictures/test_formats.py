import io
import wave

import pytest
from PIL import Image

from impasto.errors import InputError, StyleError
from impasto.pictures.formats import identify_format, media_kind
from impasto.styles.catalogue import load_style


def recording():
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(100))
    return file.getvalue()


OTHERS = {
    "clip.mp4": (b"\0\0\0\x18ftypisom" + bytes(60), "a video", "impasto video"),
    "clip.mkv": (b"\x1aE\xdf\xa3" + bytes(60), "a video", "impasto video"),
    "song.wav": (recording(), "a sound", "impasto sound"),
    "song.flac": (b"fLaC" + bytes(60), "a sound", "impasto sound"),
    "song.mp3": (b"ID3\4" + bytes(60), "a sound", "impasto sound"),
    "song.m4a": (b"\0\0\0\x1cftypM4A " + bytes(60), "a sound", "impasto sound"),
    "song.opus": (b"OggS" + bytes(24) + b"OpusHead" + bytes(40), "a sound", "impasto sound"),
    "walk.bvh": (b"HIERARCHY\nROOT Hips\n{\n" + bytes(60), "a movement (BVH)", "impasto motion"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_picture_is_called_what_it_is_with_the_command_that_takes_it(tmp_path, name):
    data, kind, command = OTHERS[name]
    with pytest.raises(InputError) as refused:
        identify_format(name, data[:64])
    assert str(refused.value).startswith(f"{name} is {kind}; ")
    assert command in str(refused.value)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(StyleError) as refused:
        load_style(tmp_path / name)
    assert f"{name} is {kind}, and no style of pictures; give a style file, or a picture." in str(refused.value)


@pytest.mark.parametrize("format", ["AVIF", "WEBP", "PNG", "TIFF", "GIF", "JPEG"])
def test_pictures_are_no_other_media(format):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, format)
    assert media_kind(file.getvalue()[:64]) is None
