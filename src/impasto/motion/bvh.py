"""BVH files: reading whatever the usual programs write, and writing with the same hierarchy and channels."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from impasto.errors import InputError, Sentence
from impasto.files import atomic_path
from impasto.motion.clip import Clip, Joint
from impasto.motion.quaternions import Array

SUFFIX = ".bvh"
_LARGEST_FILE = 100_000_000  # bytes; ten minutes of 60 joints at 120 frames a second have that
_MOST_JOINTS = 2000  # a face and both hands in full have a few hundred
_LARGEST = 1e6  # largest number of an offset or a channel that is taken: degrees, or millimetres of a kilometre
_USUAL_TIME = 1 / 30  # seconds from frame to frame where a file does not say
_LONGEST_TIME = 2.0  # seconds from frame to frame at most
_CHANNELS = {f"{axis}{kind}" for axis in "xyz" for kind in ("position", "rotation")}
# A name may have blanks in it, and ends at the brace or the line's end.
_TOKENS = re.compile(r"(?i:(ROOT|JOINT)[ \t]+([^\n\r{}]*))|(?i:(End[ \t]+Site)[^\n\r{}]*)|([{}])|([^\s{}]+)")

_Broken = Callable[[str], InputError]
"""The error about a damaged skeleton, from what is wrong with it."""


def is_clip(path: str | Path) -> bool:
    """Whether a name is that of a BVH file."""
    return Path(path).suffix.lower() == SUFFIX


def read_bvh(path: str | Path, name: str | None = None) -> Clip:
    """Read a BVH file.

    Args:
        path: the file.
        name: what the clip is called; by default, as the path.

    Raises:
        InputError: it cannot be read, is no BVH file, is damaged, or has numbers that no movement has.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}; check the path.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); give a BVH file.") from error
    if len(data) > _LARGEST_FILE:
        raise InputError(f"{path} has more than {_LARGEST_FILE / 1e6:.0f} MB; cut the clip into parts.")
    return parse_bvh(data, name or str(path))


def parse_bvh(data: bytes, name: str) -> Clip:
    """Read the bytes of a BVH file.

    Args:
        data: the bytes.
        name: what sentences call it.

    Raises:
        InputError: see :func:`read_bvh`.
    """
    text = data.decode("utf-8-sig", "replace")
    split = re.search(r"^\s*MOTION\b", text, re.M | re.I)
    if not re.match(r"\s*HIERARCHY\b", text, re.I) or split is None:
        raise _broken(f"{name} is no BVH file (it has no HIERARCHY with a MOTION behind it); export it as BVH.", name)
    joints = _parse_hierarchy(text[: split.start()], name)
    count = sum(len(joint.channels) for joint in joints)
    frames, timed, numbers = _parse_motion(text[split.end() :], name)
    whole = len(numbers) // count
    if not whole:
        raise _broken(f"{name} has no frame of its {count} channels; export it again.", name)
    notices: list[str] = []
    if timed is None:
        text = f"{name} does not say how long a frame lasts; {1 / _USUAL_TIME:.0f} frames a second are taken."
        notices.append(Sentence(text, "frame_time_taken", name=name, rate=1 / _USUAL_TIME))
    if frames != whole or len(numbers) % count:
        said = "does not say how many frames it has" if frames is None else f"announces {frames} frames"
        text = f"{name} {said}; the {whole} whole ones that are there are taken."
        notices.append(Sentence(text, "frames_taken", name=name, frames=frames or 0, count=whole))
    channels = numbers[: whole * count].reshape(whole, count)
    bad = ~(np.abs(channels) <= _LARGEST).all(axis=1)
    if bad.any():
        raise _broken(
            f"Frame {int(np.argmax(bad)) + 1} of {name} has numbers that no movement has (not finite, or beyond "
            f"{_LARGEST:g}); export it again.",
            name,
        )
    return Clip(joints, channels, timed or _USUAL_TIME, name, tuple(notices))


def _broken(sentence: str, name: str) -> InputError:
    """The error about a damaged file, whose sentence says what is wrong with it."""
    return InputError(sentence, key="bvh_damaged", name=name)


def _parse_hierarchy(text: str, name: str) -> tuple[Joint, ...]:
    """The joints of the part before ``MOTION``.

    Raises:
        InputError: it is damaged, or of a kind that is not read.
    """
    joints: list[Joint] = []
    open_joints: list[int] = []
    waiting: str | None = None  # the name of a joint whose brace is still to come
    tokens = list(_TOKENS.finditer(text))[1:]
    at = 0

    def broken(why: str) -> InputError:
        return _broken(f"{name} is damaged: {why}; export it again.", name)

    while at < len(tokens):
        kind, joint_name, end, brace, word = tokens[at].groups()
        at += 1
        if kind or end:
            if waiting is not None:
                raise broken("a joint has no braces")
            if kind and kind.upper() == "ROOT" and joints:
                raise InputError(
                    f"{name} has more than one root; keep one skeleton in a file.", key="bvh_roots", name=name
                )
            if not open_joints and joints:
                raise broken("a joint hangs on nothing")
            waiting = joint_name.strip() if kind else ""
            if len(joints) >= _MOST_JOINTS:
                raise InputError(f"{name} has more than {_MOST_JOINTS} joints; export a skeleton of fewer.")
        elif brace == "{":
            if waiting is None:
                raise broken("a brace belongs to no joint")
            joints.append(Joint(waiting, open_joints[-1] if open_joints else -1, (0.0, 0.0, 0.0)))
            open_joints.append(len(joints) - 1)
            waiting = None
        elif brace == "}":
            if not open_joints:
                raise broken("it has more closing braces than opening ones")
            open_joints.pop()
        elif word and word.upper() in ("OFFSET", "CHANNELS") and open_joints:
            values, at = _values(tokens, at, word.upper(), broken)
            joint = joints[open_joints[-1]]
            if word.upper() == "OFFSET":
                joint = Joint(joint.name, joint.parent, _offset(values, joint.name, broken), joint.channels)
            else:
                joint = Joint(joint.name, joint.parent, joint.offset, _channels(values, joint.name, broken))
            joints[open_joints[-1]] = joint
        else:
            raise broken(f"{(word or '')[:40]!r} stands in its skeleton")
    if open_joints or waiting is not None or not joints:
        raise broken("its skeleton ends too early")
    if not any(joint.axes for joint in joints):
        raise broken("no joint has channels of rotation")
    return tuple(joints)


