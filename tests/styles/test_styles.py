import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import StyleError
from impasto.folders import catalogue_folder
from impasto.styles.blending import blend, load_blend, parse_style
from impasto.styles.catalogue import (
    add_to_catalogue,
    bundled_names,
    catalogue_names,
    load_style,
    picture_of_style,
    remove_from_catalogue,
    video_style,
)
from impasto.styles.files import bundled_network_id  # fmt: skip
from impasto.styles.style import PHOTOGRAPH, EmbeddedNetwork, Style


def style(name, value, network="n"):
    return Style(name, np.full(4, value, np.float32), np.full(4, -value, np.float32), network)


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1).filter(lambda s: ":" not in s), st.floats(0, 100))
def test_a_last_colon_with_a_number_is_a_weight(name, weight):
    assert parse_style(f"{name}:{weight!r}") == (name, weight)
    assert parse_style(name) == (name, 1.0)


def test_other_colons_belong_to_the_name():
    assert parse_style("C:\\styles\\mine") == ("C:\\styles\\mine", 1.0)
    assert parse_style("a:b:2") == ("a:b", 2.0)


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


def test_a_style_wants_grain_as_far_as_it_is_no_photograph():
    photograph, scream = load_style(PHOTOGRAPH), load_style("scream")
    assert [photograph.grain_share, scream.grain_share] == [0, 1]
    assert blend([(photograph, 3), (scream, 1)]).grain_share == pytest.approx(0.25)


def test_a_style_file_reads_back(tmp_path):
    written = Style("mine", np.arange(4, dtype=np.float32), np.ones(4, np.float32), "abc", {"artist": "Me"})
    written.save(tmp_path / "mine.safetensors")
    found = load_style(tmp_path / "mine.safetensors")
    assert (found.name, found.network, found.metadata["artist"]) == ("mine", "abc", "Me")
    assert np.array_equal(found.scale, written.scale)
    assert (tmp_path / "mine.safetensors").stat().st_size < 20_000


def test_metadata_of_any_kind_is_kept_and_replaces_nothing_of_the_file(tmp_path):
    style = Style("mine", np.ones(4, np.float32), np.zeros(4, np.float32), "abc", {"year": 1889, "network": "other"})
    style.save(tmp_path / "mine.safetensors")
    found = load_style(tmp_path / "mine.safetensors")
    assert (found.network, dict(found.metadata)) == ("abc", {"year": "1889"})


def test_every_bundled_style_belongs_to_the_bundled_network():
    from impasto.engines.loading import load_engine

    engine = load_engine("cpu")
    assert bundled_names()[-1] == PHOTOGRAPH
    assert len(bundled_names()) == 41
    for name in bundled_names():
        found = load_style(name)
        assert found.network == engine.network
        assert len(found.scale) == engine.channels
        assert found.metadata["title"]
    assert load_blend(["scream:2", "udnie"]).name == "scream+udnie"


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("starry night", "starry-night"), ("Scream", "scream"), ("udnei", "udnie"), ("night_cafe", "night-cafe")],
)
def test_the_nearest_name_is_suggested(typed, meant):
    with pytest.raises(StyleError, match=f"did you mean {meant}"):
        load_style(typed)


def test_a_name_near_nothing_points_to_the_list():
    with pytest.raises(StyleError, match="impasto styles list"):
        load_style("qqqqqqqq")


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StyleError, match="no picture"):
        load_style(tmp_path / "my-painting.JPG")


def test_a_picture_is_not_learnt_by_loading_it(tmp_path, small):
    small.save(tmp_path / "mine.png")
    with pytest.raises(StyleError, match=r"mine\.png is a picture, not a style; learn its style with impasto learn"):
        load_style(tmp_path / "mine.png")
    with pytest.raises(StyleError, match="is a picture, not a style"):
        load_blend([f"{tmp_path / 'mine.png'}:2", "scream"])


