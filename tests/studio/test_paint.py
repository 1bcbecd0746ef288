import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.optimisation.recipe import DEFAULTS, ITERATIONS, REFINING_ITERATIONS, Recipe
from impasto.studio import choices, paintings
from impasto.version import install_command

pytest.importorskip("torch", reason="the extra train is not installed")


@pytest.fixture
def painting(photo, tmp_path):
    """A picture to take the style from, 64 x 48."""
    path = tmp_path / "waves.png"
    y, x = np.mgrid[0:48, 0:64]
    Image.fromarray(np.stack([127 + 120 * np.sin(x / 3 + y / 5), 4 * y, 255 - 4 * y], axis=2).astype(np.uint8)).save(
        path
    )
    return path


@pytest.mark.parametrize(
    ("module", "extras"),
    [("torch", {"paint": "train", "learn": "train"}), ("av", {"video": "video", "live": "video", "sound": "sound"})],
)
def test_without_an_extra_its_tabs_say_the_command(visit, client, monkeypatch, module, extras):
    real = choices.find_spec
    monkeypatch.setattr(choices, "find_spec", lambda name: None if name == module else real(name))
    assert client.get("/api/info").json()["missing"] == {tab: install_command(extra) for tab, extra in extras.items()}
    page = visit()
    for tab, extra in extras.items():
        page.locator(f"#tab-{tab}").click()
        assert page.locator(f"#panel-{tab} .needs code").inner_text() == install_command(extra)


def test_a_start_that_is_no_choice_is_never_opened(server, put, picture_file, painting):
    with pytest.raises(InputError, match="no start"):
        paintings.optimisation_task(server.studio, put(picture_file), [put(painting)], {"init": "/etc/passwd"})
    with pytest.raises(InputError, match="no option features"):
        paintings.optimisation_task(server.studio, put(picture_file), [put(painting)], {"features": "/etc/passwd"})


def test_a_photograph_is_never_enlarged(server, put, picture_file, painting):
    job = paintings.optimisation_task(server.studio, put(picture_file), [put(painting)], {"size": 1024.0, "seed": None})
    assert job.photograph.size == (48, 32)
    assert job.recipe.seed == DEFAULTS.seed
    assert [style.name for style in job.styles] == ["waves.png"]


@pytest.mark.parametrize(
    ("options", "iterations"),
    [
        ({}, ITERATIONS),
        ({"init": "fast"}, REFINING_ITERATIONS),
        ({"init": "fast", "iterations": ITERATIONS}, ITERATIONS),
        ({"init": "fast", "iterations": REFINING_ITERATIONS}, REFINING_ITERATIONS),
    ],
)
def test_iterations_are_those_that_were_asked_for_or_those_of_the_start(
    server, put, picture_file, painting, options, iterations
):
    job = paintings.optimisation_task(server.studio, put(picture_file), [put(painting)], options)
    assert job.recipe.iterations_a_scale == iterations
    listed = options.get("iterations", iterations) != Recipe(init=options.get("init", "content")).iterations_a_scale
    assert ("iterations=" in job.recipe.describe()) == listed


def test_the_name_of_a_bundled_style_stands_for_its_texture(server, put, picture_file, painting):
    styles = [paintings.texture_asked_for("scream:2"), put(painting)]
    job = paintings.optimisation_task(server.studio, put(picture_file), styles, {"init": "fast"})
    assert [(style.name, style.weight, style.bundled) for style in job.styles] == [
        ("scream", 2, True),
        ("waves.png", 1, False),
    ]
    assert paintings.texture_asked_for("photograph") is paintings.texture_asked_for("/etc/passwd") is None
    with pytest.raises(InputError, match="weight -1 of a style is out of range"):
        paintings.texture_asked_for("scream:-1")


def test_paint_watch_and_take_an_earlier_step(visit, picture_file, painting, tmp_path):
    page = visit("Paint")
    page.set_input_files("#paint-photo input[type=file]", str(picture_file))
    page.set_input_files("#paint-styles input[type=file]", str(painting))
    page.locator("#paint-estimate", has_text="48 × 32 pixels").wait_for()
    page.locator("#paint-iterations input[type=number]").fill("6")
    page.locator("#paint-start").click()
    page.locator("#paint-status", has_text="Done: photo-waves.jpg").wait_for()
    steps = page.locator("#paint-steps button:has(img)")
    steps.first.wait_for()
    assert steps.count() >= 5
    before = page.locator("#paint-compare .after").get_attribute("src")
    steps.first.click()
    page.locator("#paint-status", has_text="The result is step 1").wait_for()
    page.wait_for_function("b => document.querySelector('#paint-compare .after').src !== b", arg=before)
    with page.expect_download() as download:
        page.locator("#paint-download").click()
    assert download.value.suggested_filename == "photo-waves.jpg"
    download.value.save_as(tmp_path / "result.jpg")
    with Image.open(tmp_path / "result.jpg") as image:
        assert image.size == (48, 32)
        assert "paint style=waves.png iterations=6" in image.getexif()[0x0131]


def test_stop_keeps_the_picture_so_far(visit, photo, painting, tmp_path):
    photo.save(tmp_path / "larger.png")
    page = visit("Paint")
    page.set_input_files("#paint-photo input[type=file]", str(tmp_path / "larger.png"))
    page.set_input_files("#paint-styles input[type=file]", str(painting))
    page.locator("#paint-iterations input[type=number]").fill("300")
    page.locator("#paint-start").click()
    page.locator("#paint-status", has_text="Iteration").wait_for()
    page.locator("#paint-stop").click()
    page.locator("#paint-status", has_text="Stopped after").wait_for()
    page.locator("#paint-download[href]").wait_for()


def test_the_page_says_what_is_missing(visit, picture_file):
    page = visit("Paint")
    page.set_input_files("#paint-photo input[type=file]", str(picture_file))
    page.locator("#panel-paint .filled").wait_for()  # the photograph is taken once the server has opened it
    page.locator("#paint-start").click()
    page.get_by_text("Add a picture whose style you want").wait_for()
    page.locator("#paint-status", has_text="Every brush stroke").wait_for()
    page.locator("#paint-stop[disabled]").wait_for()
