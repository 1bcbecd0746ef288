"""What ``impasto.stylize`` takes and gives back: kinds of pictures, of styles, and progress."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError, StyleError
from impasto.learning import cache as learning

STYLE = "scream"


@pytest.fixture(scope="module")
def tiny(small):
    return small.resize((32, 24))


@pytest.fixture(scope="module")
def painted(tiny) -> np.ndarray:
    """The tiny picture in the style, H x W x 3 of uint8."""
    return np.asarray(impasto.stylize(tiny, STYLE))


def test_styles_and_weights_may_be_a_dictionary_a_generator_or_a_pair(tiny):
    expected = impasto.stylize(tiny, ["scream:2", "udnie"])
    assert impasto.stylize(tiny, {"scream": 2, "udnie": 1}) == expected
    assert impasto.stylize(tiny, {"scream": np.float32(2), impasto.load_style("udnie"): np.int64(1)}) == expected
    assert impasto.stylize(tiny, (pair for pair in [("scream", 2), ("udnie", 1)])) == expected
    assert impasto.stylize(tiny, ("scream", 3)) == impasto.stylize(tiny, "scream")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
def test_an_array_of_several_pictures_comes_back_as_one(tiny, painted, dtype):
    one = np.asarray(tiny) if np.dtype(dtype).kind == "u" else np.asarray(tiny) / 255
    one = (one.astype(np.uint16) * 257 if dtype is np.uint16 else one).astype(dtype)
    several = impasto.stylize(np.stack([one, one[::-1]]), STYLE)
    assert (several.shape, several.dtype) == ((2, 24, 32, 3), dtype)
    full = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    assert np.abs(several[0] / full - painted / 255).max() < 0.01
    assert np.array_equal(several[1], impasto.stylize(one[::-1], STYLE))


def test_several_pictures_with_alpha_keep_it_and_grey_ones_get_colours(tiny):
    rgba = np.dstack([np.asarray(tiny), np.full((24, 32), 255, np.uint8)])
    assert impasto.stylize(np.stack([rgba, rgba]), STYLE).shape == (2, 24, 32, 4)
    assert impasto.stylize(rgba[None, ..., :1], STYLE).shape == (1, 24, 32, 3)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64", "uint8"])
def test_tensors_come_back_as_tensors_of_the_same_type(tiny, painted, kind):
    torch = pytest.importorskip("torch")
    array = np.moveaxis(np.asarray(tiny), -1, 0).copy()
    tensor = torch.from_numpy(array)
    tensor = tensor if kind == "uint8" else (tensor / 255).to(getattr(torch, kind)).requires_grad_()
    one, several = impasto.stylize(tensor, STYLE), impasto.stylize(torch.stack([tensor, tensor]), STYLE)
    assert (one.shape, one.dtype, one.device) == (tensor.shape, tensor.dtype, tensor.device)
    assert (several.shape, several.dtype) == ((2, 3, 24, 32), tensor.dtype)
    assert torch.equal(several[1], one)
    assert not one.requires_grad
    scale = 1 if kind == "uint8" else 255
    assert np.abs(np.moveaxis(one.float().numpy() * scale, 0, -1) - painted).max() < 6
    assert np.array_equal(impasto.stylize(tensor, STYLE, strength=0).detach().float(), tensor.detach().float())


def test_a_grey_tensor_and_one_with_alpha_are_taken(tiny):
    torch = pytest.importorskip("torch")
    assert impasto.stylize(torch.rand(24, 32), STYLE).shape == (3, 24, 32)
    assert impasto.stylize(torch.rand(1, 24, 32), STYLE).shape == (3, 24, 32)
    assert impasto.stylize(torch.rand(4, 24, 32), STYLE).shape == (4, 24, 32)
    mask = torch.zeros(24, 32)
    mask[:, :16] = 1
    assert impasto.stylize(tiny, STYLE, mask=mask) == impasto.stylize(tiny, STYLE, mask=mask.numpy())


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        ((24, 32, 3), "float32", "A tensor of shape .24, 32, 3. is no picture: give 3 x H x W"),
        ((2, 24, 32, 3), "float32", "holds no pictures: give N x 3 x H x W"),
        ((0, 3, 8, 8), "float32", "has no pixels"),
        ((3, 8, 8), "int64", "convert it to uint8 or float32"),
        ((3, 8, 8), "complex64", "convert it to uint8 or float32"),
        ((3,), "float32", "is no picture"),
    ],
)
def test_tensors_that_are_no_pictures_are_refused(shape, kind, said):
    torch = pytest.importorskip("torch")
    with pytest.raises(InputError, match=said):
        impasto.stylize(torch.zeros(shape, dtype=getattr(torch, kind)), STYLE)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((8, 8, 3), 200.0), "not all in 0 to 1"),
        (np.full((8, 8, 3), np.nan), "values that are not finite"),
        (np.full((8, 8, 3), -np.inf, np.float32), "values that are not finite"),
        (np.full((2, 8, 8, 3), 200.0, np.float32), "not all in 0 to 1"),
        (np.zeros((3, 8, 8), np.uint8), "give H x W, or H x W x 1, 3 or 4"),
        (np.zeros((2, 3, 8, 8), np.uint8), "holds no pictures: give N x H x W x 3"),
        (np.zeros((0, 8, 8, 3), np.uint8), "has no pixels"),
        (np.zeros((1, 2, 8, 8, 3), np.uint8), "is no picture"),
        (np.zeros((8, 8, 3), np.int64), "convert it to uint8"),
        (np.zeros((8, 8, 3), object), "convert it to uint8"),
        (np.float32(1), "cannot be made from float32"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array, said):
    with pytest.raises(InputError, match=said):
        impasto.stylize(array, STYLE)


def test_open_files_and_other_bytes_give_bytes(tiny, tmp_path, painted):
    tiny.save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    with (tmp_path / "a.png").open("rb") as file:
        results = [
            impasto.stylize(source, STYLE)
            for source in (file, io.BytesIO(data), data, bytearray(data), memoryview(data))
        ]
    for result in results:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(result))), painted)
    with (tmp_path / "a.png").open(encoding="latin-1") as text, pytest.raises(InputError, match="binary mode"):
        impasto.stylize(text, STYLE)
    with pytest.raises(InputError, match="cannot be read"):
        impasto.stylize(file, STYLE)  # it is closed


def test_iterables_give_lists_and_a_generator_is_asked_one_by_one(tiny, tmp_path):
    asked, seen = [], []

    def pictures():
        for number in range(3):
            asked.append(number)
            yield tiny

    results = impasto.stylize(pictures(), STYLE, progress=lambda done, total: seen.append((done, total, len(asked))))
    assert [type(result) for result in results] == [Image.Image] * 3
    assert seen == [(1, 0, 1), (2, 0, 2), (3, 0, 3)]
    for name in "ab":
        tiny.save(tmp_path / f"{name}.png")
    seen.clear()
    paths = impasto.stylize(tmp_path.glob("*.png"), STYLE, progress=lambda *counts: seen.append(counts))
    assert sorted(path.name for path in paths) == ["a-scream.png", "b-scream.png"]
    assert seen == [(1, 2), (2, 2)]


def test_progress_is_told_of_one_picture_and_of_a_list(tiny):
    seen = []
    impasto.stylize(tiny, STYLE, progress=lambda *counts: seen.append(counts))
    impasto.stylize([tiny, np.asarray(tiny)], STYLE, progress=lambda *counts: seen.append(counts))
    assert seen == [(1, 1), (1, 2), (2, 2)]


@pytest.mark.parametrize("wrong", [{"a": 1}, {1, 2}, None, 3, object(), {}])
def test_what_holds_no_picture_is_refused(wrong):
    with pytest.raises(InputError, match="A picture"):
        impasto.stylize(wrong, STYLE)


@pytest.mark.parametrize("none", [[], (), {}, iter(())])
def test_no_style_is_refused_in_a_sentence(tiny, none):
    with pytest.raises(StyleError, match="No style is given"):
        impasto.stylize(tiny, none)


def test_a_picture_of_any_kind_may_stand_where_a_style_does(tiny, tmp_path, monkeypatch):
    learnt = []

    def learn(path, _effort):
        with Image.open(path) as image:
            learnt.append((path.stem, np.asarray(image.convert("RGB"))))
        return replace(impasto.load_style(STYLE), name=path.stem)

    monkeypatch.setattr(learning, "learn_cached_style", learn)
    tiny.save(tmp_path / "waves.png")
    array, expected = np.asarray(tiny), impasto.stylize(tiny, STYLE)
    kinds = [
        tiny,
        array,
        array / 255,
        (tmp_path / "waves.png").read_bytes(),
        (array, 2),
        [array],
        {"udnie": 0, STYLE: 1},
    ]
    for style in kinds:
        assert impasto.stylize(tiny, style) == expected
    with Image.open(tmp_path / "waves.png") as opened, (tmp_path / "waves.png").open("rb") as file:
        assert impasto.stylize(tiny, opened) == impasto.stylize(tiny, file) == expected
    assert all(np.array_equal(pixels, array) for _, pixels in learnt)
    names = [name for name, _ in learnt]
    assert names[-2:] == ["waves", "waves"]
    assert len(set(names[:2])) == 1  # the same pixels, the same name
    assert names[0].startswith("picture-")
    pytest.importorskip("torch")
    import torch

    assert impasto.stylize(tiny, torch.from_numpy(array.copy()).permute(2, 0, 1)) == expected
    assert [*tmp_path.iterdir()] == [tmp_path / "waves.png"]


def test_a_painter_takes_no_picture_as_a_style_but_says_what_does(tiny):
    with pytest.raises(StyleError, match=r"have impasto\.learn_style learn it"):
        impasto.Painter(tiny)


def test_results_in_the_styles_of_two_unnamed_pictures_have_two_names(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(
        learning, "learn_cached_style", lambda path, _effort: replace(impasto.load_style(STYLE), name=path.stem)
    )
    tiny.save(tmp_path / "photo.png")
    one, two = (impasto.stylize(tmp_path / "photo.png", style) for style in (tiny, tiny.rotate(180)))
    assert one != two
    assert isinstance(one, Path)


def test_the_guide_s_sample_of_a_painter_runs(tiny):
    guide = Path(__file__).parents[2] / "docs" / "guide.md"
    sample = guide.read_text().partition("<!-- test: painter -->\n```python\n")[2].partition("```")[0]
    names = {"frames": [tiny, tiny.rotate(180), np.asarray(tiny)]}
    exec(sample, names)
    assert [type(painting) for painting in names["paintings"]] == [Image.Image, Image.Image, np.ndarray]
    assert names["paintings"][0] == impasto.stylize(tiny, "great-wave", strength=0.8)
    assert [rgb.shape for rgb in names["steady"]] == [(24, 32, 3)] * 3


def test_a_painter_takes_options_as_keywords_and_several_threads(tiny):
    painter = impasto.Painter(STYLE, impasto.Options(strength=0.5, grain=0.5), parallel=2, strength=0.7)
    assert (painter.options.strength, painter.options.grain) == (0.7, 0.5)
    pictures = [tiny.rotate(angle) for angle in (0, 90, 180, 270)] * 3
    expected = [painter.stylize(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(painter.stylize, pictures)) == expected
    with pytest.raises(InputError, match=r"is a path.*give it to impasto\.stylize"):
        painter.stylize("photo.jpg")
