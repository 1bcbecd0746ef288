import numpy as np
import pytest

from impasto.errors import InputError
from impasto.motion.body import PARTS, see_body
from impasto.motion.clip import Clip
from impasto.motion.feet import contacts, feet_of, travel_speed
from impasto.motion.options import MotionOptions
from impasto.motion.style import measure_style
from impasto.motion.transfer import WeightedStyle, transfer
from impasto.motion.walker import Walk, make_walk

from .conftest import OLD


def led(content: Clip, *styles: WeightedStyle, neutral: Clip | None = None, **options: object):
    without = None if neutral is None else measure_style(see_body(neutral), "neutral")
    return transfer(see_body(content), styles, MotionOptions(**options), without)


def style(clip: Clip, weight: float = 1.0, parts: tuple[str, ...] = PARTS) -> WeightedStyle:
    return WeightedStyle(measure_style(see_body(clip), clip.name), weight, parts)


def lean(clip: Clip) -> float:
    trunk = see_body(clip).directions["trunk"].mean(axis=0)
    return float(np.arctan2(trunk[2], trunk[1]))


def sliding(clip: Clip) -> float:
    body = see_body(clip)
    feet = feet_of(body, body.positions)
    stands = contacts(feet, body.leg, clip.rate)
    return float((np.linalg.norm(np.diff(feet.toes, axis=1), axis=2) * clip.rate / body.leg)[stands[:, 1:]].mean())


def test_a_walk_takes_the_truth_of_another_walk_on_another_skeleton(plain, old):
    """The walker with the style's numbers at the content's cadence is known: that is what has to come out."""
    result = led(plain, style(old))
    assert result.methods == {"old": "gait"}
    truth = see_body(make_walk(Walk(**{**vars(OLD), "cadence": 0.9}), 4.0))
    body = see_body(result.clip)
    inner = slice(15, -15)
    for name in ("trunk", "left-upper-arm", "left-thigh", "right-shin"):
        away = np.degrees(np.arccos(np.clip(np.sum(body.directions[name] * truth.directions[name], axis=1), -1, 1)))
        assert away[inner].mean() < 8, name
    assert travel_speed(body) == pytest.approx(0.9 * OLD.stride, rel=0.15)
    assert sliding(result.clip) < 0.1
    assert result.clip.frames == plain.frames
    assert result.clip.joints == plain.joints


@pytest.mark.parametrize("method", ["gait", "statistics", "neutral"])
def test_bones_keep_their_length(plain, old, method):
    clip = led(plain, style(old), method=method, neutral=plain).clip
    for index, joint in enumerate(clip.joints):
        if joint.parent >= 0:
            length = np.linalg.norm(clip.world[0][:, index] - clip.world[0][:, joint.parent], axis=1)
            assert np.abs(length - np.linalg.norm(joint.offset)).max() < 1e-6


def test_strength_goes_from_nothing_to_beyond_the_style(plain, old):
    assert np.array_equal(led(plain, style(old), strength=0).clip.channels, plain.channels)
    leans = [lean(led(plain, style(old), strength=strength).clip) for strength in (0, 0.5, 1, 1.5)]
    assert leans == sorted(leans)
    assert leans[2] == pytest.approx(lean(old), abs=0.05)
    assert leans[1] == pytest.approx(leans[2] / 2, abs=0.05)


def test_a_style_of_itself_changes_little(plain):
    result = led(plain, style(plain))
    assert np.abs(result.clip.world[0] - plain.world[0]).max() < 15  # centimetres, of 4.7 metres of its way


def test_weights_blend(plain, old):
    both = led(plain, style(old, 1.0), style(make_walk(Walk(), name="other"), 1.0))
    assert lean(both.clip) == pytest.approx(lean(old) / 2, abs=0.05)
    assert np.allclose(led(plain, style(old), style(plain, 0.0)).clip.channels, led(plain, style(old)).clip.channels)


