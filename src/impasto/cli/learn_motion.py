"""``impasto learn walk.bvh``: the style of a movement, in a moment."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.learn_at_once import Learnt, learn_at_once, refuse_options_of_pictures
from impasto.motion.api import learn_motion
from impasto.motion.bvh import is_clip
from impasto.motion.style_file import holds_motion_style, save_motion_style


def learn_from_clip(
    clips: tuple[Path, ...], output: Path | None, name: str | None, metadata: dict[str, str], **said: bool
) -> None:
    """Learn the style of a clip, write its file and say so; the rest is as in :mod:`impasto.cli.learn`.

    Raises:
        click.UsageError: there are several files, or an option is given that pictures alone take.
    """
    if len(clips) > 1 or not is_clip(clips[0]):
        raise click.UsageError("One clip is one style of motion; learn each by itself, and blend them with --style.")
    refuse_options_of_pictures("a clip of motion")
    about = {key: value for key, value in metadata.items() if value}

    def learn(target: Path | None) -> Learnt:
        style = learn_motion(clips[0], target, name=name, metadata=about)
        walks = f"{style.frequency:.2f} steps of one foot a second" if style.frequency else "no steady steps"
        return Learnt(
            style.name,
            dict(style.metadata),
            lambda _bytes: f"style of motion; {len(style.directions)} directions, {walks}",
            lambda path: save_motion_style(style, path),
            lambda path: holds_motion_style(path, style),
            style.notices,
        )

    learn_at_once(clips[0], output, learn, **said)
