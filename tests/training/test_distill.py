"""Knowledge distillation: the loss, the loop, its checkpoint, and what it refuses."""

import pytest

torch = pytest.importorskip("torch")

from impasto.errors import TrainingError  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training.distill import distill, distillation_loss, measure_unexplained  # noqa: E402
from impasto.training.painted_crops import PaintedCrops  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.settings import DistillSettings  # noqa: E402
from impasto.training.student import TAPS, Student  # noqa: E402
from impasto.training.teacher import FeaturePool, Teacher  # noqa: E402

PLAN = ((1, 4), (2, 6), (3, 8), (4, 8), (5, 8))


def test_distilling_explains_more_and_resumes(distill_folder, tmp_path):
    photographs = Photographs(distill_folder / "photos", crop=64)
    teacher = Teacher([load_features(distill_folder / "teacher.safetensors")])
    settings = DistillSettings(steps=8, batch=2, crop=64, warmup=2, checkpoint_every=4)
    output = tmp_path / "student.safetensors"
    distill(photographs, [distill_folder / "teacher.safetensors"], output, settings)
    early = measure_unexplained(load_features(output), teacher, photographs.val_batch(4))
    seen = []
    longer = DistillSettings(steps=80, batch=2, crop=64, warmup=2, checkpoint_every=40)
    late = distill(
        photographs,
        [distill_folder / "teacher.safetensors"],
        output,
        longer,
        resume=True,
        progress=lambda step, *_: seen.append(step),
    )
    assert seen[0] == 9
    assert seen[-1] == 80
    assert late["relu1_1"] < 0.8 * early["relu1_1"]


def test_a_checkpoint_is_neither_replaced_nor_made_up(distill_folder, tmp_path):
    photographs = Photographs(distill_folder / "photos", crop=64)
    settings = DistillSettings(steps=1, batch=1, crop=64, pool=2)
    output, checkpoint = tmp_path / "student.safetensors", tmp_path / "student.checkpoint"

    def call(**options):
        distill(photographs, [distill_folder / "teacher.safetensors"], output, settings, **options)

    with pytest.raises(TrainingError, match=r"no checkpoint .*student\.checkpoint to resume"):
        call(resume=True)
    call()
    before = checkpoint.read_bytes(), output.read_bytes()
    with pytest.raises(TrainingError, match="add --resume to go on"):
        call()
    assert (checkpoint.read_bytes(), output.read_bytes()) == before


