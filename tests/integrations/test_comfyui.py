"""The nodes for ComfyUI, with a stub of its API and by its rules for types."""

import asyncio
import sys
import tomllib

import numpy as np
import pytest
from tests.integrations.conftest import INTEGRATIONS

import impasto

torch = pytest.importorskip("torch")


@pytest.fixture
def nodes(load):
    package = load("comfyui/__init__.py", "impasto_comfyui")
    extension = asyncio.run(package.comfy_entrypoint())
    return {node.define_schema().node_id: node for node in asyncio.run(extension.get_node_list())}


@pytest.fixture
def painting(nodes):
    return sys.modules["impasto_comfyui.painting"]


@pytest.fixture(scope="module")
def image(small):
    """An IMAGE of three different pictures."""
    picture = np.asarray(small, np.float32) / 255
    return torch.from_numpy(np.stack([picture, picture[:, ::-1], picture * 0.9]).copy())


def style_of(nodes, name="scream", **inputs):
    (style,) = nodes["ImpastoLoadStyle"].execute(name, **inputs).args
    return style


def paint(nodes, node, image, style, **inputs):
    (result,) = nodes[node].execute(image=image, style=style, **inputs).args
    return result


def test_the_five_nodes_say_what_comes_in_and_out(nodes):
    assert sorted(nodes) == ["ImpastoBlend", "ImpastoLearn", "ImpastoLoadStyle", "ImpastoStylise", "ImpastoVideo"]
    for node in nodes.values():
        schema = node.define_schema()
        names = [socket.name for socket in schema.inputs]
        assert len(set(names)) == len(names)
        assert {socket.kind for socket in schema.outputs} <= {"IMAGE", "IMPASTO_STYLE"}
        for socket in schema.inputs:
            if socket.kind == "COMBO":
                assert socket.settings.get("default", socket.settings["options"][0]) in socket.settings["options"]
    kinds = {socket.name: socket.kind for socket in nodes["ImpastoStylise"].define_schema().inputs}
    assert (kinds["image"], kinds["style"], kinds["mask"]) == ("IMAGE", "IMPASTO_STYLE", "MASK")


def test_its_inputs_reach_the_node_with_their_defaults(nodes, image):
    for name in ("ImpastoStylise", "ImpastoVideo"):
        inputs = nodes[name].define_schema().inputs
        defaults = {socket.name: socket.settings["default"] for socket in inputs if "default" in socket.settings}
        result = paint(nodes, name, image[:1], style_of(nodes), **defaults)
        assert torch.equal(result, paint(nodes, name, image[:1], style_of(nodes)))


def test_an_image_is_painted_as_the_library_paints_it(nodes, image):
    result = paint(nodes, "ImpastoStylise", image, style_of(nodes), strength=0.7, colors="content")
    assert result.shape == image.shape
    assert result.dtype == torch.float32
    assert 0 <= result.min() <= result.max() <= 1
    for one, painted in zip(image, result, strict=True):
        expected = impasto.stylize(one.numpy(), "scream", strength=0.7, colors="content")
        np.testing.assert_allclose(painted.numpy(), expected, atol=1e-5)
    assert sys.modules["comfy.utils"].ProgressBar.done[-3:] == [(1, 3), (2, 3), (3, 3)]


def test_values_that_go_beyond_their_range_are_cut(nodes, image):
    beyond = image[:1] * 1.5 - 0.2
    result = paint(nodes, "ImpastoStylise", beyond, style_of(nodes))
    assert torch.equal(result, paint(nodes, "ImpastoStylise", beyond.clamp(0, 1), style_of(nodes)))


