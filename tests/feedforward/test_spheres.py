import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.feedforward import composition
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from spheres import all_around, steps


@pytest.fixture(scope="module")
def world():
    return all_around(256)


@pytest.mark.parametrize("style", ["starry-night", "stained-glass", "mosaic"])
def test_the_meridian_is_no_seam_and_a_pole_is_one_place(world, style):
    flat = impasto.stylize(world, style)
    painted = impasto.stylize(world, style, projection="equirectangular")
    assert painted.shape == world.shape
    assert steps(flat)[0] > steps(flat)[1:].max()  # without, there is one
    assert steps(painted)[0] <= steps(painted)[1:].max()
    for row in (0, -1):  # all of it shows one place
        assert painted[row].std(0).mean() < 0.5 * flat[row].std(0).mean()


def test_the_seam_is_closed_where_strokes_are_large_or_small_and_memory_is_short(world):
    for options in ({"style_scale": 2.0}, {"style_scale": 0.5}, {"max_memory": "200M", "work_size": 128}):
        painted = impasto.stylize(world, "stained-glass", projection="equirectangular", **options)
        assert steps(painted)[0] <= steps(painted)[1:].max(), options


def test_colours_of_all_views_are_matched_by_one_map(world, monkeypatch):
    made, make = [], composition.color_transport
    monkeypatch.setattr(composition, "color_transport", lambda *given: made.append(make(*given)) or made[-1])
    painted = impasto.stylize(world, "scream", projection="equirectangular", colors="match")
    assert len(made) == 1
    assert np.abs(painted[32:-32].mean((0, 1)) - world[32:-32].mean((0, 1))).max() < 20  # most of the first view


def test_masks_and_transparency_go_with_the_sphere(world):
    mask = np.zeros(world.shape[:2], np.uint8)
    mask[:, :128] = 255
    painted = impasto.stylize(world, "scream", projection="equirectangular", mask=mask)
    assert np.abs(painted[:, 140:-8].astype(int) - world[:, 140:-8]).mean() < 1
    assert np.abs(painted[:, 8:120].astype(int) - world[:, 8:120]).mean() > 10
    cutout = impasto.stylize(np.dstack([world, mask]), "scream", projection="equirectangular")
    assert np.array_equal(cutout[..., 3], mask)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_samples_keep_their_type(world, kind):
    scale = 257 if kind == np.uint16 else 1 / 255
    deep = (world.astype(np.float64) * scale).astype(kind)
    painted = impasto.stylize(deep, "udnie", projection="equirectangular")
    assert painted.dtype == kind
    shallow = impasto.stylize(world, "udnie", projection="equirectangular")
    assert np.abs(painted / scale - shallow).mean() < 1


def test_no_style_is_the_photograph(world):
    assert np.array_equal(impasto.stylize(world, "udnie", projection="equirectangular", strength=0), world)


def test_progress_runs_over_all_views(world):
    told = []
    Painter("udnie", Options(projection="equirectangular")).paint(world, progress=lambda *now: told.append(now))
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)


def test_a_photograph_that_says_so_is_painted_all_around_and_its_result_says_so(world, tmp_path):
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" '
        b'GPano:ProjectionType="equirectangular" GPano:FullPanoWidthPixels="256" GPano:FullPanoHeightPixels="128" '
        b'GPano:CroppedAreaImageWidthPixels="256" GPano:CroppedAreaImageHeightPixels="128"/></rdf:RDF></x:xmpmeta>'
    )
    Image.fromarray(world).save(tmp_path / "in.jpg", quality=98, xmp=xmp)
    impasto.stylize(tmp_path / "in.jpg", "scream", output=tmp_path / "out.png", size=192)
    with Image.open(tmp_path / "out.png") as image:
        painted, kept = np.asarray(image), image.info["xmp"]
    assert steps(painted)[0] <= steps(painted)[1:].max()
    assert b'GPano:ProjectionType="equirectangular"' in kept
    assert b'GPano:FullPanoWidthPixels="192"' in kept
    impasto.stylize(tmp_path / "in.jpg", "scream", output=tmp_path / "flat.png", size=192, projection="flat")
    with Image.open(tmp_path / "flat.png") as image:
        assert steps(np.asarray(image))[0] > steps(np.asarray(image))[1:].max()
