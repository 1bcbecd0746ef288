import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto.errors import InputError, OutOfMemoryError, OutputError, StyleError
from impasto.feedforward import painter
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures.conversion import as_picture
from impasto.styles.catalogue import load_style, video_style


def test_the_same_kind_comes_out_as_went_in(photo, tmp_path):
    assert impasto.stylize(photo, "scream").size == photo.size
    array = np.asarray(photo)
    for given_array in (array, (array.astype(np.uint16) * 257), array.astype(np.float32) / 255):
        painted = impasto.stylize(given_array, "scream")
        assert painted.dtype == given_array.dtype
        assert painted.shape == given_array.shape
    encoded = io.BytesIO()
    photo.save(encoded, "PNG")
    painted_bytes = impasto.stylize(encoded.getvalue(), "scream")
    with Image.open(io.BytesIO(painted_bytes)) as image:
        assert image.format == "PNG"
    photo.save(tmp_path / "a.jpg")
    assert impasto.stylize(tmp_path / "a.jpg", "scream") == tmp_path / "a-scream.jpg"
    assert (tmp_path / "a-scream.jpg").exists()
    several = impasto.stylize([photo, array], "scream")
    assert isinstance(several[0], Image.Image)
    assert isinstance(several[1], np.ndarray)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_every_size_keeps_its_size(width, height):
    image = np.random.default_rng(width * 100 + height).random((height, width, 3), np.float32)
    painted = impasto.stylize(image, "udnie")
    assert painted.shape == image.shape
    assert np.isfinite(painted).all()


@pytest.mark.parametrize("max_memory", ["auto", "150M"])
def test_a_painting_that_is_not_finite_names_the_style_instead_of_coming_out_black(photo, max_memory):
    broken = replace(load_style("scream"), name="mine", scale=np.full(1008, 1e20, np.float32))
    with pytest.raises(StyleError, match="Painting in the style mine gives numbers that are not finite"):
        impasto.stylize(photo.resize((1200, 800)), broken, max_memory=max_memory)
    for name, value in (("scale", np.nan), ("shift", np.inf)):
        vector = getattr(load_style("scream"), name).copy()
        vector[500] = value
        with pytest.raises(StyleError, match="the style or its network is damaged"):
            impasto.stylize(photo, replace(load_style("scream"), **{name: vector}))


@pytest.mark.parametrize("shape", [(1, 900), (900, 1), (2, 3)])
def test_extreme_shapes_keep_theirs(shape):
    assert impasto.stylize(np.full((*shape, 3), 0.4, np.float32), "udnie").shape == (*shape, 3)


def test_video_is_painted_by_the_steady_network(photo):
    picture = as_picture(np.asarray(photo))
    for strength in (1.0, 0.6):
        options = Options(strength=strength)
        still, moving = (
            Painter("scream", options, for_video=moving).paint(picture).picture.rgb for moving in (False, True)
        )
        steady = Painter(video_style(load_style("scream")), options).paint(picture).picture.rgb
        assert np.array_equal(moving, steady)
        assert 0.002 < np.abs(moving - still).mean() < 0.1


@pytest.mark.parametrize("options", [{}, {"colors": "content"}, {"style_scale": 2}], ids=str)
def test_strength_is_the_paintings_share_in_the_result(photo, options):
    array = np.asarray(photo)
    assert (impasto.stylize(array, "starry-night", strength=0, **options) == array).all()
    full = impasto.stylize(array, "starry-night", **options).astype(float)
    for strength in (0.1, 0.5, 0.9):
        mixed = impasto.stylize(array, "starry-night", strength=strength, **options)
        assert np.abs(mixed - (array + strength * (full - array))).max() <= 1


def test_the_photograph_style_shows_no_grain(photo):
    def grain_counts(styles):
        return impasto.stylize(photo, styles, grain=1).tobytes() != impasto.stylize(photo, styles, grain=0).tobytes()

    assert not grain_counts("photograph")
    assert grain_counts(["photograph", "scream"])


def test_a_blend_lies_between_its_styles(photo):
    array = np.asarray(photo)
    one, two = (impasto.stylize(array, name).astype(float) for name in ("scream", "great-wave"))
    between = impasto.stylize(array, ["scream:1", "great-wave:1"]).astype(float)
    apart = np.abs(one - two).mean()
    assert 0 < np.abs(between - one).mean() < apart
    assert 0 < np.abs(between - two).mean() < apart
    assert (impasto.stylize(array, [("scream", 3), ("great-wave", 0)]) == one).all()


