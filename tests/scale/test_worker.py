import pickle

import pytest

import impasto
from impasto.errors import InputError, StyleError
from impasto.feedforward.tasks import OutputOptions
from impasto.pictures.results import note_of_result
from impasto.scale.worker import Worker

from .conftest import encoded


def test_a_pickled_worker_is_small_and_paints_the_bytes_that_stylize_paints(photo):
    data = encoded(photo)
    worker = Worker("scream", strength=0.8)
    worker(data)  # which makes its painter
    copy = pickle.dumps(worker)
    assert len(copy) < 30_000
    made, facts = pickle.loads(copy)(data)
    assert made == impasto.stylize(data, "scream", strength=0.8)
    assert facts["format"] == "JPEG"
    assert (facts["width"], facts["height"]) == photo.size
    assert set(facts["seconds"]) == {"read", "paint", "write"}
    assert note_of_result(made) == facts["settings"]


def test_a_worker_writes_the_format_that_is_asked_for(small):
    made, facts = Worker("scream", writing=OutputOptions("webp", 70))(encoded(small))
    assert facts["format"] == "WEBP"
    assert made[8:12] == b"WEBP"
    assert facts["settings"].endswith("quality=70")
    assert Worker("scream")(encoded(small), "png")[1]["format"] == "PNG"


def test_two_workers_in_a_process_share_one_engine():
    first, second = Worker("scream").painter, Worker("udnie").painter
    assert first.styles._layers[0].engine is second.styles._layers[0].engine


def test_what_is_no_picture_no_style_and_no_option_is_said_in_a_sentence():
    with pytest.raises(InputError, match="is not a picture"):
        Worker("scream")(b"nonsense that is long enough to be looked at")
    with pytest.raises(StyleError, match="no style"):
        Worker("screem")
    with pytest.raises(InputError, match="out of range"):
        Worker("scream", strength=3)
    with pytest.raises(InputError, match=r"takes an impasto.Options"):
        Worker("scream", {"strength": 1})
