"""What the Picture tab offers beside painting, in a browser."""

import base64
import json

import numpy as np
import pytest
from PIL import Image

from impasto.optimisation.recipe import ITERATIONS, REFINING_ITERATIONS
from impasto.styles.catalogue import load_style


@pytest.fixture
def opened(visit, photo, tmp_path):
    """A page on which a photograph of 160 x 107 pixels is painted."""
    photo.resize((160, 107)).save(tmp_path / "photo.png")
    page = visit()
    page.set_input_files("#picture-files input[type=file]", str(tmp_path / "photo.png"))
    finished(page, "photo-starry-night.png")
    return page


def drop_file(page, place, path):
    """Drop a file on an element as a visitor does."""
    text = base64.b64encode(path.read_bytes()).decode()
    page.locator(place).first.evaluate(
        """(place, [text, name]) => {
            const file = new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, {type: "image/png"});
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(file);
            for (const kind of ["dragenter", "dragover", "drop"]) {
              place.dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
            }
        }""",
        [text, path.name],
    )


def finished(page, text):
    page.locator("#picture-status", has_text=text).wait_for()
    page.locator("#picture-download:not([disabled])").wait_for()


def result(page, tmp_path):
    with page.expect_download() as download:
        page.locator("#picture-download").click()
    download.value.save_as(tmp_path / "result.png")
    with Image.open(tmp_path / "result.png") as image:
        return np.asarray(image.convert("RGB"), np.int16)


def test_the_strip_of_last_results_goes_back_to_one_with_its_settings(opened, tmp_path):
    page = opened
    first = result(page, tmp_path)
    page.locator("#picture-strength input[type=number]").fill("0.5")
    page.locator("#picture-styles .thumb[data-name=scream]").click()
    finished(page, "photo-scream.png")
    page.locator(".results button").nth(1).click()
    finished(page, "photo-starry-night.png")
    assert page.locator("#picture-strength input[type=number]").input_value() == "1"
    assert page.locator("#picture-styles .thumb[data-name=starry-night]").get_attribute("aria-pressed") == "true"
    assert np.array_equal(result(page, tmp_path), first)
    page.locator("#picture-compare .divide").focus()
    page.keyboard.press("Control+z")
    finished(page, "photo-scream.png")
    assert page.locator("#picture-strength input[type=number]").input_value() == "0.5"


def test_a_part_is_cut_out_straightened_and_painted(opened, tmp_path):
    page = opened
    page.locator("#picture-crop").click()
    page.get_by_role("button", name="Turn right").click()
    page.locator("#crop-shape label", has_text="1 : 1").click()
    page.locator("#crop-angle input[type=number]").fill("5")
    page.get_by_role("button", name="Take this part").click()
    finished(page, "107 × 107 pixels")
    assert result(page, tmp_path).shape == (107, 107, 3)
    page.locator("#picture-crop").click()
    page.locator("#crop[open]").wait_for()  # it opens once the photograph is decoded
    page.locator(".crop-frame").focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.locator("#crop").wait_for(state="hidden")
    page.locator("#picture-crop").click()
    page.get_by_role("button", name="The whole photograph").click()
    finished(page, "160 × 107 pixels")


def test_styles_are_compared_side_by_side_and_one_is_taken(opened):
    page = opened
    page.locator("#picture-side").click()
    page.locator("#side-add").click()
    page.locator("#side-add").click()
    assert page.locator("#side-add").is_disabled()
    page.locator(".pane select").nth(3).select_option("udnie")
    page.locator(".pane:not(.busy) img[src]").nth(3).wait_for()
    page.locator(".view").nth(2).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    assert "close" in page.locator(".panes").get_attribute("class")
    page.locator(".pane").nth(3).get_by_role("button", name="Take", exact=True).click()
    finished(page, "photo-udnie.png")
    assert page.locator("#picture-styles .thumb[data-name=udnie]").get_attribute("aria-pressed") == "true"
    assert page.locator(".results button").count() == 2


