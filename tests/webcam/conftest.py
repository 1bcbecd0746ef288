import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")


@pytest.fixture
def folder(tmp_path, photo):
    """A folder of six pictures of 160 x 120 that stands for a camera."""
    inside = tmp_path / "in"
    inside.mkdir()
    for index in range(6):
        photo.crop((index * 4, 0, index * 4 + 160, 120)).save(inside / f"{index}.png")
    return inside
