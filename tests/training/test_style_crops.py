import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from impasto.errors import InputError  # noqa: E402
from impasto.training.style_crops import StyleCrops, read_held_out  # noqa: E402


@pytest.fixture
def styles(tmp_path):
    """Two flat pictures, one of them far longer than high, and a file that is none."""
    folder = tmp_path / "styles"
    folder.mkdir()
    Image.new("RGB", (80, 64), "red").save(folder / "red.png")
    Image.new("RGB", (900, 64), "blue").save(folder / "scroll.png")
    (folder / "bad.jpg").write_bytes(b"bad")
    return folder


def test_pieces_are_squares_of_pictures_in_other_colours(styles, caplog):
    crops = StyleCrops(styles, side=64)
    pieces = crops.batch(60)
    assert pieces.shape == (60, 3, 64, 64)
    assert pieces.min() >= 0
    assert pieces.max() <= 1
    colours = {tuple(np.round(piece.mean(dim=(1, 2)).numpy(), 2)) for piece in pieces}
    assert (1.0, 0.0, 0.0) in colours
    assert (0.0, 0.0, 1.0) in colours
    assert len(colours) > 10
    assert "bad.jpg" in caplog.text


def test_a_scroll_is_cut_and_what_is_held_out_is_left_out(styles):
    assert sorted(picture.shape[1] for picture in StyleCrops(styles).pictures) == [80, 192]
    assert [picture.shape[1] for picture in StyleCrops(styles, held_out={"scroll.png"}).pictures] == [80]
    with pytest.raises(InputError, match="can be read"):
        StyleCrops(styles, held_out={"scroll.png", "red.png"})


def test_the_same_seed_and_the_state_give_the_same_pieces(styles):
    one, two = (StyleCrops(styles, side=64, seed=3) for _ in range(2))
    assert torch.equal(one.batch(3), two.batch(3))
    state = one.state()
    expected = one.batch(3)
    two.set_state(state)
    assert torch.equal(two.batch(3), expected)


def test_a_list_of_what_is_held_out_has_a_name_a_line(tmp_path):
    (tmp_path / "list.txt").write_text("# why\na.jpg 0123\n\nb.jpg\n")
    assert read_held_out(tmp_path / "list.txt") == {"a.jpg", "b.jpg"}
    with pytest.raises(InputError, match="cannot be read"):
        read_held_out(tmp_path / "none.txt")
