import pytest

from impasto.video.source import open_source

from .clips import make_clip, run


@pytest.mark.parametrize("name", ["12:30 x", "50%discount", "https:clip", "half %d", "pipe:1"])
def test_names_with_colons_and_percent_signs_are_files(clip, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name is to stand alone, without a folder before it
    (tmp_path / f"{name}.mp4").write_bytes(clip.read_bytes())
    assert open_source(f"{name}.mp4").expected == 12
    assert run("video", f"{name}.mp4", "--style", "scream", "--stabilize", "off", "--end", "0.1", "-q") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([f"{name}.mp4", f"{name}-scream.mp4"])
    assert run("video", f"{name}.mp4", "--style", "udnie", "--end", "0.1", "-q", "-o", f"out {name}.gif") == 0
    assert (tmp_path / f"out {name}.gif").exists()


def test_a_name_with_a_percent_sign_takes_a_number_as_well(tmp_path):
    clip = make_clip(tmp_path / "50%discount.mp4", frames=2, sound=())
    output = tmp_path / "50%discount_%02d.png"
    assert run("video", clip, "--style", "scream", "--stabilize", "off", "-q", "-o", output) == 0
    assert len(list(tmp_path.glob("50%discount_0[12].png"))) == 2
