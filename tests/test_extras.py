import sys

import pytest

from impasto import extras
from impasto.errors import MissingExtraError

SENTENCES = {
    "opencv": ("cv2", 'Optical flow needs an optional package: pip install "impasto[video]"'),
    "pyav": ("av", 'Video needs an optional package: pip install "impasto[video]"'),
    "h5py": ("h5py", 'Reading HDF5 needs an optional package: pip install "impasto[train]"'),
    "onnx": ("onnx", 'Writing or rebuilding an ONNX network needs an optional package: pip install "impasto[train]"'),
    "pillow_heif": ("pillow_heif", 'Reading HEIC needs an optional package: pip install "impasto[heic]"'),
    "pygame": ("pygame", 'A window needs an optional package: pip install "impasto[webcam]"'),
    "pyvirtualcam": ("pyvirtualcam", '--virtual-camera needs an optional package: pip install "impasto[webcam]"'),
    "gradio": ("gradio", 'The studio needs an optional package: pip install "impasto[studio]"'),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_missing_package_gets_one_sentence_with_its_extra(name, monkeypatch):
    module, sentence = SENTENCES[name]
    monkeypatch.setitem(sys.modules, module, None)
    function = getattr(extras, name)
    with pytest.raises(MissingExtraError) as raised:
        getattr(function, "__wrapped__", function)()
    assert str(raised.value) == sentence


def test_what_needs_several_imports_says_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with (
        pytest.raises(MissingExtraError, match=r'^Training needs .*"impasto\[train\]"$'),
        extras.needing_extra("train", "Training"),
    ):
        import torch  # noqa: F401
