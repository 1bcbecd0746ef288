"""The default engine: onnxruntime, on the CPU or on CUDA.

It runs a network as the graph that has what is asked for and no more; all are made of the same weights. The
**measured** graph takes and gives statistics. The **plain** one only paints, with the picture's own. A **folded** one
only paints, in one style with given statistics, which are multiplied into its weights: for tiles, which share them.
"""

from __future__ import annotations

import re
from importlib import resources
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime as ort

from impasto.engines.base import Array, Statistics, out_of_memory, unusable
from impasto.foreign.folding import folded
from impasto.foreign.onnx_network import onnx_model, painting_model
from impasto.foreign.readers.onnx_file import metadata_of
from impasto.networks.architecture import geometry
from impasto.networks.plain_layers import layers_of
from impasto.styles.style import EmbeddedNetwork
from impasto.threads import cpu_threads, session_options

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}  # onnxruntime's names, by device
# What onnxruntime's messages have in them when memory is short: its arena, the C++ library, CUDA, cuDNN and cuBLAS.
_SHORT_OF_MEMORY = re.compile(
    r"(failed to|cannot|can't|could not) allocate|bad[_ ]alloc|alloc_failed|smaller than requested bytes|out of memory",
    re.IGNORECASE,
)
_Given = tuple[bytes, ...]  # a style and statistics: what a folded graph is made for


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
        self._options = session_options(max(1, cpu_threads() // parallel))
        self._options.enable_mem_pattern = False  # it would take twice the memory from a size's second picture on
        self._providers = [_PROVIDERS[device]] + ([_PROVIDERS["cpu"]] if device != "cpu" else [])
        self._sessions: dict[
            str | _Given, Any
        ] = {}  # by what they are for: "measured", "plain", or one for each _Given
        self._most_folded = parallel  # sessions of folded graphs that are kept: each holds the memory of a tile
        self._lock = Lock()
        self.source = embedded.source if embedded else "Impasto itself"
        self.name = f"onnxruntime {ort.__version__}, {device}"
        model = embedded.onnx if embedded else (resources.files("impasto.assets") / "network.onnx").read_bytes()
        try:
            about = metadata_of(memoryview(model))
            self.network: str = about["id"]
            fit = geometry(about)
            self._layers = layers_of(model)
        except Exception as error:  # whatever a description leads to that is not ours
            raise unusable(self.source, error) from error
        self.channels, self.planes = max(1, self._layers.channels), self._layers.planes
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
        inputs: dict[str, Any] = {"scale": scale, "shift": shift}
        if given is None:
            measured_share = 1.0
            given = Statistics(np.zeros_like(scale), np.zeros_like(scale))  # zeros add nothing, ones would round
        inputs |= {"given_mean": given.mean, "given_variance": given.variance}
        inputs["measured_share"] = np.array([measured_share], np.float32)
        painted, mean, variance = self._run("measured", image, inputs, ["painted", "mean", "variance"])
        if mean.shape != scale.shape or variance.shape != scale.shape:
            raise unusable(self.source, ValueError("its results are of a wrong size"))
        return painted, Statistics(mean, variance)

    def paint_only(self, image: Array, scale: Array, shift: Array, given: Statistics | None = None) -> Array:
        """See :meth:`impasto.engines.base.Engine.paint_only`."""
        if given is not None:
            key = tuple(vector.tobytes() for vector in (scale, shift, given.mean, given.variance))
            return self._run(key, image, {}, ["painted"])[0]
        inputs = {"scale": scale, "shift": shift} if self._layers.channels else {}
        return self._run("plain", image, inputs, ["painted"])[0]

    def _run(self, kind: str | _Given, image: Array, inputs: dict[str, Any], outputs: list[str]) -> list[Array]:
        """Run a graph on a picture; returns its outputs, of which the painting is the first."""
        try:
            results: list[Array] = self._session(kind).run(outputs, {"image": self._as_planes(image), **inputs})
        except Exception as error:  # onnxruntime's classes tell the kinds of failure apart, but not this one
            if isinstance(error, MemoryError) or _SHORT_OF_MEMORY.search(str(error)):
                raise out_of_memory(image) from error
            raise unusable(self.source, error) from error
        if results[0].shape != (1, 3, *image.shape[2:]):
            raise unusable(self.source, ValueError("its results are of a wrong size"))
        return results

    def _session(self, kind: str | _Given) -> Any:
        """The session of a graph: the one that is kept, or a new one, which takes a hundredth of a second."""
        with self._lock:
            if kind not in self._sessions:
                if isinstance(kind, tuple):
                    earlier = [key for key in self._sessions if isinstance(key, tuple)]
                    if len(earlier) >= self._most_folded:
                        del self._sessions[earlier[0]]
                    model = painting_model(folded(self._layers, *(np.frombuffer(part, np.float32) for part in kind)))
                else:
                    model = painting_model(self._layers) if kind == "plain" else onnx_model(self._layers, {})
                self._sessions[kind] = ort.InferenceSession(model, self._options, providers=self._providers)
            return self._sessions[kind]

    def _as_planes(self, image: Array) -> Array:
        """The image with as many planes as the network takes: an older one takes three, the grain added to RGB."""
        if image.shape[1] == self.planes:
            return image
        if self.planes == 3:
            return image[:, :3] + image[:, 3:]
        return np.pad(image, ((0, 0), (0, self.planes - image.shape[1]), (0, 0), (0, 0)))

    def release(self) -> None:
        """See :meth:`impasto.engines.base.Engine.release`."""
        with self._lock:
            self._sessions.clear()  # each holds the memory of the largest picture that it has painted
