"""``impasto motion``: the style of one movement on another, movement on the beats of music, and previews."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from impasto.cli import options, results
from impasto.cli.help import Command, Group
from impasto.cli.progress import counting_bar
from impasto.cli.standard_streams import STANDARD_STREAM
from impasto.files import is_file
from impasto.motion.api import stylize_motion
from impasto.motion.body import PARTS, see_body
from impasto.motion.bvh import format_bvh, parse_bvh, read_bvh
from impasto.motion.drawing import figure_of, label_of
from impasto.motion.joints import BODY_PARTS
from impasto.motion.options import MotionOptions
from impasto.motion.preview import check_preview, write_preview
from impasto.motion.track import pulse_of_file

_TRANSFER = "transfer"  # the command behind ``impasto motion CONTENT.bvh``


class _TransferContext(click.Context):
    """The transfer has no name of its own: messages call it ``impasto motion``."""

    @property
    def command_path(self) -> str:
        """See :class:`click.Context`."""
        return self.parent.command_path if self.parent else super().command_path


class _Transfer(Command):
    """The command behind ``impasto motion CONTENT.bvh``."""

    context_class = _TransferContext


class _Motion(Group):
    """``impasto motion CONTENT.bvh`` and ``impasto motion preview``: what is no sub-command is a clip."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """See :class:`click.Group`."""
        if args and args[0] not in self.commands:
            args = [_TRANSFER, *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See :class:`click.Group`; options before the clip are those of the transfer."""
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = [_TRANSFER, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the two are called."""
        formatter.write_usage(ctx.command_path, "CONTENT.bvh --style STYLE.bvh [OPTIONS]")
        formatter.write_usage(ctx.command_path, "preview CLIP.bvh... -o CLIP.mp4")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the transfer, then the other command."""
        transfer = self.commands[_TRANSFER]
        transfer.format_options(click.Context(transfer, ctx.parent, _TRANSFER), formatter)
        self.format_commands(ctx, formatter)


@click.group(
    "motion",
    cls=_Motion,
    short_help="Move like another movement, or to music.",
    context_settings={"max_content_width": 100},
)
def command() -> None:
    """Give a movement (BVH) the style of another one, or set it to music.

    \b
    impasto motion walk.bvh --style old.bvh -o out.bvh --preview out.mp4
    impasto motion dance.bvh --music track.wav -o out.bvh
    impasto motion wave.bvh --style old-walk.bvh --neutral walk.bvh -o out.bvh

    The result has the content's skeleton, on which joints are found by the usual names. Skeletons may differ.
    """


def _parse_map(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=JOINT``.

    Raises:
        click.BadParameter: a text is not of that form.
    """
    mapping = {}
    for value in values:
        part, equals, joint = value.partition("=")
        if not equals or not joint:
            raise click.BadParameter(f"{value} is not NAME=JOINT, such as left-thigh=HIP_L.")
        mapping[part] = joint
    return mapping


@command.command(
    _TRANSFER,
    cls=_Transfer,
    hidden=True,
    sections={
        "The style": ("styles", "neutral", "strength", "method", "parts"),
        "The movement": ("music", "path", "feet", "fps", "mapping"),
        "The result": ("output", "preview", "overwrite"),
        "What is said": ("as_json", "quiet"),
    },
)
@click.argument("content", type=options.PATH, metavar="CONTENT.bvh")
@click.option(
    "--style",
    "styles",
    multiple=True,
    metavar="[PART=]STYLE[:WEIGHT]",
    shell_complete=options.complete_files,
    help="A BVH file to move like, or a motion style. Repeat to blend; with PART= in front, such as arms=, only for "
    "that part.",
)
@click.option(
    "--neutral",
    type=options.PATH,
    help="The style's action without the style, by the same actor: what the two differ by is carried over, which works "
    "between different actions, too.",
)
@options.dataclass_option(MotionOptions, "strength")
@options.dataclass_option(MotionOptions, "method")
@click.option("--parts", default=",".join(PARTS), show_default=True, metavar="PART,...", help="What takes the style.")
@click.option(
    "--music",
    type=options.PATH,
    help="A track on whose beats the movement's own are to fall: it is played up to a quarter faster or slower.",
)
@options.dataclass_option(MotionOptions, "path")
@options.dataclass_option(MotionOptions, "feet")
@click.option("--fps", type=float, help="Frames a second of the result; by default the content's.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=_parse_map,
    metavar="NAME=JOINT",
    help=f"A joint whose name does not tell what it is. NAME is one of {', '.join(BODY_PARTS)}. May be repeated.",
)
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="The BVH file to write, or - for standard output; without it, beside the content, named after the style.",
)
@click.option(
    "--preview",
    type=options.PATH,
    help="Draw content, style and result as stick figures: a video (.mp4 .mov .mkv) or a strip (.png .jpg).",
)
@options.overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Describe the result as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def transfer(
    content: Path,
    styles: tuple[str, ...],
    neutral: Path | None,
    parts: str,
    music: Path | None,
    fps: float | None,
    mapping: dict[str, str],
    output: Path | None,
    preview: Path | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **motion: Any,
) -> None:
    """Give a movement (BVH) the style of another one, or set it to music.

    \b
    impasto motion walk.bvh --style old.bvh -o out.bvh
    """
    if not styles and music is None:
        raise click.UsageError(f"No style is given; try: impasto motion {content} --style old.bvh -o out.bvh")
    source = parse_bvh(sys.stdin.buffer.read(), "standard input") if content == STANDARD_STREAM else content
    piped = output == STANDARD_STREAM or (output is None and content == STANDARD_STREAM)
    replaces = output is not None and not piped and is_file(output)
    with counting_bar("Drawing", hidden=quiet or preview is None) as show:
        result = stylize_motion(
            read_bvh(source) if piped and isinstance(source, Path) else source,
            styles or None,
            output=None if piped else output,
            overwrite=overwrite,
            neutral=neutral,
            parts=parts,
            mapping=mapping,
            music=music,
            fps=fps,
            preview=preview,
            progress=lambda done, total: show(done, total),
            **motion,
        )
    for notice in result.notices:
        if not quiet:
            click.echo(notice, err=True)
    if piped:
        sys.stdout.buffer.write(format_bvh(result.clip).encode())
        sys.stdout.buffer.flush()
    elif as_json:
        facts = {
            "file": str(result.output),
            "frames": result.clip.frames,
            "seconds": round(result.clip.seconds, 3),
            "methods": result.methods,
            "notices": result.notices,
            "hits_before": result.hits_before,
            "hits_after": result.hits_after,
        }
        click.echo(json.dumps(facts))
    elif not quiet:
        _say(result)
        if result.output is not None and (replaces or result.kept):
            said = results.kept_as_it_is if result.kept else results.replaced
            click.echo(said(result.output), err=True)


def _say(result: Any) -> None:
    """Say what was made, in one line."""
    about = [f"{result.clip.frames} frames, {result.clip.seconds:.1f} s", *sorted(set(result.methods.values()))]
    if result.hits_after is not None:
        about.append(f"on the beat: {result.hits_before:.0%} before, {result.hits_after:.0%} now")
    click.echo(f"{result.output}  ({'; '.join(about)})")


@command.command("preview", cls=Command, short_help="Draw clips as stick figures, side by side.")
@click.argument("clips", nargs=-1, required=True, type=options.PATH, metavar="CLIP.bvh...")
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    required=True,
    help="A video (.mp4 .mov .mkv), or a strip of moments (.png .jpg).",
)
@click.option("--music", type=options.PATH, help="A track to lay under the video.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def preview(clips: tuple[Path, ...], output: Path, music: Path | None, quiet: bool) -> None:
    """Draw clips as stick figures, side by side.

    \b
    impasto motion preview walk.bvh old.bvh -o both.mp4
    impasto motion preview walk.bvh -o strip.png
    """
    check_preview(output)
    read = [read_bvh(path) for path in clips]
    figures = [figure_of(see_body(clip), label_of(clip.name)) for clip in read]
    if music is not None:
        pulse_of_file(music)  # refuses what is no music
    replaces = is_file(output)
    with counting_bar("Drawing", hidden=quiet) as show:
        write_preview(figures, output, track=music, progress=lambda done, total: show(done, total))
    if not quiet:
        for notice in dict.fromkeys(notice for clip in read for notice in clip.notices):
            click.echo(notice, err=True)
        click.echo(output)
        if replaces:
            click.echo(results.replaced(output), err=True)