def test_styles_differ(photo):
    array = np.asarray(photo)
    seen = [impasto.stylize(array, name).astype(float) for name in ("scream", "great-wave", "udnie", "night-cafe")]
    for index, first in enumerate(seen):
        for second in seen[index + 1 :]:
            assert np.abs(first - second).mean() > 10


def test_alpha_stays_and_what_lies_beneath_does_not_matter(cutout):
    hole = np.asarray(cutout)
    garbage = hole.copy()
    garbage[hole[..., 3] == 0, :3] = (255, 0, 255)
    for options in ({}, {"colors": "content"}, {"strength": 0.5}, {"size": 60}):
        painted, other = (impasto.stylize(image, "wheat-field", **options) for image in (hole, garbage))
        assert (painted[..., 3] == other[..., 3]).all()
        if "size" not in options:
            assert (painted[..., 3] == hole[..., 3]).all()
        visible = painted[..., 3] > 0
        assert visible.any()
        assert np.abs(painted[visible].astype(int) - other[visible]).max() <= (1 if "size" in options else 0)


def test_a_wholly_transparent_picture_stays_so():
    painted = impasto.stylize(np.zeros((9, 7, 4), np.uint8), "scream")
    assert painted.shape == (9, 7, 4)
    assert (painted[..., 3] == 0).all()


def test_colors_content_keeps_the_chroma_and_match_the_mean(photo):
    array = np.asarray(photo).astype(np.float32) / 255
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    kept = impasto.stylize(array, "scream", colors="content")
    inside = ((kept > 0.01) & (kept < 0.99)).all(axis=2)
    difference = (kept - (kept @ luma)[..., None]) - (array - (array @ luma)[..., None])
    assert np.abs(difference[inside]).max() < 1e-3
    matched = impasto.stylize(array, "scream", colors="match")
    free = impasto.stylize(array, "scream")
    assert np.abs(matched.mean((0, 1)) - array.mean((0, 1))).max() < 0.03
    assert np.abs(free.mean((0, 1)) - array.mean((0, 1))).max() > 0.05


def test_size_sets_the_longer_side(photo):
    assert impasto.stylize(photo, "scream", size=96).size == (96, 64)
    assert impasto.stylize(photo, "scream", size=300).size == (300, 200)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"strength": 1.5}, "strength 1.5 is out of range; give a number from 0 to 1"),
        ({"strength": "half"}, "strength takes a number from 0 to 1, not the text 'half'"),
        ({"size": -1}, "size -1 is out of range; give the longer side in pixels"),
        ({"size": "512"}, "size takes the longer side in pixels, or 0 to keep it, not the text '512'"),
        ({"size": 512.5}, "size 512.5 is"),
        ({"work_size": 9}, "work size 9 is out of range; give at least 64, or 0"),
        ({"grain": None}, "grain takes a number from 0 to 4, not None"),
        ({"style_scale": np.zeros(2)}, "style_scale takes a number from 0.25 to 32, not a value of type ndarray"),
        ({"max_memory": -1}, "max memory -1"),
        ({"max_memory": "much"}, "no amount of memory"),
        ({"max_pixels": 0}, "max pixels 0"),
        ({"colors": "contents"}, r"no colour mode contents; did you mean content\?"),
        ({"device": "toaster"}, "no device toaster; give one of auto, cpu"),
    ],
)
def test_options_out_of_range_are_refused(photo, wrong, said):
    with pytest.raises(InputError, match=said):
        impasto.stylize(photo, "scream", **wrong)


def test_options_are_any_numbers_and_memory_is_taken_as_the_command_line_writes_it():
    assert Options().strength == 1
    assert Options(size=np.int64(512), work_size=np.int64(0), strength=np.float32(0.5)).size == 512
    assert (Options(max_memory="2G").max_memory, Options(max_memory="auto").max_memory) == (2 * 10**9, 0)
    assert Options(max_memory=2e9).max_memory == 2e9


