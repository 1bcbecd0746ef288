import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from impasto.errors import StyleError
from impasto.motion.body import see_body
from impasto.motion.style import measure_style
from impasto.motion.style_file import holds_motion_style, load_motion_style, save_motion_style
from impasto.styles.kinds import MOTION, kind_of, read_header


@pytest.fixture
def file(plain, tmp_path):
    save_motion_style(measure_style(see_body(plain), "plain"), tmp_path / "plain.safetensors")
    return tmp_path / "plain.safetensors"


def test_a_style_is_written_small_and_read_as_it_was(plain, file):
    style, read = measure_style(see_body(plain), "plain"), load_motion_style(file)
    assert file.stat().st_size < 10_000
    assert kind_of(file) == MOTION
    assert (read.name, read.frequency) == ("plain", pytest.approx(style.frequency))
    for name, direction in style.directions.items():
        assert read.directions[name].mean == pytest.approx(direction.mean, abs=1e-6)
        assert read.directions[name].covariance == pytest.approx(direction.covariance, abs=1e-6)
        assert read.directions[name].harmonics == pytest.approx(direction.harmonics, abs=1e-6)
    assert holds_motion_style(file, style)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tensors, _: tensors.pop("mean"), "its mean is not"),
        (lambda tensors, _: tensors.update(mean=tensors["mean"][:3]), "its mean is not"),
        (lambda tensors, _: tensors.update(mean=np.full_like(tensors["mean"], np.nan)), "numbers that no style has"),
        (lambda tensors, _: tensors.update(covariance=tensors["covariance"] + 1e9), "numbers that no style has"),
        (lambda tensors, _: tensors.update(mean=np.zeros_like(tensors["mean"])), "numbers that no style has"),
        (lambda tensors, _: tensors.pop("harmonics"), "its harmonics is not"),
        (lambda tensors, _: tensors.update(gait=np.array([-1.0, 0, 0], np.float32)), "numbers that no style has"),
        (lambda _, header: header.update(directions="pelvis,tail"), "does not say what its numbers are of"),
        (lambda _, header: header.update(directions=""), "does not say what its numbers are of"),
        (lambda _, header: header.update(format="impasto-motion-style-9"), "is a style of motion of another version"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(file, change, said):
    tensors, header = load_file(file), read_header(file)
    change(tensors, header)
    save_file(tensors, file, metadata=header)
    with pytest.raises(StyleError, match=said):
        load_motion_style(file)


def test_what_is_no_safetensors_file_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"no style")
    with pytest.raises(StyleError, match="cannot be read as a style of motion"):
        load_motion_style(tmp_path / "a.safetensors")
