import base64
import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, StyleError
from impasto.feedforward.painter import Painter
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture
from impasto.studio import pictures, previews
from impasto.studio.choices import (
    check_options,
    check_styles,
    read_brushed_mask,
    shown_style_names,
    work_size_option,
)
from impasto.studio.pictures import PictureRequest
from impasto.styles.catalogue import add_to_catalogue, bundled_names, load_style
from impasto.styles.style import PHOTOGRAPH


def pixels(source):
    return np.asarray(Image.open(source).convert("RGB"), np.int16)


def as_value(levels):
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


# ---- without a page -------------------------------------------------------------------------------


def test_a_result_is_named_and_described_as_on_the_command_line(server, put, picture_file):
    done = pictures.paint_picture(
        server.studio, put(picture_file), PictureRequest(["scream:2", "udnie:1"], {"strength": 0.5})
    )
    assert done.path.name == "photo-scream+udnie.jpg"
    with Image.open(done.path) as image:
        assert image.size == (48, 32)
        assert "style=scream+udnie" in image.getexif()[0x0131]
        assert "strength=0.5" in image.getexif()[0x0131]


def test_a_result_is_what_the_library_paints(server, put, picture_file):
    done = pictures.paint_picture(server.studio, put(picture_file), PictureRequest(["scream:1"]))
    expected = Painter("scream").paint(read_picture(picture_file)).picture
    assert np.abs(done.after.rgb - expected.rgb).max() < 1e-5


def test_what_was_not_brushed_stays_the_photograph(server, put, picture_file):
    levels = np.zeros((16, 24), np.uint8)
    levels[:, :8] = 255
    done = pictures.paint_picture(server.studio, put(picture_file), PictureRequest(["scream:1"], {}, levels))
    change = np.abs(to_unit_range(done.after.rgb) - to_unit_range(done.before.rgb)).mean(axis=(0, 2))
    assert change[-16:].max() < 0.01
    assert change[:8].mean() > 0.05


def test_a_mask_can_be_for_one_style_of_two(server, put, picture_file):
    levels = np.full((32, 48), 255, np.uint8)
    one = pictures.paint_picture(
        server.studio, put(picture_file), PictureRequest(["scream:1", "udnie:1"], {}, levels, "udnie")
    )
    alone = pictures.paint_picture(server.studio, put(picture_file), PictureRequest(["udnie:1"]))
    assert np.abs(to_unit_range(one.after.rgb) - to_unit_range(alone.after.rgb)).max() < 0.02


def test_the_preview_of_a_large_photograph_is_what_the_full_result_shows_from_afar(server, put, photo, tmp_path):
    photo.resize((1600, 1072), Image.Resampling.LANCZOS).save(tmp_path / "large.png")
    upload = put(tmp_path / "large.png")
    small, wanted = server.studio.originals.get(str(upload)), PictureRequest(["scream"])
    preview = pictures.paint_preview(small, (1600, 1072), wanted)
    done = pictures.paint_picture(server.studio, upload, wanted)
    assert preview.size == (1000, 670)
    assert done.after.size == (1600, 1072)
    seen, full = (resize_picture(Picture(to_unit_range(one.rgb)), 250).rgb for one in (preview, done.after))
    assert np.abs(seen - full).mean() < 2 / 255


def test_strokes_of_a_large_photograph_are_laid_at_the_size_that_is_asked_for(server, put, photo, tmp_path):
    photo.save(tmp_path / "photo.png")
    upload = put(tmp_path / "photo.png")
    fine = pictures.paint_picture(server.studio, upload, PictureRequest(["scream"], {"work_size": 192}))
    large = pictures.paint_picture(server.studio, upload, PictureRequest(["scream"], {"work_size": 96}))
    with Image.open(fine.path) as one, Image.open(large.path) as two:
        assert "work_size" not in one.info["Software"]
        assert "work_size=96" in two.info["Software"]
    assert np.abs(to_unit_range(fine.after.rgb) - to_unit_range(large.after.rgb)).mean() > 0.02


def test_results_larger_than_the_limit_are_refused_before_the_work(server, put, picture_file):
    with pytest.raises(InputError, match="million pixels"):
        pictures.paint_picture(server.studio, put(picture_file), PictureRequest(["scream"], {"size": 20000}))


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.png:2", "nosuch", "photograph"])
def test_only_styles_that_are_shown_can_be_asked_for(name):
    with pytest.raises(StyleError, match="no style"):
        check_styles([name])


def test_known_styles_pass_as_they_are():
    assert check_styles(["scream:0.5", "udnie"]) == ["scream:0.5", "udnie"]


def test_a_brushed_mask_is_read_and_an_empty_one_is_none():
    levels = np.zeros((8, 12), np.uint8)
    assert read_brushed_mask("") is None
    assert read_brushed_mask(as_value(levels)) is None
    levels[2:4] = 200
    assert np.array_equal(read_brushed_mask(as_value(levels)), levels)


@pytest.mark.parametrize("value", ["data:image/png;base64,AAAA", "/etc/passwd", "data:text/html,x"])
def test_a_mask_that_is_none_is_refused(value):
    with pytest.raises(InputError):
        read_brushed_mask(value)


def test_a_mask_of_too_many_pixels_is_refused():
    with pytest.raises(InputError, match="limit"):
        read_brushed_mask(as_value(np.full((1100, 1100), 255, np.uint8)))


