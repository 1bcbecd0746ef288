"""``impasto learn walk.bvh``: the style of a movement, in a moment."""

from __future__ import annotations

import json
from pathlib import Path

import click

from impasto.cli import results
from impasto.files import is_file
from impasto.motion.api import learn_motion
from impasto.motion.bvh import is_clip
from impasto.motion.style_file import holds_motion_style
from impasto.pictures.results import unnamed_result
from impasto.styles.style import SUFFIX

_TAKEN = {"paintings", "output", "name", "title", "artist", "year", "licence", "overwrite", "as_json", "quiet"}


def learn_from_clip(
    clips: tuple[Path, ...],
    output: Path | None,
    name: str | None,
    metadata: dict[str, str],
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Learn the style of a clip, write its file and say so; the rest is as in :mod:`impasto.cli.learn`.

    Raises:
        click.UsageError: there are several files, or an option is given that pictures alone take.
    """
    if len(clips) > 1 or not is_clip(clips[0]):
        raise click.UsageError("One clip is one style of motion; learn each by itself, and blend them with --style.")
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name not in _TAKEN:
            raise click.UsageError(f"{parameter.opts[0]} is for pictures; leave it out of a clip of motion.")
    style = learn_motion(clips[0], name=name, metadata={key: value for key, value in metadata.items() if value})
    target = output or Path(f"{clips[0].stem}{SUFFIX}")
    replaces, is_there = output is not None and is_file(target), False
    if output is None and not overwrite:
        usual = target
        target, is_there = unnamed_result(usual, lambda path: holds_motion_style(path, style))
        if (is_there or target != usual) and not quiet:
            click.echo(results.kept_as_it_is(target) if is_there else results.kept_beside(usual), err=True)
        if is_there:
            return
    learn_motion(clips[0], target, name=name, metadata=style.metadata)
    if as_json:
        facts = {"file": str(target), "bytes": target.stat().st_size, "name": style.name, **style.metadata}
        click.echo(json.dumps(facts))
    elif not quiet:
        walks = f"{style.frequency:.2f} steps of one foot a second" if style.frequency else "no steady steps"
        click.echo(f"{target}  (style of motion; {len(style.directions)} directions, {walks})")
        if replaces:
            click.echo(results.replaced(target), err=True)
