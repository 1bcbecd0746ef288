import pickle

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, TrainingError
from impasto.learning.api import learn_style
from impasto.scale.api import run
from impasto.scale.run_progress import progress
from impasto.scale.style_learner import StyleLearner
from impasto.styles.files import read_style

from .conftest import encoded, files_of, members_of


def test_a_learner_makes_the_style_that_learn_makes(photos, tmp_path):
    learner = pickle.loads(pickle.dumps(StyleLearner("quick", style_scale=2)))
    made, facts = learner.make("deep/p1.jpg", (photos / "p1.jpg").read_bytes())
    style = learn_style(photos / "p1.jpg", tmp_path / "p1.safetensors", effort="quick", style_scale=2)
    (tmp_path / "made.safetensors").write_bytes(made)
    found = read_style(tmp_path / "made.safetensors")
    assert np.array_equal(found.scale, style.scale)
    assert found.metadata == style.metadata
    assert facts["name"] == style.name == "p1"
    assert facts["seconds"]["learn"] > 0


def test_what_is_said_of_a_picture_names_it_and_no_temporary_file(tmp_path, caplog):
    flat = encoded(Image.new("RGB", (60, 60), "red"))
    StyleLearner("quick").make("deep/flat.jpg", flat)
    assert caplog.messages
    assert all(message.startswith("deep/flat.jpg: ") for message in caplog.messages)
    with pytest.raises(InputError) as caught:
        StyleLearner("quick").make("deep/half.jpg", flat[:300])
    assert str(caught.value).startswith("deep/half.jpg ")
    assert str(caught.value).count("half.jpg") == 1


def test_a_folder_of_pictures_becomes_a_folder_of_styles_and_is_not_learnt_twice(photos, tmp_path, here):
    (photos / "bad.jpg").write_bytes(b"no picture")
    learner = StyleLearner("quick")
    report = run(photos, tmp_path / "styles", learner, processes=1)
    assert report.counts == {"written": 6, "failed": 1}
    ((name, reason),) = report.failed
    assert name == "bad.jpg"
    assert reason.startswith("bad.jpg is not a picture")
    names = {f"p{n}.safetensors" for n in (0, 1, 2, 4, 5)} | {"deep/p3.safetensors"}
    made = files_of(tmp_path / "styles")
    assert {name for name in made if not name.startswith(".")} == names
    assert read_style(tmp_path / "styles/deep/p3.safetensors").metadata["learnt"] == "predicted"
    (found,) = progress(tmp_path / "styles")
    assert (found.done, len(found.failed)) == (6, 1)

    # Without the receipts, too: what is there is known by what it was made from.
    again = run(photos, tmp_path / "styles", learner, processes=1)
    assert again.counts == {"failed": 1}
    plan = tmp_path / "styles/.impasto-job/runs"
    for receipt in plan.rglob("receipts/*"):
        receipt.unlink()
    assert run(photos, tmp_path / "styles", learner, processes=1).counts == {"skipped": 6, "failed": 1}
    other = run(photos, tmp_path / "styles", StyleLearner("quick", style_scale=2), processes=1, overwrite=True)
    assert other.counts["written"] == 6


def test_processes_of_their_own_learn_the_same(photos, tmp_path):
    report = run(photos, tmp_path / "styles.tar", StyleLearner("quick"), processes=2)
    assert report.counts == {"written": 6}
    (tar,) = tmp_path.glob("styles-*.tar")
    (tmp_path / "p0.safetensors").write_bytes(members_of(tar)["p0.safetensors"])
    learnt = learn_style(photos / "p0.jpg", effort="quick")
    np.testing.assert_allclose(read_style(tmp_path / "p0.safetensors").scale, learnt.scale, atol=1e-5)


def test_settings_are_checked_where_the_learner_is_made():
    with pytest.raises(TrainingError, match="The effort is slow; give one of"):
        StyleLearner("slow")
    with pytest.raises(TrainingError, match="takes no steps"):
        StyleLearner("quick", steps=3)
    with pytest.raises(InputError, match="There is no device gpu"):
        StyleLearner(device="gpu")
    assert StyleLearner("quick").settings != StyleLearner("quick", style_scale=2).settings


def test_pictures_whose_styles_would_have_one_name_are_refused(photos, tmp_path, small):
    (photos / "p0.png").write_bytes(encoded(small, "PNG"))
    with pytest.raises(InputError, match=r"p0.jpg and p0.png would both become p0.safetensors"):
        run(photos, tmp_path / "styles", StyleLearner("quick"), processes=1)
