"""OpenVINO: on many CPUs faster than onnxruntime, twice as fast where the CPU computes with bfloat16.

A graph takes it a tenth of a second to make ready, and longer where its pictures have one size, which makes it faster.
So it is for many pictures: the frames of a video have one size, and the tiles of a picture few.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

from impasto.engines.base import Array
from impasto.engines.graphs import GraphEngine, Runner, Size
from impasto.extras import openvino
from impasto.styles.style import EmbeddedNetwork
from impasto.threads import openvino_settings

_KEPT = 4  # graphs that are kept, for as many sizes of pictures


class OpenvinoEngine(GraphEngine):
    """A network in OpenVINO, on the CPU; see :class:`impasto.engines.base.Engine`.

    Args:
        embedded: the network that a style brings along; ``None``: the package's.
        parallel: how many pictures are painted at a time; each gets its share of the CPU's threads.

    Raises:
        MissingExtraError: it is not installed.
        StyleError: the network is damaged or not one of ours.
    """

    fixes_sizes = True
    # Weights are rounded to bfloat16. What that moves, statistics that are measured with the same weights take out.
    folds = False

    def __init__(self, embedded: EmbeddedNetwork | None = None, parallel: int = 1) -> None:
        library = openvino()
        self._core = library.Core()
        has_bfloat16 = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        precision = "bf16" if has_bfloat16 else "f32"
        version = library.__version__.partition("-")[0]
        super().__init__(f"OpenVINO {version}, cpu, {precision}", embedded, kept=max(_KEPT, parallel))
        self._settings = openvino_settings(parallel) | {"INFERENCE_PRECISION_HINT": precision}

    def _prepared(self, model: bytes, size: Size | None) -> Runner:
        """See :meth:`GraphEngine._prepared`."""
        network = self._core.read_model(model)
        if size is not None:
            network.reshape({"image": [1, self.planes, *size]})
        return _Compiled(self._core.compile_model(network, "CPU", self._settings))


class _Compiled:
    """A compiled network; each thread that runs it takes a request, which holds the memory for one picture.

    Args:
        network: what OpenVINO compiled.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._requests: SimpleQueue[Any] = SimpleQueue()

    def run(self, outputs: list[str], inputs: dict[str, Any]) -> list[Array]:
        """See :class:`impasto.engines.graphs.Runner`."""
        try:
            request = self._requests.get_nowait()
        except Empty:
            request = self._network.create_infer_request()
        results = request.infer(inputs, share_inputs=True)
        found = [results[name] for name in outputs]
        self._requests.put(request)
        return found
