import ast
import subprocess
import sys
from pathlib import Path

import pytest

import impasto
from impasto.foreign.readers.onnx_file import metadata_of
from impasto.styles.catalogue import bundled_names, load_style
from impasto.styles.files import bundled_network, bundled_network_id

SOURCE = Path(impasto.__file__).parent
LIBRARY = sorted(p for p in SOURCE.rglob("*.py") if "cli" not in p.relative_to(SOURCE).parts)


def test_the_public_names_are_exactly_these():
    assert impasto.__all__ == [
        "DownloadError",
        "ImpastoError",
        "InputError",
        "MissingExtraError",
        "Options",
        "OutOfMemoryError",
        "OutputError",
        "Painter",
        "PartialError",
        "Recipe",
        "Style",
        "StyleError",
        "StyleFacts",
        "TrainingError",
        "TruncatedError",
        "__version__",
        "flow",
        "learn_style",
        "list_styles",
        "load_style",
        "paint",
        "scale",
        "stylize",
        "stylize_motion",
        "stylize_sound",
        "stylize_video",
    ]
    assert {*impasto._PUBLIC, *impasto._PUBLIC_PACKAGES, "__version__"} == set(impasto.__all__)


@pytest.mark.parametrize("name", impasto.__all__)
def test_every_public_name_resolves_and_is_documented(name):
    found = getattr(impasto, name)
    assert isinstance(found, str) or (found.__name__.removeprefix("impasto.") == name and found.__doc__)


def test_dir_shows_the_public_names_and_imports_nothing():
    assert dir(impasto) == sorted(impasto.__all__)
    heavy = "'numpy', 'PIL', 'onnxruntime', 'torch', 'rich', 'click'"
    script = f"import sys, impasto; dir(impasto); print([name for name in ({heavy}) if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"


def test_any_other_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="stylise"):
        impasto.stylise  # noqa: B018


def test_every_error_is_an_impasto_error_with_a_status_of_its_own():
    errors = [getattr(impasto, name) for name in impasto.__all__ if name.endswith("Error")]
    assert all(issubclass(error, impasto.ImpastoError) for error in errors)
    assert impasto.OutOfMemoryError.exit_status == impasto.InputError.exit_status  # of which it is a kind
    statuses = [error.exit_status for error in errors if error is not impasto.OutOfMemoryError]
    assert len(set(statuses)) == len(statuses)
    assert not {0, 2, 130} & set(statuses)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_library_neither_prints_nor_exits(path):
    called = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert not called & {"print", "exit", "quit", "sys.exit", "os._exit", "input"}


def test_the_package_says_that_it_is_typed_and_brings_its_networks():
    assert (SOURCE / "py.typed").exists()
    for name in ("network.onnx", "steady.onnx"):
        assert (SOURCE / "assets" / name).stat().st_size > 100_000


def test_all_styles_of_the_package_name_its_network():
    network = metadata_of(memoryview(bundled_network()))["id"]
    assert {load_style(name).network for name in bundled_names()} == {network} == {bundled_network_id()}
