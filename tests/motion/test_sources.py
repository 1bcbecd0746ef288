from pathlib import Path

import pytest

from impasto.errors import InputError, StyleError
from impasto.motion.api import learn_motion
from impasto.motion.body import PARTS
from impasto.motion.bvh import write_bvh
from impasto.motion.sources import as_weighted, load_motion, parse_motion_style


def test_a_style_is_written_with_parts_and_weight():
    assert parse_motion_style("old.bvh") == ("old.bvh", 1.0, PARTS)
    assert parse_motion_style("arms,head=old.bvh:2") == ("old.bvh", 2.0, ("arms", "head"))
    with pytest.raises(InputError, match=r"There is no part arm; did you mean arms\?"):
        parse_motion_style("arm=old.bvh")


def test_styles_come_in_every_form(plain):
    assert as_weighted("a.bvh") == [("a.bvh", 1.0, PARTS)]
    assert as_weighted(("a.bvh", 2)) == [("a.bvh", 2.0, PARTS)]
    assert as_weighted(("a.bvh:2", "legs=b.bvh")) == [("a.bvh", 2.0, PARTS), ("b.bvh", 1.0, ("legs",))]
    assert as_weighted((plain, plain)) == [(plain, 1.0, PARTS), (plain, 1.0, PARTS)]
    assert as_weighted({"legs=a.bvh": 2, "b.bvh": 1}) == [("a.bvh", 2.0, ("legs",)), ("b.bvh", 1.0, PARTS)]
    assert as_weighted([plain, Path("a.bvh")]) == [(plain, 1.0, PARTS), (Path("a.bvh"), 1.0, PARTS)]
    for wrong in (("a.bvh", -1), ("a.bvh", float("nan")), {"a.bvh": 0}):
        with pytest.raises(InputError, match="weight"):
            as_weighted(wrong)


def test_a_style_is_a_clip_a_file_or_a_name_of_the_catalogue(plain, tmp_path, own_catalogue):
    write_bvh(plain, tmp_path / "a.bvh")
    learn_motion(plain, own_catalogue / "mine.safetensors")
    for source in (plain, tmp_path / "a.bvh", own_catalogue / "mine.safetensors", "mine"):
        assert load_motion(source, {}).frequency == pytest.approx(0.9, rel=0.05)


def test_what_is_no_style_of_motion_is_said(tmp_path):
    for source, said in (
        ("scream", "scream is a style of pictures"),
        ("no such", "There is no style of movement no such"),
        (tmp_path / "a.safetensors", "There is no style file"),
        (tmp_path / "a.txt", "There is no style of movement"),
    ):
        with pytest.raises(StyleError, match=said):
            load_motion(source, {})
    (tmp_path / "a.txt").write_text("no style")
    with pytest.raises(StyleError, match="is no style of movement"):
        load_motion(tmp_path / "a.txt", {})
    with pytest.raises(InputError, match="not 7"):
        load_motion(7, {})
