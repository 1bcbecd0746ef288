"""``--features vgg19`` end to end: the file that torchvision publishes, with real weights, from a loopback server."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("requests")

import impasto  # noqa: E402
from impasto.networks import weights as downloads  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402

from .conftest import Reply  # noqa: E402

VGG = Path(__file__).parents[3] / "shared" / "weights" / "vgg19_normalised_relu5_1.safetensors"
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])  # of ImageNet, RGB
SLOTS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)  # of VGG-19's convolutions in torchvision's ``features``


def torchvision_state(path):
    """The state dict of torchvision's VGG-19, as far as conv5_1, that computes what a normalised file computes.

    torchvision expects (RGB - mean) / deviation; the file's own ``preprocess`` is folded into conv1_1.
    """
    from safetensors.torch import load_file

    tensors = {name: value.float() for name, value in load_file(path).items()}
    names = sorted({name.rsplit(".", 1)[0] for name in tensors} - {"preprocess"})
    first, shift = tensors["preprocess.weight"].flatten(1), tensors["preprocess.bias"]
    state = {}
    for slot, name in zip(SLOTS, names, strict=True):
        state[f"features.{slot}.weight"] = tensors[f"{name}.weight"]
        state[f"features.{slot}.bias"] = tensors[f"{name}.bias"]
    kernel = state["features.0.weight"]
    of_mean = kernel.sum(dim=(2, 3)) @ (first @ MEAN + shift)
    state["features.0.weight"] = torch.einsum("oikl,ij,j->ojkl", kernel, first, DEVIATION)
    state["features.0.bias"] = state["features.0.bias"] + of_mean
    state["classifier.0.weight"], state["classifier.0.bias"] = torch.zeros(2, 2), torch.zeros(2)  # is ignored
    return state


@pytest.mark.skipif(not VGG.is_file(), reason="the real VGG-19 of the shared material is not there")
def test_the_published_file_is_fetched_checked_kept_and_painted_with(server, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    torch.save(torchvision_state(VGG), buffer)
    body = buffer.getvalue()
    published = replace(downloads.PUBLISHED["vgg19"], sha256=hashlib.sha256(body).hexdigest()[:8])
    monkeypatch.setitem(downloads.PUBLISHED, "vgg19", published)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IMPASTO_MIRROR", server.url)
    monkeypatch.delenv("IMPASTO_OFFLINE", raising=False)
    server.replies = [Reply(body=body)]

    network = load_features("vgg19")
    assert (tmp_path / "cache" / published.file).read_bytes() == body
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    theirs, ours = load_features(VGG)(picture, network.taps), network(picture, network.taps)
    for tap, features in theirs.items():  # torchvision pads with zeros, the file by reflection: the middle agrees
        edge = -(-network.reach(tap) // network.stride(tap))
        if 2 * edge < features.shape[-1]:
            inner = (..., slice(edge, -edge), slice(edge, -edge))
            assert torch.allclose(ours[tap][inner], features[inner], rtol=1e-3, atol=1e-3), tap

    photograph = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    style = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")  # from here on the cache has to be enough
    painted = impasto.paint(photograph, style, features="vgg19", iterations=3, scales=1)
    assert painted.shape == photograph.shape
    assert (painted != photograph).any()
    assert len(server.requests) == 1
