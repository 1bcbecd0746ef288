import numpy as np
import pytest
from PIL import Image

from impasto.flow.estimate import fit_known_flow
from impasto.flow.files import write_certainty, write_flo
from impasto.flow.forward_backward import consistency

from .clips import scene, stylize

HEIGHT, WIDTH = 96, 128
BAD = slice(4, 6), slice(8, 10)  # rows and columns of unknown flow


def flow_files(folder, bad, certain):
    folder.mkdir()
    for index in range(1, 4):
        flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        flow[BAD] = bad
        write_flo(flow, folder / f"b_{index + 1}_{index}.flo")
        write_certainty(np.full((HEIGHT, WIDTH), 255, np.uint8), folder / f"c_{index + 1}_{index}.pgm")
    patterns = {"flow": str(folder / "b_[%d]_{%d}.flo")}
    return patterns | ({"certainty": str(folder / "c_[%d]_{%d}.pgm")} if certain else {})


@pytest.mark.parametrize("certain", [True, False])
def test_one_unknown_vector_spoils_nothing_and_is_said_once(tmp_path, certain):
    """Of another program: Middlebury marks unknown flow by huge numbers, others by what is no number."""
    for number in range(1, 5):
        Image.fromarray(scene(2 * number, WIDTH, HEIGHT)).save(tmp_path / f"in_{number}.png")
    results = {}
    for name, bad in (("good", 0), ("nan", np.nan), ("inf", np.inf), ("huge", 1.6e9), ("absurd", -3e38)):
        held = flow_files(tmp_path / name, bad, certain)
        report = stylize(tmp_path / "in_%d.png", tmp_path / name / "o_%d.png", stabilize="flow", **held)
        assert len(report.notices) == (name != "good")
        results[name] = np.stack([np.asarray(Image.open(tmp_path / name / f"o_{n}.png"), int) for n in range(1, 5)])
    good = results.pop("good")
    for painted in results.values():
        np.testing.assert_array_equal(painted, results["nan"])
        away = np.abs(painted - good)
        away[:, :24, :32] = 0
        assert away.max() == 0
        assert np.abs(painted - good)[:, BAD[0], BAD[1]].mean() < 60


def test_what_touches_unknown_flow_is_unknown_in_another_size():
    flow = np.ones((8, 8, 2), np.float32)
    flow[3, 3, 1] = np.nan
    fitted, known = fit_known_flow(flow, 16, 16)
    assert np.isfinite(fitted).all()
    assert not known[6:8, 6:8].any()
    assert known[10:, 10:].all()
    np.testing.assert_array_equal(fitted[known], np.full((known.sum(), 2), 2, np.float32))


@pytest.mark.parametrize("variant", ["artistic-videos", "fast-artistic-videos"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1.6e9])
def test_unknown_flow_either_way_is_uncertain(variant, bad):
    good, other = np.zeros((16, 16, 2), np.float32), np.zeros((16, 16, 2), np.float32)
    other[5, 5] = bad
    for judged, opposite in ((good, other), (other, good)):
        certainty = consistency(judged, opposite, variant=variant)
        assert certainty[5, 5] <= (0 if variant == "fast-artistic-videos" else 128)  # the latter smooths its map
        assert certainty[11, 11] >= 254
