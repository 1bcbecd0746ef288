"""The training loop: what it lowers, writes, resumes and refuses."""

import errno
import json
import time

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from impasto.errors import OutputError, TrainingError  # noqa: E402
from impasto.networks.predictor_files import load_predictor  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402
from impasto.training.fit import NetworkTraining  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.style_crops import StyleCrops  # noqa: E402
from impasto.training.style_sources import StyleSource  # noqa: E402

from .tiny_run import TINY, interrupt_after, tiny_run, tiny_settings  # noqa: E402


def test_training_lowers_the_losses_and_leaves_its_traces(run_folder, tmp_path):
    run = tiny_run(run_folder, tmp_path, steps=100, checkpoint_every=100, preview_every=100)
    before = run.validate()
    after = run.run()
    assert after["style"] < 0.7 * before["style"]
    assert after["photograph"] < before["photograph"]
    record = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert record["step"] == 100
    assert set(record["val"]) >= {"content", "style", "photograph", "style/stripes", "content/checks"}
    with Image.open(tmp_path / "preview-000100.png") as sheet:
        assert sheet.width == 64 * 4  # the photograph, the photograph style, and two styles


def test_resuming_gives_the_weights_of_an_uninterrupted_run(run_folder, tmp_path):
    whole = tiny_run(run_folder, tmp_path / "whole")
    whole.run()

    interrupt_after(tiny_run(run_folder, tmp_path / "halves"), 4)
    second = tiny_run(run_folder, tmp_path / "halves")
    second.resume()
    assert second.step == 4
    second.run()
    for name, value in whole.state.tensors().items():
        assert torch.allclose(value, second.state.tensors()[name], atol=1e-6), name
        assert torch.allclose(whole.state.averaged[name], second.state.averaged[name], atol=1e-6), name


def test_all_chance_is_in_the_checkpoint(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "randn_like", None)  # draws where its pattern lies, on a GPU from another generator
    tiny_run(run_folder, tmp_path)._step()


@pytest.mark.parametrize("names", [("stripes", "checks", "stripes"), ("photograph",)])
def test_styles_that_would_write_the_same_file_are_refused(run_folder, tmp_path, names):
    paintings = [StyleSource(name, (run_folder / "stripes.png",)) for name in names]
    with pytest.raises(TrainingError, match=f"Two styles are called {names[0]};"):
        NetworkTraining(
            Photographs(run_folder / "photos", crop=64),
            paintings,
            tmp_path,
            tiny_settings(run_folder),
            architecture=TINY,
        )


def test_a_checkpoint_of_other_styles_is_refused(run_folder, tmp_path):
    tiny_run(run_folder, tmp_path).run()
    with pytest.raises(TrainingError, match="other styles"):
        tiny_run(run_folder, tmp_path, paintings=("stripes",)).resume()
    with pytest.raises(TrainingError, match="no checkpoint"):
        tiny_run(run_folder, tmp_path / "elsewhere").resume()


def test_a_loss_that_is_not_a_number_stops_with_its_name(run_folder, tmp_path):
    run = tiny_run(run_folder, tmp_path)
    run.losses.style_grams["relu1_1"][:] = float("nan")
    with pytest.raises(TrainingError, match="style loss is not a number"):
        run.run()


def test_a_flat_photograph_does_not_end_the_run(run_folder, tmp_path):
    run = tiny_run(run_folder, tmp_path, steps=4)
    run.photographs.train[:] = [np.full((90, 120, 3), 255, np.uint8)] * len(run.photographs.train)
    run.run()
    assert all(torch.isfinite(value).all() for value in run.state.tensors().values())


def test_a_flat_validation_loss_ends_a_run_that_asks_for_it(run_folder, tmp_path):
    def flat(output):
        same = {"learning_rate": 1e-9, "style_learning_rate": 1e-9}
        return tiny_run(run_folder, output, steps=50, patience=2, checkpoint_every=2, **same)

    run = flat(tmp_path / "whole")
    run.run()
    assert run.step == 6
    interrupt_after(flat(tmp_path / "halves"), 5)
    run = flat(tmp_path / "halves")
    run.resume()
    run.run()
    assert run.step == 6


def test_a_checkpoint_of_an_older_edition_says_how_to_go_on(run_folder, tmp_path):
    tiny_run(run_folder, tmp_path).run()
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    colors = {"weights": state["weights"] | {"stem.weight": state["weights"]["stem.weight"][:, :12]}}
    for older in (state | colors, {name: value for name, value in state.items() if name != "optimisers"}):
        torch.save(older, tmp_path / "checkpoint.pt")
        with pytest.raises(TrainingError, match="older Impasto; go on from its result: --from"):
            tiny_run(run_folder, tmp_path).resume()


def test_a_run_that_is_resumed_at_its_end_is_judged_all_the_same(run_folder, tmp_path):
    interrupt_after(tiny_run(run_folder, tmp_path), 4)
    run = tiny_run(run_folder, tmp_path, steps=4)
    run.resume()
    assert run.run()["style"] > 0
    assert run.step == 4


