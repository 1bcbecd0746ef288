import functools
import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

import impasto
from impasto.errors import InputError, OutputError
from impasto.locks import locked
from impasto.optimisation import api
from impasto.optimisation.style_pictures import read_styles

QUICK = {"iterations": 2, "scales": 1}
STYLE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (160, 150, 3), np.uint8))


@pytest.fixture
def folder(tmp_path, small):
    small.save(tmp_path / "photo.png")
    STYLE.save(tmp_path / "waves.png")
    STYLE.rotate(90).save(tmp_path / "other.png")
    return tmp_path


def test_paths_give_paths_with_the_settings_inside(folder):
    done = impasto.paint(folder / "photo.png", str(folder / "waves.png"), style_weight=7, **QUICK)
    assert done == folder / "photo-waves.png"
    with Image.open(done) as image:
        assert image.size == (48, 32)
        assert "paint style=waves.png style_weight=7 iterations=2 scales=1" in image.text["Software"]
    assert sorted(path.name for path in folder.iterdir()) == ["other.png", "photo-waves.png", "photo.png", "waves.png"]


def test_bytes_images_and_arrays(small, cutout):
    buffer = io.BytesIO()
    small.save(buffer, "JPEG")
    with Image.open(io.BytesIO(impasto.paint(buffer.getvalue(), STYLE, **QUICK))) as image:
        assert (image.format, image.size) == ("JPEG", small.size)
    painted = impasto.paint(cutout, STYLE, **QUICK)
    assert painted.mode == "RGBA"
    assert np.array_equal(np.asarray(painted)[..., 3], np.asarray(cutout)[..., 3])
    for array in (np.asarray(small), np.asarray(small, np.float32) / 255):
        painted = impasto.paint(array, np.asarray(STYLE), **QUICK)
        assert (painted.dtype, painted.shape) == (array.dtype, array.shape)
        assert not np.array_equal(painted, array)


def test_sizes_and_colours(small):
    assert impasto.paint(small, STYLE, size=30, **QUICK).size == (30, 20)
    content = np.asarray(small.convert("YCbCr"), float)
    painted = impasto.paint(small, STYLE, colors="content", **QUICK)
    changed = np.asarray(painted.convert("YCbCr"), float) - content
    assert np.abs(changed[..., 1:]).mean() < 0.3 * np.abs(changed[..., 0]).mean() + 2
    grey = np.asarray(small.convert("L").convert("RGB"))
    assert np.asarray(impasto.paint(grey, STYLE, colors="match", iterations=3, scales=1)).std(axis=2).mean() < 6
    assert impasto.paint(small, STYLE, colors="match-before", **QUICK).size == small.size


@pytest.mark.parametrize("colors", ["content", "match"])
def test_colours_stay_where_no_style_applies(small, colors):
    mask = Image.new("L", small.size)
    mask.paste(255, (0, 0, 24, 32))
    painted = np.asarray(impasto.paint(small, STYLE, masks={0: mask}, colors=colors, iterations=4, scales=1))
    assert np.array_equal(painted[:, 24:], np.asarray(small)[:, 24:])
    assert np.abs(painted[:, :24] - np.asarray(small, float)[:, :24]).mean() > 2


def test_several_styles_with_weights_and_masks(folder, small):
    mask = Image.new("L", small.size)
    mask.paste(255, (0, 0, 24, 32))
    blend = impasto.paint(small, [f"{folder / 'waves.png'}:3", (folder / "other.png", 1)], **QUICK)
    masked = impasto.paint(small, [folder / "waves.png", folder / "other.png"], masks={"waves": mask}, **QUICK)
    assert blend.size == masked.size == small.size
    assert read_styles([f"{folder / 'waves.png'}:3", (STYLE, 2)])[0].weight == 3


def test_a_start_of_any_kind(small):
    grey = Image.new("RGB", small.size, (128, 128, 128))
    buffer = io.BytesIO()
    grey.save(buffer, "PNG")
    for init in (grey, np.asarray(grey), buffer.getvalue()):
        still = impasto.paint(small, STYLE, init=init, iterations=0, scales=1)
        assert np.array_equal(np.asarray(still), np.asarray(grey))


