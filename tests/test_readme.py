"""The README's commands are run, so that they cannot rot."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import impasto

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


def test_pictures_and_pages_that_it_names_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_samples_call_what_there_is_as_it_is_to_be_called(page):
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        for call in (node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if re.fullmatch(r"impasto\.\w+", name):
                inspect.signature(getattr(impasto, name.split(".")[1])).bind(
                    *call.args, **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
                )
