"""Beginning with trained weights, going on from a checkpoint, and the learning rates of both."""

import pytest

torch = pytest.importorskip("torch")

from .tiny_run import interrupt_after, tiny_run  # noqa: E402


def peaks(run):
    return [group["peak"] for group in run.state.groups()]


def test_a_lower_learning_rate_can_be_given_to_go_on_with(run_folder, tmp_path):
    interrupt_after(tiny_run(run_folder, tmp_path, learning_rate=3e-3), 4)
    for changes, expected in (
        ({}, [3e-3, 3e-3, 6e-3]),
        ({"learning_rate": 1e-5, "style_learning_rate": 1e-4}, [1e-5, 1e-5, 1e-4]),
    ):
        run = tiny_run(run_folder, tmp_path, **changes)
        run.resume()
        assert peaks(run) == expected


def test_trained_weights_are_gone_on_from_at_a_quarter_of_the_rate(run_folder, tmp_path):
    first, second, third = (tiny_run(run_folder, tmp_path, **rate) for rate in ({}, {}, {"learning_rate": 8e-3}))
    network, scale, shift = first.state.averaged_network()
    styles = {name: (scale[i], shift[i]) for i, name in enumerate(first.names)}
    for run in (second, third):
        run.state.start_from(network, styles)
    assert [peaks(run)[0] for run in (first, second, third)] == [8e-3, 2e-3, 8e-3]
    interrupt_after(second, 2)
    first.resume()
    assert peaks(first)[0] == 2e-3


def test_a_run_can_begin_with_trained_weights(run_folder, tmp_path):
    first = tiny_run(run_folder, tmp_path / "first")
    first.run()
    network, scale, shift = first.state.averaged_network()
    styles = {name: (scale[i], shift[i]) for i, name in enumerate(first.names)}
    second = tiny_run(run_folder, tmp_path / "second", paintings=("stripes", "checks"))
    second.state.start_from(network, styles)
    assert torch.equal(second.state.scale.detach(), scale)
    third = tiny_run(run_folder, tmp_path / "third", paintings=("checks",))
    third.state.start_from(network, {"photograph": styles["photograph"], "stripes": styles["stripes"]})
    assert torch.equal(third.state.scale[1].detach(), styles["stripes"][0])  # the mean of those known