def test_favourites_and_recent_styles_are_remembered(visit):
    page = visit()
    page.locator("#picture-styles .thumb[data-name=udnie]").click()
    page.locator("#picture-styles .thumb[data-name=udnie]").focus()
    page.keyboard.press("f")
    page.reload()
    for name in ("Favourites", "Recent"):
        page.locator("#picture-styles .filters button", has_text=name).click()
        assert page.locator("#picture-styles .thumb").evaluate_all("all => all.map((one) => one.dataset.name)") == [
            "udnie"
        ]
    page.locator("#picture-styles .filters button", has_text="All").click()
    assert page.locator("#picture-styles .thumb").count() > 10


def test_a_look_goes_into_a_link_and_a_file_that_the_command_line_takes(opened, visit, server, tmp_path):
    from impasto.feedforward.presets import Preset, read_preset

    page = opened
    page.locator("#picture-strength input[type=number]").fill("0.5")
    page.locator("#picture-colors label", has_text="of the photograph").click()
    page.locator("#look-menu summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a preset").click()
    download.value.save_as(tmp_path / "look.json")
    expected = Preset(["starry-night:1"], {"strength": 0.5, "colors": "content"})
    assert read_preset(tmp_path / "look.json") == expected
    page.locator("#look-menu summary").click()
    page.get_by_role("button", name="Copy as a link").click()
    page.locator(".toast", has_text="link").wait_for()
    address = page.url
    assert address.endswith("#style=starry-night%3A1&strength=0.5&colors=content")

    (tmp_path / "other.json").write_text(json.dumps({"styles": ["scream:2", "udnie:1"], "options": {"grain": 0.25}}))
    page.set_input_files("#look-file", str(tmp_path / "other.json"))
    finished(page, "photo-scream+udnie.png")
    assert page.locator("#picture-grain input[type=number]").input_value() == "0.25"
    assert page.locator("#picture-strength input[type=number]").input_value() == "1"
    page.locator("#look-menu summary").click()
    page.get_by_role("button", name="Back to the defaults").click()
    finished(page, "photo-starry-night.png")

    other = visit()
    other.goto(address)
    other.reload()
    other.locator("body.ready").wait_for()
    assert other.locator("#picture-strength input[type=number]").input_value() == "0.5"
    assert other.locator("#picture-colors input:checked").get_attribute("value") == "content"


@pytest.mark.parametrize("content", ["nothing", '{"styles": []}', '{"styles": ["scream"], "options": 3}'])
def test_a_file_that_is_no_look_is_refused_in_a_sentence(visit, tmp_path, content):
    (tmp_path / "look.json").write_text(content)
    page = visit()
    page.set_input_files("#look-file", str(tmp_path / "look.json"))
    page.locator(".toast.bad", has_text="look.json is no preset").wait_for()


def test_values_of_a_look_that_make_no_sense_are_the_defaults(visit, server):
    page = visit()
    page.goto(f"{server.url}/#style=scream:1&style=nosuch:1&strength=much&colors=blue&grain=-5&work_size=7&size=x")
    page.reload()
    page.locator("body.ready").wait_for()
    page.locator(".toast", has_text="nosuch").wait_for()
    assert page.locator("#picture-strength input[type=number]").input_value() == "1"
    assert page.locator("#picture-grain input[type=number]").input_value() == "0"
    assert page.locator("#picture-colors input:checked").get_attribute("value") == "style"
    assert page.locator("#picture-styles .thumb[aria-pressed=true]").evaluate("one => one.dataset.name") == "scream"


def test_a_painting_becomes_a_style_right_in_the_chooser(opened, photo, tmp_path):
    photo.resize((64, 48)).save(tmp_path / "waves.png")
    page = opened
    page.set_input_files("#picture-styles-add", str(tmp_path / "waves.png"))
    finished(page, "photo-waves.png")
    page.locator(".toast", has_text="waves is predicted").wait_for()
    page.locator("#picture-styles .cell", has_text="scream").hover()
    page.locator("#picture-styles .plus[data-name=scream]").click()
    finished(page, "photo-waves+scream.png")
    page.locator("#look-menu summary").click()
    page.get_by_role("button", name="Save as a preset").click()
    page.locator(".toast.bad", has_text="on this page only").wait_for()


