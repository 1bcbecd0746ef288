import hashlib
import math
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.flow.files import read_flo
from impasto.flow.forward_backward import consistency

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "artistic_videos"
# SHA-256 of the maps of artistic-videos' example, header included, and the zeros that the checker of
# fast-artistic-videos counts on the same flows, without and with the frame.
MAPS = {
    "1_2": ("1eee16a83aeb57c3", 1635, 1538),
    "2_1": ("729b951874567c76", 933, 892),
    "2_3": ("a1b983ba27dde4a2", 1280, 1176),
    "3_2": ("5dd0660db8cfaf96", 799, 703),
    "3_4": ("b1d4b7c3598d2869", 2111, 1913),
    "4_3": ("cf4b44ea8b4e880c", 654, 420),
    "4_5": ("54f4e042277971f5", 1415, 1225),
    "5_4": ("4cec95eec9238b7a", 936, 722),
}


def synthetic(height, width, seed=0, scale=3.0):
    """A smooth flow with an edge of motion in it, and one that is nearly its opposite."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    flow = np.stack([scale * np.sin(y / 7 + 1) + 0.02 * x, scale * np.cos(x / 9) - 0.01 * y], axis=2)
    flow[height // 3 : height // 2, width // 4 : width // 2] += rng.normal(0, scale, 2)
    return flow.astype(np.float32), (-flow + rng.normal(0, 0.3, flow.shape)).astype(np.float32)


def slowly(flow, opposite):
    """The same map pixel by pixel, from the description alone: 32-bit storage, 64-bit interpolation and comparison."""
    f = np.float32
    height, width = flow.shape[:2]
    reliable = np.zeros((height, width), f)

    def gradient(y, x, k):
        across = f(0.5) * (flow[y, min(x + 1, width - 1), k] - flow[y, max(x - 1, 0), k])
        down = f(0.5) * (flow[min(y + 1, height - 1), x, k] - flow[max(y - 1, 0), x, k])
        return across * across + down * down

    for y in range(height):
        for x in range(width):
            u, v = flow[y, x]
            qx, qy = f(x) + u, f(y) + v
            left, top = math.floor(qx), math.floor(qy)
            if left < 0 or left + 1 >= width or top < 0 or top + 1 >= height:
                continue
            a, b = float(f(qx - f(left))), float(f(qy - f(top)))
            back = []
            for k in (0, 1):
                upper = f((1 - a) * float(opposite[top, left, k]) + a * float(opposite[top, left + 1, k]))
                lower = f((1 - a) * float(opposite[top + 1, left, k]) + a * float(opposite[top + 1, left + 1, k]))
                back.append(f((1 - b) * float(upper) + b * float(lower)))
            ox, oy = (qx + back[0]) - f(x), (qy + back[1]) - f(y)
            length = u * u + v * v
            if float(ox * ox + oy * oy) >= 0.01 * float(length + (back[0] ** 2 + back[1] ** 2)) + 0.5:
                reliable[y, x] = -255
            elif float(gradient(y, x, 0) + gradient(y, x, 1)) <= 0.01 * float(length) + float(f(0.002)):
                reliable[y, x] = 255
    taps = [f(math.exp(-(i**2) / (2 * 0.8**2)) / (0.8 * math.sqrt(2 * math.pi))) for i in range(-2, 3)]
    total = f(0)
    for tap in taps:
        total += tap
    taps = [tap * f(1 / float(total)) for tap in taps]

    def mirrored(i, n):
        i %= 2 * n
        return i if i < n else 2 * n - 1 - i

    def smooth(line):
        result = np.zeros_like(line)
        for i in range(len(line)):
            for j, tap in enumerate(taps):
                result[i] += tap * line[mirrored(i + j - 2, len(line))]
        return result

    across = np.stack([smooth(row) for row in reliable])
    down = np.stack([smooth(column) for column in across.T]).T
    return np.clip(down, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("pair", MAPS)
def test_the_maps_of_artistic_videos_byte_for_byte(pair):
    if not GOLDEN.is_dir():
        pytest.skip("the example of artistic-videos is not beside the repository")
    i, j = map(int, pair.split("_"))
    forward = read_flo(GOLDEN / f"forward_{min(i, j)}_{max(i, j)}.flo")
    backward = read_flo(GOLDEN / f"backward_{max(i, j)}_{min(i, j)}.flo")
    judged, opposite = (forward, backward) if i < j else (backward, forward)
    digest, without, with_frame = MAPS[pair]
    data = b"P5\n450 350\n255\n" + consistency(judged, opposite).tobytes()
    assert data == (GOLDEN / f"reliable_{pair}.pgm").read_bytes()
    assert hashlib.sha256(data).hexdigest().startswith(digest)
    frame = np.frombuffer((GOLDEN / f"marple8_{i:02}.ppm").read_bytes()[15:], np.uint8).reshape(350, 450, 3)
    binary = consistency(judged, opposite, variant="fast-artistic-videos")
    assert set(np.unique(binary)) == {0, 255}
    assert (binary == 0).sum() == without
    assert (consistency(judged, opposite, variant="fast-artistic-videos", frame=frame) == 0).sum() == with_frame


def test_a_synthetic_flow_as_the_slow_reference_has_it_and_as_it_was():
    flow, opposite = synthetic(40, 56)
    found = consistency(flow, opposite)
    np.testing.assert_array_equal(found, slowly(flow, opposite))
    assert 0.1 < (found == 0).mean() < 0.9
    assert found.max() == 254


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 99), st.floats(0, 6))
def test_any_size_agrees_with_the_slow_reference(height, width, seed, scale):
    flow, opposite = synthetic(height, width, seed, scale)
    np.testing.assert_array_equal(consistency(flow, opposite), slowly(flow, opposite))


def test_still_pictures_are_certain_and_nothing_is_certain_outside():
    still = np.zeros((20, 30, 2), np.float32)
    inside = consistency(still, still, variant="fast-artistic-videos")[:-1, :-1]
    assert (inside == 255).all()
    away = still + 100
    assert (consistency(away, -away) == 0).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_unknown_flow_is_uncertain(bad):
    flow = np.zeros((16, 16, 2), np.float32)
    flow[5, 5] = bad
    found = consistency(flow, np.zeros_like(flow), variant="fast-artistic-videos")
    assert found[5, 5] == 0
    assert found[10, 10] == 255


def test_what_does_not_fit_is_refused():
    flow = np.zeros((8, 8, 2), np.float32)
    with pytest.raises(InputError, match="one size"):
        consistency(flow, flow[:4])
    with pytest.raises(InputError, match="no consistency checker"):
        consistency(flow, flow, variant="mine")
    with pytest.raises(InputError, match="leave the frame out"):
        consistency(flow, flow, frame=np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match="frame has shape"):
        consistency(flow, flow, variant="fast-artistic-videos", frame=np.zeros((4, 8, 3), np.uint8))


@pytest.mark.slow
def test_as_fast_as_real_time():
    flow, opposite = synthetic(360, 640)
    seconds = []
    for _ in range(9):
        started = time.process_time()
        consistency(flow, opposite)
        seconds.append(time.process_time() - started)
    assert sorted(seconds)[4] < 1 / 25
