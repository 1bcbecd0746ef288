import json

import pytest

from impasto.errors import InputError
from impasto.feedforward.options import Options
from impasto.feedforward.presets import OPTIONS, Preset, read_preset, write_preset


def test_a_look_is_read_as_it_was_written(tmp_path):
    path = write_preset(tmp_path / "look.json", ["scream:2", "udnie"], Options(strength=0.5, work_size=640))
    assert read_preset(path) == Preset(["scream:2", "udnie"], {"strength": 0.5, "work_size": 640})
    assert json.loads(path.read_text())["options"] == {"strength": 0.5, "work_size": 640}


def test_every_option_that_changes_the_picture_is_part_of_a_look():
    from impasto.options import option_facts

    noted = [name for name, facts in option_facts(Options).items() if facts.noted]
    # The projection is the photograph's, and refining is a matter of time.
    assert sorted([*OPTIONS, "projection", "refine"]) == sorted(noted)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no preset"),
        ("[]", "is no preset"),
        ('{"styles": []}', "is no preset"),
        ('{"styles": "scream"}', "is no preset"),
        ('{"styles": [1]}', "is no preset"),
        ('{"styles": ["scream"], "options": []}', "is no preset"),
        ("[" * 90_000, "is no preset"),
        ('{"styles": ["scream"], "options": {"device": "cuda"}}', "no preset has"),
        ('{"styles": ["scream"], "options": {"strength": 7}}', "strength"),
        ('{"styles": ["scream"], "options": {"colors": "blue"}}', "colour mode"),
    ],
)
def test_what_is_no_look_is_refused_in_a_sentence_that_names_the_file(tmp_path, content, words):
    path = tmp_path / "look.json"
    path.write_text(content)
    with pytest.raises(InputError, match=words) as caught:
        read_preset(path)
    assert "look.json" in str(caught.value)


def test_a_look_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_preset(tmp_path / "none.json")
