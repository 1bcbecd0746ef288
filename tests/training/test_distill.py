"""Knowledge distillation: the loss, the loop, its checkpoint, and what it refuses."""

import pytest

torch = pytest.importorskip("torch")

from impasto.errors import TrainingError  # noqa: E402
from impasto.networks.perceptual import load_features  # noqa: E402
from impasto.training import solve, student  # noqa: E402
from impasto.training.distill import distill, distillation_loss  # noqa: E402
from impasto.training.painted_crops import PaintedCrops  # noqa: E402
from impasto.training.photographs import Photographs  # noqa: E402
from impasto.training.settings import DistillSettings  # noqa: E402
from impasto.training.student import PLAN, TAPS, Dense, LowRank, Student  # noqa: E402


@pytest.fixture(autouse=True)
def _few_crops(monkeypatch):
    monkeypatch.setattr(solve, "CROPS", dict.fromkeys(range(1, 6), 16))


@pytest.fixture
def low_ranks(monkeypatch):
    """Ranks below those of the tiny teacher, so that something is left to learn."""
    changes = {f"conv{stage}_1": LowRank(None if stage == 2 else 4, 4) for stage in range(2, 6)}
    monkeypatch.setattr(student, "PLAN", PLAN | {"conv1_1": Dense(5, 4)} | changes)
    monkeypatch.setattr(student.Student.__init__, "__defaults__", (student.PLAN,))


def call(distill_folder, output, steps, *, learning_rate=7e-5, **options):
    """Distil from the tiny teacher; returns the unexplained shares."""
    settings = DistillSettings(
        steps=steps, batch=2, crop=64, warmup=2, checkpoint_every=4, painted=0.5, learning_rate=learning_rate
    )
    photographs = Photographs(distill_folder / "photos", crop=64)
    return distill(photographs, distill_folder / "teacher.safetensors", output, settings, **options)


@pytest.mark.usefixtures("low_ranks")
def test_distilling_explains_more_than_solving_alone(distill_folder, tmp_path):
    early = call(distill_folder, tmp_path / "early.safetensors", 1, learning_rate=0.0)
    late = call(distill_folder, tmp_path / "late.safetensors", 60, learning_rate=2e-3)
    assert sum(late.values()) < 0.96 * sum(early.values())


@pytest.mark.usefixtures("low_ranks")
def test_a_resumed_distillation_equals_an_uninterrupted_one(distill_folder, tmp_path):
    class Interrupted(Exception):
        pass

    def interrupt(step, *_):
        if step == 6:
            raise Interrupted

    whole, resumed = tmp_path / "whole.safetensors", tmp_path / "resumed.safetensors"
    call(distill_folder, whole, 10, learning_rate=1e-3)
    with pytest.raises(Interrupted):
        call(distill_folder, resumed, 10, learning_rate=1e-3, progress=interrupt)
    seen = []
    call(distill_folder, resumed, 10, learning_rate=1e-3, resume=True, progress=lambda step, *_: seen.append(step))
    assert seen == [0, 5, 6, 7, 8, 9, 10]
    images = torch.rand(2, 3, 64, 64)
    found, expected = (load_features(output).wide(images, TAPS) for output in (resumed, whole))
    for tap, x in expected.items():
        assert torch.allclose(found[tap], x, atol=2e-3 * float(x.abs().max())), tap


@pytest.mark.usefixtures("low_ranks")
def test_a_network_that_was_distilled_is_gone_on_from(distill_folder, tmp_path):
    first = call(distill_folder, tmp_path / "first.safetensors", 60, learning_rate=2e-3)
    start = tmp_path / "first.safetensors"
    second = call(distill_folder, tmp_path / "second.safetensors", 1, learning_rate=0.0, start=start)
    assert second == pytest.approx(first, rel=0.05)


def test_a_checkpoint_is_neither_replaced_nor_made_up(distill_folder, tmp_path):
    photographs = Photographs(distill_folder / "photos", crop=64)
    settings = DistillSettings(steps=1, batch=1, crop=64, pool=2)
    output, checkpoint = tmp_path / "student.safetensors", tmp_path / "student.checkpoint"

    def again(**options):
        distill(photographs, distill_folder / "teacher.safetensors", output, settings, **options)

    with pytest.raises(TrainingError, match=r"no checkpoint .*student\.checkpoint to resume"):
        again(resume=True)
    again()
    before = checkpoint.read_bytes(), output.read_bytes()
    with pytest.raises(TrainingError, match="add --resume to go on"):
        again()
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
        ("learning_rate", -1.0, "a number of 0 or more"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_sentence(name, value, meaning):
    with pytest.raises(TrainingError, match=f"^The {name.replace('_', ' ')} {value} is out of range; give {meaning}.$"):
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
            distill_folder / "teacher.safetensors",
            tmp_path / "mine.checkpoint",
            DistillSettings(crop=64),
        )
    with pytest.raises(TrainingError, match="cropped to 64 pixels, and the settings say 160"):
        distill(photographs, distill_folder / "teacher.safetensors", tmp_path / "mine.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_batch_of_more_than_eight_is_painted_whole(distill_folder, tmp_path, monkeypatch):
    painted, paint = [], PaintedCrops.paint

    def recorded(painted_crops, network, count):
        painted.append(paint(painted_crops, network, count))
        return painted[-1]

    monkeypatch.setattr(PaintedCrops, "paint", recorded)
    monkeypatch.setattr(PaintedCrops, "ITERATIONS", 1)
    settings = DistillSettings(steps=3, warmup=1, batch=10, painted=0.9, crop=64)
    photographs = Photographs(distill_folder / "photos", crop=64)
    distill(photographs, distill_folder / "teacher.safetensors", tmp_path / "student.safetensors", settings)
    assert [len(pictures) for pictures in painted] == [10]


@pytest.mark.parametrize("change", ["optimiser", "plan"])
def test_a_checkpoint_of_an_older_edition_is_refused(change, distill_folder, tmp_path):
    settings = DistillSettings(steps=1, batch=1, crop=64)
    output, photographs = tmp_path / "student.safetensors", Photographs(distill_folder / "photos", crop=64)
    distill(photographs, distill_folder / "teacher.safetensors", output, settings)
    state = torch.load(output.with_suffix(".checkpoint"), weights_only=True)
    if change == "optimiser":
        state["optimiser"] = state.pop("optimisers")[1]
    else:
        state["student"] = Student(dict.fromkeys(TAPS, 9)).state_dict()
    torch.save(state, output.with_suffix(".checkpoint"))
    with pytest.raises(TrainingError, match="older Impasto; begin anew"):
        distill(photographs, distill_folder / "teacher.safetensors", output, settings, resume=True)
