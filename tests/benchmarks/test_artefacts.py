"""Each number fails on a picture with its artefact and stays small on one without."""

import numpy as np
import pytest

import artefacts


@pytest.fixture(scope="module")
def picture(photo):
    return np.asarray(photo.resize((512, 336)), dtype=np.float64) / 255


def with_grid(picture, period, levels):
    """A smooth wave of that period over both directions, of that amplitude in levels."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    wave = np.cos(2 * np.pi * x / period) * np.cos(2 * np.pi * y / period)
    wave = wave / wave.std()
    return np.clip(picture + levels / 255 * wave[..., None], 0, 1)


@pytest.mark.parametrize("period", artefacts.GRIDS)
def test_grid_finds_a_weave_of_three_levels_and_only_at_its_period(picture, period):
    own = {p: artefacts.grid(picture, p) for p in artefacts.GRIDS}
    woven = {p: artefacts.grid(with_grid(picture, period, 3), p) for p in artefacts.GRIDS}
    assert all(value < 0.6 for value in own.values())
    assert woven[period] == pytest.approx(3, rel=0.25)
    assert all(woven[p] == pytest.approx(own[p], abs=0.3) for p in artefacts.GRIDS if p != period)


def test_border_finds_a_frame_and_a_smear(picture):
    framed, smeared = picture.copy(), picture.copy()
    framed[:3] += 0.3
    framed[3] -= 0.3
    smeared[:6] = smeared[6:7]
    assert artefacts.border(picture) < 1
    assert artefacts.border(framed) > 1.3
    assert artefacts.border(smeared) > 1.3


def test_border_is_the_same_on_each_side(picture):
    framed = picture.copy()
    framed[:, -4:] = np.random.default_rng(0).random((336, 4, 3))
    assert artefacts.border(framed) == pytest.approx(artefacts.border(np.rot90(framed)))


def test_spots_are_counted(picture):
    sky = artefacts.smoothed(picture[..., 0], 6)[..., None].repeat(3, axis=2)
    spotted = sky.copy()
    places = [(40 + 30 * (i // 10), 30 + 45 * (i % 10)) for i in range(60)]
    for y, x in places:
        spotted[y : y + 2, x : x + 2] = 1 - np.round(spotted[y, x])
    assert artefacts.spots(sky) == 0
    assert artefacts.spots(spotted) == pytest.approx(1e5 * 60 / (330 * 506), rel=0.2)


def test_spots_are_neither_lines_nor_noise(picture):
    lined = np.full_like(picture, 0.5)
    lined[::24] = 0
    assert artefacts.spots(lined) == 0
    assert artefacts.spots(np.random.default_rng(0).random((200, 200, 3))) < 3


def test_roughness_is_that_of_what_is_on_a_flat_or_smooth_picture():
    smooth = np.linspace(0.2, 0.8, 512)[None, :, None] * np.ones((336, 1, 3))
    noisy = smooth + np.random.default_rng(0).normal(0, 4 / 255, smooth.shape)
    assert artefacts.roughness(np.full((100, 100, 3), 0.5)) == pytest.approx(0, abs=1e-6)
    assert artefacts.roughness(smooth) < 1.5
    assert artefacts.roughness(noisy) == pytest.approx(4, rel=0.1)


def test_repetition_finds_a_motif_that_returns(picture):
    motif = np.random.default_rng(0).random((40, 40, 3))
    motif = np.stack([artefacts.smoothed(motif[..., c], 2) for c in range(3)], axis=2)
    wallpaper = np.tile(motif, (9, 13, 1))[:336, :512]
    mixed = np.clip(picture + 1.5 * (wallpaper - wallpaper.mean()), 0, 1)
    assert artefacts.repetition(wallpaper) > 0.9
    assert artefacts.repetition(mixed) > 1.5 * artefacts.repetition(picture)


def test_training_is_told_the_same_repetition(picture, monkeypatch):
    """`impasto.networks.patterns.repetition` is a mean over several peaks; with the highest alone it is this one."""
    torch = pytest.importorskip("torch")
    from impasto.networks import patterns

    monkeypatch.setattr(patterns, "_COUNTED_PEAKS", 1)
    monkeypatch.setattr(patterns, "_CHANCE_CORRELATION", 0.0)
    for crop in (picture[:200, :200], picture[100:300, 150:350], np.tile(picture[:50, :40], (4, 5, 1))):
        found = patterns.repetition(torch.from_numpy(crop.transpose(2, 0, 1)[None].copy()))
        assert found.item() == pytest.approx(artefacts.repetition(crop), abs=0.03)


def test_training_is_told_the_same_weave(picture):
    """`artefacts.grid` takes away what the spectrum has beside the pattern; both see one that is added."""
    torch = pytest.importorskip("torch")
    from impasto.networks import patterns

    pattern = np.random.default_rng(0).normal(0, 1, (4, 4, 1))
    pattern -= np.tile(pattern.reshape(2, 2, 2, 2, 1).mean(axis=(0, 2)), (2, 2, 1))  # what two pixels repeat, too
    woven = picture[:208, :208] + 4 / 255 * np.tile(pattern, (52, 52, 1))
    found = patterns.weave(torch.from_numpy(woven.transpose(2, 0, 1)[None].copy()))
    assert found.item() ** 0.5 == pytest.approx(artefacts.grid(woven, 4), rel=0.1)


def test_repetition_of_noise_and_of_a_flat_picture_is_nothing():
    noise = np.random.default_rng(0).random((336, 512, 3))
    rough = np.stack([artefacts.smoothed(noise[..., c], 2) for c in range(3)], axis=2)
    assert artefacts.repetition(np.full((336, 512, 3), 0.5)) == 0
    assert artefacts.repetition(noise) < 0.08
    assert artefacts.repetition(rough) < 0.25


def test_difference_leaves_the_margin_out():
    a, b = np.zeros((20, 20, 3)), np.zeros((20, 20, 3))
    b[0] = 1
    assert artefacts.difference(a, b) == pytest.approx(255 / 20)
    assert artefacts.difference(a, b, margin=2) == 0
