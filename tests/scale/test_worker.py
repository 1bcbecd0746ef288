import pickle
import re
from pathlib import Path

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


def test_the_sample_for_spark_gives_the_columns_of_its_schema_and_a_reason_for_each_picture_that_fails(photos, worker):
    pandas = pytest.importorskip("pandas", reason="the tables are of pandas, which PySpark uses; no extra brings it")
    page = (Path(__file__).parents[2] / "docs/scale.md").read_text()
    (sample,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "mapInPandas" in block]

    class Spark:
        """As much of Spark as the sample needs: one table in one batch."""

        read = property(lambda self: self)

        def format(self, name):
            assert name == "binaryFile"
            return self

        def load(self, _):
            return self

        def mapInPandas(self, function, schema):
            contents = [(photos / "p0.jpg").read_bytes(), b"no picture"]
            table = pandas.DataFrame({"path": ["p0.jpg", "bad.jpg"], "length": [1, 2], "content": contents})
            (made,) = function(iter([table]))
            assert list(made.columns) == [column.split()[0] for column in schema.split(", ")]
            return made

    names = {"worker": worker, "impasto": impasto, "spark": Spark()}
    exec(sample, names)
    made, failed = names["painted"].itertuples()
    assert made.painted == worker((photos / "p0.jpg").read_bytes())[0]
    assert (made.error, failed.painted) == ("", None)
    assert "not a picture" in failed.error
