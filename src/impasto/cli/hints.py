"""What was probably meant: the full command in place of one that names the wrong command, or no style."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from impasto.cli.help import ARGUMENTS
from impasto.errors import InputError
from impasto.files import exists
from impasto.pictures.formats import READ_SUFFIXES, identify_format
from impasto.styles.catalogue import bundled_names, catalogue_names

EXAMPLE_STYLE = "starry-night"
"""A bundled style, for commands that are suggested where none was given."""
EXAMPLE_PAINTING = "painting.jpg"
"""A picture to paint like, where a command takes no other style."""
_VIDEO_SUFFIXES = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".3gp", ".wmv", ".flv", ".ogv")
}
_ANIMATION_FORMATS = {"GIF", "WEBP", "PNG", "AVIF"}  # pictures that may move, so that either command fits
_ANIMATION_SUFFIXES = {".gif", ".webp", ".png", ".apng", ".avif"}  # suffixes of pictures that may move


def is_video(name: str | Path) -> bool:
    """Whether a name is that of a video; what a file holds counts more than its suffix."""
    path = Path(name)
    if path.suffix.lower() not in _VIDEO_SUFFIXES:
        return False
    try:
        with path.open("rb") as file:
            identify_format(path.name, file.read(64))
    except (OSError, InputError):
        return True
    return False


def is_still_picture(name: str | Path) -> bool:
    """Whether a name is that of a picture that cannot move; what a file holds counts as well."""
    path = Path(name)
    if path.suffix.lower() not in READ_SUFFIXES:
        return False
    try:
        with path.open("rb") as file:
            return identify_format(path.name, file.read(64)) not in _ANIMATION_FORMATS
    except OSError:  # only its name tells
        return path.suffix.lower() not in _ANIMATION_SUFFIXES
    except InputError:  # it is no picture
        return False


def command_for(arguments: Sequence[str]) -> str | None:
    """The command that files are for, where they were given without one.

    Args:
        arguments: what was typed behind ``impasto``.

    Returns:
        ``"apply"`` or ``"video"``; ``None``: the first argument is no picture, no folder and no video.
    """
    first = arguments[0]
    if is_video(first):
        return "video"
    return "apply" if Path(first).suffix.lower() in READ_SUFFIXES or (exists(first) and Path(first).is_dir()) else None


def command_of_options(arguments: Sequence[str], commands: Iterable[str]) -> str | None:
    """The whole command line where options were typed before the command, or without one.

    Args:
        arguments: what was typed behind ``impasto``.
        commands: the names of all commands.

    Returns:
        ``None``: there is neither a command nor a file among them.
    """
    named = next((word for word in arguments if word in commands), None)
    if named is not None:
        rest = list(arguments)
        rest.remove(named)
        return shlex.join(["impasto", named, *rest])
    files = [word for word in arguments if not word.startswith("-") and command_for([word])]
    return full_command(command_for(files) or "apply", arguments) if files else None


def full_command(command: str, arguments: Sequence[str]) -> str:
    """A whole command line as it is to be typed; a style is added where none is given, unless one lacks --style."""
    names = {*bundled_names(), *catalogue_names()} if command != "paint" else set()
    styled = any(word.split("=")[0] in ("--style", "--style-at") for word in arguments)
    if not styled:
        spelt = [[word] if word not in names or exists(word) else ["--style", word] for word in arguments]
        arguments = [word for words in spelt for word in words]
        styled = "--style" in arguments
    style = EXAMPLE_PAINTING if command == "paint" else EXAMPLE_STYLE
    return shlex.join(["impasto", command, *arguments, *([] if styled else ["--style", style])])


def wrong_command(what: str, command: str) -> click.UsageError:
    """The error about a file that another command is for.

    Args:
        what: the file and what it is, as the beginning of a sentence.
        command: the command that it is for.
    """
    typed = click.get_current_context().meta[ARGUMENTS]
    return click.UsageError(f"{what}; paint it with: {full_command(command, typed)}")


def missing_style(command: str) -> click.UsageError:
    """The error about a command without a style."""
    typed = click.get_current_context().meta[ARGUMENTS]
    listed = "" if command == "paint" else " (impasto styles list shows all styles)"
    return click.UsageError(f"No style is given; try: {full_command(command, typed)}{listed}")
