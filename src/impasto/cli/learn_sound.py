"""``impasto learn rain.flac``: the style of a recording, in a moment."""

from __future__ import annotations

import json
from pathlib import Path

import click

from impasto.cli import results
from impasto.files import is_file
from impasto.pictures.results import unnamed_result
from impasto.sound.learn import holds_sound_style, learn_sound
from impasto.styles.style import SUFFIX

_TAKEN = {"paintings", "output", "name", "title", "artist", "year", "licence", "overwrite", "as_json", "quiet"}


def learn_from_recording(
    recordings: tuple[Path, ...],
    output: Path | None,
    name: str | None,
    metadata: dict[str, str],
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Learn the style of a recording, write its file and say so; the rest is as in :mod:`impasto.cli.learn`.

    Raises:
        click.UsageError: there are several files, or an option is given that pictures alone take.
    """
    if len(recordings) > 1:
        raise click.UsageError("One recording is one style; learn each by itself, and blend them with --style.")
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name not in _TAKEN:
            raise click.UsageError(f"{parameter.opts[0]} is for pictures; leave it out of a recording.")
    target = output or Path(f"{recordings[0].stem}{SUFFIX}")
    replaces, is_there = output is not None and is_file(target), False
    style = learn_sound(recordings[0], output, name=name, metadata=metadata)
    if output is None:
        usual = target
        if not overwrite:
            target, is_there = unnamed_result(usual, lambda path: holds_sound_style(path, style))
            if (is_there or target != usual) and not quiet:
                click.echo(results.kept_as_it_is(target) if is_there else results.kept_beside(usual), err=True)
        if is_there:
            return
        style.save(target)
    kept = target.stat().st_size
    if as_json:
        facts = {"file": str(target), "bytes": kept, "name": style.name, "tonality": style.tonality, **style.metadata}
        click.echo(json.dumps(facts))
    elif not quiet:
        kind = "with notes" if style.is_tonal else "without notes"
        click.echo(f"{target}  (style of sound; {style.seconds:.1f} s, {kind}, {kept / 1000:.0f} kB)")
        if replaces:
            click.echo(results.replaced(target), err=True)
