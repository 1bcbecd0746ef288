"""``impasto completion``: have the Tab key complete commands, options, style names and files."""

from __future__ import annotations

import click

from impasto.cli.help import Command

_VARIABLE = "_IMPASTO_COMPLETE"  # environment variable by which the shell asks for completions, as click names it


@click.command("completion", cls=Command, short_help="Have the Tab key complete commands, options and styles.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what a shell needs to complete commands, options, style names and files with the Tab key.

    \b
    bash: add this line to ~/.bashrc:  eval "$(impasto completion bash)"
    zsh:  add this line to ~/.zshrc:   eval "$(impasto completion zsh)"
    fish: run once:  impasto completion fish > ~/.config/fish/completions/impasto.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "impasto", _VARIABLE).source())
