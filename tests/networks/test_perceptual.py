from importlib import resources
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

from impasto.errors import InputError  # noqa: E402
from impasto.networks.losses import gram  # noqa: E402
from impasto.networks.perceptual import PerceptualNetwork, load_features  # noqa: E402

SHARED = Path(__file__).parents[3] / "shared" / "weights"
TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
VGG19 = (64, 64, "pool", 128, 128, "pool", *[256] * 4, "pool", *[512] * 4, "pool", *[512] * 4)
VGG16 = (64, 64, "pool", 128, 128, "pool", *[256] * 3, "pool", *[512] * 3, "pool", *[512] * 3)


def torchvision_layout(plan, shrink=16):
    """A VGG in torchvision's layout, its channels divided, as a module: its state dict has the true names."""
    layers, channels = [], 3
    for entry in plan:
        if entry == "pool":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(channels, entry // shrink, 3, padding=1), nn.ReLU()]
            channels = entry // shrink
    return nn.Sequential(*layers)


@pytest.mark.parametrize(("plan", "last"), [(VGG19, "relu5_4"), (VGG16, "relu5_3")])
def test_torchvision_layouts_give_every_relu_by_name(tmp_path, plan, last):
    torch.manual_seed(0)
    peer = torchvision_layout(plan).eval()
    state = {f"features.{key}": value for key, value in peer.state_dict().items()}
    torch.save(
        state | {"classifier.0.weight": torch.rand(2, 2), "classifier.0.bias": torch.rand(2)}, tmp_path / "v.pth"
    )
    network = load_features(tmp_path / "v.pth")
    assert network.taps[-1] == last
    assert len(network.taps) == sum(entry != "pool" for entry in plan)
    images = torch.rand(1, 3, 32, 48)
    x = (images - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[
        :, None, None
    ]
    found = network(images, network.taps)
    names = iter(network.taps)
    for layer in peer:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            assert torch.allclose(found[next(names)], x, atol=1e-5)


def test_a_torchvision_file_cut_short_reaches_as_far_as_it_goes(tmp_path):
    peer = torchvision_layout(VGG19[:4])
    torch.save({f"features.{key}": value for key, value in peer.state_dict().items()}, tmp_path / "short.pth")
    assert load_features(tmp_path / "short.pth").taps == ("relu1_1", "relu1_2", "relu2_1")


def test_average_pooling_is_another_network(tmp_path):
    torch.save({f"features.{k}": v for k, v in torchvision_layout(VGG19).state_dict().items()}, tmp_path / "v.pth")
    images = torch.rand(1, 3, 32, 32)
    maximum, average = (load_features(tmp_path / "v.pth", pooling=kind)(images, TAPS) for kind in ("max", "average"))
    assert torch.equal(maximum["relu1_1"], average["relu1_1"])
    assert not torch.allclose(maximum["relu2_1"], average["relu2_1"])


def test_builtin_has_the_five_taps_at_a_tenth_of_the_cost():
    network = load_features("builtin")
    assert set(TAPS) <= set(network.taps)
    vgg19, channels, side = 0, 3, 256
    for entry in VGG19[: VGG19.index(512) + 6]:  # to conv5_1
        if entry == "pool":
            side //= 2
        else:
            vgg19 += 9 * channels * entry * side * side
            channels = entry
    assert vgg19 == pytest.approx(23.7e9, rel=0.02)
    assert network.macs(256, 256) <= vgg19 / 10
    assert (resources.files("impasto.assets") / "perceptual.safetensors").stat().st_size <= 3e6


def test_distances_are_those_of_the_wide_features_that_the_heads_predict():
    """The metric of the module's docstring: ||A' G A'^T|| = ||R G R^T||."""
    network = load_features("builtin")
    one, two = torch.rand(1, 3, 48, 48), torch.rand(1, 3, 48, 48) ** 2
    narrow = [network(x, TAPS) for x in (one, two)]
    wide = [network.wide(x, TAPS) for x in (one, two)]
    assert narrow[0]["relu1_1"].shape[1] < wide[0]["relu1_1"].shape[1]  # the layers above have all channels themselves
    for tap in TAPS:
        distance = ((narrow[0][tap] - narrow[1][tap]) ** 2).sum()
        assert distance.item() == pytest.approx(((wide[0][tap] - wide[1][tap]) ** 2).sum().item(), rel=1e-3)
        distance = ((gram(narrow[0][tap]) - gram(narrow[1][tap])) ** 2).sum()
        expected = ((gram(wide[0][tap]) - gram(wide[1][tap])) ** 2).sum()
        assert distance.item() == pytest.approx(expected.item(), rel=1e-3)


def test_channels_that_the_head_alone_reads_are_those_that_no_kernel_has():
    torch.manual_seed(0)
    convolutions = {
        "conv1_1": (torch.randn(6, 3, 3, 3), torch.randn(6)),
        "conv1_2": (torch.randn(5, 4, 3, 3), torch.zeros(5)),
    }
    preprocess, heads = (
        (torch.eye(3)[:, :, None, None], torch.zeros(3)),
        {"relu1_1": (torch.randn(9, 6, 1, 1), torch.zeros(9))},
    )
    network = PerceptualNetwork(convolutions, preprocess, heads)
    weight, bias = convolutions["conv1_2"]
    padded = convolutions | {"conv1_2": (torch.cat([weight, torch.zeros(5, 2, 3, 3)], dim=1), bias)}
    images = torch.rand(1, 3, 20, 20)
    found, expected = (n(images, n.taps) for n in (network, PerceptualNetwork(padded, preprocess, heads)))
    assert found["relu1_1"].shape[1] == 7
    for tap, x in expected.items():
        assert torch.allclose(found[tap], x, atol=1e-4)
    assert network.macs(20, 20, "relu1_2") == 400 * 9 * (1 + 18 + 20)


def test_a_convolution_of_low_rank_is_the_product_of_its_factors():
    torch.manual_seed(0)
    before, kernel, behind = torch.randn(2, 6, 1, 1), torch.randn(3, 2, 3, 3), torch.randn(7, 3, 1, 1)
    first, preprocess = (torch.randn(6, 3, 3, 3), torch.randn(6)), (torch.eye(3)[:, :, None, None], torch.zeros(3))
    bias = torch.randn(7)
    product = torch.einsum("or,rkyx,ki->oiyx", behind[:, :, 0, 0], kernel, before[:, :, 0, 0])
    dense = PerceptualNetwork({"conv1_1": first, "conv1_2": (product, bias)}, preprocess, padding="reflect")
    factors = {"conv1_2_in": (before, torch.zeros(2)), "conv1_2_out": (behind, bias)}
    low = PerceptualNetwork(
        {"conv1_1": first, "conv1_2": (kernel, torch.zeros(3))}, preprocess, factors=factors, padding="reflect"
    )
    images = torch.rand(2, 3, 20, 24)
    for tap, x in dense(images, dense.taps).items():
        assert torch.allclose(low(images, low.taps)[tap], x, atol=1e-4)
    assert low.channels("relu1_2") == 7
    assert low.macs(20, 24, "relu1_2") == 480 * (9 + 9 * 3 * 6 + 6 * 2 + 9 * 2 * 3 + 3 * 7)


def test_gradients_reach_the_picture():
    images = torch.rand(1, 3, 32, 32, requires_grad=True)
    sum(x.square().mean() for x in load_features("builtin")(images, TAPS).values()).backward()
    assert images.grad is not None
    assert images.grad.abs().min() >= 0
    assert images.grad.abs().mean() > 0


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (16, 5)])
def test_small_pictures_do_not_break_it(size):
    for x in load_features("builtin")(torch.rand(1, 3, *size), TAPS).values():
        assert torch.isfinite(x).all()


