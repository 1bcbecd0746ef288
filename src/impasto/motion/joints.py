"""Which joint of a skeleton is which part of the body, by the names that the usual programs give them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from impasto.errors import InputError
from impasto.motion.clip import Clip
from impasto.options import suggest

PARTS_BY_SIDE = ("collar", "upper-arm", "lower-arm", "hand", "thigh", "shin", "foot", "toe")
CENTRAL_PARTS = ("hips", "neck", "head")
BODY_PARTS = (*CENTRAL_PARTS, *(f"{side}-{part}" for side in ("left", "right") for part in PARTS_BY_SIDE))
"""What ``--map`` takes on the left of its ``=``."""

# Words for a part, without prefix, side and separators, the more certain ones first. CMU, Xia and Mixamo (UpLeg, Leg,
# Foot, ToeBase, Arm, ForeArm), cgspeed (Hip, Knee, Ankle, Collar, Shoulder, Elbow, Wrist), Bandai-Namco (UpperLeg,
# LowerLeg, Toes), 3ds Max and Unreal (Thigh, Calf, Ball, Clavicle), Poser and DAZ (Shin, Shldr, ThighBend), SMPL.
_WORDS = {
    "thigh": ("upleg", "upperleg", "thigh", "thighbend", "legupper", "femur", "hip", "leg"),
    "shin": ("lowerleg", "loleg", "lowleg", "leglower", "shin", "calf", "knee", "tibia", "leg"),
    "foot": ("ankle", "foot"),
    "toe": ("toebase", "toe", "toes", "toe0", "toe1", "ball", "foot"),
    "collar": ("collar", "clavicle", "collarbone", "shoulder"),
    "upper-arm": ("upperarm", "uparm", "armupper", "arm", "shldr", "shldrbend", "humerus", "shoulder"),
    "lower-arm": ("forearm", "forearmbend", "lowerarm", "loarm", "lowarm", "armlower", "elbow", "radius"),
    "hand": ("wrist", "hand"),
    "hips": ("hips", "pelvis", "hip", "spinebase", "root", "cog"),
    "neck": ("neck", "neck1", "neck01", "neckbase", "lowerneck", "necklower", "neckupper"),
    "head": ("head", "headbase"),
}
# Joints are looked for from the trunk outwards, each among those that hang on the one before.
_LIMBS = (("collar", "upper-arm", "lower-arm", "hand"), ("thigh", "shin", "foot", "toe"))
_PREFIX = re.compile(
    r"^.*:|^(mixamorig\d*|bip\d*|bone|joint|def|org|mch|cc base|character\d*|valvebiped|j bip|jnt)[ _.-]+", re.I
)
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}


def split_name(name: str) -> tuple[str, str]:
    """A joint's name as side (``"left"``, ``"right"`` or ``""``) and bare word: ``LeftUpLeg`` is left, upleg.

    Args:
        name: as the file has it.
    """
    plain = name
    while (shorter := _PREFIX.sub("", plain.replace("_", " ").strip(), count=1)) != plain:
        plain = shorter
    # ``lThigh``, ``LeftArm``, ``UpperArm_L``, ``thigh.L``, ``Bip01 L Thigh``, ``L_Hip``.
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", plain)
    side = ""
    for place in (0, -1):
        if len(words) > 1 and words[place].lower() in _SIDES:
            side = _SIDES[words.pop(place).lower()]
            break
    joined = "".join(words).lower()
    if not side:
        for start, meant in (("left", "left"), ("right", "right")):
            if joined.startswith(start) and len(joined) > len(start):
                return meant, joined.removeprefix(start)
            if joined.endswith(start) and len(joined) > len(start):
                return meant, joined.removesuffix(start)
        # ``lhand``, ``rhand``: only before a word that is known, since ``leg`` begins so as well.
        known = {word for words in _WORDS.values() for word in words} - {"root"}
        if joined[:1] in "lr" and joined[1:] in known and joined not in known:
            return _SIDES[joined[0]], joined[1:]
    return side, joined


def find_joints(clip: Clip, mapping: Mapping[str, str] | None = None) -> dict[str, int]:
    """The joints of the body by part (:data:`BODY_PARTS`); what is not found is left out.

    Args:
        clip: whose skeleton it is.
        mapping: part to a joint's name, where names do not tell.

    Raises:
        InputError: the mapping names a part or a joint that is not there.
    """
    named = [split_name(joint.name) if joint.name and not _is_helper(joint.name) else ("", "") for joint in clip.joints]
    given = _mapped(clip, mapping or {})
    found = dict(given)
    for side in ("left", "right"):
        for limb in _LIMBS:
            _find_limb(clip, named, side, limb, found, given)
    for part in CENTRAL_PARTS:
        if part not in found:
            match = _best([i for i, (side, _) in enumerate(named) if not side], named, _WORDS[part])
            if match is not None:
                found[part] = match
    thighs = [found[f"{side}-thigh"] for side in ("left", "right") if f"{side}-thigh" in found]
    if len(thighs) == 2 and "hips" not in given:  # the joint that both legs hang on, whatever it is called
        common = [i for i in _ancestors(clip, thighs[0]) if i in _ancestors(clip, thighs[1])]
        if common:
            found["hips"] = common[0]
    return found


def _is_helper(name: str) -> bool:
    """Whether a joint only helps a mesh to turn, or lies between two real ones, as ``LHipJoint`` of CMU's files."""
    return bool(re.search(r"twist|roll|(hip|shoulder)joint|\bik\b|_ik|pole|helper|nub|end$", name, re.I))