def test_interrupted_paths_keep_the_picture_and_go_on(folder):
    def interrupt(progress):
        if progress.iteration == 1:
            raise KeyboardInterrupt

    target = folder / "out.png"
    with pytest.raises(KeyboardInterrupt):
        impasto.paint(folder / "photo.png", folder / "waves.png", output=target, progress=interrupt, **QUICK)
    assert target.exists()
    assert api.state_path(target).exists()
    assert impasto.paint(folder / "photo.png", folder / "waves.png", output=target, resume=True, **QUICK) == target
    assert not api.state_path(target).exists()  # the picture is beyond it


def test_a_second_run_to_one_output_is_told_who_makes_it(folder):
    target = folder / "o.png"
    with locked(target), pytest.raises(OutputError, match="is being made by another run"):
        impasto.paint(folder / "photo.png", folder / "waves.png", output=target, **QUICK)
    assert not target.exists()


def test_resuming_with_other_weights_or_styles_is_said(folder, caplog):
    target = folder / "out.png"
    paint = functools.partial(impasto.paint, folder / "photo.png", output=target, keep_state=True, **QUICK)
    paint(folder / "waves.png")
    paint(folder / "waves.png", resume=True)
    assert "afresh" not in caplog.text
    before = target.read_bytes()
    for style, weight in (("waves.png", 60), ("other.png", 30)):
        caplog.clear()
        paint(folder / style, style_weight=weight, resume=True)
        assert "the optimiser begins afresh on the picture so far" in caplog.text
    assert target.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"style": "nowhere.png"}, InputError, "nowhere.png does not exist"),
        ({"style": (STYLE, 0)}, InputError, "weights of all styles are 0"),
        ({"style": (STYLE, -1)}, InputError, "weight -1 of a style"),
        ({"style": []}, InputError, "No style picture is given"),
        ({"style": "photograph"}, InputError, "by impasto apply --style photograph"),
        ({"style": STYLE, "contnt_weight": 2}, InputError, r"no option contnt_weight; did you mean content_weight\?"),
        ({"style": STYLE, "mask": {}}, InputError, r"no option mask; did you mean masks\?"),
        ({"style": STYLE, "dream": 3}, InputError, "dream 3 are no layers"),
        ({"style": STYLE, "max_memory": "much"}, InputError, "no amount of memory"),
        (
            {"style": STYLE, "masks": {0: Image.new("L", (20, 20), 255)}},
            InputError,
            "20 x 20 pixels and the picture",
        ),
        ({"style": STYLE, "masks": {"sky": Image.new("L", (48, 32), 255)}}, InputError, "no style sky"),
        ({"style": STYLE, "masks": {0: Image.new("L", (48, 32))}}, InputError, "black all over"),
        ({"style": STYLE, "style_weight": 0, "content_weight": 0}, InputError, "All weights are 0"),
        ({"style": STYLE, "style_layers": {"relu9_1": 1}}, InputError, "no layer relu9_1"),
        ({"style": STYLE, "output": "x.png"}, InputError, "given as a path"),
        ({"style": STYLE, "init": "nowhere.png"}, InputError, "nowhere.png does not exist"),
        ({"style": {}}, InputError, "No style picture is given"),
    ],
)
def test_bad_input_gets_one_sentence(small, arguments, error, said):
    with pytest.raises(error, match=said):
        impasto.paint(small, arguments.pop("style"), **arguments, **QUICK)


def test_styles_and_masks_have_the_limit_of_pixels_too(folder, small):
    (folder / "mask.png").write_bytes((folder / "photo.png").read_bytes())
    assert impasto.paint(small, folder / "waves.png", max_pixels=160 * 150, **QUICK)
    with pytest.raises(InputError, match="more than the limit of 23,999"):
        impasto.paint(small, folder / "waves.png", max_pixels=160 * 150 - 1, **QUICK)
    with pytest.raises(InputError, match="48 x 32 pixels, more than the limit"):
        read_styles(STYLE.resize((30, 30)), {0: folder / "mask.png"}, max_pixels=1000)


def test_a_format_that_cannot_be_written_is_refused_before_the_work(folder):
    with pytest.raises(OutputError, match="names no format"):
        impasto.paint(folder / "photo.png", STYLE, output=folder / "out.xyz")
