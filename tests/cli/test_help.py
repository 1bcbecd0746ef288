import re

import click
import pytest

from impasto.cli import COMMANDS, cli
from impasto.cli.help import Command, Group
from impasto.feedforward.options import Options
from impasto.options import option_facts

from .conftest import run


def every_command():
    """All commands and sub-commands, with the words that call them."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            yield from (((name, sub), found) for sub, found in command.commands.items())
        else:
            yield (name,), command


EVERY = list(every_command())
LONG = [(words, command) for words, command in EVERY if len(command.params) > 10]


def options_of(command):
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


@pytest.mark.parametrize(("words", "command"), EVERY, ids=["-".join(words) for words, _ in EVERY])
def test_every_option_is_described_in_a_sentence(words, command):
    for option in options_of(command):
        assert re.search(r"^[A-Za-z1].*[.)\]]$", option.help or ""), option.name


@pytest.mark.parametrize(("words", "command"), LONG, ids=["-".join(words) for words, _ in LONG])
def test_every_option_of_a_long_command_stands_in_a_section(words, command):
    named = [name for names in command.sections.values() for name in names]
    assert {option.name for option in options_of(command)} <= set(named)
    assert len(named) == len(set(named))


@pytest.mark.parametrize("command", ["apply", "video", "webcam", "styles preview"])
def test_what_can_be_set_of_a_painting_has_one_name_and_one_description_everywhere(command, capsys):
    assert run(*command.split(), "--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    for name, facts in option_facts(Options).items():
        if (
            facts.help
            and not (name == "size" and command == "styles preview")
            and (name != "refine" or command == "apply")
        ):
            assert f"--{name.replace('_', '-')} " in said
            assert facts.help in said


def test_options_are_shown_in_their_sections_and_the_rest_at_the_end(capsys):
    @click.command(cls=Command, sections={"First": ("size",), "Second": ("weight",)})
    @click.option("--weight", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="How much.")
    @click.option("--size", type=click.IntRange(16), help="How large.")
    @click.option("--loud", is_flag=True, help="Say more.")
    def example(**_):
        pass

    with pytest.raises(SystemExit):
        example.main(["--help"])
    said = capsys.readouterr().out
    places = [said.index(text) for text in ("First:", "--size N", "Second:", "--weight NUMBER", "Other:", "--loud")]
    assert places == sorted(places)
    assert "[16 or more]" in said
    assert "[default: 0.5; 0 to 1]" in said


@pytest.mark.parametrize("group", [(), ("styles",), ("flow",), ("dataset",)])
def test_a_command_of_commands_alone_shows_its_help_which_is_no_error(group, capsys):
    assert run(*group) == 0
    said = capsys.readouterr()
    assert f"Usage: {' '.join(('impasto', *group))}" in said.out
    assert said.err == ""


def test_a_group_s_commands_show_their_options_in_the_same_way():
    assert all(isinstance(command, Command) for _, command in EVERY)
    assert Group.command_class is Command
