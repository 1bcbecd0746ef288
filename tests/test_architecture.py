"""The architecture of docs/architecture.md, checked: which room may import which, and where torch may stand.

Imports are read from the source, so that those inside functions and under ``TYPE_CHECKING`` count as well.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "impasto"
# A module imports from its own row and from the rows below it.
STREAM = [
    ["__main__"],
    ["cli"],
    ["webpage"],
    ["studio"],
    ["impasto"],  # the public names
    ["scale"],
    ["webcam"],
    ["video"],
    ["sound"],
    ["optimisation", "feedforward"],  # each starts from what the other paints, without circles
    ["learning"],
    ["training"],
    ["motion"],
    ["engines"],
    ["networks"],
    ["styles"],
    ["foreign"],
    ["flow"],
    ["pictures"],
    ["media"],
    ["arguments", "arithmetic", "options", "memory", "locks", "files", "folders", "extras", "remaining", "threads"],
    ["errors", "environment", "version", "assets"],
]
LEVEL = {room: level for level, row in enumerate(STREAM) for room in row}
WITH_TORCH = ("training", "learning", "optimisation", "networks", "engines.torch")
MAX_LINES = 400  # of one Python file


def module_name(path: Path) -> str:
    """The dotted name of a source file: ``impasto.cli.apply``; of an ``__init__.py``, its package."""
    return ".".join(["impasto", *path.relative_to(SOURCE).with_suffix("").parts]).removesuffix(".__init__")


TREES = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
ROOMS = sorted(room for room in LEVEL if (SOURCE / room).is_dir() and room != "assets")


def imports(module: str) -> set[str]:
    """What a module imports, by full names; a name taken from a package is the sub-module where there is one."""
    found = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}, line {node.lineno}: imports are absolute here"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in TREES else node.module for name in names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {item.value for item in node.args if isinstance(item, ast.Constant)}
    return found


IMPORTS = {module: imports(module) for module in TREES}
WITHIN = {module: {name for name in found if name in TREES} for module, found in IMPORTS.items()}


def room(module: str) -> str:
    """The folder in which a module stands, or its own name directly under ``impasto``."""
    return f"{module}.impasto".split(".")[1]


def none(violations: list[str]) -> None:
    """Fail with one violation a line."""
    if violations:
        pytest.fail("\n".join(violations), pytrace=False)


def test_every_module_stands_in_a_room_of_the_stream():
    none([module for module in TREES if room(module) not in LEVEL])


def test_nothing_imports_against_the_stream():
    none(
        [
            f"{module} imports {name}"
            for module, names in WITHIN.items()
            for name in sorted(names)
            if LEVEL.get(room(name), -1) < LEVEL.get(room(module), -1)
        ]
    )


def circles() -> list[str]:
    """All circles of imports: each is written down and cut, until none is left."""
    graph, found = {module: set(names) for module, names in WITHIN.items()}, []
    while True:
        try:
            TopologicalSorter(graph).prepare()
            return found
        except CycleError as error:
            circle = error.args[1]  # each is imported by the next
            found.append(" imports ".join(reversed(circle)))
            graph[circle[1]].remove(circle[0])


def test_no_modules_import_each_other_in_a_circle():
    none(circles())


def test_torch_is_imported_only_where_pictures_become_tensors():
    allowed = tuple(f"impasto.{name}." for name in WITH_TORCH)
    with_torch = [module for module, names in IMPORTS.items() if any(name.split(".")[0] == "torch" for name in names)]
    none([f"{module} imports torch" for module in with_torch if not f"{module}.".startswith(allowed)])


def test_every_room_opens_with_what_comes_in_what_goes_out_and_what_it_never_imports():
    lengths = {name: len((ast.get_docstring(TREES[f"impasto.{name}"]) or "").splitlines()) for name in ROOMS}
    none([f"impasto.{name}: the docstring has {lines} of 5 lines" for name, lines in lengths.items() if lines < 5])


def test_no_file_is_too_long_to_read():
    files = [path for folder in ("src", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    none([f"{path} has {lines} lines" for path, lines in lengths.items() if lines > MAX_LINES])
