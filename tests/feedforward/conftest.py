import pytest


@pytest.fixture
def folder(tmp_path, small):
    """Pictures at three depths, and what is not to be painted."""
    inside = tmp_path / "in"
    (inside / "deep" / "deeper").mkdir(parents=True)
    (inside / ".hidden").mkdir()
    for name in ("b.jpg", "a.PNG", "deep/c.webp", "deep/deeper/d.tif", ".hidden/e.png", ".f.jpg"):
        small.save(inside / name)
    (inside / "notes.txt").write_text("not a picture")
    (inside / "folder.jpg").mkdir()
    return inside
