"""The comment at the end of a GIF."""

import io

import pytest
from PIL import Image

from impasto.pictures.gif import append_comment, comment_at_end
from impasto.pictures.reading import read_picture
from impasto.pictures.results import note_of_result

from .samples import saved, smooth


@pytest.mark.parametrize("text", ["impasto 1.0: scream", "impasto 1 " + "a!\xfe;" * 300])
def test_a_comment_that_is_appended_is_found_and_the_picture_stays(text, tmp_path):
    path = tmp_path / "x.gif"
    path.write_bytes(saved(Image.fromarray(smooth()), "GIF"))
    before = read_picture(path).rgb.tobytes()
    assert note_of_result(path) is None
    append_comment(path, text)
    assert read_picture(path).rgb.tobytes() == before
    assert note_of_result(path) == text


def test_other_ends_are_no_comment(tmp_path):
    for data in (b"", b"!\xfe", b"!\xfe\x05ab\0;", b"!\xfe\x02ab\0", b"!\xfe\x02ab\0;x"):
        assert comment_at_end(io.BytesIO(data)) == ""
    path = tmp_path / "x.gif"
    path.write_bytes(b"cut off")
    with pytest.raises(ValueError, match="does not end"):
        append_comment(path, "x")
