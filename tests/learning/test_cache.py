"""Pictures that stand where a style is asked for, and the cache of their styles."""

import re
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import impasto
from impasto.cli import cli
from impasto.errors import InputError, MissingExtraError
from impasto.learning import cache
from impasto.locks import locked
from impasto.styles.catalogue import load_style
from impasto.version import install_command

TINY = {"steps": 2, "check_every": 2, "crop": 64, "crops": 4, "held_out": 3}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """An empty cache instead of the user's."""
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def fitted(photos, monkeypatch):
    """The efforts with which styles are made; fitting takes no time here."""
    pytest.importorskip("torch")
    learn, efforts = cache.learn_style, []

    def quick(picture, output=None, *, effort, progress=None):
        efforts.append(effort)
        more = {} if effort == "quick" else {"photos": photos, **TINY}
        return learn(picture, output, effort=effort, progress=progress, **more)

    monkeypatch.setattr(cache, "learn_style", quick)
    return efforts


def test_a_picture_is_a_style_and_fitted_once(waves, fitted, tmp_path, photo):
    photo.save(tmp_path / "photo.png")
    arguments = ["apply", str(tmp_path / "photo.png"), "--style", f"{waves}:2", "--style", "scream"]
    result = CliRunner().invoke(cli, [*arguments, "-o", str(tmp_path / "one.png")], catch_exceptions=False)
    assert result.exit_code == 0
    assert fitted == ["draft"]
    assert cache.is_style_cached(waves, "draft")
    first = cache.learn_cached_style(waves)
    assert first.name == "waves"
    impasto.stylize(photo, str(waves))
    assert fitted == ["draft"]
    other = tmp_path / "photograph.png"  # what no style that is learnt may be called
    with Image.open(waves) as image:
        image.rotate(90).save(other)
    assert not cache.is_style_cached(other, "draft")
    turned = cache.learn_cached_style(other)
    assert turned.name == "photograph"
    assert not np.allclose(turned.scale, first.scale)
    for kept in (tmp_path / "cache" / "styles").glob("*.safetensors"):
        kept.write_bytes(b"broken")
    assert cache.learn_cached_style(waves).name == "waves"


def test_the_best_that_is_kept_is_taken_unless_an_effort_is_named(waves, fitted):
    assert cache.effort_for(waves) == "draft"
    cache.learn_cached_style(waves, "full")
    assert cache.effort_for(waves) == "full"
    assert cache.learn_cached_style(waves).metadata["style_effort"] == "full"
    assert cache.learn_cached_style(waves, "quick").metadata["style_effort"] == "quick"
    assert cache.learn_cached_style(waves, "draft").metadata["style_effort"] == "draft"
    assert fitted == ["full", "quick", "draft"]


def test_without_the_extra_a_picture_is_predicted_and_what_needs_it_names_it(waves, monkeypatch, photo):
    monkeypatch.setattr(cache.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert impasto.stylize(photo, waves) == impasto.stylize(photo, waves, style_effort="quick")
    with pytest.raises(MissingExtraError, match=re.escape(install_command("train"))):
        impasto.stylize(photo, waves, style_effort="draft")


def test_results_of_two_efforts_are_told_apart(waves, fitted, tmp_path, photo):
    photo.save(tmp_path / "photo.png")
    results = [impasto.stylize(tmp_path / "photo.png", waves, style_effort=how) for how in ("quick", "draft", "quick")]
    assert [path.name for path in results] == ["photo-waves.png", "photo-waves-2.png", "photo-waves.png"]
    with Image.open(results[0]) as image:
        assert "style=waves style_effort=quick" in str(image.info)


def test_pictures_among_styles_are_replaced_and_know_how_they_were_written(waves, monkeypatch):
    scream = load_style("scream")
    monkeypatch.setattr(cache, "learn_cached_style", lambda picture, _effort: replace(scream, name=picture.stem))
    found = cache.with_learnt_pictures([f"{waves}:2", "udnie:3", waves, (str(waves), 4), ("udnie", 5), scream])
    assert [item for item in found if not isinstance(item, tuple)] == ["udnie:3", scream]
    assert found[4] == ("udnie", 5)
    learnt = [found[index] for index in (0, 2, 3)]
    assert [(style.name, style.given_as, weight) for style, weight in learnt] == [
        ("waves", str(waves), weight) for weight in (2, 1, 4)
    ]
    ((style, weight),) = cache.with_learnt_pictures(waves)
    assert (style.name, weight) == ("waves", 1)


def test_a_mask_goes_by_the_path_of_the_picture_whose_style_it_is_for(waves, photo, monkeypatch):
    scream = load_style("scream")
    monkeypatch.setattr(cache, "learn_cached_style", lambda picture, _effort: replace(scream, name=picture.stem))
    mask = np.zeros((photo.height, photo.width), np.uint8)
    mask[:, :100] = 255
    masked = impasto.stylize(photo, [str(waves), "udnie"], masks={str(waves): mask})
    assert masked == impasto.stylize(photo, ["scream", "udnie"], masks={"scream": mask})
    with pytest.raises(InputError, match=f"take one of {waves}, udnie"):
        impasto.stylize(photo, [str(waves), "udnie"], masks={"waves": mask})


def test_a_style_that_another_run_is_learning_for_the_cache_is_waited_for(waves, tmp_path, monkeypatch, caplog):
    pytest.importorskip("torch")
    monkeypatch.setattr(cache, "learn_style", lambda *_, **__: pytest.fail("it is learnt twice"))
    target = cache._cache_file(waves, "draft")
    found = []
    with locked(target):
        waiting = threading.Thread(target=lambda: found.append(cache.learn_cached_style(waves)))
        waiting.start()
        for _ in range(100):
            time.sleep(0.05)
            if caplog.messages:
                break
        load_style("scream").save(target)
    waiting.join(20)
    assert [style.name for style in found] == ["waves"]
    assert "Waiting for another run" in caplog.text