@pytest.mark.parametrize("shape", [(1, 32, 48), (3, 32, 48), (32, 48), (1, 16, 24)])
def test_a_mask_keeps_what_is_black(nodes, image, shape):
    mask = torch.zeros(shape)
    mask[..., : shape[-1] // 2] = 1
    result = paint(nodes, "ImpastoStylise", image, style_of(nodes), mask=mask)
    painted = paint(nodes, "ImpastoStylise", image, style_of(nodes))
    torch.testing.assert_close(result[:, :, :22], painted[:, :, :22])
    torch.testing.assert_close(result[:, :, 26:], image[:, :, 26:])


def test_a_blend_is_that_of_the_library(nodes, image):
    (half,) = nodes["ImpastoBlend"].execute(style_of(nodes), style_of(nodes, "udnie"), 0.5).args
    (third,) = nodes["ImpastoBlend"].execute(half, style_of(nodes, "houses"), 0.25).args
    result = paint(nodes, "ImpastoStylise", image[:1], third)
    expected = impasto.stylize(image[0].numpy(), {"scream": 3, "udnie": 3, "houses": 2})
    np.testing.assert_allclose(result[0].numpy(), expected, atol=1e-4)
    (first,) = nodes["ImpastoBlend"].execute(style_of(nodes), half, 0.0).args
    assert [style.name for style, _ in first] == ["scream"]


def test_frames_of_a_video_keep_steady_and_a_new_scene_begins_anew(nodes, image):
    frames = torch.stack([image[0], image[0] * 0.9, 1 - image[0]])
    style = style_of(nodes)
    result = paint(nodes, "ImpastoVideo", frames, style)
    painter = impasto.Painter("scream", for_video=True)
    first = painter.paint(frames[0].numpy())
    second = painter.paint(frames[1].numpy(), first.statistics, measured_share=0.2)
    alone = painter.paint(frames[2].numpy())
    for painted, expected in zip(result, (first, second, alone), strict=True):
        np.testing.assert_allclose(painted.numpy(), expected.picture.rgb, atol=1e-5)
    assert not torch.allclose(result[1], paint(nodes, "ImpastoVideo", frames[1:2], style)[0], atol=1e-3)


def test_a_style_is_learnt_from_pictures_and_kept_in_a_file(nodes, image, tmp_path):
    file = tmp_path / "mine.safetensors"
    with torch.inference_mode():  # as ComfyUI runs nodes
        (style,) = nodes["ImpastoLearn"].execute(image[:2].clone(), "quick", "mine", str(file)).args
        again = style_of(nodes, file=str(file))
        result = paint(nodes, "ImpastoStylise", image[:1], style)
    torch.testing.assert_close(result, paint(nodes, "ImpastoStylise", image[:1], again))
    node = nodes["ImpastoLoadStyle"]
    before = node.fingerprint_inputs("scream", str(file))
    assert before == node.fingerprint_inputs("scream", str(file))
    file.write_bytes(file.read_bytes() + b" ")
    assert before != node.fingerprint_inputs("scream", str(file))


def test_a_painter_is_made_once_and_few_are_kept(nodes, painting, image, monkeypatch):
    made = []
    painter = impasto.Painter
    monkeypatch.setattr(impasto, "Painter", lambda *args, **options: made.append(options) or painter(*args, **options))
    painting._painters.clear()
    for strength in (0.5, 0.5, *np.linspace(0.6, 1, 9)):
        painting._painter(style_of(nodes), float(strength), "style", 1.0, for_video=False)
    assert len(made) == 10
    assert len(painting._painters) == 8


@pytest.mark.parametrize(
    ("image", "inputs", "says"),
    [
        (torch.zeros(32, 48, 3), {}, "B x H x W x 3, not 32 x 48 x 3"),
        (torch.zeros(1, 3, 32, 48), {}, "not 1 x 3 x 32 x 48"),
        (torch.zeros(0, 32, 48, 3), {}, "not 0 x 32 x 48 x 3"),
        (torch.full((1, 32, 48, 3), torch.nan), {}, "Picture 1 of the batch has values that are no numbers"),
        (torch.zeros(3, 32, 48, 3), {"mask": torch.zeros(2, 32, 48)}, "one for each of the 3 pictures or one for all"),
    ],
)
def test_what_is_no_image_or_mask_gets_one_sentence(nodes, image, inputs, says):
    with pytest.raises(impasto.InputError, match=says):
        paint(nodes, "ImpastoStylise", image, style_of(nodes), **inputs)


def test_an_unknown_style_file_gets_one_sentence(nodes):
    with pytest.raises(impasto.StyleError):
        style_of(nodes, file="/nowhere/x.safetensors")


def test_the_package_has_what_the_registry_asks_for():
    about = tomllib.loads((INTEGRATIONS / "comfyui/pyproject.toml").read_text())
    assert about["project"]["version"].count(".") == 2
    assert "comfyui" not in about["project"]["name"].lower()
    assert about["project"]["dependencies"] == ["impasto"]
    assert {"PublisherId", "DisplayName", "Icon"} <= set(about["tool"]["comfy"])