def test_the_loss_asks_for_gram_matrices_too():
    target = {"relu1_1": torch.rand(2, 5, 8, 8), "relu5_1": torch.rand(2, 7, 4, 4)}
    moved = {tap: x.roll(2, dims=3) for tap, x in target.items()}  # other places, the same Gram matrices
    brighter = {tap: 1.5 * x for tap, x in target.items()}
    for predicted, adds in ((target, False), (moved, False), (brighter, True)):
        plain, with_grams = (distillation_loss(predicted, target, weight)[0] for weight in (0.0, 3.0))
        assert (with_grams > 1.1 * plain) == adds
        assert torch.allclose(with_grams, plain) != adds
    assert distillation_loss(target, target, 3.0)[0] < 1e-6
    assert distillation_loss(moved, target, 3.0)[1]["relu5_1"] > 0.5


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("steps", -5, "a whole number of at least 1"),
        ("pool", 0, "a whole number of at least 1"),
        ("fresh", 0, "a whole number of at least 1"),
        ("warmup", 0, "a whole number of at least 1"),
        ("painted", 1.0, "a number from 0 to 0.9"),
        ("crop", 8, "a whole number of at least 64"),
        ("settled", 2.0, "a number from 0 to 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_sentence(name, value, meaning):
    with pytest.raises(TrainingError, match=f"^The {name} {value} is out of range; give {meaning}.$"):
        DistillSettings(**{name: value})


@pytest.mark.parametrize("painted", [0.0, 0.1, 0.25, 0.6, 0.9])
def test_the_share_of_painted_crops_is_the_one_asked_for(painted):
    settings = DistillSettings(painted=painted)
    crops = settings.batch * sum(settings.painted_batches_due(step) for step in range(1, 3601))
    assert crops / (crops + 3600 * settings.fresh) == pytest.approx(painted, abs=0.001)


def test_the_output_and_the_photographs_are_looked_at_first(distill_folder, tmp_path):
    photographs = Photographs(distill_folder / "photos", crop=64)
    with pytest.raises(TrainingError, match=r"does not end in \.safetensors; give for example mine\.safetensors"):
        distill(
            photographs,
            [distill_folder / "teacher.safetensors"],
            tmp_path / "mine.checkpoint",
            DistillSettings(crop=64),
        )
    with pytest.raises(TrainingError, match="cropped to 64 pixels, and the settings say 128"):
        distill(photographs, [distill_folder / "teacher.safetensors"], tmp_path / "mine.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_resumed_distillation_draws_on_from_a_filled_pool(distill_folder, tmp_path, monkeypatch):
    drawn, draw = [], FeaturePool.draw

    def recorded(pool, count):
        drawn.append((len(pool.kept), torch.get_rng_state()))
        return draw(pool, count)

    monkeypatch.setattr(FeaturePool, "draw", recorded)
    for steps in (1, 2):
        settings = DistillSettings(steps=steps, batch=1, crop=64)
        output, photographs = tmp_path / "student.safetensors", Photographs(distill_folder / "photos", crop=64)
        distill(photographs, [distill_folder / "teacher.safetensors"], output, settings, resume=steps > 1)
    (first, before), (second, after) = drawn
    assert first == second
    assert first >= 32
    assert not torch.equal(before, after)


def test_a_batch_of_more_than_eight_is_painted_whole(distill_folder, tmp_path, monkeypatch):
    painted, paint = [], PaintedCrops.paint

    def recorded(painted_crops, network, count):
        painted.append(paint(painted_crops, network, count))
        return painted[-1]

    monkeypatch.setattr(PaintedCrops, "paint", recorded)
    monkeypatch.setattr(PaintedCrops, "ITERATIONS", 1)
    settings = DistillSettings(steps=3, warmup=1, batch=10, painted=0.9, crop=64)
    photographs = Photographs(distill_folder / "photos", crop=64)
    distill(photographs, [distill_folder / "teacher.safetensors"], tmp_path / "student.safetensors", settings)
    assert [len(pictures) for pictures in painted] == [10]


@pytest.mark.parametrize("change", ["optimiser", "plan"])
def test_a_checkpoint_of_an_older_edition_is_refused(change, distill_folder, tmp_path):
    settings = DistillSettings(steps=1, batch=1, crop=64)
    output, photographs = tmp_path / "student.safetensors", Photographs(distill_folder / "photos", crop=64)
    distill(photographs, [distill_folder / "teacher.safetensors"], output, settings)
    state = torch.load(output.with_suffix(".checkpoint"), weights_only=True)
    if change == "optimiser":
        state["optimiser"] = state.pop("optimisers")[1]
    else:
        state["student"] = Student(dict.fromkeys(TAPS, 8), PLAN).state_dict()
    torch.save(state, output.with_suffix(".checkpoint"))
    with pytest.raises(TrainingError, match="older Impasto; begin anew"):
        distill(photographs, [distill_folder / "teacher.safetensors"], output, settings, resume=True)


def test_a_pruned_network_is_a_better_beginning_than_chance_and_goes_on_as_such(distill_folder, tmp_path):
    teacher = Teacher([load_features("builtin")])
    found = {}
    for name, start in (("chance", None), ("pruned", "builtin")):
        photographs = Photographs(distill_folder / "photos", crop=128)
        output, settings = tmp_path / f"{name}.safetensors", DistillSettings(steps=1, batch=1, crop=128, pool=2)
        found[name] = distill(photographs, ["builtin"], output, settings, start=start)
        kept = torch.load(output.with_suffix(".checkpoint"), weights_only=True)
        assert kept["pruned"] == (start is not None)
    assert max(found["pruned"].values()) < 0.1 < min(found["chance"].values())
    longer = DistillSettings(steps=2, batch=1, crop=128, pool=2)
    rates = []

    def seen(*_):
        rates.append(torch.load(tmp_path / "pruned.checkpoint", weights_only=True)["optimisers"][0])

    distill(photographs, ["builtin"], output, longer, resume=True, progress=seen)
    assert rates[0]["param_groups"][0]["lr"] <= 4e-4
    shares = measure_unexplained(load_features(output), teacher, photographs.val_batch(4))
    assert max(shares.values()) < 0.1