def test_parts_take_the_style_and_others_stay(plain, old):
    arms = see_body(led(plain, style(old, parts=("arms",))).clip)
    assert lean(arms.clip) == pytest.approx(0, abs=0.01)
    assert np.abs(arms.directions["left-thigh"] - see_body(plain).directions["left-thigh"]).max() < 1e-6
    wanted = see_body(old).directions["left-upper-arm"].mean(axis=0)
    assert np.abs(arms.directions["left-upper-arm"].mean(axis=0) - wanted).max() < 0.1


def test_a_neutral_clip_carries_the_style_to_another_action(plain, old):
    """A walk on the spot with its arms held ahead stoops, and keeps its arms ahead."""
    content = make_walk(Walk(stride=0.0, arms_ahead=1.4, arm_swing=0.05), 3.0, name="ahead")
    without = led(content, style(old))
    assert any("--neutral" in notice for notice in without.notices)
    result = led(content, style(old), neutral=make_walk(Walk(**{**vars(OLD), "stoop": 0.0})))
    assert result.methods == {"old": "neutral"}
    assert lean(result.clip) == pytest.approx(lean(old), abs=0.05)
    assert see_body(result.clip).directions["left-upper-arm"][:, 2].mean() > 0.8


def test_the_way_can_stay_and_feet_can_be_free(plain, old):
    same = see_body(led(plain, style(old), path="content").clip)
    way = [body.positions[:, body.joints["hips"]][:, [0, 2]] for body in (same, see_body(plain))]
    assert np.abs(way[0] - way[1]).max() < 1e-6
    wobbling = make_walk(Walk(**{**vars(OLD), "cadence": 0.65}), 4.0, name="other")
    assert sliding(led(plain, style(wobbling)).clip) < sliding(led(plain, style(wobbling), feet="free").clip)


def test_knees_never_bend_forward_even_beyond_the_style(plain, old):
    body = see_body(led(old, style(make_walk(Walk(stride=1.4), 4.0, name="long")), strength=2).clip)
    thigh, shin = body.directions["left-thigh"], body.directions["left-shin"]
    bend = np.arctan2(thigh[:, 1] * shin[:, 2] - thigh[:, 2] * shin[:, 1], np.sum(thigh[:, 1:] * shin[:, 1:], axis=1))
    assert bend.min() > -0.05


@pytest.mark.parametrize("rate", [24.0, 60.0, 120.0])
def test_the_number_of_frames_a_second_does_not_matter(old, plain, rate):
    fast = led(make_walk(Walk(), 4.0, rate), style(make_walk(OLD, 4.0, 37.0, name="old"))).clip
    usual = led(plain, style(old)).clip
    assert lean(fast) == pytest.approx(lean(usual), abs=0.03)
    assert travel_speed(see_body(fast)) == pytest.approx(travel_speed(see_body(usual)), rel=0.1)


def test_what_a_method_needs_is_said(plain, old):
    standing = make_walk(Walk(stride=0.0), 2.0, name="standing")
    with pytest.raises(InputError, match="standing has no steady steps"):
        led(plain, style(standing), method="gait")
    with pytest.raises(InputError, match="needs a neutral clip"):
        led(plain, style(old), method="neutral")


def test_one_frame_and_a_body_without_feet_are_moved_as_far_as_they_can(plain, old):
    one = Clip(plain.joints, plain.channels[:1], plain.frame_time, "one")
    assert np.isfinite(led(one, style(old)).clip.channels).all()
    assert np.isfinite(led(plain, style(one)).clip.channels).all()
    footless = Clip(
        tuple(
            type(joint)(
                "Stump" if joint.name in ("LeftFoot", "RightFoot") else joint.name, *list(vars(joint).values())[1:]
            )
            for joint in plain.joints
        ),
        plain.channels,
        plain.frame_time,
        "footless",
    )
    result = led(footless, style(old))
    assert any("Not found in footless: left-foot, right-foot" in notice for notice in result.notices)
    assert lean(result.clip) > 0.2