def test_thumbnails_show_every_style_and_learn_of_new_ones(server):
    thumbnails = server.studio.thumbnails
    bundled = [name for name in bundled_names() if name != PHOTOGRAPH]
    assert shown_style_names() == bundled
    assert all(thumbnails.get(name)[:2] == b"\xff\xd8" for name in bundled[:3])
    assert thumbnails.get("scream") is thumbnails.get("scream")
    add_to_catalogue(load_style("scream"), "mine")
    assert shown_style_names() == ["mine", *bundled]
    assert thumbnails.get("mine") == thumbnails.get("scream")


def test_a_photograph_is_painted_small_in_styles_of_the_package_and_of_the_visitor(server, put, picture_file):
    painted = []
    styles = {"scream": "scream", "+mine": (load_style("udnie"), 1.0)}
    previews.paint_thumbnails(server.studio.originals.get(put(picture_file)), styles, painted.append)
    items = [item for item in painted if item]
    assert [item["name"] for item in items] == list(styles)
    assert all(item["picture"].startswith("data:image/jpeg") for item in items)


def test_only_options_that_are_offered_can_be_set():
    assert check_options({"strength": 0.5, "work_size": "640"}) == {"strength": 0.5, "work_size": 640}
    with pytest.raises(InputError, match="no option max_pixels"):
        check_options({"max_pixels": 10**9})


def test_decoded_originals_are_small_and_few(server, put, picture_file):
    originals = previews.Originals(server.studio.uploads)
    paths = [str(put(picture_file)) for _ in range(30)]
    first = originals.get(paths[0])
    assert originals.get(paths[0]) is first
    for path in paths:
        originals.get(path)
    assert len(originals._kept) == originals._MAX_KEPT


# ---- in a browser ---------------------------------------------------------------------------------


def painted(page, text="pixels"):
    page.locator("#picture-status", has_text=text).wait_for()
    return page.locator("#picture-status").inner_text()


def drop(page, *paths):
    page.set_input_files("#picture-files input[type=file]", [str(path) for path in paths])


def test_drop_choose_blend_brush_and_download(visit, picture_file, tmp_path):
    page = visit()
    page.locator("#picture-styles .thumb").first.wait_for()
    drop(page, picture_file)
    assert "photo-starry-night.jpg · 48 × 32 pixels" in painted(page)

    page.locator("#picture-styles .thumb[data-name=scream]").click()
    painted(page, "photo-scream.jpg")
    page.locator("#picture-styles .cell", has_text="udnie").hover()
    page.locator("#picture-styles .plus[data-name=udnie]").click()
    painted(page, "photo-scream+udnie.jpg")
    page.get_by_label("Share: scream").fill("0.5")
    page.locator("#picture-styles output", has_text="33 %").wait_for()

    page.get_by_role("button", name="Paint only parts").click()
    canvas = page.locator("#picture-brush canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    before = page.locator("#picture-compare .after").get_attribute("src")
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    for n in range(10):
        page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + (0.1 + 0.08 * n) * box["height"])
    page.mouse.up()
    page.wait_for_function(
        "before => document.querySelector('#picture-compare .after').src !== before", arg=before, timeout=20_000
    )
    page.locator("#picture-status", has_text="Full size follows").or_(
        page.locator("#picture-status", has_text="pixels")
    ).wait_for()
    page.locator("#picture-download:not([disabled])").wait_for()
    painted(page)
    with page.expect_download() as download:
        page.locator("#picture-download").click()
    assert download.value.suggested_filename == "photo-scream+udnie.jpg"
    download.value.save_as(tmp_path / "result.jpg")
    with Image.open(tmp_path / "result.jpg") as image:
        assert "scream" in image.getexif()[0x0131]
    change = np.abs(pixels(tmp_path / "result.jpg") - pixels(picture_file)).mean(axis=(0, 2))
    assert change[-12:].max() < 12  # untouched, JPEG aside
    assert change[3:7].mean() > 20


def test_by_keyboard_alone(visit, picture_file):
    page = visit()
    drop(page, picture_file)
    painted(page)
    thumb = page.locator("#picture-styles .thumb[aria-pressed=true]")
    thumb.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.dataset.name")
    page.keyboard.press("Enter")
    painted(page, f"photo-{second}.jpg")
    page.keyboard.press("End")
    page.keyboard.press("+")
    painted(page, f"photo-{second}+")
    divider = page.get_by_label("Divider between photograph and painting")
    divider.focus()
    page.keyboard.press("End")
    assert divider.input_value() == "100"
    page.get_by_role("button", name="Paint only parts").click()
    canvas = page.locator("#picture-brush canvas")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => { const c = document.querySelector('#picture-brush canvas');"
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v); }"
    )


def test_many_pictures_and_one_that_is_none(visit, picture_file, photo, tmp_path):
    other, broken = tmp_path / "other.png", tmp_path / "broken.jpg"
    photo.resize((40, 30)).save(other)
    broken.write_bytes(picture_file.read_bytes()[:600])
    page = visit()
    drop(page, picture_file, other)
    painted(page)
    page.locator("#picture-all").click()
    page.get_by_text("2 pictures painted.").wait_for()
    with page.expect_download() as download:
        page.locator("#picture-zip").click()
    assert download.value.suggested_filename == "impasto.zip"
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["other-starry-night.png", "photo-starry-night.jpg"]
    drop(page, broken)
    page.locator(".toast.bad", has_text=re.compile("damaged|neither a picture nor a video")).wait_for()
    assert page.locator(".photos .photo").count() == 2


@pytest.mark.parametrize(("given", "taken"), [("auto", "auto"), ("0", 0), (0, 0), (None, 0), ("640", 640), ("x", "x")])
def test_the_http_api_takes_a_work_size_as_number_text_or_word(given, taken):
    assert work_size_option(given) == taken
