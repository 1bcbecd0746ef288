"""The default engine: onnxruntime, on the CPU or on CUDA."""

from __future__ import annotations

import onnxruntime as ort

from impasto.engines.graphs import GraphEngine, Runner, Size
from impasto.styles.style import EmbeddedNetwork
from impasto.threads import cpu_threads, session_options

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}  # onnxruntime's names, by device


class OnnxruntimeEngine(GraphEngine):
    """A network in onnxruntime; see :class:`impasto.engines.base.Engine`.

    Args:
        device: ``"cpu"`` or ``"cuda"``.
        embedded: the network that a style brings along; ``None``: the package's.
        parallel: how many pictures are painted at a time; each gets its share of the CPU's threads.

    Raises:
        StyleError: the network is damaged or not one of ours.
    """

    def __init__(self, device: str = "cpu", embedded: EmbeddedNetwork | None = None, parallel: int = 1) -> None:
        super().__init__(f"onnxruntime {ort.__version__}, {device}", embedded, kept=1 + parallel)
        self._options = session_options(max(1, cpu_threads() // parallel))
        self._options.enable_mem_pattern = False  # it would take twice the memory from a size's second picture on
        self._providers = [_PROVIDERS[device]] + ([_PROVIDERS["cpu"]] if device != "cpu" else [])

    @staticmethod
    def devices() -> list[str]:
        """Devices that the installed onnxruntime can use."""
        there = ort.get_available_providers()
        return [device for device, provider in _PROVIDERS.items() if provider in there]

    def _prepared(self, model: bytes, size: Size | None) -> Runner:
        """See :meth:`GraphEngine._prepared`; any size is as fast as one."""
        session: Runner = ort.InferenceSession(model, self._options, providers=self._providers)
        return session
