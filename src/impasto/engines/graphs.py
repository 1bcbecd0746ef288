"""What engines share that run graphs: each network is made the graph that has what is asked for, and no more.

All graphs of a network are made of the same weights. The **measured** graph takes and gives statistics. The **plain**
one only paints, with the picture's own. For tiles, which share theirs, there is one that only paints with **given**
statistics, and one that is **folded** for a style and statistics, which are multiplied into its weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Lock
from typing import Any, Literal, Protocol

import numpy as np

from impasto.engines.base import Array, Statistics, failure, unusable
from impasto.foreign.folding import folded
from impasto.foreign.onnx_network import onnx_model, painting_model
from impasto.foreign.readers.onnx_file import metadata_of
from impasto.networks.architecture import geometry
from impasto.networks.plain_layers import layers_of
from impasto.styles.files import bundled_network
from impasto.styles.style import EmbeddedNetwork

Size = tuple[int, int]
"""Height and width, pixels."""
_Kind = (
    Literal["measured", "plain", "given"] | tuple[bytes, ...]
)  # the bytes of a style and of statistics: a folded graph


class Runner(Protocol):
    """A graph that is ready to run; a session of onnxruntime is one."""

    def run(self, outputs: list[str], inputs: dict[str, Any]) -> list[Array]:
        """The outputs of these names; several threads may call it at a time."""
        ...


class GraphEngine(ABC):
    """A network whose graphs a library runs; see :class:`impasto.engines.base.Engine`.

    Args:
        name: of the engine, for people.
        embedded: the network that a style brings along; ``None``: the package's.
        kept: how many graphs other than the plain one are kept; each holds the memory of a picture.

    Raises:
        StyleError: the network is damaged or not one of ours.
    """

    fixes_sizes = False
    """Whether graphs are made ready for one size of pictures each, all but the plain one."""
    folds = True
    """Whether given statistics are multiplied into the weights, rather than taken as inputs."""

    def __init__(self, name: str, embedded: EmbeddedNetwork | None, kept: int) -> None:
        self.name, self._kept = name, kept
        self._ready: dict[tuple[_Kind, Size | None], Runner] = {}  # in the order in which they were last used
        self._lock = Lock()
        self.source = embedded.source if embedded else "Impasto itself"
        model = embedded.onnx if embedded else bundled_network()
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

    @abstractmethod
    def _prepared(self, model: bytes, size: Size | None) -> Runner:
        """A graph made ready to run.

        Args:
            model: the graph as an ONNX model.
            size: the only one of its pictures; ``None``: any.
        """

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
        vectors = {"scale": scale, "shift": shift} if self._layers.channels else {}
        if given is None:
            return self._run("plain", image, vectors, ["painted"])[0]
        vectors |= {"given_mean": given.mean, "given_variance": given.variance} if vectors else {}
        if not self.folds:
            return self._run("given", image, vectors, ["painted"])[0]
        return self._run(tuple(vector.tobytes() for vector in vectors.values()), image, {}, ["painted"])[0]

    def _run(self, kind: _Kind, image: Array, inputs: dict[str, Any], outputs: list[str]) -> list[Array]:
        """Run a graph on a picture; returns its outputs, of which the painting is the first."""
        try:
            planes = self._as_planes(image)
            results = self._runner(kind, planes.shape[2:]).run(outputs, {"image": planes, **inputs})
        except Exception as error:
            raise failure(error, image, self.source) from error
        if results[0].shape != (1, 3, *image.shape[2:]):
            raise unusable(self.source, ValueError("its results are of a wrong size"))
        return results

    def _runner(self, kind: _Kind, size: Size) -> Runner:
        """The graph for what is asked: one that is kept, or a new one."""
        key = kind, size if self.fixes_sizes and kind != "plain" else None
        with self._lock:
            found = self._ready.pop(key, None)
            if found is None:
                others = [other for other in self._ready if other[0] != "plain"]
                if kind != "plain" and len(others) >= self._kept:
                    del self._ready[others[0]]
                found = self._prepared(self._model(kind), key[1])
            self._ready[key] = found
            return found

    def _model(self, kind: _Kind) -> bytes:
        """A graph as an ONNX model."""
        if isinstance(kind, tuple):
            vectors = [np.frombuffer(part, np.float32) for part in kind]
            return painting_model(folded(self._layers, *vectors) if vectors else self._layers)
        return (
            onnx_model(self._layers, {}) if kind == "measured" else painting_model(self._layers, given=kind == "given")
        )

    def _as_planes(self, image: Array) -> Array:
        """The image with as many planes as the network takes: an older one takes three, the grain added to RGB."""
        if image.shape[1] == self.planes:
            return image
        if self.planes == 3:
            return image[:, :3] + image[:, 3:]
        return np.pad(image, ((0, 0), (0, self.planes - image.shape[1]), (0, 0), (0, 0)))

    def prepare(self) -> None:
        """See :meth:`impasto.engines.base.Engine.prepare`."""
        self._runner("plain", (self.minimum, self.minimum))

    def release(self) -> None:
        """See :meth:`impasto.engines.base.Engine.release`."""
        with self._lock:
            self._ready.clear()  # each holds the memory of the largest picture that it has painted
