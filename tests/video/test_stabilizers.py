from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import compute, warp
from impasto.flow.files import write_certainty, write_flo
from impasto.flow.forward_backward import consistency
from impasto.pictures.conversion import from_array
from impasto.video.flow_files import FlowFiles
from impasto.video.keyframes import Keyframes
from impasto.video.motion import fast_consistency
from impasto.video.moving_grain import fixed_grain
from impasto.video.scene_cuts import is_scene_cut, thumbnail
from impasto.video.source import open_source
from impasto.video.stabilizers import STABILIZE, make_stabilizer

from .clips import make_clip, scene


def texture(seed, height=96, width=200):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (height // 4, width // 4, 3), np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def painted(mode, frames, style="starry-night"):
    steady, painter = make_stabilizer(mode), Painter(style)
    return [steady.paint(frame, painter).astype(np.float64) for frame in frames]


@pytest.fixture(scope="module")
def panning():
    scene_ = texture(1)
    return [np.ascontiguousarray(scene_[:, 3 * i : 3 * i + 128]) for i in range(8)]


def error(frames, results):
    """Mean squared difference of a result and the last one moved along, where the flow is sure."""
    found = []
    for index in range(3, len(frames)):
        back = compute(frames[index], frames[index - 1])
        sure = consistency(back, compute(frames[index - 1], frames[index])) > 200
        off = results[index] - warp(results[index - 1].astype(np.float32), back)
        found.append(float((off**2)[sure].mean()))
    return np.mean(found)


def test_a_moving_picture_is_steadier_and_not_much_softer(panning):
    results = {mode: painted(mode, panning) for mode in STABILIZE}
    errors = {mode: error(panning, results[mode]) for mode in STABILIZE}
    assert errors["light"] < 0.3 * errors["off"]
    assert errors["flow"] < 0.15 * errors["off"]
    energy = {mode: np.mean(np.diff(r[-1], axis=1) ** 2) for mode, r in results.items()}
    # Texture as fine as the pixels, in fast motion, is the worst case; real clips keep far more.
    assert energy["flow"] > 0.55 * energy["off"]
    assert energy["light"] > 0.55 * energy["off"]


def test_a_moving_picture_is_steadier_where_strokes_are_laid_small_and_refined(panning):
    options = Options(work_size=64)
    results = {mode: painted_with(mode, panning, "starry-night", options) for mode in ("off", "light")}
    assert error(panning, results["light"]) < 0.4 * error(panning, results["off"])


def test_grain_that_travels_is_seen_where_strokes_are_laid(panning):
    picture = from_array(panning[0])
    painter = Painter("starry-night", Options(work_size=64), for_video=True)
    still, moved = (np.roll(fixed_grain(*panning[0].shape[:2]), shift, axis=1) for shift in (0, 40))
    results = [painter.paint(picture, grain=grain).picture.rgb for grain in (still, still, moved)]
    assert np.array_equal(results[0], results[1])
    assert np.abs(results[0] - results[2]).mean() > 0.01


def flicker_under_noise(still):
    """Mean change of the painting of a still picture with a camera's noise, by mode."""
    rng = np.random.default_rng(0)
    frames = [np.clip(still + rng.normal(0, 3, still.shape), 0, 255).astype(np.uint8) for _ in range(6)]
    results = {mode: painted(mode, frames)[1:] for mode in STABILIZE}
    return {mode: np.mean([np.abs(b - a).mean() for a, b in pairwise(found)]) for mode, found in results.items()}


def test_noise_on_a_still_picture_does_not_flicker():
    flicker = flicker_under_noise(texture(2, width=128))
    assert flicker["light"] < 0.3 * flicker["off"]
    assert flicker["flow"] < 0.3 * flicker["off"]


def test_noise_in_the_dark_is_no_motion():
    """Around something bright: flow finds a motion of several pixels in noise on black."""
    still = np.zeros((144, 256, 3), np.uint8)
    still[48:104, 96:160] = texture(3, height=56, width=64)
    flicker = flicker_under_noise(still)
    assert flicker["light"] < 1.2 * flicker["off"]
    assert flicker["flow"] < 1.2 * flicker["off"]


@pytest.mark.parametrize("mode", ["light", "flow"])
def test_a_cut_leaves_no_ghost(mode):
    one, two = texture(3, width=128), 255 - texture(4, width=128) // 3
    results = painted(mode, [one, one, two])
    alone = painted(mode, [two])[0]
    np.testing.assert_array_equal(results[2], alone)


def test_cuts_are_told_from_motion_and_light():
    one, two = texture(5), texture(6) // 2
    assert is_scene_cut(thumbnail(two), thumbnail(one))
    for changed in (np.roll(one, 9, axis=1), np.clip(one * 1.1, 0, 255).astype(np.uint8), one[:, ::1]):
        assert not is_scene_cut(thumbnail(changed), thumbnail(one))


def test_a_thing_that_comes_and_goes_leaves_no_ghost():
    still = texture(7, width=160)
    frames = [still.copy() for _ in range(6)]
    frames[2][30:60, 60:100] = (250, 40, 30)
    frames[3][30:60, 70:110] = (250, 40, 30)
    for mode in ("light", "flow"):
        results, plain = painted(mode, frames), painted("off", frames)
        ghost = np.abs(results[5] - plain[5])[36:54, 66:94].mean()
        assert ghost < 0.5 * np.abs(plain[2] - plain[5])[36:54, 66:94].mean()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("mode", STABILIZE)
def test_a_state_goes_on_as_if_nothing_had_happened(mode, masked, panning):
    painters = [Painter("scream", Options(mask=moving_mask(i) if masked else None)) for i in range(4)]
    whole, first, second = make_stabilizer(mode), make_stabilizer(mode), make_stabilizer(mode)
    wanted = [whole.paint(frame, painter) for frame, painter in zip(panning, painters, strict=False)]
    for frame, painter in zip(panning[:2], painters, strict=False):
        first.paint(frame, painter)
    second.restore({name: value.copy() for name, value in first.state().items()})
    for frame, painter, result in zip(panning[2:4], painters[2:], wanted[2:], strict=True):
        np.testing.assert_array_equal(second.paint(frame, painter), result)


def moving_mask(index):
    mask = np.zeros((96, 128), np.uint8)
    mask[:, 100 - 20 * index :] = 255
    return mask


def test_styles_between_two_times_are_a_mixture():
    frames = Keyframes("scream", {2: "udnie", 4: ["udnie:1", "tahiti:3"]})
    assert frames.name == "scream"
    assert [(s.name, w) for s, w in frames.at(0.0)[0]] == [("scream", 1.0)]
    blend, changing = frames.at(0.5)
    assert changing
    assert [(s.name, w) for s, w in blend] == [("scream", 0.75), ("udnie", 0.25)]
    blend, _ = frames.at(3.0)
    assert {s.name: w for s, w in blend} == pytest.approx({"udnie": 0.625, "tahiti": 0.375})
    assert not frames.at(9.0)[1]


def test_small_and_odd_frames_are_steady_too(tmp_path):
    clip = make_clip(tmp_path / "in.mkv", frames=3, width=17, height=9, codec="ffv1", pixel_format="bgr0", sound=())
    frames = [frame.rgb for frame in open_source(clip).frames()]
    assert frames[0].shape == scene(0, 17, 9).shape
    for mode in STABILIZE:
        assert painted(mode, frames)[2].shape == (9, 17, 3)


def test_the_quick_check_of_flow_is_the_exact_one_but_for_rounding(panning):
    flow, opposite = compute(panning[3], panning[0]), compute(panning[0], panning[3])
    exact = consistency(flow, opposite) / 254
    assert 0.1 < exact.mean() < 0.95
    assert (np.abs(fast_consistency(flow, opposite) - exact) > 0.02).mean() < 0.01


@pytest.mark.parametrize("mode", STABILIZE)
def test_networks_side_by_side_change_nothing(mode, panning):
    painter = Painter("scream")
    one_by_one, overlapping = make_stabilizer(mode), make_stabilizer(mode)
    wanted = [one_by_one.paint(frame, painter) for frame in panning[:5]]
    begun = [overlapping.begin(panning[0])]
    for index, result in enumerate(wanted):
        if index < 4:
            begun.append(overlapping.begin(panning[index + 1]))
        for each in begun[::-1]:
            if not each.painted.size:
                overlapping.run_network(each, painter)
        np.testing.assert_array_equal(overlapping.finish(begun.pop(0)), result)


def test_grain_travels_with_the_picture_and_keeps_its_contrast(panning):
    steady = make_stabilizer("flow")
    first, *_, last = [steady.begin(frame).grain for frame in panning[:4]]
    inner = np.s_[16:-16, 16:-40]
    # What is coarse is much like itself nine pixels on, whether it travels or not.
    fine, last_fine = (g - cv2.blur(g, (16, 16)) for g in (first, last))
    followed, fixed = (
        np.corrcoef(last_fine[inner].ravel(), g[inner].ravel())[0, 1] for g in (np.roll(fine, -9, 1), fine)
    )
    assert followed > 0.6
    assert followed > fixed + 0.3
    assert 0.8 < last.std() / first.std() < 1.2
    assert 0.8 < last_fine.std() / fine.std() < 1.2


@pytest.mark.parametrize("mode", STABILIZE)
def test_what_is_not_to_be_painted_stays_as_it_is(mode, panning):
    mask = np.zeros(panning[0].shape[:2], np.uint8)
    mask[:, 64:] = 255
    for options, where in ((Options(strength=0), slice(None)), (Options(mask=mask), slice(0, 63))):
        steady, painter = make_stabilizer(mode), Painter("scream", options)
        for frame in panning:
            assert np.array_equal(steady.paint(frame, painter)[:, where], frame[:, where])


@pytest.mark.parametrize("mode", ["light", "flow"])
def test_the_edge_of_a_mask_stays_where_it_is(mode, panning):
    mask = np.zeros(panning[0].shape[:2], np.uint8)
    mask[:, 64:] = 255
    masked = painted_with(mode, panning, ["udnie", "scream"], Options(masks={"scream": mask}))
    for side, name in ((slice(0, 56), "udnie"), (slice(72, None), "scream")):
        alone, other = (
            painted_with(mode, panning, style, Options()) for style in (name, "scream" if name == "udnie" else "udnie")
        )
        to_own, to_other = (np.abs(masked[-1][:, side] - x[-1][:, side]).mean() for x in (alone, other))
        assert to_own < 0.5 * to_other


def painted_with(mode, frames, style, options):
    steady, painter = make_stabilizer(mode), Painter(style, options)
    return [steady.paint(frame, painter).astype(np.float64) for frame in frames]


def test_flow_files_take_the_place_of_computed_flow(tmp_path, panning):
    height, width = panning[0].shape[:2]
    for index in range(1, len(panning)):
        right = np.zeros((height, width, 2), np.float32)
        right[..., 0] = 3
        write_flo(right, tmp_path / f"b_{index + 1}_{index}.flo")
        write_certainty(np.full((height, width), 255, np.uint8), tmp_path / f"c_{index + 1}_{index}.pgm")
    files = FlowFiles(str(tmp_path / "b_[%d]_{%d}.flo"), str(tmp_path / "c_[%d]_{%d}.pgm"))

    def paint(steady):
        painter = Painter("udnie")
        return [steady.paint(frame, painter).astype(np.float64) for frame in panning]

    def never(*_):
        raise AssertionError("flow was computed")

    steady = make_stabilizer("flow", files=files)
    steady.estimate = never
    assert error(panning, paint(steady)) < 0.2 * error(panning, paint(make_stabilizer("off")))
    with pytest.raises(InputError, match="cannot be read"):
        paint(make_stabilizer("flow", files=FlowFiles(str(tmp_path / "none_[%d]_{%d}.flo"))))
