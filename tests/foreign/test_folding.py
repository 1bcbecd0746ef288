import numpy as np
import onnxruntime as ort
import pytest

from impasto.foreign.folding import folded
from impasto.foreign.layers import Layers
from impasto.foreign.onnx_network import onnx_model, painting_model
from impasto.foreign.readers.onnx_file import read_onnx

RNG = np.random.default_rng(0)
PICTURE = RNG.random((1, 3, 24, 32), np.float32)


def weights(*shape):
    return RNG.normal(0, 0.4, shape).astype(np.float32)


def normalised(layers, x, **more):
    count = x.channels // more.get("group", 1)
    return layers.normalised(x, weights(count), weights(count), **more)


def after_a_convolution(layers):
    return normalised(layers, layers.conv(layers.padded(layers.image, "reflect", 1), weights(3, 3, 3, 3), weights(3)))


def without_a_bias(layers):
    return normalised(layers, layers.conv(layers.image, weights(3, 3, 3, 3), zeros=(1, 1)))


def after_a_transposed_convolution(layers):
    x = layers.conv(layers.image, weights(4, 3, 2, 2), stride=2)
    return normalised(layers, layers.transposed_conv(x, weights(4, 3, 2, 2), weights(3), 2, (0, 0)))


def of_groups_that_are_shuffled(layers):
    x = normalised(layers, layers.conv(layers.unshuffled(layers.image), weights(12, 12, 1, 1)), group=4)
    return layers.shuffled(layers.activated(x, "relu"))


def of_the_picture_itself(layers):
    return normalised(layers, layers.image)


def after_a_sum(layers):
    x = layers.conv(layers.image, weights(3, 3, 1, 1))
    return normalised(layers, layers.added(x, layers.image))


def of_what_is_used_twice(layers):
    x = layers.conv(layers.image, weights(3, 3, 1, 1))
    return layers.added(normalised(layers, x, unbiased=True), normalised(layers, x))


@pytest.mark.parametrize(
    "build",
    [
        after_a_convolution,
        without_a_bias,
        after_a_transposed_convolution,
        of_groups_that_are_shuffled,
        of_the_picture_itself,
        after_a_sum,
        of_what_is_used_twice,
    ],
)
@pytest.mark.parametrize("centred", [True, False])
def test_all_graphs_of_a_network_paint_the_same(build, centred):
    layers = Layers()
    build(layers)
    for step in layers.steps:
        if step["op"] == "normalise" and not centred:
            step["centred"] = False
    ((scale, shift),) = layers.styles
    nothing = np.zeros_like(scale)
    feeds = {"image": PICTURE, "scale": scale, "shift": shift, "given_mean": nothing, "given_variance": nothing}
    painted, mean, variance = run(onnx_model(layers, {}), **feeds, measured_share=np.ones(1, np.float32))
    assert painted.std() > 0.05
    (plain,) = run(painting_model(layers), image=PICTURE, scale=scale, shift=shift)
    np.testing.assert_allclose(plain, painted, atol=1e-4)
    given = {**feeds, "given_mean": mean, "given_variance": variance}
    np.testing.assert_allclose(run(painting_model(layers, given=True), **given)[0], painted, atol=1e-4)
    model = painting_model(folded(layers, scale, shift, mean, variance))
    np.testing.assert_allclose(run(model, image=PICTURE)[0], painted, atol=1e-4)
    kinds = {node.kind for node in read_onnx(memoryview(model)).tree}
    assert not kinds & {"InstanceNormalization", "BatchNormalization", "ReduceMean"}


def test_folding_leaves_the_network_as_it_was():
    layers = Layers()
    after_a_convolution(layers)
    steps, arrays = [dict(step) for step in layers.steps], {name: v.copy() for name, v in layers.weights.items()}
    for gain in (1, 2):
        folded(layers, *(np.full(3, gain, np.float32) for _ in range(4)))
    assert layers.steps == steps
    assert layers.channels == 3
    assert layers.weights.keys() == arrays.keys()
    assert all(np.array_equal(layers.weights[name], value) for name, value in arrays.items())


def run(model, **feeds):
    return ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, feeds)