def test_an_unknown_layer_is_one_sentence_with_the_nearest_name():
    with pytest.raises(InputError, match=r"relu3_9.*did you mean relu3_\d"):
        load_features("builtin")(torch.rand(1, 3, 16, 16), ["relu3_9"])


def test_files_that_are_no_weights_are_refused(tmp_path):
    with pytest.raises(InputError, match="There are no weights"):
        load_features(tmp_path / "none.pth")
    (tmp_path / "broken.pth").write_bytes(b"not a pickle")
    (tmp_path / "broken.safetensors").write_bytes(b"x" * 100)
    for name in ("broken.pth", "broken.safetensors"):
        with pytest.raises(InputError, match="cannot be read as network weights") as refused:
            load_features(tmp_path / name)
        assert "weights_only" not in str(refused.value)  # torch's own advice
    save_file({"something": torch.rand(2)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="no layout that Impasto knows"):
        load_features(tmp_path / "other.safetensors")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared weights are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "last", "channels"),
    [("vgg19_normalised_relu3_1.safetensors", "relu3_1", 256), ("vgg19_16x_relu5_1.safetensors", "relu5_1", 129)],
)
def test_the_shared_layouts_are_known(name, last, channels):
    network = load_features(SHARED / name)
    assert network.taps[-1] == last
    assert network(torch.rand(1, 3, 32, 32), [last])[last].shape[1] == channels


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state.update({"conv9_x.weight": torch.ones(1), "conv9_x.bias": torch.ones(1)}),
        lambda state: state.update({"preprocess.weight": torch.ones(3, 2, 1, 1)}),
        lambda state: state.update({"conv2_1.bias": torch.ones(2)}),
        lambda state: state.update({"conv1_1.weight": torch.full_like(state["conv1_1.weight"], torch.nan)}),
        lambda state: state.update({"conv1_1.weight": state["conv1_1.weight"][0]}),
        lambda state: state.update({"relu1_1_head.bias": torch.ones(2, 2, 2)}),
    ],
)
def test_damaged_weights_are_one_sentence_that_names_the_file(tmp_path, damage):
    state = load_file(resources.files("impasto.assets") / "perceptual.safetensors")
    damage(state)
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "odd.safetensors")
    with pytest.raises(InputError, match=r"^\S+odd\.safetensors is damaged or no perceptual network \([^\n]+$"):
        load_features(tmp_path / "odd.safetensors")
