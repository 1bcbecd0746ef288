import copy
from importlib import resources

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime as ort  # noqa: E402

import average_networks  # noqa: E402
import make_steady  # noqa: E402
from impasto.engines.onnxruntime import OnnxruntimeEngine  # noqa: E402
from impasto.engines.torch import TorchEngine  # noqa: E402
from impasto.errors import InputError  # noqa: E402
from impasto.foreign.readers.onnx_file import metadata_of  # noqa: E402
from impasto.networks import files  # noqa: E402
from impasto.networks.transformer import Architecture, TransformerNetwork  # noqa: E402
from impasto.styles.catalogue import load_style, video_style  # noqa: E402
from impasto.styles.files import bundled_network_id  # noqa: E402

TINY = Architecture(half=4, quarter=8, eighth=8, blocks=1)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(2)
    network = TransformerNetwork(TINY)
    count = TINY.normalised_channels
    styles = {name: (1 + 0.2 * torch.randn(count), 0.2 * torch.randn(count)) for name in ("photograph", "mine")}
    files.save_folder(network, styles, tmp_path, {"mine": {"artist": "Me"}})
    return tmp_path


@pytest.mark.parametrize("size", [(16, 16), (40, 24), (64, 128)])
def test_onnx_and_torch_agree_in_picture_and_statistics(folder, size):
    style = load_style(folder / "styles" / "mine.safetensors")
    onnx, peer = OnnxruntimeEngine("cpu", style.embedded), TorchEngine("cpu", style.embedded)
    image = np.random.default_rng(0).random((1, 4, *size), np.float32)
    painted, statistics = onnx.paint(image, style.scale, style.shift)
    expected, expected_statistics = peer.paint(image, style.scale, style.shift)
    assert np.abs(painted - expected).max() < 1e-3
    assert np.allclose(statistics.mean, expected_statistics.mean, atol=1e-4)
    assert np.allclose(statistics.variance, expected_statistics.variance, atol=1e-4, rtol=1e-3)
    other = np.random.default_rng(1).random((1, 3, *size), np.float32) ** 2
    for share in (0.0, 0.3):
        given = [engine.paint(other, style.scale, style.shift, statistics, share)[0] for engine in (onnx, peer)]
        assert np.abs(given[0] - given[1]).max() < 1e-3
    assert np.abs(given[0] - onnx.paint(other, style.scale, style.shift)[0]).max() > 1e-3
    no_grain = np.concatenate([other, np.zeros((1, 1, *size), np.float32)], axis=1)
    for engine in (onnx, peer):
        plain, without = (engine.paint(seen, style.scale, style.shift)[0] for seen in (other, no_grain))
        np.testing.assert_array_equal(plain, without)


def test_a_network_of_an_edition_before_sees_the_grain_on_the_picture(tmp_path, monkeypatch):
    torch.manual_seed(3)
    network = TransformerNetwork(TINY).eval().requires_grad_(False)
    network.stem.weight.copy_(network.stem.weight.half())
    before = copy.deepcopy(network)
    before.stem.weight = torch.nn.Parameter(before.stem.weight[:, :12])
    network.stem.weight[:, 12:] = 0
    with monkeypatch.context() as as_it_was:
        as_it_was.setattr(files, "PLANES", 3)
        as_it_was.setattr(files, "MIDDLE", (0.5, 0.5, 0.5))
        as_it_was.setattr(files, "_STEM_ORDER", [color * 4 + offset for offset in range(4) for color in range(3)])
        ones = torch.ones(TINY.normalised_channels)
        identity = files.save_folder(before, {"mine": (ones, ones), "photograph": (ones, 0 * ones)}, tmp_path)
    style = load_style(tmp_path / "styles" / "mine.safetensors")
    seen = np.random.default_rng(0).random((1, 4, 32, 24), np.float32)
    on_it = torch.from_numpy(seen[:, :3] + seen[:, 3:])
    expected = network(on_it, torch.from_numpy(style.scale)[None], torch.from_numpy(style.shift)[None])[0].numpy()
    engines = OnnxruntimeEngine("cpu", style.embedded), TorchEngine("cpu", style.embedded)
    loaded, also = files.load_network(tmp_path / "network.onnx")
    assert {identity} == {also, *(engine.network for engine in engines)}
    assert loaded.stem.weight.shape == network.stem.weight.shape
    for engine in engines:
        assert np.abs(engine.paint(seen, style.scale, style.shift)[0] - expected).max() < 1e-3
        engine.release()


def test_network_id_is_the_same_everywhere_and_names_the_weights(folder):
    network, identity = files.load_network(folder / "network.onnx")
    assert identity == files.network_id(network)
    style = load_style(folder / "styles" / "mine.safetensors")
    assert identity == style.network == style.embedded.id
    assert identity == OnnxruntimeEngine("cpu", style.embedded).network == TorchEngine("cpu", style.embedded).network
    assert ort.InferenceSession(folder / "network.onnx").get_modelmeta().custom_metadata_map["id"] == identity
    with torch.no_grad():
        network.head.bias += 1
    assert files.network_id(network) != identity


def test_a_folder_reads_back_as_it_was_written(folder):
    network, styles = files.load_folder(folder)
    assert network.architecture == TINY
    assert set(styles) == {"photograph", "mine"}
    assert load_style(folder / "styles" / "mine.safetensors").metadata["artist"] == "Me"