def _values(tokens: list[re.Match[str]], at: int, word: str, broken: _Broken) -> tuple[list[str], int]:
    """The words behind ``OFFSET`` or ``CHANNELS``, and where they end."""
    if word == "OFFSET":
        count = 3
    else:
        said = tokens[at].group(5) if at < len(tokens) else None
        if said is None or not re.fullmatch(r"[0-6]", said):
            raise broken("a joint does not say how many channels it has, up to 6")
        count, at = int(said), at + 1
    values = [token.group(5) or "" for token in tokens[at : at + count]]
    return values, at + count


def _offset(values: list[str], joint: str, broken: _Broken) -> tuple[float, float, float]:
    """Three numbers."""
    try:
        x, y, z = map(float, values)
    except ValueError:
        raise broken(f"the offset of {joint or 'an end'} is not three numbers") from None
    if not max(abs(x), abs(y), abs(z)) <= _LARGEST:
        raise broken(f"the offset of {joint or 'an end'} is beyond {_LARGEST:g}")
    return x, y, z


def _channels(values: list[str], joint: str, broken: _Broken) -> tuple[str, ...]:
    """Names of channels, each once."""
    if not {value.lower() for value in values} <= _CHANNELS or len({value.lower() for value in values}) < len(values):
        raise broken(f"the channels of {joint} are not some of Xposition to Zrotation, each once")
    return tuple(values)


def _parse_motion(text: str, name: str) -> tuple[int | None, float | None, Array]:
    """What stands behind ``MOTION``: the announced number of frames, seconds from frame to frame, all numbers.

    The first two are ``None`` where the file does not say them.

    Raises:
        InputError: something is no number.
    """
    counted = re.match(r"\s*Frames\s*:\s*(\S+)", text, re.I)
    text = text[counted.end() :] if counted else text
    frames = int(counted[1]) if counted and re.fullmatch(r"\d{1,12}", counted[1]) else None
    timed = re.match(r"\s*Frame\s*Time\s*:\s*(\S+)", text, re.I)
    text = text[timed.end() :] if timed else text
    try:
        said = float(timed[1].replace(",", ".")) if timed else 0.0
    except ValueError:
        said = 0.0
    frame_time = said if 0 < said <= _LONGEST_TIME else None
    try:
        numbers = np.array(text.split(), dtype=np.float64)
    except ValueError as error:
        found = re.search(r"'(.{1,40})", str(error))
        what = f"{found[1].rstrip(chr(39))!r}" if found else "something"
        raise _broken(f"{name} is damaged: {what} stands among its numbers; export it again.", name) from None
    return frames, frame_time, numbers


def format_bvh(clip: Clip) -> str:
    """The text of a BVH file."""
    lines = ["HIERARCHY"]
    depth_of: list[int] = []
    for index, joint in enumerate(clip.joints):
        depth = depth_of[joint.parent] + 1 if joint.parent >= 0 else 0
        depth_of.append(depth)
        before = clip.joints[index - 1] if index else None
        if before is not None and joint.parent != index - 1:
            lines += ["\t" * d + "}" for d in range(depth_of[index - 1], depth - 1, -1)]
        indent = "\t" * depth
        kind = "ROOT" if joint.parent < 0 else "JOINT" if joint.channels or joint.name else "End Site"
        lines += [f"{indent}{kind} {joint.name}".rstrip(), f"{indent}{{"]
        lines.append(f"{indent}\tOFFSET " + " ".join(f"{value:.9g}" for value in joint.offset))
        if kind != "End Site":
            lines.append(f"{indent}\tCHANNELS {len(joint.channels)} " + " ".join(joint.channels))
    lines += ["\t" * d + "}" for d in range(depth_of[-1], -1, -1)]
    lines += ["MOTION", f"Frames: {clip.frames}", f"Frame Time: {clip.frame_time:.9g}"]
    lines += [" ".join(f"{value:.6f}" for value in frame) for frame in clip.channels.tolist()]
    return "\n".join(lines) + "\n"


def write_bvh(clip: Clip, path: str | Path) -> None:
    """Write a BVH file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(format_bvh(clip), encoding="utf-8", newline="\n")