def test_misspelt_options_and_what_is_no_style_are_refused(small):
    with pytest.raises(InputError, match=r"no option strenght; did you mean strength\?"):
        impasto.stylize(small, "scream", strenght=0.5)
    for style in (None, 3, [None], object()):
        with pytest.raises(InputError, match="A style is a name, a style file or a picture, not"):
            impasto.stylize(small, style)


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match="a PIL image, an array or a tensor"):
        impasto.stylize(object(), "scream")  # type: ignore[call-overload]
    with pytest.raises(StyleError, match="did you mean scream"):
        impasto.stylize(np.zeros((4, 4, 3), np.uint8), "skream")


def test_a_style_of_another_network_is_refused(photo):
    from impasto import load_style
    from impasto.styles.style import Style

    scream = load_style("scream")
    for foreign in (
        Style("foreign", scream.scale, scream.shift, "another"),
        Style("short", scream.scale[:-1], scream.shift[:-1], scream.network),
    ):
        with pytest.raises(StyleError, match="was made for network"):
            impasto.stylize(photo, foreign)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "1"])
def test_strength_0_gives_back_the_exact_pixels(photo, mode):
    image = photo.resize((31, 17)).convert(mode)
    same = impasto.stylize(image, "scream", strength=0)
    wanted = image.convert(same.mode) if mode != "CMYK" else same
    assert same.size == image.size
    assert np.array_equal(np.asarray(same), np.asarray(wanted))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_strength_0_gives_back_the_exact_array(photo, dtype):
    array = np.asarray(photo)[:20, :30].astype(dtype)
    array = array * 257 if dtype == np.uint16 else array / dtype(255) if dtype not in (np.uint8,) else array
    array = array.astype(np.float32).astype(dtype)
    assert np.array_equal(impasto.stylize(array, "scream", strength=0), array)


@pytest.mark.parametrize("style", ["scream", "udnie"])
def test_the_full_style_is_approached_without_a_jump(photo, style):
    array = np.asarray(photo, np.float32) / 255
    nearly, full = (impasto.stylize(array, style, strength=s) for s in (0.999, 1.0))
    assert np.abs(nearly - full).mean() < 0.01
    barely = impasto.stylize(array, style, strength=0.001)
    assert 0 < np.abs(barely - array).mean() < 0.01


def test_grey_and_16_bit_pictures_are_painted_in_full_depth(photo):
    deep = np.asarray(photo.convert("L"), np.uint16) * 257
    painted = impasto.stylize(deep, "great-wave")
    assert painted.shape == (*deep.shape, 3)
    assert len(np.unique(painted)) > 256 * 4


def test_a_blend_is_the_same_however_its_weights_are_written(small):
    array = np.asarray(small)
    first = impasto.stylize(array, ["scream:2", "udnie:6"])
    assert np.array_equal(first, impasto.stylize(array, [("scream", 1), ("udnie", 3.0)]))


