"""The command line.

**In**: arguments, pictures on standard input. **Out**: files, lines on standard output, progress on standard error,
an exit status. **Order**: this module; a module a command (``apply``, ``video``, ``paint``, ...), imported only when
that command runs; what they share: ``help``, ``hints``, ``options``, ``progress``, ``standard_streams``,
``picture_styles``, ``results``; of ``paint`` alone: ``paint_run``, ``sweep``; of ``video``: ``raw_video``. **Never**:
torch, onnxruntime or tensors; no other room imports this one.
"""

from __future__ import annotations

import codecs
import importlib
import io
import logging
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

import click

from impasto.cli.help import Group, one_sentence

# One-line help by command, so that ``impasto --help`` need not import any of their modules.
COMMANDS = {
    "apply": "Repaint pictures in a style.",
    "video": "Repaint a video, with its sound, without flicker.",
    "sound": "Restyle a sound, or a video's: made of pieces of another, or coloured by it.",
    "paint": "Repaint one picture like any other picture: slowest and best.",
    "learn": "Learn a style from a picture, at once or in a minute.",
    "styles": "List the styles, show one, keep yours, see all on your picture.",
    "convert": "Take over a network of another program as a style.",
    "motion": "Give a movement the style of another one, or set it to music.",
    "webcam": "Paint what a camera sees, live.",
    "studio": "Do all of this in a browser.",
    "export": "Write a style or network for other programs, or the page.",
    "flow": "Measure how a video's frames move, for other programs.",
    "train": "Train a network of your own: several styles together, or one.",
    "predictor": "Train the network that predicts the styles of pictures.",
    "dataset": "Pack photographs into one file for training.",
    "distill": "Make the network that judges paintings while others are trained.",
    "plan": "List millions of pictures once, to paint them on one machine or many.",
    "progress": "Say how far the painting of many pictures is.",
    "doctor": "Say what is installed and whether it works.",
    "completion": "Have the Tab key complete commands, options and styles.",
}
_MODULES = {"progress": "job_progress"}  # of commands whose module has another name
INTERRUPTED = 130  # exit status after Ctrl-C and SIGTERM, as shells have it after Ctrl-C


class _Commands(Group):
    """Commands by name, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, whose module is imported now; ``None``: there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"impasto.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names and the one-line help of all commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The commands that begin so, without importing them."""
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See :class:`click.Group`.

        Raises:
            click.UsageError: there is no such option, or it stands before the command that it belongs to.
        """
        try:
            return super().parse_args(ctx, list(args))
        except click.NoSuchOption as error:
            from impasto.cli import hints

            meant = hints.command_of_options(args, COMMANDS)
            if meant is None:
                raise
            raise click.UsageError(f"Options follow the command: {meant}") from error

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """See :class:`click.Group`.

        Raises:
            click.UsageError: there is no such command; the one that was probably meant is suggested.
        """
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near:
                raise click.UsageError(f"There is no command {args[0]}; did you mean {near[0]}?")
            from impasto.cli import hints

            command = hints.command_for(args)
            if command:
                raise click.UsageError(f"{args[0]} is no command; to paint it: {hints.full_command(command, args)}")
            raise click.UsageError(f"There is no command {args[0]}; impasto --help lists all.")
        return super().resolve_command(ctx, args)


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Show the version and end."""
    if value and not ctx.resilient_parsing:
        import impasto

        click.echo(f"impasto {impasto.__version__}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log what happens, and show tracebacks.")
@click.pass_context
def cli(ctx: click.Context, verbose: bool) -> None:
    """Repaint photographs and videos in the style of any picture: offline, on a laptop.

    \b
    impasto apply photo.jpg --style starry-night -o painted.jpg
    impasto styles preview photo.jpg
    impasto COMMAND --help
    """
    ctx.ensure_object(dict)["verbose"] = verbose
    handler = logging.StreamHandler()
    if not verbose:
        handler.addFilter(_SayOnce())
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s", handlers=[handler])
    warnings.filterwarnings("ignore", module="PIL")  # the damage that Pillow warns of is said in our own words


class _SayOnce(logging.Filter):
    """Lets each sentence through once: a file that is read several times has the same to say each time."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """See :class:`logging.Filter`."""
        sentence = record.getMessage()
        if sentence in self._said:
            return False
        self._said.add(sentence)
        return True


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; errors become one sentence and an exit status (see :mod:`impasto.errors`)."""
    from impasto.errors import ImpastoError, OutputError

    _escape_what_streams_cannot_hold()
    # A job in the background is ended by SIGTERM, and a shell makes it deaf to Ctrl-C's signal.
    with suppress(ValueError):  # outside the main thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = {"verbose": False}
    try:
        sys.exit(cli.main(arguments, prog_name="impasto", standalone_mode=False, obj=settings) or 0)
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        click.echo(f"Error: {one_sentence(error)}", err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None and "impasto " not in one_sentence(error):
            click.echo(f"All options: {error.ctx.command_path} --help", err=True)
        sys.exit(error.exit_code)
    except ImpastoError as error:
        if settings["verbose"]:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_status)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # standard output is on a full disk, or a path is too long to be looked up
        _abandon_output()
        where = "Standard output" if error.filename is None else error.filename
        click.echo(f"Error: {where}: {error.strerror or error}; free some space, or name another file.", err=True)
        sys.exit(OutputError.exit_status)


def _escape_what_streams_cannot_hold() -> None:
    """Have file names printed escaped where a stream's encoding cannot hold them, as ``caf\\udce9.jpg``.

    A name need not be text (on Linux it is any bytes), and an encoding need not hold every text (cp1252 on Windows).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a caller's own stream may be anything
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"  # where no locale is set; click writes UTF-8 then
            stream.reconfigure(encoding="utf-8" if is_ascii else None, errors="backslashreplace")


def _abandon_output() -> None:
    """Redirect standard output to nowhere, or the interpreter's last flush would fail again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