def test_a_style_file_is_taken_in_the_chooser_and_painted_on_the_photograph(opened, tmp_path):
    page = opened
    load_style("udnie").save(tmp_path / "mine.safetensors")
    page.set_input_files("#picture-styles-add", str(tmp_path / "mine.safetensors"))
    finished(page, "photo-udnie.png")
    page.locator("#picture-styles .cell.on img[src^='data:image/jpeg']").wait_for()
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 99)
    page.set_input_files("#picture-styles-add", str(tmp_path / "bad.safetensors"))
    page.locator(".toast.bad", has_text="bad.safetensors is no style of this network").wait_for()


def test_what_is_not_kept_of_a_photograph_is_said_in_the_visitors_language(visit, photo, tmp_path):
    pages = [photo.resize((64, 48)), photo.resize((64, 48))]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    photo.resize((64, 48)).save(tmp_path / "plain.png")
    page = visit(locale="fr")
    files = [str(tmp_path / name) for name in ("pages.tif", "plain.png")]
    page.set_input_files("#picture-files input[type=file]", files)
    page.locator("#picture-status", has_text="Le fichier a 2 pages : une est peinte").wait_for()
    page.locator("#picture-all").click()
    page.locator("#picture-results li", has_text="plain-").wait_for()
    assert ["2 pages" in text for text in page.locator("#picture-results li").all_inner_texts()] == [True, False]
    page.set_input_files("#picture-styles-add", str(tmp_path / "plain.png"))
    page.locator(".toast", has_text="L’image de style n’a que 64 × 48 pixels").wait_for()


def test_refine_takes_the_photograph_to_the_paint_tab(opened):
    page = opened
    page.locator("#picture-refine").click()
    page.locator("#paint-status", has_text="the picture whose style it has").wait_for()
    assert page.locator("#paint-styles .files li").all_inner_texts() == ["starry-night"]
    assert page.locator("#paint-init select").input_value() == "fast"
    iterations = page.locator("#paint-iterations input[type=number]")
    assert iterations.input_value() == str(REFINING_ITERATIONS)
    page.locator("#paint-init select").select_option("content")
    assert iterations.input_value() == str(ITERATIONS)
    iterations.fill("40")
    page.locator("#paint-init select").select_option("fast")
    assert iterations.input_value() == "40"
    page.locator("#paint-estimate", has_text="About").wait_for()
    page.locator("#paint-compare:not(.empty)").wait_for()


def test_a_painting_dropped_on_the_chooser_becomes_a_style_and_refine_takes_it_along(opened, photo, tmp_path):
    page = opened
    photo.resize((300, 200)).save(tmp_path / "waves.png")
    drop_file(page, "#picture-styles", tmp_path / "waves.png")
    finished(page, "photo-waves.png")
    page.locator("#picture-refine").click()
    page.locator("#paint-styles .files", has_text="waves.png").wait_for()
    page.locator("#paint-status", has_text="the picture whose style it has").wait_for()
    page.locator("#paint-estimate", has_text="About").wait_for()


def test_a_photograph_that_is_dropped_is_taken_once_and_one_that_misses_changes_nothing(visit, photo, tmp_path):
    photo.resize((64, 48)).save(tmp_path / "photo.png")
    page = visit()
    drop_file(page, "header", tmp_path / "photo.png")
    drop_file(page, "#picture-files .place", tmp_path / "photo.png")
    finished(page, "photo-starry-night.png")
    assert page.locator(".strip.photos .photo").count() == 1


def test_everything_has_a_name_for_screen_readers(opened):
    page = opened
    page.locator("#picture-crop").click()
    page.keyboard.press("Escape")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas[tabindex], [role=application], a')]
        .filter((one) => one.checkVisibility() && !one.closest('label, .visually-hidden') && !(one.labels?.length)
          && !(one.getAttribute('aria-label') || one.title || one.textContent.trim())).map((one) => one.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("() => [...document.images].filter((one) => !one.hasAttribute('alt')).length") == 0


def test_the_page_does_not_move_when_a_photograph_and_its_painting_come(visit, picture_file):
    page = visit()
    page.evaluate(
        """() => { window.moved = 0;
        const add = (one) => { if (!one.hadRecentInput) window.moved += one.value; };
        const seen = new PerformanceObserver((list) => list.getEntries().forEach(add));
        seen.observe({ type: 'layout-shift', buffered: true });
        }"""
    )
    page.set_input_files("#picture-files input[type=file]", str(picture_file))
    finished(page, "photo-starry-night.jpg")
    assert page.evaluate("() => window.moved") < 0.1