def _mapped(clip: Clip, mapping: Mapping[str, str]) -> dict[str, int]:
    """The joints that the caller named.

    Raises:
        InputError: there is no such part or joint.
    """
    names = {joint.name: index for index, joint in enumerate(clip.joints) if joint.name}
    found = {}
    for part, name in mapping.items():
        if part not in BODY_PARTS:
            raise InputError(f"There is no part of the body called {part}; {suggest(part, BODY_PARTS)}")
        if name in names:
            found[part] = names[name]
    return found


def check_mapping(mapping: Mapping[str, str], clips: list[Clip]) -> None:
    """Refuse a mapping to a joint that no clip has.

    Raises:
        InputError: there is such a joint.
    """
    names = {joint.name for clip in clips for joint in clip.joints if joint.name}
    for part, name in mapping.items():
        if name not in names:
            raise InputError(f"No clip has a joint {name} for {part}; {suggest(name, sorted(names)[:40])}")


def _find_limb(
    clip: Clip,
    named: list[tuple[str, str]],
    side: str,
    limb: tuple[str, ...],
    found: dict[str, int],
    given: dict[str, int],
) -> None:
    """Find the joints of an arm or a leg, from the trunk outwards, and add them to ``found``."""
    pool = [i for i, (where, _) in enumerate(named) if where == side]
    words = {named[i][1] for i in pool}
    taken = set(given.values())
    above: int | None = None
    for place, part in enumerate(limb):
        key = f"{side}-{part}"
        if key not in found:
            wanted = list(_WORDS[part])
            _drop_ambiguous(part, words, wanted)
            free = [i for i in pool if i not in taken and (above is None or above in _ancestors(clip, i))]
            later = {word for name in limb[place + 1 :] for word in _WORDS[name][:1]}
            match = _best(free, named, tuple(word for word in wanted if word not in later))
            if match is not None:
                found[key] = match
        if key in found:
            above = found[key]
            taken.add(above)


def _drop_ambiguous(part: str, words: set[str], wanted: list[str]) -> None:
    """Take out of the words for a part those that stand for another one in this skeleton.

    Args:
        part: the part.
        words: all bare words of that side of the skeleton.
        wanted: words for the part, changed in place.
    """
    arms, elbows = {"upperarm", "uparm", "armupper", "arm", "shldr", "shldrbend"}, {"collar", "clavicle", "collarbone"}
    drop = set()
    if part == "collar" and not words & arms:  # cgspeed and SMPL: the shoulder is where the upper arm begins
        drop = {"shoulder"}
    if part == "upper-arm" and words & arms and not words & elbows:
        drop = {"shoulder"}
    if part == "thigh":
        uppers = {"upleg", "upperleg", "thigh", "thighbend", "legupper", "femur"}
        if words & (uppers | {"hip"}) or not words & {"knee", "shin", "calf", "lowerleg", "loleg"}:
            drop.add("leg")
        if words & uppers:
            drop.add("hip")
    if part == "toe" and "ankle" not in words:
        drop = {"foot"}
    wanted[:] = [word for word in wanted if word not in drop]


def _best(indices: list[int], named: list[tuple[str, str]], words: tuple[str, ...]) -> int | None:
    """The joint with the most certain of some words, the first in the file of several; ``None``: there is none."""
    matches = [(words.index(named[i][1]), i) for i in indices if named[i][1] in words]
    return min(matches)[1] if matches else None


def _ancestors(clip: Clip, index: int) -> list[int]:
    """The joints above one, the nearest first."""
    result = []
    while (index := clip.joints[index].parent) >= 0:
        result.append(index)
    return result


def chain(clip: Clip, above: int, below: int) -> list[int]:
    """The joints from one down to another that hangs on it, both included; empty: it does not."""
    if above == below:
        return [above]
    up = [below, *_ancestors(clip, below)]
    return up[: up.index(above) + 1][::-1] if above in up else []


def tip(clip: Clip, index: int) -> int | None:
    """The end of a limb behind a joint, the farthest of its children; ``None``: nothing hangs on it."""
    if not clip.children[index]:
        return None
    return max(clip.children[index], key=lambda child: float(np.linalg.norm(clip.joints[child].offset)))
