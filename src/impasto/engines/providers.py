"""What onnxruntime computes with beside the CPU: its execution providers, by the device that asks for them.

A provider comes with a package that replaces onnxruntime, with onnxruntime itself on macOS, or as a plug-in beside it.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import onnxruntime as ort

from impasto.errors import InputError

CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class Provider:
    """An execution provider.

    Attributes:
        name: onnxruntime's name of it.
        source: how it is installed, for a sentence.
        options: what it is given.
        fixes_sizes: whether it needs graphs of one size of pictures each to be fast.
    """

    name: str
    source: str
    options: dict[str, str] = field(default_factory=dict)
    fixes_sizes: bool = False


_REPLACING = "pip uninstall onnxruntime, then pip install {}"
PROVIDERS = {
    "cuda": Provider("CUDAExecutionProvider", _REPLACING.format("onnxruntime-gpu")),
    "directml": Provider("DmlExecutionProvider", _REPLACING.format("onnxruntime-directml") + " (Windows)"),
    # The Neural Engine computes in half precision, in which the network's sums of squares overflow.
    "coreml": Provider(
        "CoreMLExecutionProvider",
        "it comes with onnxruntime on macOS",
        {"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU"},
        fixes_sizes=True,
    ),
    "webgpu": Provider("WebGpuExecutionProvider", "pip install onnxruntime-ep-webgpu"),
}
"""Providers by the device that asks for them."""
_PLUG_IN = "onnxruntime_ep_webgpu"  # the module that knows where the library of WebGPU's provider is


def provided_devices() -> list[str]:
    """Devices beside the CPU for which a provider is installed; whether it works is not known yet."""
    there = ort.get_available_providers()
    has_plug_in = importlib.util.find_spec(_PLUG_IN) is not None  # loading it takes a while
    return [
        device
        for device, provider in PROVIDERS.items()
        if provider.name in there or (device == "webgpu" and has_plug_in)
    ]


def missing_provider(device: str) -> InputError:
    """The error for a device whose provider is not there."""
    source = PROVIDERS[device].source
    return InputError(f"The onnxruntime that is installed has no {device}: {source}; or leave out --device {device}.")


def session_on(device: str, model: bytes, options: ort.SessionOptions) -> ort.InferenceSession:
    """A session that runs a model on a device.

    Args:
        device: one of :func:`provided_devices`.
        model: the ONNX model.
        options: those for the CPU, which runs what the provider does not know; a plug-in is added to them.

    Raises:
        Exception: the provider does not start; the classes are onnxruntime's.
    """
    provider = PROVIDERS[device]
    # onnxruntime prints what fails, and takes the CPU, unless told otherwise.
    if device == "webgpu":
        found = _webgpu()
        if found is None:
            raise RuntimeError("WebGPU finds no GPU, or no driver for it; on Linux it needs Vulkan")
        options.add_provider_for_devices([found], provider.options)
        session = ort.InferenceSession(model, options, enable_fallback=0)
    else:
        chosen: list[Any] = [(provider.name, provider.options), CPU]
        session = ort.InferenceSession(model, options, providers=chosen, enable_fallback=0)
    if provider.name not in session.get_providers():
        raise RuntimeError("onnxruntime leaves it out, as it does where its libraries or drivers are missing")
    return session


@cache
def _webgpu() -> Any:
    """The device of the plug-in for WebGPU, as onnxruntime lists it; ``None``: it finds none."""
    ort.register_execution_provider_library("webgpu", importlib.import_module(_PLUG_IN).get_library_path())
    return next((one for one in ort.get_ep_devices() if one.ep_name == PROVIDERS["webgpu"].name), None)
