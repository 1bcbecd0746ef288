"""The add-on for Blender, with a stub of Blender."""

import sys
from types import SimpleNamespace

import pytest
from PIL import Image, ImageOps


@pytest.fixture
def add_on(load, command):
    module = load("blender/impasto_render.py", "impasto_blender")
    module.register()
    yield module
    module.unregister()
    assert sys.modules["bpy"].registered == []
    assert sys.modules["bpy"].app.handlers.render_write == []


@pytest.fixture
def scene(add_on, small, tmp_path):
    """A scene whose frame 7 has just been written."""
    folder = tmp_path / "render"
    folder.mkdir()
    small.save(folder / "0007.png")
    render = SimpleNamespace(
        image_settings=SimpleNamespace(file_format="PNG"), frame_path=lambda frame: str(folder / f"{frame:04d}.png")
    )
    settings = SimpleNamespace(wanted=True, style="scream", strength=1.0, said="")
    return SimpleNamespace(render=render, frame_current=7, impasto=settings, folder=folder)


def write(scene):
    (handler,) = sys.modules["bpy"].app.handlers.render_write
    handler(scene)
    return sorted(path.relative_to(scene.folder).as_posix() for path in scene.folder.rglob("*.*"))


def test_each_rendered_picture_is_painted_beside_it(scene, small):
    assert write(scene) == ["0007.png", "impasto/0007.png"]
    painted = Image.open(scene.folder / "impasto/0007.png")
    assert painted.tobytes() == ImageOps.flip(small).tobytes()
    assert scene.impasto.said.startswith("Painted: ")


def test_nothing_is_painted_unless_it_is_wanted(scene):
    scene.impasto.wanted = False
    assert write(scene) == ["0007.png"]


def test_a_refusal_is_one_sentence_and_the_render_goes_on(scene, capsys):
    scene.impasto.style = "nosuch"
    assert write(scene) == ["0007.png"]
    assert scene.impasto.said == "There is no style nosuch."
    assert capsys.readouterr().err == "Impasto, frame 7: There is no style nosuch.\n"


def test_files_that_impasto_cannot_paint_are_said(scene):
    scene.render.image_settings.file_format = "FFMPEG"
    assert write(scene) == ["0007.png"]
    assert "and this is FFMPEG: choose one of them" in scene.impasto.said
