"""The README's commands are run, so that they cannot rot."""

import ast
import inspect
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from PIL import Image

import impasto
from impasto.cli import COMMANDS, cli
from impasto.extras import EXTRAS
from impasto.version import install_command

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def marked(name: str) -> str:
    """The command in the block after a marker."""
    found = re.search(rf"<!-- {name} -->\n```console\n(.+)\n```", README)
    assert found, f"no command marked {name}"
    return found[1]


def test_there_are_exactly_two_set_up_commands():
    assert README.count("pip install .") + README.count("pip install torch") == 2
    assert "torch==2.13.0" in marked("tests")
    assert "pytest" in marked("tests")


def test_the_main_job_runs_as_written(tmp_path):
    impasto = marked("main job").split(" && ")[-1].split()
    assert impasto[0] == "impasto"
    impasto[impasto.index("-o") + 1] = str(tmp_path / "out.jpg")
    subprocess.run([sys.executable, "-m", *impasto], cwd=ROOT, check=True)
    with Image.open(tmp_path / "out.jpg") as painted, Image.open(ROOT / impasto[2]) as original:
        assert painted.size == original.size


def described(page: Path) -> list[str]:
    """The commands that a page shows: those in tables of the README, and all after a prompt."""
    text = page.read_text()
    tables = re.findall(r"^\|[^|]*\| `(impasto .+?)` \|", text, re.M) if page.name == "README.md" else []
    return [*tables, *(line for line in re.findall(r"^\$ (impasto .+)$", text, re.M) if "|" not in line)]


def test_the_table_of_the_readme_has_the_commands():
    assert {line.split()[1] for line in described(ROOT / "README.md")} >= set(COMMANDS) - {
        "flow",
        "dataset",
        "predictor",
        "distill",
        "completion",
    }


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL_PAGES = [
    *PAGES,
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "integrations" / "README.md",
    *sorted((ROOT / "research").glob("*.md")),
]


def anchors(page: Path) -> set[str]:
    """The names by which GitHub links to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_link_to_files_and_headings_that_exist(page):
    for target in re.findall(r"\]\((?!http)([^)\s]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_the_files_to_touch_for_a_usual_change_exist():
    table = (ROOT / "docs/architecture.md").read_text().partition("## Where to touch")[2].partition("\nTests")[0]
    named = set(re.findall(r"`([a-z_]+/[a-z_/]+\.\w+)`", table))
    assert len(named) >= 5
    assert [name for name in sorted(named) if not (ROOT / "src/impasto" / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_modules_functions_and_classes_that_exist(page):
    for name in re.findall(r"`(impasto(?:\.\w+)+)`", page.read_text()):
        pkgutil.resolve_name(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_have_what_they_need_and_name_files_that_are_there(page):
    for line in described(page):
        name, *arguments = shlex.split(line, comments=True)[1:]
        command = cli.get_command(click.Context(cli), name)
        while isinstance(command, click.Group):
            _, command, arguments = command.resolve_command(click.Context(command), arguments)
        command.make_context(name, arguments)  # which reads them as a run would
        named = [item for item in arguments if item.startswith(("docs/", "examples/"))]
        assert all((ROOT / item).exists() for item in named), line
        if any(item.endswith("bundled.toml") for item in named):
            assert "--paintings" in arguments, line  # they are not in this repository


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_samples_call_what_there_is_as_it_is_to_be_called(page):
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        nodes = list(ast.walk(ast.parse(block)))
        for item in (node for node in nodes if isinstance(node, ast.ImportFrom)):
            for alias in item.names:
                assert pkgutil.resolve_name(f"{item.module}:{alias.name}")
        for call in (node for node in nodes if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if re.fullmatch(r"impasto\.\w+", name):
                inspect.signature(getattr(impasto, name.split(".")[1])).bind(
                    *call.args, **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
                )


def test_pages_install_extras_as_the_messages_say():
    for page in ALL_PAGES:
        for extra in re.findall(r'pip install "[^"\s]*\[([\w,]+)\]"', text := page.read_text()):
            assert install_command(extra) in text, f"{page.name}: [{extra}]"
    assert install_command("train") in README
    assert all(f"`[{extra}]`" in README or install_command(extra) in README for extra in EXTRAS)


def test_the_citation_is_of_this_version():
    assert f"\nversion: {impasto.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_picture_of_the_gallery_is_shown_made_by_one_command_and_small():
    from make_gallery import FAST, SLOW

    gallery = {path.name: path for path in (ROOT / "docs" / "gallery").iterdir()}
    shown = {name for page in PAGES for name in re.findall(r"\]\([^)]*gallery/([^)]+)\)", page.read_text())}
    assert set(gallery) == shown
    assert {path.stem for path in gallery.values()} == {*FAST, *SLOW}
    assert {name: path.stat().st_size for name, path in gallery.items() if path.stat().st_size > 500_000} == {
        "film.gif": gallery["film.gif"].stat().st_size
    }
    assert gallery["film.gif"].stat().st_size < 2_000_000
