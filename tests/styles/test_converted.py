import shutil

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from tests.foreign.cases import CASES  # noqa: E402

import impasto  # noqa: E402
from impasto.errors import StyleError  # noqa: E402
from impasto.feedforward.painter import Painter  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402
from impasto.styles.converted import convert_styles, save_all  # noqa: E402

LEVEL = 1 / 255


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("IMPASTO_CACHE", str(folder))
    return folder


def written(name, folder):
    """The path of a case's file in a new folder."""
    folder.mkdir(exist_ok=True)
    return next(case for case in CASES if case.name == name).write(folder)


@pytest.fixture
def old(tmp_path):
    return written("pytorch zip", tmp_path / "old")


@pytest.fixture
def many(tmp_path):
    return written("magenta 0", tmp_path / "many")


def arrays(image):
    return np.asarray(image, np.int16)


@pytest.mark.parametrize("name", ["pytorch zip", "t7 reflect-start", "t7 batch norm"])
def test_tiles_of_a_converted_network_look_as_if_painted_at_once(name, tmp_path, photo):
    style = load_style(written(name, tmp_path / "old"))
    picture = photo.resize((700, 460))
    whole = Painter(style)
    tiled = Painter(style)
    tiled._budget._ceiling = tiled._budget.largest = 1 << 17  # pixels: several tiles
    given = whole.paint(whole.read(picture))
    one = given.picture.rgb
    other = tiled.paint(tiled.read(picture), given.statistics).picture.rgb
    assert np.abs(one - other.astype(np.float32)).max() <= LEVEL


def test_frames_keep_the_statistics_of_the_one_before(old, photo):
    painter = Painter(load_style(old), for_video=True)
    first = painter.paint(painter.read(photo))
    darker = painter.read(Image.eval(photo, lambda value: value // 2))
    alone, steady = painter.paint(darker), painter.paint(darker, first.statistics)
    assert np.abs(alone.picture.rgb - steady.picture.rgb).mean() > LEVEL
    (used,) = steady.statistics.values()
    np.testing.assert_array_equal(used.mean, first.statistics[0, 0].mean)


def test_a_converted_style_is_kept_in_the_cache_until_its_file_changes(old, cache):
    style = load_style(old)
    (kept,) = (cache / "styles").glob("*.safetensors")
    written_at = kept.stat().st_mtime_ns
    again = load_style(str(old))
    assert (again.name, again.network, again.embedded) == ("old", style.network, style.embedded)
    assert kept.stat().st_mtime_ns == written_at
    shutil.copy(written("rrmina", old.parent / "other"), old)
    assert load_style(old).network != style.network
    kept.write_bytes(b"damaged")
    assert load_style(written("pytorch zip", old.parent)).network == style.network


def test_a_blend_with_another_network_is_refused_in_a_sentence(old, photo):
    with pytest.raises(StyleError, match=r"cannot be blended because .* brings a network of its own"):
        impasto.stylize(photo, [str(old), "scream"])


def test_masks_put_a_converted_style_beside_one_of_ours(old, photo):
    mask = np.zeros((128, 192), np.uint8)
    mask[:, :96] = 255
    both = arrays(impasto.stylize(photo, [old, "scream"], masks={str(old): mask}))
    alone = arrays(impasto.stylize(photo, old)), arrays(impasto.stylize(photo, "scream"))
    # Both are painted on a grid that suits both, so that they differ a little from what each paints alone.
    assert np.abs(both[:, :90] - alone[0][:, :90]).mean() < 3
    assert np.abs(both[:, 102:] - alone[1][:, 102:]).mean() < 3


def test_styles_of_one_network_have_numbers_and_can_be_blended(many, photo):
    first, third = (load_style(f"{many}#{number}") for number in (0, 2))
    assert (first.name, third.name) == ("old-0", "old-2")
    assert first.network == third.network
    blended = impasto.stylize(photo, [first, third])
    assert arrays(blended).std() > 5
    with pytest.raises(StyleError, match=r"holds 3 styles; add the number of one, .*old.ckpt#0 to .*#2"):
        load_style(many)
    with pytest.raises(StyleError, match="has no style 3; its styles are numbered from 0 to 2"):
        load_style(f"{many}#3")


def test_a_folder_of_styles_has_the_network_once(many, tmp_path, photo):
    styles = convert_styles(many)
    save_all(styles, tmp_path / "monet")
    paths = sorted((tmp_path / "monet" / "styles").iterdir())
    assert [path.stem for path in paths] == ["old-0", "old-1", "old-2"]
    assert all(path.stat().st_size < 20_000 for path in paths)
    loaded = load_style(paths[1])
    assert loaded.grain_share == 0
    np.testing.assert_array_equal(arrays(impasto.stylize(photo, loaded)), arrays(impasto.stylize(photo, styles[1])))


def test_what_is_no_network_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("hello, these are notes")
    with pytest.raises(
        StyleError, match=r"notes.txt cannot be converted: it is in no format that is known here; give "
    ) as caught:
        load_style(tmp_path / "notes.txt")
    assert (caught.value.key, caught.value.values) == ("foreign_unknown", {"name": "notes.txt"})
    with pytest.raises(StyleError, match="There is no style file"):
        load_style(tmp_path / "missing.t7")


def test_grain_does_nothing_to_a_converted_style(old, photo):
    np.testing.assert_array_equal(
        arrays(impasto.stylize(photo, old, grain=0)), arrays(impasto.stylize(photo, old, grain=2))
    )
