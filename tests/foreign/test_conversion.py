import shutil

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from tests.foreign import any_style, definitions  # noqa: E402
from tests.foreign.cases import CASES, arrays_of, module, write_microast  # noqa: E402
from tests.foreign.writers import table, write_tfjs  # noqa: E402

from impasto.engines.base import Statistics  # noqa: E402
from impasto.engines.onnxruntime import OnnxruntimeEngine  # noqa: E402
from impasto.foreign.architectures.table import ARCHITECTURES  # noqa: E402
from impasto.foreign.contents import UnknownNetworkError  # noqa: E402
from impasto.foreign.conversion import convert, files_of  # noqa: E402
from impasto.foreign.protobuf import field, message, varint  # noqa: E402
from impasto.foreign.readers.opening import read  # noqa: E402
from impasto.networks.architecture import geometry  # noqa: E402
from impasto.networks.foreign import foreign_network  # noqa: E402
from impasto.styles.style import EmbeddedNetwork  # noqa: E402

LEVEL = 1 / 255


@pytest.fixture(scope="module")
def picture():
    """1 x 3 x 72 x 96 in [0, 1], smooth and rough."""
    y, x = np.mgrid[0:72, 0:96] / 96
    rough = np.random.default_rng(2).normal(0, 0.05, (3, 72, 96))
    return np.clip(np.stack([x, y, 1 - x * y]) + rough, 0, 1).astype(np.float32)[None]


def session_of(network):
    return ort.InferenceSession(network.onnx, providers=["CPUExecutionProvider"])


def run(session, image, style, given=None, share=0.0):
    scale, shift = style
    mean, variance = given or (np.zeros_like(scale), np.zeros_like(scale))
    share = 1.0 if given is None else share
    feeds = {"image": image, "scale": scale, "shift": shift, "given_mean": mean, "given_variance": variance}
    wanted = {item.name for item in session.get_inputs()}
    feeds["measured_share"] = np.array([share], np.float32)
    return session.run(None, {name: value for name, value in feeds.items() if name in wanted})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_converted_network_paints_what_its_own_program_paints(case, picture, tmp_path):
    network = convert(case.write(tmp_path))
    assert case.title in network.title
    session = session_of(network)
    style = network.styles[case.style]
    painted, mean, variance = run(session, picture, style)
    with torch.inference_mode():
        expected = case.paint(torch.from_numpy(picture)).numpy()
    assert painted.shape == expected.shape
    assert expected.std() > 0.05
    assert np.abs(painted - expected).max() < LEVEL
    # A box with the statistics of the whole is what the whole has there, beyond the radius from its cuts.
    about = session.get_modelmeta().custom_metadata_map
    fit = geometry(about)
    assert mean.shape == variance.shape == style[0].shape
    # The same layers in torch, for GPUs.
    module = foreign_network(network.onnx)
    with torch.inference_mode():
        again, _ = module(torch.from_numpy(picture), *(torch.from_numpy(part)[None] for part in style))
    assert np.abs(again.numpy() - expected).max() < LEVEL
    assert fit.multiple == 4
    # The graphs that only paint: with the picture's own statistics, and with the same ones in the weights.
    engine = OnnxruntimeEngine("cpu", EmbeddedNetwork(about["id"], network.onnx))
    for given in (None, Statistics(mean, variance)):
        assert np.abs(engine.paint_only(picture, *style, given) - expected).max() < LEVEL


