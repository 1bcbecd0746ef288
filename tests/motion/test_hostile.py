"""Damaged and odd files end in one sentence or in a sensible result, never in a traceback."""

import numpy as np
import pytest

import impasto
from impasto.motion.bvh import format_bvh, parse_bvh
from impasto.motion.walker import Walk, make_walk

TEXT = format_bvh(make_walk(Walk(), 1.0))


def mutant(seed: int) -> bytes:
    """A file with some bytes, words or lines changed."""
    random = np.random.default_rng(seed)
    data = bytearray(TEXT.encode())
    skeleton = TEXT.index("MOTION")
    for _ in range(random.integers(1, 6)):
        kind, at = random.integers(6), int(random.integers(skeleton if random.random() < 0.6 else len(data)))
        if kind == 0:
            data[at : at + 1] = bytes([random.integers(256)])
        elif kind == 1:
            del data[at : at + int(random.integers(1, 200))]
        elif kind == 2:
            data[at:at] = data[at : at + int(random.integers(1, 300))]
        elif kind == 3:
            del data[at:]
        else:
            words = data.decode("utf-8", "replace").split(" ")
            odd = (
                "nan",
                "1e308",
                "-1e9",
                "0",
                "{",
                "}",
                "JOINT",
                "ROOT x",
                "CHANNELS 6",
                "inf",
                "",
                "99999999",
                "End Site",
            )
            words[int(random.integers(len(words)))] = str(random.choice(odd))
            data = bytearray(" ".join(words).encode())
        if len(data) < 10:
            break
    return bytes(data)


@pytest.mark.parametrize("seed", range(60))
def test_a_mutated_file_is_moved_or_refused_in_a_sentence(seed, old):
    said = ""
    try:
        clip = parse_bvh(mutant(seed), "mutant.bvh")
        for content, style in ((clip, old), (old, clip)):
            result = impasto.stylize_motion(content, style)
            assert np.isfinite(result.clip.channels).all()
            assert result.clip.channels.shape == content.channels.shape
    except impasto.ImpastoError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 400


def test_300_joints_are_moved_in_reasonable_time(old):
    fingers = (
        "JOINT F{}\n{{\nOFFSET 1 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{{\nOFFSET 1 0 0\n}}\n}}\n"
    )
    hand = TEXT.index("End Site", TEXT.index("JOINT LeftHand"))
    more = "".join(fingers.format(i) for i in range(279))
    skeleton, motion = TEXT.split("MOTION")
    skeleton = skeleton[:hand] + more + skeleton[hand:]
    head = motion.split("\n")[:3]
    count = parse_bvh(TEXT.encode(), "a").channels.shape[1] + 3 * 279
    frames = "\n".join(" ".join(["1"] * count) for _ in range(30))
    clip = parse_bvh("\n".join([skeleton + "MOTION", *head[1:], frames]).encode(), "many")
    assert len([joint for joint in clip.joints if joint.name]) == 300
    assert np.isfinite(impasto.stylize_motion(clip, old).clip.channels).all()


def test_z_up_is_moved_and_stays_z_up(old):
    lying = make_walk(Walk(), up="z", naming="unreal", name="z")
    result = impasto.stylize_motion(lying, old).clip
    heads = [clip.world[0][:, [joint.name for joint in clip.joints].index("head")] for clip in (lying, result)]
    assert heads[1][:, 2].min() > 100
    assert heads[1][:, 2].mean() < heads[0][:, 2].mean()  # it stoops