def test_an_interrupted_preview_leaves_no_half_of_one(run_folder, tmp_path, monkeypatch):
    save = Image.Image.save

    def interrupted_save(*arguments, **options):
        save(*arguments, **options)
        raise KeyboardInterrupt

    run = tiny_run(run_folder, tmp_path)
    monkeypatch.setattr(Image.Image, "save", interrupted_save)
    with pytest.raises(KeyboardInterrupt):
        run.preview()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_for_a_while_does_not_end_the_run_but_at_its_end(run_folder, tmp_path, monkeypatch, caplog):
    run = tiny_run(run_folder, tmp_path, steps=4, checkpoint_every=2, preview_every=2)
    save = torch.save

    def full(contents, path):
        if contents["step"] < ends:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(contents, path)

    monkeypatch.setattr(torch, "save", full)
    ends = 4
    run.run()
    (said,) = (message for message in caplog.messages if "disk" in message)
    assert said.startswith(f"{tmp_path / 'checkpoint.pt'} was not written because the disk is full")
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4
    ends = 5
    with pytest.raises(OutputError, match="disk is full"):
        tiny_run(run_folder, tmp_path / "other", steps=4, checkpoint_every=2).run()


def test_minutes_end_a_run_before_its_steps(run_folder, tmp_path):
    run = tiny_run(run_folder, tmp_path, steps=10_000, minutes=0.02)
    run.run()
    assert 0 < run.step < 10_000
    assert run.share() == 1


def test_the_minutes_of_a_run_are_those_of_its_previews_too(run_folder, tmp_path, monkeypatch):
    run = tiny_run(run_folder, tmp_path, steps=2, preview_every=1)
    monkeypatch.setattr(run, "preview", lambda: time.sleep(2))
    run.run()
    assert run.seconds > 2


def test_validation_looks_at_its_photographs_once(run_folder, tmp_path, monkeypatch):
    run = tiny_run(run_folder, tmp_path)
    features, looked = run.objective.features, []
    monkeypatch.setattr(run.objective, "features", lambda pictures: looked.append(pictures) or features(pictures))
    run.validate()
    assert len(looked) == 1 + len(run.names)


def test_one_style_alone_and_no_style_at_all_can_be_trained(run_folder, tmp_path):
    assert tiny_run(run_folder, tmp_path / "one", paintings=("stripes",), steps=2).run()["style"] > 0
    alone = load_style((tmp_path / "one" / "stripes.safetensors").rename(tmp_path / "stripes.safetensors"))
    assert alone.embedded.id == alone.network
    assert len(alone.scale) == TINY.normalised_channels
    assert "style" not in tiny_run(run_folder, tmp_path / "none", paintings=(), steps=2, equivariance_weight=0.0).run()


def test_an_unknown_setting_is_named(run_folder):
    with pytest.raises(TrainingError, match=r"no option stile_weight; did you mean style_weight\?"):
        tiny_settings(run_folder, stile_weight=3)


def test_a_predictor_is_trained_beside_the_network(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.training.predicted_styles._FIRST_PIECES", 16)

    def run(output, **changes):
        layers = {"relu1_1": 1.0, "relu2_1": 1.0}
        chosen = tiny_settings(run_folder, features="builtin", style_layers=layers, equivariance_weight=1, **changes)
        photographs = Photographs(run_folder / "photos", crop=64)
        sources = [StyleSource("stripes", (run_folder / "stripes.png",))]
        pieces = StyleCrops(run_folder / "photos", side=64)
        return NetworkTraining(photographs, sources, output, chosen, architecture=TINY, pieces=pieces)

    whole = run(tmp_path / "whole", steps=4)
    seen = []
    whole.run(lambda progress: seen.append(progress.losses["predicted"]))
    assert len(seen) == 4
    read = load_predictor(tmp_path / "whole" / "model")
    assert read.architecture.channels == TINY.normalised_channels
    for one, other in zip(whole.predicted.averaged.parameters(), read.parameters(), strict=True):
        torch.testing.assert_close(one.detach(), other, atol=0.03, rtol=0.03)

    interrupt_after(run(tmp_path / "halves", steps=4), 2)
    second = run(tmp_path / "halves", steps=4)
    second.resume()
    second.run()
    expected, found = (each.predicted.predictor.parameters() for each in (whole, second))
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(expected, found, strict=True))
    with pytest.raises(TrainingError, match="with style pictures"):
        NetworkTraining(
            Photographs(run_folder / "photos", crop=64), second.sources, tmp_path / "halves", second.settings,
            architecture=TINY,
        ).resume()  # fmt: skip


def test_styles_are_predicted_under_the_builtin_network_alone(run_folder, tmp_path):
    with pytest.raises(TrainingError, match="leave --features out"):
        NetworkTraining(
            Photographs(run_folder / "photos", crop=64), [], tmp_path, tiny_settings(run_folder), architecture=TINY,
            pieces=StyleCrops(run_folder / "photos", side=64),
        )  # fmt: skip
