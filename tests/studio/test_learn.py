import shutil

import pytest
from PIL import Image
from tests.studio.conftest import run_example

from impasto.errors import InputError, StyleError
from impasto.learning import fitting
from impasto.studio import learnt
from impasto.styles.catalogue import add_to_catalogue, load_style
from impasto.styles.style import PHOTOGRAPH

pytest.importorskip("torch", reason="the extra train is not installed")


@pytest.fixture
def quick(monkeypatch):
    """Learning on next to nothing."""
    from impasto.learning.settings import LearnSettings
    from impasto.networks import files

    network, known = files.load_bundled()
    few = {name: known[name] for name in (PHOTOGRAPH, "scream")}
    monkeypatch.setattr(files, "load_bundled", lambda: (network, dict(few)))
    monkeypatch.setattr(fitting, "_DRAWN_FOR_STYLE", 4)
    tiny = {"crops": 2, "held_out": 2, "crop": 64, "batch": 1, "style_size": 64}
    monkeypatch.setattr(LearnSettings, "from_mapping", classmethod(lambda cls, given, _: cls(**given | tiny)))


@pytest.fixture
def painting(photo, tmp_path):
    path = tmp_path / "my painting (1).jpg"
    photo.resize((160, 130)).transpose(Image.Transpose.ROTATE_90).save(path)
    return path


def test_a_file_name_becomes_a_style_name():
    assert learnt.style_name_from("IMG 1234 (2)") == "IMG-1234-2"
    assert learnt.style_name_from("…") == "style"


def test_learn_watch_save_and_use(visit, quick, painting, picture_file):
    page = visit("Learn")
    page.set_input_files("#learn-paintings input[type=file]", str(painting))
    page.locator("#learn-more summary").click()
    page.locator("#learn-steps input").fill("6")
    page.locator("#learn-check input").fill("2")
    page.get_by_text("About the painting").click()
    page.get_by_role("textbox", name="Artist").fill("Nobody")
    page.locator("#learn-start").click()
    page.locator("#learn-save:not([disabled])").wait_for(timeout=60_000)
    assert "my-painting-1" in page.locator("#learn-status").inner_text()
    assert page.locator("#learn-preview img.sheet").count() == 1
    assert page.locator("#learn-curve polyline").get_attribute("points").count(",") == 3
    with page.expect_download() as download:
        page.locator("#learn-download").click()
    assert download.value.suggested_filename == "my-painting-1.safetensors"

    page.locator("#learn-name input").fill("scream")
    page.locator("#learn-save").click()
    page.get_by_text("scream is a bundled style; give another name.").wait_for()
    page.locator("#learn-name input").fill("soot")
    page.locator("#learn-save").click()
    page.locator("#learn-status", has_text="soot").wait_for()
    assert load_style("soot").metadata["artist"] == "Nobody"

    page.get_by_role("tab", name="Picture").click()
    page.set_input_files("#picture-files input[type=file]", str(picture_file))
    page.locator("#picture-status", has_text="pixels").wait_for()
    page.locator("#picture-styles .thumb[data-name=soot]").click()
    page.locator("#picture-status", has_text="photo-soot.jpg").wait_for()


def test_what_is_wrong_with_a_painting_names_no_path(server, put, tmp_path):
    Image.new("RGB", (1, 300)).save(tmp_path / "line.png")
    with pytest.raises(InputError, match=r"^line\.png is a line") as caught:
        learnt.learn_from_uploads(
            server.studio, [put(tmp_path / "line.png")], "", {}, {}, lambda _: None, effort="quick"
        )
    assert caught.value.values["name"] == "line.png"


def test_a_painting_is_asked_for(visit):
    page = visit("Learn")
    page.locator("#learn-start").click()
    page.get_by_text("Add a painting first.").wait_for()


@pytest.mark.parametrize(("name", "words"), [("scream", "bundled"), ("taken", "already"), ("a/b", "cannot be")])
def test_a_name_that_cannot_be_saved_is_refused_before_learning(server, put, painting, monkeypatch, name, words):
    add_to_catalogue(load_style("udnie"), "taken", overwrite=True)
    monkeypatch.setattr(learnt, "learn_style", lambda *_arguments, **_options: pytest.fail("it is learnt"))
    with pytest.raises(StyleError, match=words):
        learnt.learn_from_uploads(server.studio, [put(painting)], name, {}, {}, lambda _: None, save=True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_examples_of_the_api_paint_learn_and_use(server, client, quick, small, photo, tmp_path):
    small.save(tmp_path / "photo.jpg")
    photo.resize((160, 130)).save(tmp_path / "waves.png")
    for name in ("paint", "learn"):
        run_example(client, name, server.url, tmp_path)
    with Image.open(tmp_path / "optimised.jpg") as image:
        assert "paint style=waves.png iterations=10" in image.getexif()[0x0131]
    assert load_style(tmp_path / "mine.safetensors").name == "mine"
    with (tmp_path / "photo.jpg").open("rb") as file:
        answer = client.post("/api/apply", files={"picture": file}, data={"styles": "mine"})
    assert "photo-mine.jpg" in answer.headers["content-disposition"]
