import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import StyleError
from impasto.styles import PHOTOGRAPH, Style, blend, bundled, load_style, parse, resolve


def style(name, value, network="n"):
    return Style(name, np.full(4, value, np.float32), np.full(4, -value, np.float32), network)


@given(st.text(min_size=1).filter(lambda s: ":" not in s), st.floats(0, 100))
def test_a_last_colon_with_a_number_is_a_weight(name, weight):
    assert parse(f"{name}:{weight!r}") == (name, weight)
    assert parse(name) == (name, 1.0)


def test_other_colons_belong_to_the_name():
    assert parse("C:\\styles\\mine") == ("C:\\styles\\mine", 1.0)
    assert parse("a:b:2") == ("a:b", 2.0)


def test_blending_is_the_weighted_mean():
    mixed = blend([(style("one", 1), 3), (style("two", 5), 1)])
    assert np.allclose(mixed.scale, 2)
    assert np.allclose(mixed.shift, -2)
    assert mixed.name == "one+two"
    with pytest.raises(StyleError, match="different networks"):
        blend([(style("one", 1), 1), (style("two", 1, "m"), 1)])
    for weights in ((0, 0), (-1, 2), (float("nan"), 1), (float("inf"), 1)):
        with pytest.raises(StyleError, match="weights"):
            blend([(style("one", 1), weights[0]), (style("two", 1), weights[1])])
    with pytest.raises(StyleError, match="No style"):
        blend([])


def test_towards_is_a_straight_line():
    one, two = style("one", 1), style("two", 3)
    assert np.allclose(one.towards(two, 0).scale, 1)
    assert np.allclose(one.towards(two, 0.5).scale, 2)
    assert np.allclose(one.towards(two, 1).scale, 3)


def test_a_style_file_reads_back(tmp_path):
    written = Style("mine", np.arange(4, dtype=np.float32), np.ones(4, np.float32), "abc", {"artist": "Me"})
    written.save(tmp_path / "mine.safetensors")
    found = load_style(tmp_path / "mine.safetensors")
    assert (found.name, found.network, found.metadata["artist"]) == ("mine", "abc", "Me")
    assert np.array_equal(found.scale, written.scale)
    assert (tmp_path / "mine.safetensors").stat().st_size < 20_000


def test_every_bundled_style_belongs_to_the_bundled_network():
    from impasto.engines import load_engine

    engine = load_engine("cpu")
    assert bundled()[-1] == PHOTOGRAPH
    assert len(bundled()) == 15
    for name in bundled():
        found = load_style(name)
        assert found.network == engine.network
        assert len(found.scale) == engine.channels
        assert found.metadata["title"]
    assert resolve(["scream:2", "udnie"]).name == "scream+udnie"


def test_what_is_no_style_gets_one_sentence(tmp_path):
    with pytest.raises(StyleError, match="did you mean great-wave"):
        load_style("Great Wave")
    with pytest.raises(StyleError, match="no style file"):
        load_style(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    with pytest.raises(StyleError, match="cannot be read"):
        load_style(tmp_path / "bad.safetensors")
    Style("nan", np.full(4, np.nan, np.float32), np.ones(4, np.float32), "n").save(tmp_path / "nan.safetensors")
    with pytest.raises(StyleError, match="damaged"):
        load_style(tmp_path / "nan.safetensors")
