"""``impasto sound``: restyle a sound, or the sound of a video."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from impasto.cli import options, results
from impasto.cli.help import ARGUMENTS, Command
from impasto.cli.progress import share_bar
from impasto.cli.standard_streams import STANDARD_STREAM
from impasto.errors import InputError, TruncatedError
from impasto.files import is_file, temporary_folder
from impasto.sound.options import SoundOptions

_EXAMPLE_STYLE = "rain.flac"


@click.command(
    "sound",
    cls=Command,
    short_help="Restyle a sound, or a video's: made of pieces of another, or coloured by it.",
    sections={
        "What to restyle": ("styles", "style_from", "style_to"),
        "How it sounds": ("method", "strength", "rhythm", "pitch", "seed"),
        "The result": ("output", "bits", "overwrite"),
        "What is said": ("as_json", "quiet"),
    },
)
@click.argument("content", metavar="CONTENT", shell_complete=options.complete_files)
@click.option(
    "--style",
    "styles",
    multiple=True,
    metavar="SOUND[:WEIGHT]",
    shell_complete=options.complete_files,
    help="A recording, a style file of impasto learn, or a style of sound in your catalogue. Repeat to blend; "
    "--style rain.flac:2 --style bell.flac is two parts to one.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=options.complete_files,
    help="Where the result goes: .wav .flac .mp3 .ogg .opus .m4a, or for a video .mp4 .mov .mkv .webm, whose pictures "
    "are copied; - is a WAV on standard output. What exists is replaced. Without it, it lies beside CONTENT.",
)
@options.dataclass_options(SoundOptions, "method", "strength", "rhythm", "pitch")
@click.option(
    "--style-from", callback=options.read_time, metavar="TIME", help="Use recordings from here on, in seconds."
)
@click.option("--style-to", callback=options.read_time, metavar="TIME", help="Use recordings up to here, in seconds.")
@options.dataclass_options(SoundOptions, "seed")
@click.option("--bits", type=click.Choice(("16", "24", "32f")), help="Of a .wav or .flac.  [default: 16]")
@options.overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Describe the result as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and warnings.")
def command(
    content: str,
    styles: tuple[str, ...],
    output: str | None,
    style_from: float | None,
    style_to: float | None,
    bits: str | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Restyle a sound.

    CONTENT is a file with sound, a video, or - for standard input. By default it is rebuilt out of pieces of the style
    (a mosaic), which makes speech unintelligible; --method colour is milder and keeps words. The recording of the style
    is audible in a mosaic: its licence counts for the result.

    \b
    impasto sound song.mp3 --style rain.flac -o rainy.mp3
    impasto sound speech.wav --style strings.flac --method colour -o warm.wav
    impasto sound clip.mp4 --style rain.flac:2 --style bell.flac -o clip-rain.mp4
    """
    if not styles:
        typed = " ".join(click.get_current_context().meta[ARGUMENTS])
        raise click.UsageError(f"No style is given; try: impasto sound {typed} --style {_EXAMPLE_STYLE}")
    from impasto.sound.api import stylize_sound
    from impasto.sound.request import load_styles
    from impasto.sound.results import note_of, result_beside

    chosen = SoundOptions(**settings)
    loaded = load_styles(styles, style_from, style_to)
    if output is None and content == str(STANDARD_STREAM):
        raise click.UsageError("Standard input has no name for a result; give -o FILE, or -o - for standard output.")
    replaces = output is not None and is_file(output)
    if output is None:
        note = note_of(loaded, chosen, style_from, style_to)
        usual, is_there = result_beside(Path(content), loaded, note, overwrite=overwrite)
        output = str(usual)
        if is_there:
            if not quiet and not as_json:
                click.echo(results.kept_as_it_is(usual), err=True)
            return
    with _files(content, output) as (source, target), share_bar("Restyling", hidden=quiet or as_json) as show:
        report = stylize_sound(
            source,
            loaded,
            output=target,
            style_from=style_from,
            style_to=style_to,
            bits=bits,
            progress=show,
            **vars(chosen),
        )
    if replaces:
        report.notices.append(results.replaced(Path(output)))
    if not quiet and not as_json:
        for notice in report.notices:
            click.echo(notice, err=True)
        if report.damaged:
            click.echo(f"{report.damaged} damaged pieces of {content} were skipped.", err=True)
    to_stdout = output == str(STANDARD_STREAM)
    if as_json:
        click.echo(json.dumps(report.as_json() | {"output": output}), err=to_stdout)
    elif not quiet:
        click.echo(f"{output}  ({report.seconds:.1f} s of sound in {report.took:.1f} s)", err=to_stdout)
    if report.truncated:
        raise TruncatedError(
            f"{content} ends before its end; {output} holds the {report.seconds:.1f} s that were there."
        )


@contextmanager
def _files(content: str, output: str) -> Iterator[tuple[Path, Path]]:
    """Files in the place of standard input and output.

    Yields:
        The file to read, and the file to write.

    Raises:
        InputError: nothing comes on standard input.
    """
    with temporary_folder() as folder:
        source, target = Path(content), Path(output)
        if source == STANDARD_STREAM:
            source = folder / "standard-input"
            with source.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            if not source.stat().st_size:
                raise InputError("Nothing came on standard input; pipe a sound into it.")
        if target == STANDARD_STREAM:
            target = folder / "standard-output.wav"
        yield source, target
        if Path(output) == STANDARD_STREAM:
            with target.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