@pytest.mark.parametrize("name", ["pytorch zip", "lengstrom V1", "chainer 4 x 4", "t7 reflect-start", "t7 batch norm"])
def test_a_box_with_the_statistics_of_the_whole_is_what_the_whole_has_there(name, tmp_path):
    case = next(case for case in CASES if case.name == name)
    network = convert(case.write(tmp_path))
    session = session_of(network)
    radius = geometry(session.get_modelmeta().custom_metadata_map).radius
    cut = -(-radius // 4) * 4
    image = np.random.default_rng(0).random((1, 3, 2 * cut + 32, 2 * cut + 40), np.float32)
    style = network.styles[0]
    whole, mean, variance = run(session, image, style)
    box, *_ = run(session, image[..., 16:, 16:], style, (mean, variance))
    inner = (..., slice(16 + cut, None), slice(16 + cut, None))
    assert np.abs(whole[inner] - box[..., cut:, cut:]).max() < 1e-3
    if cut > 8:
        nearer = (..., slice(16, 16 + 8), slice(16, 16 + 8))
        assert np.abs(whole[nearer] - box[..., :8, :8]).max() > 1e-3  # a cut is seen where its border is near


def test_no_two_architectures_take_the_same_file(tmp_path):
    for index, case in enumerate(CASES):
        folder = tmp_path / str(index)
        folder.mkdir()
        contents = read(case.write(folder))
        assert sum(bool(module.detect(contents)) for module in ARCHITECTURES) == 1


def test_microast_paints_the_style_of_a_picture(picture, tmp_path):
    made = write_microast(tmp_path)
    painting = np.random.default_rng(3).integers(0, 255, (40, 52, 3), np.uint8)
    Image.fromarray(painting).save(tmp_path / "painting.png")
    style = torch.from_numpy(painting.transpose(2, 0, 1)[None] / np.float32(255))
    network = convert(tmp_path, tmp_path / "painting.png")
    painted, *_ = run(session_of(network), picture, network.styles[0])
    with torch.inference_mode():
        expected = made(torch.from_numpy(picture), style).numpy()
    assert expected.std() > 0.05
    assert np.abs(painted - expected).max() < LEVEL
    one = tmp_path / "decoder_iter_160000.pth.tar"
    assert convert(one, tmp_path / "painting.png").id == network.id
    assert len(files_of(one)) == len(files_of(tmp_path)) == 4


def test_microast_without_a_style_picture_or_a_part_says_what_is_missing(tmp_path):
    write_microast(tmp_path)
    with pytest.raises(UnknownNetworkError, match="--style-picture"):
        convert(tmp_path)
    (tmp_path / "modulator_iter_160000.pth.tar").unlink()
    with pytest.raises(UnknownNetworkError, match="one of MicroAST's four files"):
        convert(tmp_path / "decoder_iter_160000.pth.tar")


@pytest.mark.parametrize("mirrored", [False, True], ids=["separable", "whole"])
def test_magenta_for_any_style_paints_the_style_of_a_picture(mirrored, picture, tmp_path):
    painting, looking = any_style.arbitrary_arrays(mirrored)
    write_tfjs(tmp_path / "transformer", arrays_of(painting), ["MirrorPad" if mirrored else "Pad", "Conv2D"])
    write_tfjs(tmp_path / "style", arrays_of(looking), ["Conv2D"])
    style = np.random.default_rng(3).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(style).save(tmp_path / "painting.png")
    network = convert(tmp_path / "transformer", tmp_path / "painting.png")
    painted, *_ = run(session_of(network), picture, network.styles[0])
    with torch.inference_mode():
        numbers = any_style.mobilenet(looking, torch.from_numpy(style.transpose(2, 0, 1)[None] / np.float32(255)))
        expected = any_style.arbitrary(painting, torch.from_numpy(picture), numbers, mirrored).numpy()
    assert numbers.std() > 0.1
    assert expected.std() > 0.05
    assert np.abs(painted - expected).max() < LEVEL
    assert len(files_of(tmp_path)) == len(files_of(tmp_path / "style" / "model.json")) == 6
    shutil.rmtree(tmp_path / "style")
    with pytest.raises(UnknownNetworkError, match="one of two networks"):
        convert(tmp_path / "transformer")


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_weights_of_any_floating_point_type_of_torch_are_read_as_they_are(kind, legacy, picture, tmp_path):
    made = module(definitions.PytorchExamples).to(kind)
    path = tmp_path / "old.pth"
    torch.save(made.state_dict(), path, _use_new_zipfile_serialization=not legacy)
    network = convert(path)
    painted, *_ = run(session_of(network), picture, network.styles[0])
    with torch.inference_mode():
        expected = made.float()(torch.from_numpy(picture)).numpy()
    assert np.abs(painted - expected).max() < LEVEL


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.uint16, torch.complex64], ids=str)
def test_tensors_of_a_type_that_is_not_read_are_named(kind, tmp_path):
    state = module(definitions.PytorchExamples).state_dict()
    torch.save({**state, "more": torch.zeros(2).to(kind)}, tmp_path / "old.pth")
    with pytest.raises(UnknownNetworkError, match=r"the type (torch\.(float8_e4m3fn|uint16)|ComplexFloatStorage), "):
        read(tmp_path / "old.pth")


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16], ids=str)
def test_numbers_of_16_bits_that_stand_as_whole_numbers_are_read_as_floats(kind, tmp_path):
    values = torch.tensor([[1.5, -2.0, 0.15625]], dtype=kind)
    bits = b"".join(varint(int(bit) & 0xFFFF) for bit in values.view(torch.int16).flatten())
    onnx, tensorflow = {torch.float16: (10, 19), torch.bfloat16: (16, 14)}[kind]
    sides = [(1, 1), (1, 3)]
    whole = message([*sides, (2, onnx), (5, bits), (8, "w")])
    path = tmp_path / "old.onnx"
    path.write_bytes(message([(1, 3), (7, field(5, whole)), (8, message([(2, 18)]))]))
    np.testing.assert_array_equal(read(path).arrays["w"], values.float())
    shape = b"".join(field(2, message([side])) for side in sides)
    header = field(1, field(1, message([(1, "w"), (2, shape), (3, tensorflow)])))
    tensor = message([(1, tensorflow), (13, bits)])
    path = tmp_path / "old.ckpt"
    path.write_bytes(table({b"": header, b"w": field(2, message([(1, "w"), (3, tensor)]))}))
    np.testing.assert_array_equal(read(path).arrays["w"], values.float())
