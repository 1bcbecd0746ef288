import re
import sys

import pytest

from impasto import extras
from impasto.errors import MissingExtraError
from impasto.version import install_command

MISSING = {
    "opencv": ("cv2", "Optical flow", "video"),
    "pyav": ("av", "Video", "video"),
    "h5py": ("h5py", "Reading HDF5", "train"),
    "pillow_heif": ("pillow_heif", "Reading HEIC", "heic"),
    "pygame": ("pygame", "A window", "webcam"),
    "pyvirtualcam": ("pyvirtualcam", "--virtual-camera", "webcam"),
    "fsspec": ("fsspec", "Reading and writing at URLs", "cloud"),
    "ray": ("ray", "--on ray", "ray"),
    "openvino": ("openvino", "--engine openvino", "openvino"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_package_gets_one_sentence_with_its_extra(name, monkeypatch):
    module, what, extra = MISSING[name]
    monkeypatch.setitem(sys.modules, module, None)
    function = getattr(extras, name)
    with pytest.raises(MissingExtraError) as raised:
        getattr(function, "__wrapped__", function)()
    assert str(raised.value) == f"{what} needs an optional package: {install_command(extra)}"


def test_what_needs_several_imports_says_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with (
        pytest.raises(MissingExtraError, match=rf"^Training needs .*{re.escape(install_command('train'))}$"),
        extras.needing_extra("train", "Training"),
    ):
        import torch  # noqa: F401
