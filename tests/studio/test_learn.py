import re
from pathlib import Path

import pytest
from PIL import Image

from impasto.errors import StyleError
from impasto.learning import api
from impasto.studio.tabs import learn
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
    monkeypatch.setattr(api, "_DRAWN_FOR_STYLE", 4)
    tiny = {"crops": 2, "held_out": 2, "crop": 64, "batch": 1, "style_size": 64}
    monkeypatch.setattr(LearnSettings, "from_mapping", classmethod(lambda cls, given, _: cls(**given | tiny)))


@pytest.fixture
def painting(photo, tmp_path):
    path = tmp_path / "my painting (1).jpg"
    photo.resize((160, 130)).transpose(Image.Transpose.ROTATE_90).save(path)
    return path


def test_a_file_name_becomes_a_style_name():
    assert learn._style_name_from("IMG 1234 (2)") == "IMG-1234-2"
    assert learn._style_name_from("…") == "style"


def test_learn_watch_save_and_use(visit, quick, painting, picture_file):
    page = visit("Learn")
    page.set_input_files("#learn-paintings input[type=file]", str(painting))
    page.locator("#learn-more button").first.click()
    page.locator("#learn-steps input").fill("6")
    page.locator("#learn-check input").fill("2")
    page.get_by_text("About the painting").click()
    page.get_by_label("Artist").fill("Nobody")
    page.locator("#learn-start").click()
    page.locator("#learn-save:not([disabled])").wait_for(timeout=60_000)
    assert "my-painting-1" in page.locator("#learn-status").inner_text()
    assert page.locator("#learn-preview img.sheet").count() == 1
    assert page.locator("#learn-curve polyline").get_attribute("points").count(",") == 3
    with page.expect_download() as download:
        page.locator("#learn-download").click()
    assert download.value.suggested_filename == "my-painting-1.safetensors"

    page.locator("#learn-name input, #learn-name textarea").fill("scream")
    page.locator("#learn-save").click()
    page.get_by_text("scream is a bundled style; give another name.").wait_for()
    page.locator("#learn-name input, #learn-name textarea").fill("soot")
    page.locator("#learn-save").click()
    page.locator("#learn-status", has_text="soot").wait_for()
    assert load_style("soot").metadata["artist"] == "Nobody"

    page.get_by_role("tab", name="Picture").click()
    page.set_input_files("#picture-files input[type=file]", str(picture_file))
    page.locator("#picture-status", has_text="pixels").wait_for()
    page.locator("#picture-styles .thumb[data-name=soot]").click()
    page.locator("#picture-status", has_text="photo-soot.jpg").wait_for()


def test_a_painting_is_asked_for(visit):
    page = visit("Learn")
    page.locator("#learn-start").click()
    page.get_by_text("Add a painting first.").wait_for()


@pytest.mark.parametrize(("name", "words"), [("scream", "bundled"), ("taken", "already"), ("a/b", "cannot be")])
def test_a_name_that_cannot_be_saved_is_refused_before_learning(server, put, painting, monkeypatch, name, words):
    add_to_catalogue(load_style("udnie"), "taken", overwrite=True)
    monkeypatch.setattr(learn, "learn_style", lambda *_arguments, **_options: pytest.fail("it is learnt"))
    with pytest.raises(StyleError, match=words):
        learn._learn_from_uploads(server.studio, [str(put(painting))], name, {}, {}, lambda _: None, save=True)


def test_the_documents_example(server, quick, small, photo, tmp_path, monkeypatch):
    pytest.importorskip("gradio_client")
    monkeypatch.chdir(tmp_path)
    small.save("photo.jpg")
    photo.resize((160, 130)).save("waves.png")
    text = (Path(__file__).parents[2] / "docs/studio.md").read_text()
    code = re.search(r"<!-- test: paint and learn -->\n```python\n(.*?)```", text, re.DOTALL)[1]
    names = {}
    exec(code.replace("http://127.0.0.1:7860", server.url), names)
    assert Path(names["painted"]).name == "photo-waves.jpg"
    assert load_style(Path(names["style"])).name == "mine"
    assert Path(names["quick"]).name == "photo-mine.jpg"
    names["studio"].close()
