"""What the browser paints, beside what the command line paints: the same within 2 of 255."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from tests.webpage.conftest import SOFTWARE_GPU, as_file, difference, paint, wait_for

from impasto.feedforward.painter import Painter
from impasto.pictures.conversion import as_picture, in_kind_of
from impasto.pictures.reading import read_picture

CLOSE = 2  # of 255
ADD_STYLE = "async ([text, name]) => (await engine.addStyle(fileOf(text, name))).style.name"
STYLE_NOTES = "async (text) => (await engine.addStyle(fileOf(text, 'x.png'))).notes"


@pytest.fixture(scope="module")
def small(photo) -> Image.Image:
    """A photograph, 150 x 97, whose sides are on no grid."""
    return photo.resize((150, 97))


def painted(image: Image.Image, styles: dict[str, float], **options) -> np.ndarray:
    """What the library paints, as the command line does."""
    return np.asarray(Painter(styles, **options).stylize(np.asarray(image)))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strength": 0.6},
        {"strength": 0},
        {"style_scale": 2.5},
        {"style_scale": 0.6},
        {"colors": "content"},
        {"colors": "match"},
        {"grain": 0.3},
        {"size": 201},
        {"size": 90},
        {"work_size": 64},
    ],
    ids=str,
)
def test_every_option_paints_what_the_command_line_paints(wasm, small, options):
    made = paint(wasm, as_file(small), {"scream": 1}, options=options)
    assert difference(made["image"], painted(small, {"scream": 1}, **options)) <= CLOSE


def test_a_blend_paints_what_the_command_line_paints_and_is_named_like_it(wasm, small):
    styles = {"starry-night": 2, "udnie": 0.5}
    made = paint(wasm, as_file(small), styles, options={"strength": 0.8}, name="my photo.png")
    assert difference(made["image"], painted(small, styles, strength=0.8)) <= CLOSE
    assert made["name"] == "my photo-starry-night+udnie.png"


def test_a_mask_limits_the_strength_or_one_style_of_a_blend(wasm, small):
    levels = np.linspace(0, 255, 150).astype(np.uint8)[None].repeat(97, axis=0)
    styles = {"scream": 1, "houses": 1}
    limited = paint(wasm, as_file(small), styles, mask=as_file(levels))
    assert difference(limited["image"], painted(small, styles, mask=levels)) <= CLOSE
    one = paint(wasm, as_file(small), styles, mask=as_file(levels), masked="houses")
    assert difference(one["image"], painted(small, styles, masks={"houses": levels})) <= CLOSE


def test_a_smaller_mask_is_fitted_and_a_black_one_is_none(wasm, small):
    levels = np.zeros((32, 50), np.uint8)
    levels[:, 20:] = 255
    fitted = np.asarray(Image.fromarray(levels).resize(small.size, Image.Resampling.BILINEAR))
    made = paint(wasm, as_file(small), {"scream": 1}, mask=as_file(levels))
    assert difference(made["image"], painted(small, {"scream": 1}, mask=fitted)) <= CLOSE
    black = paint(wasm, as_file(small), {"scream": 1}, mask=as_file(np.zeros((97, 150), np.uint8)))
    assert difference(black["image"], painted(small, {"scream": 1})) <= CLOSE


def test_transparency_stays_and_what_lies_beneath_it_does_not_show(wasm, small):
    rgba = np.dstack([np.asarray(small), np.linspace(0, 255, 97).astype(np.uint8)[:, None].repeat(150, axis=1)])
    rgba[:8] = (255, 0, 255, 0)
    made = np.asarray(paint(wasm, as_file(rgba), {"scream": 1})["image"])
    expected = np.asarray(Painter("scream").stylize(rgba))
    assert np.abs(made[..., 3].astype(int) - expected[..., 3]).max() == 0
    # A canvas keeps colours multiplied with alpha, so that nearly transparent ones are rounded as it writes them.
    clear = expected[..., 3] >= 128
    assert np.abs(made[..., :3].astype(int) - expected[..., :3])[clear].max() <= CLOSE


def test_a_photograph_is_turned_upright_and_its_colours_become_srgb(wasm, small):
    from impasto.pictures.profiles import srgb_profile

    exif = Image.Exif()
    exif[274] = 6
    data = as_file(small, "JPEG", quality=95, exif=exif, icc_profile=srgb_profile())
    made = paint(wasm, data, {"scream": 1}, name="turned.JPEG")
    assert made["name"] == "turned-scream.JPEG"
    assert made["image"].format == "JPEG"
    assert made["image"].size == (97, 150)
    expected = Painter("scream").paint(read_picture(data)).picture
    loss = np.abs(np.asarray(made["image"]).astype(int) - np.asarray(in_kind_of(expected, Image.new("RGB", (1, 1)))))
    assert loss.mean() < 6  # two lossy codings apart


@pytest.mark.parametrize("options", [{}, {"style_scale": 2, "colors": "match", "strength": 0.9}], ids=str)
def test_tiles_equal_the_command_lines_tiles(visit, site, photo, options):
    at_once = 100_000  # pixels
    page = visit(site, f"bare.html?engine=wasm&at-once={at_once}")
    large = photo.resize((350, 300))
    made = paint(page, as_file(large), {"starry-night": 1}, options=options)
    assert len(made["shares"]) > 2
    painter = Painter("starry-night", **options)
    painter._budget.note_shortage(2 * at_once)
    assert difference(made["image"], np.asarray(painter.stylize(np.asarray(large)))) <= CLOSE


def test_where_memory_runs_out_smaller_tiles_paint_the_same(visit, site, photo):
    page = visit(site, "about:blank", service_workers="block")
    least, library = 270_000, "data/onnxruntime/ort.wasm.min.mjs"  # pixels
    short_of_memory = f"""
        import * as ort from "./ort.wasm.min.mjs?real";
        const create = ort.InferenceSession.create.bind(ort.InferenceSession);
        const InferenceSession = {{create: async (...given) => {{
          const session = await create(...given);
          return {{run: (feeds) => {{
            if (feeds.image?.data.length > 4 * {least + 20_000}) throw new Error("std::bad_alloc");
            return session.run(feeds);
          }}}};
        }}}};
        const {{env, Tensor}} = ort;
        export {{env, InferenceSession, Tensor}};
    """
    script = {"content_type": "text/javascript", "body": short_of_memory}
    page.context.route(f"**/{library}", lambda route: route.fulfill(**script))
    page.goto(f"{site.url}bare.html?engine=wasm&at-once={2 * least}")
    wait_for(page, "window.engine !== undefined")
    name = page.evaluate(ADD_STYLE, [base64.b64encode(as_file(photo)).decode(), "mine.png"])
    before = paint(page, as_file(photo.resize((48, 32))), {name: 1})
    large = photo.resize((640, 440))
    made = paint(page, as_file(large), {"scream": 1})
    painter = Painter("scream")
    painter._budget.note_shortage(2 * least)
    assert difference(made["image"], np.asarray(painter.stylize(np.asarray(large)))) <= CLOSE
    after = paint(page, as_file(photo.resize((48, 32))), {name: 1})  # by another worker
    assert after["data"] == before["data"]


def test_a_preview_is_the_librarys_preview(wasm, photo):
    from impasto.feedforward.options import Options
    from impasto.feedforward.preview import preview_options, preview_original

    large = photo.resize((1600, 200))
    small = preview_original(as_picture(np.asarray(large)))
    chosen = preview_options(Options(), small.size, large.size)
    expected = np.asarray(in_kind_of(Painter("scream", chosen).paint(small).picture, Image.new("RGB", (1, 1))))
    made = paint(wasm, as_file(large), {"scream": 1}, preview=True)["image"]
    assert made.size == small.size
    assert np.abs(np.asarray(made).astype(int) - expected).mean() < 4  # a JPEG


def test_software_webgpu_paints_what_the_command_line_paints(visit, site, photo):
    page = visit(site, "bare.html?engine=webgpu", flags=SOFTWARE_GPU)
    assert page.evaluate("engine.ready") == "WebGPU"
    tiny = photo.resize((22, 16))
    made = paint(page, as_file(tiny), {"scream": 1})
    assert difference(made["image"], painted(tiny, {"scream": 1})) <= CLOSE


def test_the_page_does_not_wait_while_the_worker_paints(wasm, photo):
    wasm.evaluate("window.longestWait = 0")
    paint(wasm, as_file(photo.resize((640, 480))), {"scream": 1})
    assert wasm.evaluate("window.longestWait") < 400  # milliseconds, on a busy machine


def test_a_style_file_is_a_style_and_anything_else_is_refused_in_a_sentence(wasm, small, tmp_path):
    from impasto.styles.catalogue import load_style

    load_style("udnie").save(tmp_path / "mine.safetensors")
    text = base64.b64encode((tmp_path / "mine.safetensors").read_bytes()).decode()
    assert (
        wasm.evaluate("async (text) => (await engine.addStyle(fileOf(text, 'mine.safetensors'))).style.name", text)
        == "+udnie"
    )
    made = paint(wasm, as_file(small), {"+udnie": 1})
    assert difference(made["image"], painted(small, {"udnie": 1})) <= CLOSE
    assert made["name"] == "photo-udnie.png"
    refused = wasm.evaluate("refusal(engine.addStyle(new File(['x'.repeat(99)], 'bad.safetensors')))")
    assert refused.startswith("bad.safetensors is no style of this network")


@pytest.fixture(scope="module")
def painting(photo) -> bytes:
    """A picture that is no bundled style, 700 x 605: once it is shrunk, its longer side is between two numbers."""
    return as_file(Image.fromarray(Painter("udnie").stylize(np.asarray(photo.resize((700, 605))))[:, ::-1]))


def test_a_picture_is_a_style_at_once_and_paints_what_the_command_line_paints(wasm, small, painting, tmp_path):
    from impasto.learning.api import learn_style

    data = base64.b64encode(painting).decode()
    name, same = (wasm.evaluate(ADD_STYLE, [data, "my waves.png"]) for _ in range(2))
    assert (name, same) == ("+my-waves", "+my-waves 2")  # pictures from a phone are all called image.jpg
    made = paint(wasm, as_file(small), {name: 1})
    (tmp_path / "my waves.png").write_bytes(painting)
    style = learn_style(tmp_path / "my waves.png", effort="quick")
    assert difference(made["image"], painted(small, [(style, 1.0)])) <= CLOSE
    assert made["name"] == "photo-my-waves.png"


def test_a_transparent_picture_is_a_style_without_what_lies_beneath(wasm, small, painting, tmp_path):
    from impasto.learning.api import learn_style

    rgba = np.dstack([np.asarray(Image.open(io.BytesIO(painting))), np.full((605, 700), 255, np.uint8)])
    rgba[:300, :200] = (255, 0, 255, 0)
    (tmp_path / "holes.png").write_bytes(as_file(rgba))
    name = wasm.evaluate(ADD_STYLE, [base64.b64encode(as_file(rgba)).decode(), "holes.png"])
    made = paint(wasm, as_file(small), {name: 1})
    style = learn_style(tmp_path / "holes.png", effort="quick")
    assert difference(made["image"], painted(small, [(style, 1.0)])) <= CLOSE


@pytest.mark.parametrize("size", [(1400, 520), (17, 24)])
def test_long_and_tiny_pictures_are_styles_as_for_the_command_line(wasm, small, painting, tmp_path, size):
    from impasto.learning.api import learn_style

    data = as_file(Image.open(io.BytesIO(painting)).resize(size))
    (tmp_path / f"{size[0]}.png").write_bytes(data)
    name = wasm.evaluate(ADD_STYLE, [base64.b64encode(data).decode(), f"{size[0]}.png"])
    made = paint(wasm, as_file(small), {name: 1})
    style = learn_style(tmp_path / f"{size[0]}.png", effort="quick")
    assert difference(made["image"], painted(small, [(style, 1.0)])) <= CLOSE


def test_what_speaks_against_a_style_picture_is_said_as_the_command_line_says_it(wasm, photo, painting, tmp_path):
    from impasto.styles.source_pictures import opaque_picture
    from impasto.styles.suitability import style_picture_warning

    logo = np.zeros((1100, 1300, 3), np.uint8)
    logo[200:700, 300:900] = (200, 30, 40)
    for picture, key in (
        (np.asarray(photo.resize((150, 97))), "style_picture_small"),
        (np.full((200, 300, 3), 90, np.uint8), "style_picture_one_colour"),
        (np.dstack([logo, logo[..., 0] // 255]), "style_picture_one_colour"),  # all transparent
        (logo, "style_picture_even"),
        (np.asarray(Image.open(io.BytesIO(painting))), None),
    ):
        (tmp_path / "it.png").write_bytes(as_file(picture))
        said = style_picture_warning(opaque_picture(tmp_path / "it.png").rgb)
        assert (said and said.key) == key
        notes = wasm.evaluate(STYLE_NOTES, base64.b64encode(as_file(picture)).decode())
        assert [(note["key"], note["values"]) for note in notes] == ([(said.key, said.values)] if said else [])
        assert [note["text"].lower() for note in notes] == ([said.lower()] if said else [])


def test_a_line_and_a_broken_picture_are_no_styles(wasm):
    line = base64.b64encode(as_file(np.zeros((1, 300, 3), np.uint8))).decode()
    said = wasm.evaluate("(text) => refusal(engine.addStyle(fileOf(text, 'line.png')))", line)
    assert said.startswith("line.png is a line of 300 x 1 pixels")
    assert "cannot be opened" in wasm.evaluate("refusal(engine.addStyle(new File(['x'], 'a.jpg')))")


def test_what_is_no_picture_is_refused_in_a_sentence(wasm):
    said = wasm.evaluate("refusal(engine.open(new File(['nothing'], 'notes.txt')))")
    assert said.startswith("notes.txt cannot be opened: this browser does not know its format")


def test_a_camera_is_painted_by_the_steady_network_and_rests_where_the_picture_rests(wasm, photo):
    size = photo.resize((160, 112))
    frames = wasm.evaluate(
        """async (text) => {
            const bitmap = await createImageBitmap(fileOf(text, "x.png")), canvas = document.createElement("canvas");
            canvas.width = bitmap.width; canvas.height = bitmap.height;
            const pen = canvas.getContext("2d"), live = engine.live(), found = [];
            for (const moved of [0, 0, 40]) {
              pen.drawImage(bitmap, 0, 0);
              pen.fillStyle = "white"; pen.fillRect(moved, 80, 20, 20);
              const { bitmap: made, size } = await live.paint(canvas, [{name: "scream", weight: 1}], 1);
              const out = document.createElement("canvas"); out.width = made.width; out.height = made.height;
              out.getContext("2d").drawImage(made, 0, 0);
              found.push([size, out.toDataURL("image/png").split(",")[1]]);
            }
            return found;
        }""",
        base64.b64encode(as_file(size)).decode(),
    )
    assert [size for size, _ in frames] == ["160 x 112"] * 3
    pictures = [Image.open(io.BytesIO(base64.b64decode(data))) for _, data in frames]
    first, again, moved = (np.asarray(picture.convert("RGB")).astype(int) for picture in pictures)
    assert np.abs(first - again).max() <= 1
    assert np.abs(first - moved)[:60].max() <= 1
    assert np.abs(first - moved)[80:100, :60].max() > 30
    scene = size.copy()
    scene.paste((255, 255, 255), (0, 80, 20, 100))
    expected = Painter("scream", for_video=True).stylize(np.asarray(scene)).astype(int)
    assert np.abs(first - expected).max() <= CLOSE
