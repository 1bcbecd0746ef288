"""The default engine: onnxruntime, on the CPU or on CUDA."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import numpy as np
import onnxruntime as ort

from impasto.engines.base import Array, Statistics, out_of_memory, unusable
from impasto.networks.architecture import geometry
from impasto.styles.style import EmbeddedNetwork
from impasto.threads import cpu_threads, session_options

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}  # onnxruntime's names, by device
_PLANES = (3, 4)  # planes that a network of ours takes: RGB, and in later editions the grain
_OUTPUTS = ["painted", "mean", "variance"]  # names of the model's outputs, see impasto.networks.files.onnx_model
# What onnxruntime's messages have in them when memory is short: its arena, the C++ library, CUDA, cuDNN and cuBLAS.
_SHORT_OF_MEMORY = re.compile(
    r"(failed to|cannot|can't|could not) allocate|bad[_ ]alloc|alloc_failed|smaller than requested bytes|out of memory",
    re.IGNORECASE,
)


class OnnxruntimeEngine:
    """A network in onnxruntime; see :class:`impasto.engines.base.Engine`.

    Args:
        device: ``"cpu"`` or ``"cuda"``.
        embedded: the network that a style brings along; ``None``: the package's.
        parallel: how many pictures are painted at a time; each gets its share of the CPU's threads.

    Raises:
        StyleError: the network is damaged or not one of ours.
    """

    def __init__(self, device: str = "cpu", embedded: EmbeddedNetwork | None = None, parallel: int = 1) -> None:
        options = session_options(max(1, cpu_threads() // parallel))
        options.enable_mem_pattern = False  # it would take twice the memory from a size's second picture on
        model = embedded.onnx if embedded else (resources.files("impasto.assets") / "network.onnx").read_bytes()
        providers = [_PROVIDERS[device]] + ([_PROVIDERS["cpu"]] if device != "cpu" else [])
        self._arenas = "cpu:0" if device == "cpu" else "cpu:0;gpu:0"
        self.source = embedded.source if embedded else "Impasto itself"
        self.name = f"onnxruntime {ort.__version__}, {device}"
        try:
            self.session = ort.InferenceSession(model, options, providers=providers)
            about = self.session.get_modelmeta().custom_metadata_map
            self.network: str = about["id"]
            fit = geometry(about)
            shapes = {i.name: i.shape for i in self.session.get_inputs()}
            self.channels: int = shapes["scale"][0]
            self.planes: int = shapes["image"][1]
            if self.planes not in _PLANES or not isinstance(self.channels, int):
                raise ValueError("its description makes no sense")
        except Exception as error:  # onnxruntime's own classes, and what a description that is not ours leads to
            raise unusable(self.source, error) from error
        self.multiple, self.minimum, self.radius, self.border = fit.multiple, fit.minimum, fit.radius, fit.border
        self.bytes_per_pixel = fit.bytes_per_pixel

    @staticmethod
    def devices() -> list[str]:
        """Devices that the installed onnxruntime can use."""
        there = ort.get_available_providers()
        return [device for device, provider in _PROVIDERS.items() if provider in there]

    def paint(
        self,
        image: Array,
        scale: Array,
        shift: Array,
        given: Statistics | None = None,
        measured_share: float = 0.0,
    ) -> tuple[Array, Statistics]:
        """See :meth:`impasto.engines.base.Engine.paint`."""
        inputs: dict[str, Any] = {"image": self._as_planes(image), "scale": scale, "shift": shift}
        if given is None:
            measured_share = 1.0
            given = Statistics(np.zeros_like(scale), np.zeros_like(scale))  # zeros add nothing, ones would round
        inputs |= {"given_mean": given.mean, "given_variance": given.variance}
        inputs["measured_share"] = np.array([measured_share], np.float32)
        try:
            painted, mean, variance = self.session.run(_OUTPUTS, inputs)
        except Exception as error:  # onnxruntime's classes tell the kinds of failure apart, but not this one
            if isinstance(error, MemoryError) or _SHORT_OF_MEMORY.search(str(error)):
                raise out_of_memory(image) from error
            raise unusable(self.source, error) from error
        if painted.shape != (1, 3, *image.shape[2:]) or mean.shape != scale.shape or variance.shape != scale.shape:
            raise unusable(self.source, ValueError("its results are of a wrong size"))
        return painted, Statistics(mean, variance)

    def _as_planes(self, image: Array) -> Array:
        """The image with as many planes as the network takes: an older one takes three, the grain added to RGB."""
        if image.shape[1] == self.planes:
            return image
        if self.planes == 3:
            return image[:, :3] + image[:, 3:]
        return np.pad(image, ((0, 0), (0, self.planes - image.shape[1]), (0, 0), (0, 0)))

    def release(self) -> None:
        """See :meth:`impasto.engines.base.Engine.release`."""
        giving_back = ort.RunOptions()
        giving_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", self._arenas)
        nothing = np.zeros(self.channels, np.float32)
        inputs = dict.fromkeys(("scale", "shift", "given_mean", "given_variance"), nothing)
        inputs |= {
            "image": np.zeros((1, self.planes, self.minimum, self.minimum), np.float32),
            "measured_share": np.ones(1, np.float32),
        }
        self.session.run(_OUTPUTS, inputs, giving_back)