def test_which_style_is_a_picture_still_to_be_learnt(tmp_path, small, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small.save(tmp_path / "mine.png")
    small.save(tmp_path / "known.png")
    load_style("scream").save(catalogue_folder() / "known.png.safetensors")
    assert picture_of_style("mine.png") == picture_of_style(Path("mine.png")) == Path("mine.png")
    assert picture_of_style("known.png") is None  # the catalogue comes first
    assert picture_of_style(Path("known.png")) == Path("known.png")
    for other in ("scream", "none.png", "mine.safetensors", load_style("scream")):
        assert picture_of_style(other) is None


def test_each_message_is_one_line(tmp_path):
    for name in ("nope", "a/b", "x.png", tmp_path / "x.safetensors", ""):
        with pytest.raises(StyleError) as raised:
            load_style(name)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "tensors", [{"scale": (4,)}, {"scale": (4,), "shift": (5,)}, {"scale": (2, 2), "shift": (2, 2)}]
)
def test_a_file_of_other_tensors_is_refused(tmp_path, tensors):
    from safetensors.numpy import save_file

    path = tmp_path / "odd.safetensors"
    arrays = {name: np.ones(shape, np.float32) for name, shape in tensors.items()}
    save_file(arrays, path, metadata={"format": "impasto-style-1"})
    with pytest.raises(StyleError):
        load_style(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e20, 1e300, -101.0])
@pytest.mark.parametrize("place", ["scale", "shift"])
def test_numbers_that_no_style_has_are_refused_where_the_file_is_read(tmp_path, value, place):
    from safetensors.numpy import save_file

    arrays = {name: np.ones(4) for name in ("scale", "shift")}
    arrays[place][2] = value  # in 64 bits, where 1e300 is finite
    arrays["onnx"] = np.zeros(4, np.uint8)
    save_file(arrays, tmp_path / "odd.safetensors", metadata={"format": "impasto-style-1"})
    with pytest.raises(StyleError, match=r"odd\.safetensors is damaged: it has numbers that no style has"):
        load_style(tmp_path / "odd.safetensors")


