"""The default engine: onnxruntime, on the CPU or on what one of its providers computes with."""

from __future__ import annotations

import logging
from threading import Lock
from typing import Any

import onnxruntime as ort

from impasto.engines.base import Array
from impasto.engines.graphs import GraphEngine, Runner, Size
from impasto.engines.providers import CPU, PROVIDERS, provided_devices, session_on
from impasto.errors import StyleError, first_line
from impasto.styles.style import EmbeddedNetwork
from impasto.threads import cpu_threads, session_options

log = logging.getLogger(__name__)


class OnnxruntimeEngine(GraphEngine):
    """A network in onnxruntime; see :class:`impasto.engines.base.Engine`.

    Args:
        device: ``"cpu"``, or one of :func:`impasto.engines.providers.provided_devices`.
        embedded: the network that a style brings along; ``None``: the package's.
        parallel: how many pictures are painted at a time; each gets its share of the CPU's threads.

    Attributes:
        device: where it runs; ``"cpu"`` once the CPU has taken over.
        failure: why the CPU has taken over; empty: it has not.

    Raises:
        StyleError: the network is damaged or not one of ours.
    """

    def __init__(self, device: str = "cpu", embedded: EmbeddedNetwork | None = None, parallel: int = 1) -> None:
        super().__init__(f"onnxruntime {ort.__version__}, {device}", embedded, kept=1 + parallel)
        self.device, self.failure = device, ""
        self._threads = max(1, cpu_threads() // parallel)
        self._turn = Lock()  # of DirectML and WebGPU a session takes one picture at a time
        if device != "cpu":
            self.fixes_sizes = PROVIDERS[device].fixes_sizes
            self.folds = False  # a session takes a provider long to make

    @staticmethod
    def devices() -> list[str]:
        """Devices that the installed onnxruntime can use."""
        return ["cpu", *provided_devices()]

    def _prepared(self, model: bytes, size: Size | None) -> Runner:
        """See :meth:`GraphEngine._prepared`; on the CPU any size is as fast as one."""
        options = session_options(self._threads)
        options.enable_mem_pattern = False  # it would take twice the memory from a size's second picture on
        for name, side in zip(("height", "width"), size or (), strict=False):
            options.add_free_dimension_override_by_name(name, side)
        session: Runner = (
            ort.InferenceSession(model, options, providers=[CPU])
            if self.device == "cpu"
            else session_on(self.device, model, options)
        )
        return session

    def prepare(self) -> None:
        """See :meth:`GraphEngine.prepare`; where a provider does not start, the CPU takes over, as in painting."""
        with self._turn:
            try:
                super().prepare()
            except Exception as error:  # classes of onnxruntime's
                if self.device == "cpu":
                    raise
                self._take_over(error)
                super().prepare()

    def _run(self, kind: Any, image: Array, inputs: dict[str, Any], outputs: list[str]) -> list[Array]:
        """See :meth:`GraphEngine._run`; where a provider fails, the CPU takes over for good, which is said once."""
        if self.device != "cpu":
            with self._turn:
                try:
                    if self.device != "cpu":  # else the CPU took over while this thread waited
                        return super()._run(kind, image, inputs, outputs)
                except StyleError as error:
                    self._take_over(error)
        return super()._run(kind, image, inputs, outputs)

    def _take_over(self, error: Exception) -> None:
        """Have the CPU paint from now on, since a provider fails with an error."""
        device, self.device = self.device, "cpu"
        self.failure = first_line(error.__cause__ or error)
        log.warning("onnxruntime cannot paint on %s here (%s); the CPU does it instead.", device, self.failure)
        self.release()
        self.fixes_sizes, self.folds = False, True
        self.name = f"onnxruntime {ort.__version__}, {self.device}"