def test_a_style_brings_its_network_along(folder, tmp_path):
    from impasto import stylize

    image = np.random.default_rng(3).random((20, 30, 3), np.float32)
    style = load_style(folder / "styles" / "mine.safetensors")
    assert style.embedded.onnx == (folder / "network.onnx").read_bytes()
    assert stylize(image, style, strength=0.5).shape == image.shape
    assert not np.allclose(stylize(image, style), stylize(image, "scream"), atol=0.05)


def test_a_style_saved_again_needs_nothing_beside_it(folder, tmp_path):
    from impasto import stylize

    style = load_style(folder / "styles" / "mine.safetensors")
    (tmp_path / "alone").mkdir()
    style.save(tmp_path / "alone" / "mine.safetensors")
    alone = load_style(tmp_path / "alone" / "mine.safetensors")
    image = np.random.default_rng(3).random((20, 30, 3), np.float32)
    for strength in (1.0, 0.4):
        assert np.array_equal(stylize(image, alone, strength=strength), stylize(image, style, strength=strength))


def test_a_network_comes_back_from_its_one_file_as_it_was_written_in_fp16(tmp_path):
    network = TransformerNetwork(TINY)
    identity = files.save_folder(network, {}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    rebuilt, same = files.load_network(tmp_path / "network.onnx")
    assert same == identity == files.network_id(rebuilt)
    assert rebuilt.architecture == network.architecture
    for name, weights in rebuilt.state_dict().items():
        assert torch.equal(weights, network.state_dict()[name].half().float()), name
    with pytest.raises(InputError, match="own network cannot be read"):
        files.network_of_onnx(b"nothing")


def test_the_bundled_model_and_one_that_is_written_today_give_the_same():
    onnx = pytest.importorskip("onnx")
    network, _ = files.load_bundled()
    bundled = (resources.files("impasto.assets") / "network.onnx").read_bytes()
    written = files.onnx_model(network, metadata_of(memoryview(bundled)))
    onnx.checker.check_model(onnx.load_model_from_string(written), full_check=True)
    assert abs(len(written) - len(bundled)) < 10_000
    style = load_style("scream")
    feeds = {"image": np.random.default_rng(0).random((1, 4, 48, 64), np.float32)}
    feeds |= {"scale": style.scale, "shift": style.shift, "measured_share": np.array([0.3], np.float32)}
    feeds |= {"given_mean": 0 * style.scale, "given_variance": style.scale**2}
    sessions = [ort.InferenceSession(model, providers=["CPUExecutionProvider"]) for model in (bundled, written)]
    results = [session.run(["painted", "mean", "variance"], feeds) for session in sessions]
    for before, after in zip(*results, strict=True):
        np.testing.assert_array_equal(before, after)


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "network.onnx").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not an Impasto network"):
        files.load_network(tmp_path / "network.onnx")
    with pytest.raises(InputError, match=r"no network\.onnx"):
        files.load_folder(tmp_path / "empty")


def test_a_network_without_its_id_or_with_weights_that_are_not_finite_is_refused(tmp_path):
    network = TransformerNetwork(Architecture(half=4, quarter=8, eighth=8, blocks=1))
    about = files.description(network, "abc")
    path = tmp_path / "network.onnx"
    for wrong, words in (("id", "'id'"), ("weights", "not finite")):
        if wrong == "weights":
            torch.nn.init.constant_(next(network.parameters()), float("nan"))
        known = {key: value for key, value in about.items() if key != wrong}
        path.write_bytes(files.onnx_model(network, known))
        with pytest.raises(InputError, match=rf"not an Impasto network \(.*{words}"):
            files.load_network(path)


def test_a_steady_network_has_the_packages_styles_and_an_id_that_says_so(folder, tmp_path):
    network, styles = files.load_bundled()
    with torch.no_grad():
        network.stem.weight *= 1.01
    files.save_folder(network, styles, tmp_path / "more")
    assert make_steady.make(tmp_path / "more", tmp_path / "steady.onnx") == f"{bundled_network_id()}-steady"
    rebuilt, identity = files.network_of_onnx((tmp_path / "steady.onnx").read_bytes())
    assert identity == video_style(load_style("scream")).network
    assert torch.allclose(rebuilt.stem.weight, network.stem.weight, atol=1e-3)
    with pytest.raises(SystemExit, match="not as in the package"):
        make_steady.make(folder, tmp_path / "other.onnx")


def test_networks_are_averaged_with_their_styles(folder, tmp_path):
    network, styles = files.load_folder(folder)
    other, count = TransformerNetwork(TINY), TINY.normalised_channels
    files.save_folder(other, {name: (torch.zeros(count), torch.ones(count)) for name in styles}, tmp_path / "other")
    average_networks.average([(folder, 3), (tmp_path / "other", 1)], tmp_path / "mean")
    mean, mixed = files.load_folder(tmp_path / "mean")
    assert torch.allclose(mean.stem.weight, 0.75 * network.stem.weight + 0.25 * other.stem.weight, atol=1e-3)
    assert torch.allclose(mixed["mine"][1], 0.75 * styles["mine"][1] + 0.25, atol=1e-3)
    assert load_style(tmp_path / "mean" / "styles" / "mine.safetensors").metadata["artist"] == "Me"
