import numpy as np
import onnxruntime as ort
import pytest
from safetensors import safe_open

torch = pytest.importorskip("torch")

from tests.foreign.cases import CASES  # noqa: E402

import impasto  # noqa: E402
from impasto.errors import InputError, StyleError  # noqa: E402
from impasto.networks.export_settings import ExportSettings  # noqa: E402
from impasto.networks.exporting import export, what_of  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402

LEVEL = 1 / 255


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def picture(photo) -> np.ndarray:
    """H x W x 3 bytes, on no grid."""
    return np.asarray(photo.resize((101, 67)))


def exported(tmp_path, name="scream", **settings):
    """The path of an exported file."""
    chosen = ExportSettings(**settings)
    path = tmp_path / f"model{ {'onnx': '.onnx', 'torch': '.pt2', 'safetensors': '.safetensors'}[chosen.to] }"
    card = export(what_of(str(name)), chosen, path)
    assert card == path.with_name(f"{path.name}.md")
    return path


def session_of(path):
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def difference(one, other) -> int:
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


@pytest.mark.parametrize("opset", [13, 21])
def test_a_model_of_any_opset_paints_bytes_as_impasto_does(tmp_path, picture, opset):
    session = session_of(exported(tmp_path, opset=opset))
    assert [(item.name, item.type) for item in session.get_inputs()] == [("image", "tensor(uint8)")]
    for part in (picture, picture[:5, :7]):
        (painted,) = session.run(None, {"image": part[None]})
        assert difference(painted[0], impasto.stylize(part, "scream")) <= 1


def test_the_operators_are_those_of_the_opset(tmp_path):
    onnx = pytest.importorskip("onnx")
    for opset in (13, 18):
        path = exported(tmp_path, opset=opset)
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        assert model.opset_import[0].version == opset


def test_a_fixed_size_is_in_the_model_and_others_are_refused(tmp_path, picture):
    session = session_of(exported(tmp_path, size=(101, 67)))
    assert session.get_inputs()[0].shape == [1, 67, 101, 3]
    assert session.get_outputs()[0].shape == [1, 67, 101, 3]
    (painted,) = session.run(None, {"image": picture[None]})
    assert difference(painted[0], impasto.stylize(picture, "scream")) <= 1


def test_with_vectors_as_inputs_one_file_paints_every_style(tmp_path, picture):
    session = session_of(exported(tmp_path, "network", vectors="inputs"))
    for name in ("scream", "tahiti"):
        style = load_style(name)
        (painted,) = session.run(None, {"image": picture[None], "scale": style.scale, "shift": style.shift})
        assert difference(painted[0], impasto.stylize(picture, name)) <= 1


def test_planes_and_statistics_are_what_our_engine_gives(tmp_path):
    from impasto.engines.onnxruntime import OnnxruntimeEngine

    style = load_style("scream")
    image = np.random.default_rng(0).random((1, 4, 64, 48), np.float32)
    expected, measured = OnnxruntimeEngine().paint(image, style.scale, style.shift)
    session = session_of(exported(tmp_path, pixels="planes", statistics=True))
    given = {"given_mean": measured.mean, "given_variance": measured.variance}
    for share in (0.0, 1.0):
        painted, mean, variance = session.run(
            None, {"image": image, **given, "measured_share": np.array([share], np.float32)}
        )
        assert np.abs(painted - expected).max() < 1e-3
        np.testing.assert_allclose(mean, measured.mean, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(variance, measured.variance, rtol=1e-3, atol=1e-4)


def test_a_converted_style_is_exported_too(tmp_path, picture):
    case = next(case for case in CASES if case.name == "lengstrom V1")
    old = case.write(tmp_path)
    session = session_of(exported(tmp_path, old))
    (painted,) = session.run(None, {"image": picture[None]})
    assert difference(painted[0], impasto.stylize(picture, old)) <= 1
    assert "lengstrom" in (tmp_path / "model.onnx.md").read_text()


@pytest.mark.filterwarnings("ignore:No complete tensor found:UserWarning")
def test_a_program_of_torch_paints_pictures_of_any_size(tmp_path):
    style = load_style("scream")
    session = session_of(exported(tmp_path, pixels="planes"))
    program = torch.export.load(exported(tmp_path, to="torch", pixels="planes")).module()
    for height, width in ((64, 48), (40, 88)):
        image = np.random.default_rng(0).random((1, 4, height, width), np.float32)
        (expected,) = session.run(None, {"image": image})
        with torch.inference_mode():
            painted = program(torch.from_numpy(image)).numpy()
        assert np.abs(painted - expected).max() < LEVEL
    assert style.name in (tmp_path / "model.pt2.md").read_text()


def test_what_a_program_of_torch_does_to_bytes_is_what_impasto_does(picture):
    from impasto.networks.export_torch import program

    painting = program(what_of("scream"), ExportSettings(to="torch"))  # tracing it would take half a minute
    for part in (picture, picture[:5, :7]):
        with torch.inference_mode():
            painted = painting(torch.from_numpy(part.copy())[None])[0].numpy()
        assert difference(painted, impasto.stylize(part, "scream")) <= 1


def test_a_style_with_its_network_in_it_needs_no_other_file(tmp_path, picture):
    path = exported(tmp_path, to="safetensors")
    style = load_style(path)
    assert style.embedded is not None
    assert difference(impasto.stylize(picture, path), impasto.stylize(picture, "scream")) == 0
    assert (
        difference(impasto.stylize(picture, path, strength=0.5), impasto.stylize(picture, "scream", strength=0.5)) <= 1
    )
    with safe_open(path, framework="pt") as file:
        assert file.get_tensor("scale").dtype == torch.float32


def test_a_folder_that_train_wrote_is_a_network(tmp_path):
    from importlib.resources import files

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "network.onnx").write_bytes((files("impasto.assets") / "network.onnx").read_bytes())
    what = what_of(str(tmp_path / "mine"))
    assert (what.name, what.style, what.planes, what.channels) == ("mine", None, 4, 1008)


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("network", {}, "has no style that could be baked in; give a style, or --vectors inputs"),
        ("network", {"to": "safetensors"}, "is no style file"),
        ("scream", {"opset": 9}, "opset 13 to 21, not 9"),
        ("scream", {"size": (0, 5)}, "sides of 1 to 16384 pixels"),
        ("scream", {"to": "torch", "size": (64, 64)}, "are for --to onnx"),
        ("scream", {"to": "safetensors", "vectors": "inputs"}, "leave the other options out"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(tmp_path, name, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        exported(tmp_path, name, **settings)
    assert not list(tmp_path.glob("model*"))


def test_a_wrong_end_and_a_damaged_network_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"does not end in \.onnx"):
        export(what_of("scream"), ExportSettings(), tmp_path / "model.pt2")
    style = load_style("scream")
    path = tmp_path / "bad.safetensors"
    from dataclasses import replace

    from impasto.styles.style import EmbeddedNetwork

    replace(style, embedded=EmbeddedNetwork("x", b"no network")).save(path)
    with pytest.raises(StyleError, match="cannot be read"):
        what_of(str(path))