@pytest.mark.parametrize(("dtype", "size"), [("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("I64", 8), ("BOOL", 1)])
def test_numbers_of_types_that_no_style_has_are_one_sentence(tmp_path, dtype, size):
    entries = {
        name: {"dtype": dtype, "shape": [4], "data_offsets": [4 * size * at, 4 * size * (at + 1)]}
        for at, name in enumerate(("scale", "shift"))
    }
    header = json.dumps({"__metadata__": {"format": "impasto-style-1"}, **entries}).encode()
    path = tmp_path / "odd.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8 * size))
    with pytest.raises(
        StyleError,
        match=rf"odd\.safetensors has its scale as numbers of the type {dtype}, as quantised",
    ):
        load_style(path)


@pytest.mark.parametrize("name", ["", "a\nb", "a\0b", "x" * 200, "\x1b[2J"])
def test_a_file_with_an_impossible_name_in_it_is_refused(tmp_path, name):
    style(name, 1).save(tmp_path / "odd.safetensors")
    with pytest.raises(StyleError, match="the name in it cannot be a style's"):
        load_style(tmp_path / "odd.safetensors")


@pytest.mark.parametrize("network", ["x" * 3000, "a\nb", "\0"])
def test_a_file_of_an_impossible_network_is_refused_in_few_words(tmp_path, network):
    replace(style("mine", 1), network=network).save(tmp_path / "odd.safetensors")
    with pytest.raises(StyleError, match="what it says of its network cannot be") as refused:
        load_style(tmp_path / "odd.safetensors")
    assert len(str(refused.value)) < 400


def test_a_style_in_a_folder_that_was_trained_finds_its_network(tmp_path):
    (tmp_path / "styles").mkdir()
    style("mine", 1).save(tmp_path / "styles" / "mine.safetensors")
    assert load_style(tmp_path / "styles" / "mine.safetensors").embedded is None
    (tmp_path / "network.onnx").write_bytes(b"a network")
    found = load_style(tmp_path / "styles" / "mine.safetensors")
    assert found.embedded == EmbeddedNetwork("n", b"a network")
    scream = load_style("scream")
    scream.save(tmp_path / "styles" / "scream.safetensors")
    assert (
        load_style(tmp_path / "styles" / "scream.safetensors").embedded is None
    )  # it belongs to the package's network


def test_a_network_travels_inside_the_file(tmp_path):
    written = replace(style("mine", 1), embedded=EmbeddedNetwork("n", b"a network"))
    written.save(tmp_path / "mine.safetensors")
    found = load_style(tmp_path / "mine.safetensors")
    assert found.embedded.onnx == b"a network"
    with pytest.raises(StyleError, match="mine brings a network of its own"):
        blend([(found, 1), (load_style("scream"), 1)])
    assert blend([(found, 1), (load_style(tmp_path / "mine.safetensors"), 3)]).embedded == found.embedded


def test_the_style_of_a_video_belongs_to_the_steady_network():
    scream, mixed = load_style("scream"), blend([(load_style("scream"), 1), (load_style("udnie"), 1)])
    for known in (scream, mixed, load_style(PHOTOGRAPH)):
        steady = video_style(known)
        assert steady.embedded.id == steady.network == f"{bundled_network_id()}-steady"
        assert steady.scale is known.scale
        assert (steady.name, steady.grain_share) == (known.name, known.grain_share)
        assert video_style(steady) is steady
    own = replace(style("mine", 1), embedded=EmbeddedNetwork("n", b"a network"))
    assert video_style(own) is own
    older = style("older", 1, "0123456789ab")
    assert video_style(older) is older


def test_the_catalogue_keeps_styles_by_name(own_catalogue):
    assert catalogue_folder() == own_catalogue
    assert catalogue_names() == []
    scream = load_style("scream")
    assert add_to_catalogue(scream, "my scream") == own_catalogue / "my scream.safetensors"
    assert catalogue_names() == ["my scream"]
    found = load_style("my scream")
    assert found.name == "my scream"
    assert np.array_equal(found.scale, scream.scale)
    assert load_blend(["my scream:2", "udnie"]).name == "my scream+udnie"
    with pytest.raises(StyleError, match="already"):
        add_to_catalogue(scream, "my scream")
    add_to_catalogue(load_style("udnie"), "my scream", overwrite=True)
    with pytest.raises(StyleError, match="did you mean my scream"):
        load_style("my-screem")
    remove_from_catalogue("my scream")
    assert catalogue_names() == []


@pytest.mark.parametrize(
    ("name", "words"), [("scream", "bundled"), ("", "bundled"), ("a/b", "cannot be"), ("..", "cannot be")]
)
def test_a_name_that_cannot_be_added(name, words):
    with pytest.raises(StyleError, match=words):
        add_to_catalogue(load_style("scream"), name)


def test_what_is_not_in_the_catalogue_cannot_be_removed():
    with pytest.raises(StyleError, match="comes with Impasto"):
        remove_from_catalogue("scream")
    with pytest.raises(StyleError, match="no style nope in your catalogue"):
        remove_from_catalogue("nope")
    add_to_catalogue(load_style("scream"), "mine")
    with pytest.raises(StyleError, match="did you mean mine"):
        remove_from_catalogue("mien")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=5).filter(lambda weights: sum(weights) > 1e-3))
def test_only_the_proportion_of_weights_matters(weights):
    styles = [style(f"s{index}", index) for index in range(len(weights))]
    one = blend(list(zip(styles, weights, strict=True)))
    two = blend([(item, weight * 8) for item, weight in zip(styles, weights, strict=True)])
    assert np.allclose(one.scale, two.scale)
    assert -1e-4 <= one.scale[0] <= len(weights) - 1 + 1e-4
    assert one.scale.dtype == np.float32


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
def test_parsing_never_fails_and_never_loses_the_name(text):
    name, weight = parse_style(text)
    assert text.startswith(name)
    assert isinstance(weight, float)


def test_a_style_can_be_given_in_every_way(tmp_path):
    scream = load_style("scream")
    scream.save(tmp_path / "copy.safetensors")
    ways = ["scream", scream, ["scream"], [("scream", 2)], tmp_path / "copy.safetensors", ["scream:3"],
            f"{tmp_path / 'copy.safetensors'}:1", [scream, "scream"], iter([scream])]  # fmt: skip
    for way in ways:
        assert np.allclose(load_blend(way).scale, scream.scale, atol=1e-6)
    assert load_style(scream) is scream


def test_a_style_keeps_names_that_are_no_text_escaped(tmp_path):
    style = replace(load_style("scream"), name="caf\udce9", metadata={"pictures": "caf\udce9.jpg"})
    style.save(tmp_path / "a.safetensors")
    assert load_style(tmp_path / "a.safetensors").metadata["pictures"] == "caf\\udce9.jpg"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("scraem", "did you mean scream?"),
        ("night", "did you mean night-cafe or starry-night?"),
        ("Great_Wave off", "did you mean great-wave?"),
        ("munch", "did you mean scream?"),
        ("Van Gogh", "did you mean houses, night-cafe, olive-trees, self-portrait, starry-night or wheat-field?"),
        ("xyzzy", "impasto styles list shows all"),
        ("scream:two", "The weight two of scream is no number; write it as scream:2."),
        ("scream:", "The weight of scream is missing"),
        ("scream+udnie", "name each by itself: --style scream --style udnie."),
        ("scream:2, udnie", "name each by itself: --style scream:2 --style udnie."),
    ],
)
def test_a_name_that_no_style_has_gets_what_was_probably_meant(name, sentence):
    with pytest.raises(StyleError, match=re.escape(sentence)):
        load_style(name)
