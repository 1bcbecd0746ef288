"""The style predictor's files: the model that onnxruntime runs is the network that torch trains."""

import hashlib
from importlib import resources

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime as ort  # noqa: E402
from safetensors import safe_open  # noqa: E402

from impasto.errors import InputError  # noqa: E402
from impasto.networks import predictor_files  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.networks.predictor import TAPS, PredictorArchitecture, StylePredictor, style_statistics  # noqa: E402
from impasto.networks.predictor_files import load_predictor, save_predictor  # noqa: E402
from impasto.networks.transformer import as_if_painted  # noqa: E402
from impasto.styles.files import bundled_network_id  # noqa: E402


@pytest.fixture
def assets():
    with resources.as_file(resources.files("impasto.assets")) as folder:
        yield folder


@pytest.fixture
def picture():
    return torch.rand(1, 3, 90, 117, generator=torch.Generator().manual_seed(0))


def by_torch(predictor, picture):
    judge = load_features()
    with torch.no_grad():
        return predictor(style_statistics(judge, judge.narrow(as_if_painted(picture), TAPS)))


def test_the_model_predicts_what_torch_does(assets, picture):
    session = ort.InferenceSession(assets / "predictor.onnx")
    found = session.run(["scale", "shift"], {"picture": picture.numpy()})
    for one, other in zip(found, by_torch(load_predictor(assets), picture), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_bundled_predictor_belongs_to_the_bundled_networks(assets):
    with safe_open(assets / "predictor.safetensors", "np") as file:
        about = file.metadata()
    assert about["network"] == bundled_network_id()
    judge = (assets / "perceptual.safetensors").read_bytes()
    assert about["perceptual"] == hashlib.sha256(judge).hexdigest()[:12]
    assert sum((assets / f"predictor.{end}").stat().st_size for end in ("onnx", "safetensors")) < 2e6


def test_a_predictor_is_read_as_it_was_written(assets, picture, tmp_path):
    (tmp_path / "perceptual.safetensors").write_bytes((assets / "perceptual.safetensors").read_bytes())
    judge = load_features()
    with torch.no_grad():
        count = style_statistics(judge, judge.narrow(picture, TAPS)).shape[1]
    torch.manual_seed(0)
    predictor = StylePredictor(PredictorArchitecture(count, hidden=16, code=8, channels=10))
    save_predictor(predictor, "0123456789ab", tmp_path, {"steps": "0"})
    read = load_predictor(tmp_path)
    for one, other in zip(by_torch(predictor, picture), by_torch(read, picture), strict=True):
        torch.testing.assert_close(one, other, atol=0.02, rtol=0)
    found = ort.InferenceSession(tmp_path / "predictor.onnx").run(["shift"], {"picture": picture.numpy()})[0]
    np.testing.assert_allclose(found, by_torch(read, picture)[1], atol=1e-4)


def test_the_bundled_model_and_one_that_is_written_today_predict_the_same(assets, picture, tmp_path):
    onnx = pytest.importorskip("onnx")
    for name in ("perceptual.safetensors", "predictor.safetensors"):
        (tmp_path / name).write_bytes((assets / name).read_bytes())
    written = tmp_path / "predictor.onnx"
    written.write_bytes(predictor_files._model(load_features(), tmp_path, {}))
    onnx.checker.check_model(written, full_check=True)
    both = [
        ort.InferenceSession(path).run(["scale", "shift"], {"picture": picture.numpy()})
        for path in (assets / "predictor.onnx", written)
    ]
    for before, after in zip(*both, strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_perceptual_network_is_written_once_and_again_where_it_is_another(assets, tmp_path):
    whole = (assets / "perceptual.safetensors").read_bytes()
    beside, predictor = tmp_path / "perceptual.safetensors", load_predictor(assets)
    save_predictor(predictor, "0123456789ab", tmp_path, {"step": "1"})
    assert beside.read_bytes() == whole
    first = beside.stat()
    save_predictor(predictor, "0123456789ab", tmp_path, {"step": "2"})
    assert (beside.stat().st_ino, beside.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    for interrupted in (whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1])):
        beside.write_bytes(interrupted)
        save_predictor(predictor, "0123456789ab", tmp_path, {"step": "3"})
        assert beside.read_bytes() == whole


def test_weights_and_a_model_that_names_bytes_of_other_weights_never_lie_side_by_side(assets, tmp_path, monkeypatch):
    predictor = load_predictor(assets)
    save_predictor(predictor, "0123456789ab", tmp_path, {"step": "1"})
    before = (tmp_path / "predictor.safetensors").read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(predictor_files, "_model", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_predictor(predictor, "0123456789ab", tmp_path, {"step": "of another length"})
    assert (tmp_path / "predictor.safetensors").read_bytes() != before
    assert not (tmp_path / "predictor.onnx").exists()


def test_what_is_no_predictor_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"predictor\.safetensors is not a style predictor \("):
        load_predictor(tmp_path)
    (tmp_path / "predictor.safetensors").write_bytes(b"bad")
    with pytest.raises(InputError, match=r"is not a style predictor \("):
        load_predictor(tmp_path)
