import json
import time

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from impasto.errors import TrainingError  # noqa: E402
from impasto.networks import losses  # noqa: E402
from impasto.networks.transformer import Architecture  # noqa: E402
from impasto.styles.catalogue import load_style, photograph_style  # noqa: E402
from impasto.training.fit import NetworkTraining, Painting  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.settings import FitSettings  # noqa: E402

TINY = Architecture(half=4, quarter=8, eighth=8, blocks=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eight photographs, two paintings and a tiny perceptual network."""
    root = tmp_path_factory.mktemp("fit")
    (root / "photos").mkdir()
    rng = np.random.default_rng(0)
    for index in range(8):
        small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
        small.resize((120, 90), Image.Resampling.BICUBIC).save(root / "photos" / f"{index}.png")
    for name, levels in (("stripes", 2), ("checks", 3)):
        y, x = np.mgrid[:96, :96]
        pattern = (x // 6 % levels) / levels if name == "stripes" else (x // 8 + y // 8) % 2
        Image.fromarray((np.stack([pattern, 1 - pattern, pattern * 0.5], -1) * 255).astype(np.uint8)).save(
            root / f"{name}.png"
        )
    torch.manual_seed(5)
    tensors, channels = {"preprocess.weight": 2 * torch.eye(3)[:, :, None, None], "preprocess.bias": -torch.ones(3)}, 3
    for stage, width in enumerate((4, 6, 8, 8), 1):
        tensors[f"conv{stage}_1.weight"] = torch.randn(width, channels, 3, 3) / (channels * 9) ** 0.5
        tensors[f"conv{stage}_1.bias"] = torch.zeros(width)
        channels = width
    save_file(tensors, root / "tiny.safetensors")
    return root


def settings(folder, **changes):
    layers = {"relu1_1": 1.0, "relu2_1": 1.0}
    given = {
        "steps": 6, "batch": 2, "crop": 64, "features": str(folder / "tiny.safetensors"), "warmup": 1,
        "content_layers": {"relu3_1": 1.0}, "style_layers": layers, "checkpoint_every": 3, "preview_every": 3,
    }  # fmt: skip
    return FitSettings.from_mapping(given | changes)


def fit(folder, output, *, paintings=("stripes", "checks"), **changes):
    chosen = settings(folder, **changes)
    photographs = Photographs(folder / "photos", crop=chosen.crop, scales=chosen.scales)
    sources = [Painting(name, (folder / f"{name}.png",)) for name in paintings]
    return NetworkTraining(photographs, sources, output, chosen, architecture=TINY)


def interrupted(run, step):
    """Ctrl-C after a step."""

    def interrupt(progress):
        if progress.step == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(interrupt)


@pytest.mark.parametrize("count", [1, 3])
def test_equivariance_is_what_noise_and_moves_change(folder, tmp_path, monkeypatch, count):
    run = fit(folder, tmp_path, batch=count, noise=0.02)
    seen, which = torch.rand(count, 4, 64, 64), torch.ones(count, dtype=torch.long)

    def distances(painting, draws=40):
        monkeypatch.setattr("impasto.training.fit.paint", lambda network, seen, scale, shift: painting(seen))
        return [run._equivariance(seen, which, painting(seen)).item() for _ in range(draws)]

    def flat(seen):
        return torch.full_like(seen[:, :3], 0.5)

    def even(seen):
        return seen[:, :3]

    def woven(seen):  # stays where it is, whatever moves
        return seen[:, :3] + torch.arange(64) % 2

    def rough(seen):
        return seen[:, 3:].expand(-1, 3, -1, -1)

    assert max(distances(flat)) == 0
    noise = 0.02 * (2 / np.pi) ** 0.5  # mean distance of the picture that gets it; the other one only moves
    allowed = [noise / 2] if count > 1 else [0.0, noise]
    assert all(any(found == pytest.approx(value, rel=0.1) for value in allowed) for found in distances(even))
    assert max(distances(woven)) > 0.2
    assert max(distances(rough)) > 0.02  # grain that stayed
    monkeypatch.setattr("impasto.training.fit.NUDGE", 0)
    assert max(distances(rough)) == 0  # else it is carried along


def test_training_lowers_the_losses_and_leaves_its_traces(folder, tmp_path):
    run = fit(folder, tmp_path, steps=100, checkpoint_every=100, preview_every=100)
    before = run.validate()
    after = run.run()
    assert after["style"] < 0.7 * before["style"]
    assert after["photograph"] < before["photograph"]
    record = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert record["step"] == 100
    assert set(record["val"]) >= {"content", "style", "photograph", "style/stripes", "content/checks"}
    with Image.open(tmp_path / "preview-000100.png") as sheet:
        assert sheet.width == 64 * 4  # the photograph, the photograph style, and two styles


def test_resuming_gives_the_weights_of_an_uninterrupted_run(folder, tmp_path):
    whole = fit(folder, tmp_path / "whole")
    whole.run()

    interrupted(fit(folder, tmp_path / "halves"), 4)
    second = fit(folder, tmp_path / "halves")
    second.resume()
    assert second.step == 4
    second.run()
    for name, value in whole._weights().items():
        assert torch.allclose(value, second._weights()[name], atol=1e-6), name
        assert torch.allclose(whole.averaged[name], second.averaged[name], atol=1e-6), name


def peaks(run):
    return [group["peak"] for group in run._groups()]


def test_a_lower_learning_rate_can_be_given_to_go_on_with(folder, tmp_path):
    interrupted(fit(folder, tmp_path, learning_rate=3e-3), 4)
    for changes, expected in (
        ({}, [3e-3, 3e-3, 6e-3]),
        ({"learning_rate": 1e-5, "style_learning_rate": 1e-4}, [1e-5, 1e-5, 1e-4]),
    ):
        run = fit(folder, tmp_path, **changes)
        run.resume()
        assert peaks(run) == expected


def test_trained_weights_are_gone_on_from_at_a_quarter_of_the_rate(folder, tmp_path):
    first, second, third = fit(folder, tmp_path), fit(folder, tmp_path), fit(folder, tmp_path, learning_rate=8e-3)
    network, scale, shift = first.averaged_network()
    styles = {name: (scale[i], shift[i]) for i, name in enumerate(first.names)}
    for run in (second, third):
        run.start_from(network, styles)
    assert [peaks(run)[0] for run in (first, second, third)] == [8e-3, 2e-3, 8e-3]
    interrupted(second, 2)
    first.resume()
    assert peaks(first)[0] == 2e-3


def test_all_chance_is_in_the_checkpoint(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "randn_like", None)  # draws where its pattern lies, on a GPU from another generator
    fit(folder, tmp_path)._step()


def test_the_first_batch_weighs_no_more_than_the_others(folder, tmp_path):
    run = fit(folder, tmp_path)
    pictures = torch.rand(6, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    pictures[0] *= 0.1
    with torch.no_grad():
        features = [run.objective.features(pair) for pair in pictures]
        each = torch.stack([losses.content_spread(one["relu3_1"]) for one in features])
        for wanted in features:
            spreads = run._spreads(wanted)
            run.step += 1
    assert torch.allclose(spreads["relu3_1"], each.mean(dim=0))


@pytest.mark.parametrize(("name", "styles"), [("content", (1, 2)), ("photograph", (0, 0))])
def test_an_even_batch_counts_no_more_than_a_rough_one(folder, tmp_path, name, styles):
    run = fit(folder, tmp_path)
    rough = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    even, which = 0.5 + 0.02 * (rough - 0.5), torch.tensor(styles)
    with torch.no_grad():
        wanted = run.objective.features(even)
        alone = run._losses(even, wanted, which, rough)[name]
        run._spreads(run.objective.features(rough))
        run.step += 1
        among_others = run._losses(even, wanted, which, rough, run._spreads(wanted))[name]
    assert among_others < 0.2 * alone


@pytest.mark.parametrize("names", [("stripes", "checks", "stripes"), ("photograph",)])
def test_styles_that_would_write_the_same_file_are_refused(folder, tmp_path, names):
    paintings = [Painting(name, (folder / "stripes.png",)) for name in names]
    with pytest.raises(TrainingError, match=f"Two styles are called {names[0]};"):
        NetworkTraining(
            Photographs(folder / "photos", crop=64), paintings, tmp_path, settings(folder), architecture=TINY
        )


def test_a_checkpoint_of_other_styles_is_refused(folder, tmp_path):
    fit(folder, tmp_path).run()
    with pytest.raises(TrainingError, match="other styles"):
        fit(folder, tmp_path, paintings=("stripes",)).resume()
    with pytest.raises(TrainingError, match="no checkpoint"):
        fit(folder, tmp_path / "elsewhere").resume()


def test_a_loss_that_is_not_a_number_stops_with_its_name(folder, tmp_path):
    run = fit(folder, tmp_path)
    run.targets["relu1_1"][:] = float("nan")
    with pytest.raises(TrainingError, match="style loss is not a number"):
        run.run()


def test_a_flat_photograph_does_not_end_the_run(folder, tmp_path):
    run = fit(folder, tmp_path, steps=4)
    run.photographs.train[:] = [np.full((90, 120, 3), 255, np.uint8)] * len(run.photographs.train)
    run.run()
    assert all(torch.isfinite(value).all() for value in run._weights().values())


def test_a_flat_validation_loss_ends_a_run_that_asks_for_it(folder, tmp_path):
    def flat(output):
        same = {"learning_rate": 1e-9, "style_learning_rate": 1e-9}
        return fit(folder, output, steps=50, patience=2, checkpoint_every=2, **same)

    run = flat(tmp_path / "whole")
    run.run()
    assert run.step == 6
    interrupted(flat(tmp_path / "halves"), 5)
    run = flat(tmp_path / "halves")
    run.resume()
    run.run()
    assert run.step == 6


def test_a_checkpoint_of_an_older_edition_says_how_to_go_on(folder, tmp_path):
    fit(folder, tmp_path).run()
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    colors = {"weights": state["weights"] | {"stem.weight": state["weights"]["stem.weight"][:, :12]}}
    for older in (state | colors, {name: value for name, value in state.items() if name != "optimisers"}):
        torch.save(older, tmp_path / "checkpoint.pt")
        with pytest.raises(TrainingError, match="older Impasto; go on from its result: --from"):
            fit(folder, tmp_path).resume()


def test_a_run_that_is_resumed_at_its_end_is_judged_all_the_same(folder, tmp_path):
    interrupted(fit(folder, tmp_path), 4)
    run = fit(folder, tmp_path, steps=4)
    run.resume()
    assert run.run()["style"] > 0
    assert run.step == 4


def test_an_interrupted_preview_leaves_no_half_of_one(folder, tmp_path, monkeypatch):
    save = Image.Image.save

    def interrupted_save(*arguments, **options):
        save(*arguments, **options)
        raise KeyboardInterrupt

    run = fit(folder, tmp_path)
    monkeypatch.setattr(Image.Image, "save", interrupted_save)
    with pytest.raises(KeyboardInterrupt):
        run.preview()
    assert not list(tmp_path.iterdir())


def test_minutes_end_a_run_before_its_steps(folder, tmp_path):
    run = fit(folder, tmp_path, steps=10_000, minutes=0.02)
    run.run()
    assert 0 < run.step < 10_000
    assert run.share() == 1


def test_the_minutes_of_a_run_are_those_of_its_previews_too(folder, tmp_path, monkeypatch):
    run = fit(folder, tmp_path, steps=2, preview_every=1)
    monkeypatch.setattr(run, "preview", lambda: time.sleep(2))
    run.run()
    assert run.seconds > 2


def test_validation_looks_at_its_photographs_once(folder, tmp_path, monkeypatch):
    run = fit(folder, tmp_path)
    features, looked = run.objective.features, []
    monkeypatch.setattr(run.objective, "features", lambda pictures: looked.append(pictures) or features(pictures))
    run.validate()
    assert len(looked) == 1 + len(run.names)


def test_one_style_alone_and_no_style_at_all_can_be_trained(folder, tmp_path):
    assert fit(folder, tmp_path / "one", paintings=("stripes",), steps=2).run()["style"] > 0
    alone = load_style((tmp_path / "one" / "stripes.safetensors").rename(tmp_path / "stripes.safetensors"))
    assert alone.own.id == alone.network
    assert len(photograph_style(alone).scale) == TINY.normalised_channels
    assert "style" not in fit(folder, tmp_path / "none", paintings=(), steps=2, equivariance_weight=0.0).run()


@pytest.mark.parametrize("term", ["repetition", "weave"])
def test_what_is_painted_all_over_is_a_loss_unless_its_weight_is_0(folder, tmp_path, term):
    assert term in fit(folder, tmp_path / "with", steps=1).run()
    assert term not in fit(folder, tmp_path / "without", steps=1, **{f"{term}_weight": 0.0}).run()


def test_a_run_can_begin_with_trained_weights(folder, tmp_path):
    first = fit(folder, tmp_path / "first")
    first.run()
    network, scale, shift = first.averaged_network()
    styles = {name: (scale[i], shift[i]) for i, name in enumerate(first.names)}
    second = fit(folder, tmp_path / "second", paintings=("stripes", "checks"))
    second.start_from(network, styles)
    assert torch.equal(second.scale.detach(), scale)
    third = fit(folder, tmp_path / "third", paintings=("checks",))
    third.start_from(network, {"photograph": styles["photograph"], "stripes": styles["stripes"]})
    assert torch.equal(third.scale[1].detach(), styles["stripes"][0])  # the mean of those known


def test_several_pictures_of_an_artist_are_averaged(folder, tmp_path):
    run = fit(folder, tmp_path)
    both = [Painting("both", (folder / "stripes.png", folder / "checks.png"))]
    photographs = Photographs(folder / "photos", crop=64)
    mixed = NetworkTraining(photographs, both, tmp_path, settings(folder), architecture=TINY)
    assert torch.allclose(mixed.targets["relu1_1"][0], run.targets["relu1_1"].mean(dim=0), atol=1e-6)


def test_an_unknown_setting_is_named(folder):
    with pytest.raises(TrainingError, match=r"no option stile_weight; did you mean style_weight\?"):
        settings(folder, stile_weight=3)
