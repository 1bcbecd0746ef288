"""Whatever is given to a public function, it works or says in one sentence what is wrong: an ``ImpastoError``."""

import dataclasses
import inspect
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.motion.options import MotionOptions
from impasto.sound.options import SoundOptions

WRONG = {
    "none": lambda: None,
    "empty list": lambda: [],
    "empty tuple": lambda: (),
    "empty dict": lambda: {},
    "empty text": lambda: "",
    "empty bytes": lambda: b"",
    "generator": lambda: iter(()),
    "nothing in a list": lambda: [None],
    "lists in a list": lambda: [[], [[]]],
    "dict of nothing": lambda: {"a": None},
    "dict of numbers": lambda: {1: 2},
    "set": lambda: {1, "a"},
    "pair of nothing": lambda: (None, None),
    "pair with a weight": lambda: ("scream", float("nan")),
    "number": lambda: 7,
    "negative": lambda: -1,
    "fraction": lambda: 0.5,
    "nan": lambda: float("nan"),
    "infinite": lambda: float("inf"),
    "beyond floats": lambda: 10**400,
    "complex": lambda: 1j,
    "true": lambda: True,
    "text": lambda: "no such thing",
    "text with a null": lambda: "a\0b",
    "long text": lambda: "x" * 5000,
    "bytes": lambda: b"no picture",
    "folder": lambda: Path(),
    "object": object,
    "type": lambda: int,
    "function": lambda: lambda *_: None,
    "range": lambda: range(2),
    "empty array": lambda: np.zeros(0),
    "many axes": lambda: np.zeros((2, 2, 2, 2, 2)),
    "array of objects": lambda: np.array([object(), None]),
    "number in an array": lambda: np.array(0.5),
    "array of texts": lambda: np.array("x"),
    "empty image": lambda: Image.new("RGB", (0, 0)),
}
# Arguments with which a call would end in a sentence soon, whatever the argument is that is tried.
BEGINNINGS = {
    "stylize": {"image": "no such picture.png", "style": "scream"},
    "paint": {"image": "no such picture.png", "style": np.random.default_rng(0).random((40, 40, 3))},
    "stylize_video": {"video": "no such video.mp4", "style": "scream"},
    "stylize_motion": {"content": "no such clip.bvh", "style": "no such style.bvh"},
    "stylize_sound": {"content": (np.zeros(99), 8000), "style": "no such recording.flac"},
    "learn_style": {"pictures": "no such picture.png"},
    "load_style": {"name": "no such style"},
    "Painter": {"styles": "scream"},
    "Options": {},
    "Recipe": {},
}
PAINTERS = ("stylize", "stylize_video", "Painter")
KEYWORDS = {
    **dict.fromkeys(PAINTERS, impasto.Options),
    "paint": impasto.Recipe,
    "stylize_motion": MotionOptions,
    "stylize_sound": SoundOptions,
}


def arguments(name: str) -> list[str]:
    """The names of all arguments of a public function, its options among them."""
    parameters = inspect.signature(getattr(impasto, name)).parameters.values()
    own = [item.name for item in parameters if item.kind is not item.VAR_KEYWORD]
    return own + [item.name for item in dataclasses.fields(KEYWORDS.get(name, Nothing))]


@dataclasses.dataclass
class Nothing:
    """No options."""


def check(call, *given, **keywords) -> None:
    """Call a function, which may work, or has to say in one sentence why not."""
    try:
        call(*given, **keywords)
    except impasto.ImpastoError as error:
        said = str(error)
        assert said
        assert "\n" not in said.strip(), said
        assert len(said) < 400 or "xxxx" in said, said


def test_every_public_function_is_tried():
    functions = [name for name in impasto.__all__ if callable(getattr(impasto, name)) and not name.endswith("Error")]
    assert {*functions} == {*BEGINNINGS, "Style", "StyleFacts", "list_styles"}  # these three are made, not asked


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", BEGINNINGS)
def test_whatever_is_given_the_answer_is_a_sentence(name, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "paint":
        pytest.importorskip("torch")
    if name in ("stylize_video", "stylize_sound"):
        pytest.importorskip("av")
    call, failed = getattr(impasto, name), []
    for argument in arguments(name):
        value = WRONG[wrong]()
        try:
            check(call, **{**BEGINNINGS[name], argument: value})
        except Exception as error:
            failed.append(f"{argument}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_painter_says_what_it_cannot_paint(wrong):
    painter = impasto.Painter("scream")
    for method in (painter.paint, painter.stylize, painter.read):
        check(method, WRONG[wrong]())


@pytest.mark.parametrize("name", ["stylize", "paint", "stylize_video", "learn_style", "Painter"])
def test_a_wrong_option_is_told_with_the_nearest_one(name):
    with pytest.raises(impasto.ImpastoError, match=r"There is no option stile_scale; did you mean style_scale\?"):
        getattr(impasto, name)(**BEGINNINGS[name], stile_scale=2)


FRAME, FIELD = np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 2), np.float32)
FLOW_CALLS = {
    "compute": {"first": FRAME, "second": FRAME, "method": "dis"},
    "estimator": {"method": "dis", "preset": 2, "finest": None},
    "warp": {"image": FRAME, "flow": FIELD},
    "consistency": {"flow": FIELD, "opposite": FIELD, "variant": "artistic-videos", "frame": None},
    "read_flo": {"path": "none.flo"},
    "read_certainty": {"path": "none.pgm"},
    "write_flo": {"flow": FIELD, "path": "a.flo"},
    "write_certainty": {"certainty": FRAME[..., 0], "path": "a.pgm"},
}


@pytest.mark.parametrize("name", FLOW_CALLS)
def test_functions_of_flow_answer_in_a_sentence_as_well(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("cv2")
    failed = []
    for argument in FLOW_CALLS[name]:
        for wrong, make in WRONG.items():
            try:
                check(getattr(impasto.flow, name), **{**FLOW_CALLS[name], argument: make()})
            except Exception as error:
                failed.append(f"{argument}, {wrong}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)
