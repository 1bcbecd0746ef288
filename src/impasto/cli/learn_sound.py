"""``impasto learn rain.flac``: the style of a recording, in a moment."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.learn_at_once import Learnt, learn_at_once, refuse_options_of_pictures
from impasto.sound.learn import holds_sound_style, learn_sound


def learn_from_recording(
    recordings: tuple[Path, ...], output: Path | None, name: str | None, metadata: dict[str, str], **said: bool
) -> None:
    """Learn the style of a recording, write its file and say so; the rest is as in :mod:`impasto.cli.learn`.

    Raises:
        click.UsageError: there are several files, or an option is given that pictures alone take.
    """
    if len(recordings) > 1:
        raise click.UsageError("One recording is one style; learn each by itself, and blend them with --style.")
    refuse_options_of_pictures("a recording")

    def learn(target: Path | None) -> Learnt:
        style = learn_sound(recordings[0], target, name=name, metadata=metadata)
        kind = "with notes" if style.is_tonal else "without notes"
        return Learnt(
            style.name,
            {"tonality": style.tonality, **style.metadata},
            lambda count: f"style of sound; {style.seconds:.1f} s, {kind}, {count / 1000:.0f} kB",
            style.save,
            lambda path: holds_sound_style(path, style),
            style.notices,
        )

    learn_at_once(recordings[0], output, learn, **said)
