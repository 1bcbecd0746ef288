import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.cli import main
from impasto.errors import InputError
from impasto.flow.estimate import compute, estimator, warp
from impasto.flow.files import FramePattern, PairPattern, read_certainty, read_flo, write_certainty, write_flo


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def moving():
    """Four frames of a picture that moves 2 pixels to the right and 1 down each time."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).resize((200, 160), Image.Resampling.BICUBIC)
    scene = np.asarray(noise)
    return [np.ascontiguousarray(scene[40 - i : 120 - i, 60 - 2 * i : 172 - 2 * i]) for i in range(4)]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_flo_files_come_back(tmp_path_factory, height, width, seed):
    path = tmp_path_factory.mktemp("flo") / "a.flo"
    flow = np.random.default_rng(seed).normal(0, 9, (height, width, 2)).astype(np.float32)
    write_flo(flow, path)
    assert path.read_bytes()[:12] == b"PIEH" + struct.pack("<ii", width, height)
    assert path.stat().st_size == 12 + 8 * width * height
    np.testing.assert_array_equal(read_flo(path), flow)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "PIEH"),
        (b"PIEX" + bytes(20), "PIEH"),
        (b"PIEH" + struct.pack("<ii", -1, 3), "claims"),
        (b"PIEH" + struct.pack("<ii", 4, 4) + bytes(100), "cut off"),
    ],
)
def test_damaged_flo_files_are_named(tmp_path, data, says):
    path = tmp_path / "a.flo"
    path.write_bytes(data)
    with pytest.raises(InputError, match=says):
        read_flo(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_flo(tmp_path / "none.flo")


def test_certainty_is_a_pgm_with_the_ancestors_header(tmp_path):
    certainty = np.arange(12, dtype=np.uint8).reshape(3, 4)
    write_certainty(certainty, tmp_path / "c.pgm")
    assert (tmp_path / "c.pgm").read_bytes() == b"P5\n4 3\n255\n" + certainty.tobytes()
    np.testing.assert_array_equal(read_certainty(tmp_path / "c.pgm"), certainty)
    with pytest.raises(InputError, match="certainty"):
        read_certainty(tmp_path / "none.pgm")


def test_certainty_of_any_picture_is_its_luma(tmp_path):
    deep = np.array([[0, 257, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_certainty(tmp_path / "deep.png"), [[0, 1, 255]])
    Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)).save(tmp_path / "color.png")
    np.testing.assert_array_equal(read_certainty(tmp_path / "color.png"), [[76, 150]])


def test_patterns_take_both_forms_of_brackets():
    assert str(PairPattern("b_[%d]_{%d}.flo").path(2, 1)) == "b_2_1.flo"
    assert str(PairPattern("to{%03d}from[%02d].flo").path(5, 11)) == "to011from05.flo"
    with pytest.raises(InputError, match=r"\[%d\]"):
        PairPattern("b_{%d}.flo")
    assert str(FramePattern("f_%04d.png").path(7)) == "f_0007.png"
    with pytest.raises(InputError, match="one number"):
        FramePattern("f.png")


def test_a_pattern_finds_its_first_file(tmp_path):
    for number in (7, 8, 10):
        (tmp_path / f"f{number:03}.png").touch()
    pattern = FramePattern(str(tmp_path / "f%03d.png"))
    assert (pattern.first(), pattern.count(7)) == (7, 2)
    with pytest.raises(InputError, match=r"no .*f001"):
        pattern.first(1)
    with pytest.raises(InputError, match="no file"):
        FramePattern(str(tmp_path / "g%03d.png")).first()


def test_the_number_of_a_pattern_stands_in_the_file_s_name(tmp_path):
    with pytest.raises(InputError, match="in the file's name"):
        FramePattern("shot_%02d/frame.png")
    assert not FramePattern.matches("shot_%02d/frame.png")
    folder = tmp_path / "take %2d"
    folder.mkdir()
    (folder / "f_0003.png").touch()
    pattern = FramePattern(str(folder / "f_%04d.png"))
    assert FramePattern.matches(pattern.text)
    assert (pattern.first(), pattern.numbers(), pattern.path(3)) == (3, [3], folder / "f_0003.png")


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


def test_the_command_writes_what_the_script_of_artistic_videos_wrote(tmp_path, moving):
    for number, frame in enumerate(moving, 3):
        Image.fromarray(frame).save(tmp_path / f"frame_{number:04}.ppm")
    out = tmp_path / "flow"
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 2, "-q") == 0
    names = {p.name for p in out.iterdir()}
    assert names == {
        f"{kind}_{a}_{b}.{suffix}"
        for i, j in ((3, 5), (4, 6))
        for kind, a, b, suffix in (
            ("forward", i, j, "flo"), ("backward", j, i, "flo"), ("reliable", i, j, "pgm"), ("reliable", j, i, "pgm")
        )
    }  # fmt: skip
    np.testing.assert_allclose(np.median(read_flo(out / "forward_3_5.flo"), axis=(0, 1)), (4, 2), atol=0.2)
    kept = (out / "forward_3_5.flo").stat().st_mtime_ns
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 2, "-q") == 0
    assert (out / "forward_3_5.flo").stat().st_mtime_ns == kept
    single = tmp_path / "one.pgm"
    assert run("flow", "consistency", out / "backward_5_3.flo", out / "forward_3_5.flo", "-o", single) == 0
    assert single.read_bytes() == (out / "reliable_5_3.pgm").read_bytes()
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 9, "-q") == 2
    assert run("flow", "consistency", single, single, "-o", tmp_path / "no.pgm") == 3