def test_the_result_says_how_it_was_made_and_keeps_the_metadata(small, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    small.save(tmp_path / "a.jpg", exif=exif)
    out = impasto.stylize(tmp_path / "a.jpg", ["scream:3", "udnie"], strength=0.5, size=40, output=tmp_path / "o.jpg")
    with Image.open(out) as image:
        assert image.size == (40, 26)
        assert image.getexif()[0x010F] == "Camera maker"
        software = image.getexif()[0x0131]
    for part in (f"impasto {impasto.__version__}", "scream", "udnie", "0.75", "strength=0.5", "size=40"):
        assert part in software
    assert "colors" not in software  # defaults are left out


@pytest.mark.parametrize("masked", [False, True])
def test_the_result_says_all_weights_also_of_styles_of_one_name_and_beside_masks(small, tmp_path, masked):
    again = replace(impasto.load_style("udnie"), name="scream")
    styles = [(impasto.load_style("scream"), 3), (again, 1)]
    white = np.full((32, 48), 255, np.uint8)
    options = {"masks": {"great-wave": white}, "mask": white} if masked else {}
    line = Painter([*styles, *options.get("masks", [])], Options(**options)).describe()
    assert "blend=scream:0.75+scream:0.25" in line
    assert ("mask=strength masks=great-wave" in line) == masked


def test_bytes_keep_their_format_and_what_cannot_be_written_becomes_png(small):
    for given_format, expected in {"JPEG": "JPEG", "WEBP": "WEBP", "TIFF": "TIFF", "BMP": "PNG", "GIF": "PNG"}.items():
        encoded = io.BytesIO()
        small.save(encoded, given_format)
        with Image.open(io.BytesIO(impasto.stylize(encoded.getvalue(), "scream"))) as image:
            assert (image.format, image.size) == (expected, small.size)


def test_all_kinds_give_the_same_painting(small, tmp_path):
    small.save(tmp_path / "a.png")
    wanted = impasto.stylize(np.asarray(small), "scream")
    seen = [
        np.asarray(impasto.stylize(small, "scream")),
        np.asarray(Image.open(impasto.stylize(tmp_path / "a.png", "scream", output=tmp_path / "b.png"))),
        np.asarray(Image.open(impasto.stylize(str(tmp_path / "a.png"), Path("scream").name))),
        np.asarray(Image.open(io.BytesIO(impasto.stylize((tmp_path / "a.png").read_bytes(), "scream")))),
    ]
    assert all(np.array_equal(other, wanted) for other in seen)


def test_what_went_in_is_left_as_it_was(small, cutout):
    for image in (np.asarray(small, np.float32) / 255, np.asarray(cutout).copy()):
        before = image.copy()
        impasto.stylize(image, "scream", colors="match")
        assert np.array_equal(image, before)


def test_what_comes_out_is_never_the_memory_that_went_in(monkeypatch):
    monkeypatch.setattr(painter, "COMPACT_PIXELS", 100)
    array = np.zeros((20, 30, 3), np.uint8)
    result = impasto.stylize(array, "scream", strength=0)
    assert not np.shares_memory(result, array)


def test_two_pictures_do_not_become_one_file(small, tmp_path):
    for name in ("q.gif", "q.png"):
        small.save(tmp_path / name)
    with pytest.raises(InputError, match="would both become"):
        impasto.stylize([tmp_path / "q.gif", tmp_path / "q.png"], "scream")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("wrong", ["x", None, [1]])
def test_a_weight_that_is_no_number_is_one_sentence(small, wrong):
    with pytest.raises(InputError, match="The weight of scream is"):
        impasto.stylize(small, [("scream", wrong)])
    with pytest.raises(InputError, match="The weight of scream is"):
        impasto.stylize(small, {"scream": wrong})
    with pytest.raises(InputError, match="A style is a name, a style file or a picture, not a tuple"):
        impasto.stylize(small, [("scream",)])


def test_several_pictures_cannot_go_to_one_output(small, tmp_path):
    with pytest.raises(InputError, match="One output"):
        impasto.stylize([small, small], "scream", output=tmp_path / "o.png")
    assert impasto.stylize([], "scream") == []


def test_an_output_is_for_a_picture_that_is_a_path(small, tmp_path):
    encoded = io.BytesIO()
    small.save(encoded, "PNG")
    for image in (small, np.asarray(small), encoded.getvalue()):
        with pytest.raises(InputError, match="given as a path can have an output"):
            impasto.stylize(image, "scream", output=tmp_path / "o.png")


def test_an_output_of_no_format_is_refused_before_the_work(small, tmp_path):
    with pytest.raises(OutputError, match="names no format"):
        impasto.stylize(tmp_path / "not-even-there.png", "scream", output=tmp_path / "o.docx")


def test_max_pixels_refuses_what_is_larger(small, tmp_path):
    small.save(tmp_path / "a.png")
    with pytest.raises(InputError, match="48 x 32"):
        impasto.stylize(tmp_path / "a.png", "scream", max_pixels=48 * 32 - 1)
    impasto.stylize(tmp_path / "a.png", "scream", max_pixels=48 * 32, strength=0)
    for image in (small, np.asarray(small), np.asarray(small.convert("L"))):
        with pytest.raises(InputError, match="48 x 32"):
            impasto.stylize(image, "scream", max_pixels=48 * 32 - 1)


def test_a_file_that_can_only_be_read_whole_heeds_the_limit_of_memory(tmp_path):
    Image.new("RGB", (8000, 6000)).save(tmp_path / "x.webp", lossless=True)
    limited = Painter("scream", Options(max_memory=256_000_000))
    with pytest.raises(OutOfMemoryError, match=r"x\.webp has 8000 x 6000 pixels, which take 340 MB .* --max-memory"):
        limited.paint_file(tmp_path / "x.webp", tmp_path / "y.png")
