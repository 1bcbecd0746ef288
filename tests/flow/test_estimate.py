import numpy as np
import pytest

from impasto.errors import InputError
from impasto.flow.estimate import compute, estimator, warp


@pytest.mark.parametrize("method", ["dis", "deepflow"])
def test_the_motion_is_found(moving, method):
    flow = compute(moving[0], moving[1], method)
    assert flow.shape == (*moving[0].shape[:2], 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (2, 1), atol=0.1)
    back = warp(moving[1].astype(np.float32), flow)
    inner = (slice(8, -8), slice(8, -8))
    assert np.abs(back - moving[0])[inner].mean() < 0.25 * np.abs(moving[1].astype(float) - moving[0])[inner].mean()


def test_small_frames_have_a_flow_too():
    frame = np.zeros((3, 5, 3), np.uint8)
    assert compute(frame, frame).shape == (3, 5, 2)


def test_a_model_in_a_file(tmp_path, moving):
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "flow.onnx"
    _shift_model(onnx, path, fixed=None)
    flow = compute(moving[0][:70, :100], moving[1][:70, :100], path)
    assert flow.shape == (70, 100, 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (2 * 100 / 104, 70 / 72), rtol=1e-3)
    _shift_model(onnx, path, fixed=(40, 56))
    flow = compute(moving[0], moving[1], path)
    assert flow.shape == (80, 112, 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (4, 2), rtol=1e-3)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    for name, says in (("bad.onnx", "loaded"), ("none.onnx", "no flow model")):
        with pytest.raises(InputError, match=says):
            estimator(tmp_path / name)


def _shift_model(onnx, path, fixed):
    """A tiny network: says (2, 1) everywhere that the first frame plus the second is not zero, as all are."""
    from onnx import TensorProto, helper, numpy_helper

    height, width = fixed or ("h", "w")
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, height, width]) for n in ("one", "two")]
    output = helper.make_tensor_value_info("flow", TensorProto.FLOAT, [1, 2, height, width])
    weights = numpy_helper.from_array(np.zeros((2, 3, 3, 3), np.float32), "weights")
    bias = numpy_helper.from_array(np.array([2, 1], np.float32), "bias")
    nodes = [
        helper.make_node("Add", ["one", "two"], ["sum"]),
        helper.make_node("Conv", ["sum", "weights", "bias"], ["flow"], pads=[1, 1, 1, 1]),
    ]
    graph = helper.make_graph(nodes, "shift", inputs, [output], [weights, bias])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)


def test_unknown_methods_and_frames_that_do_not_match(moving):
    with pytest.raises(InputError, match="no flow method"):
        estimator("magic")
    with pytest.raises(InputError, match="one size"):
        compute(moving[0], moving[1][:40])


def test_warp_repeats_the_border_or_fills():
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    flow = np.zeros((2, 3, 2), np.float32)
    flow[..., 0] = 1
    np.testing.assert_array_equal(warp(image, flow), [[1, 2, 2], [4, 5, 5]])
    np.testing.assert_array_equal(warp(image, flow, outside=-1), [[1, 2, -1], [4, 5, -1]])
    flow[..., 0] = 0.5
    np.testing.assert_allclose(warp(image, flow)[0, :2], [0.5, 1.5])
