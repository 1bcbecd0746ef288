from importlib.resources import files

import numpy as np
import pytest

from impasto.foreign.contents import DamagedError
from impasto.foreign.onnx_graph import GraphBuilder
from impasto.foreign.readers.onnx_file import metadata_of, read_onnx
from impasto.networks.architecture import geometry
from impasto.networks.plain_layers import layers_of

OWN = (files("impasto.assets") / "network.onnx").read_bytes()


def test_our_own_network_is_plain_layers_that_see_as_far_as_its_file_says():
    layers, fit = layers_of(OWN), geometry(metadata_of(memoryview(OWN)))
    assert (layers.planes, layers.channels, layers.multiple) == (4, 1008, fit.multiple)
    assert layers.minimum == fit.minimum
    assert {step["op"] for step in layers.steps} == {
        *("unshuffle", "pad", "conv", "normalise", "relu", "add", "shuffle", "sigmoid")
    }


@pytest.mark.parametrize("planes", [2, 5])
def test_a_network_of_other_planes_is_refused(planes):
    graph = GraphBuilder()
    for name, value in read_onnx(memoryview(OWN)).arrays.items():
        if name.endswith((".weight", ".bias")):
            shape = (*value.shape[:1], 4 * planes, 3, 3) if name == "stem.weight" else value.shape
            graph.output(f"{name}.out", graph.constant(np.resize(value, shape), name), [1])
    with pytest.raises(DamagedError, match="takes another picture"):
        layers_of(graph.model(metadata_of(memoryview(OWN))))
