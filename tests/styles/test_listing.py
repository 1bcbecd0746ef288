import logging
from dataclasses import replace

import impasto
from impasto.styles.catalogue import add_to_catalogue, bundled_names


def test_all_styles_are_listed_with_what_is_known_of_them(own_catalogue):
    learnt = replace(impasto.load_style("scream"), metadata={"title": "Soot", "pictures": "soot.jpg"})
    add_to_catalogue(learnt, "soot")
    listed = {style.name: style for style in impasto.list_styles()}
    assert list(listed) == [*bundled_names(), "soot"]
    night, soot = listed["starry-night"], listed["soot"]
    assert (night.title, night.artist, night.year) == ("The Starry Night", "Vincent van Gogh", "1889")
    assert (night.origin, night.learnt_from, night.own_network) == ("bundled", "", False)
    assert (soot.origin, soot.title, soot.artist, soot.learnt_from) == ("catalogue", "Soot", "", "soot.jpg")


def test_a_damaged_file_of_the_catalogue_hides_no_other_style(own_catalogue, caplog):
    (own_catalogue / "broken.safetensors").write_bytes(b"no style")
    with caplog.at_level(logging.WARNING):
        assert [style.name for style in impasto.list_styles()] == bundled_names()
    assert "broken.safetensors" in caplog.text
