"""The torch engine: CUDA and MPS, and the CPU for comparison."""

from __future__ import annotations

from importlib import resources

import torch

from impasto.engines.base import Array
from impasto.engines.base import Statistics as ArrayStatistics
from impasto.networks.architecture import MIN_SIDE, SIDE_MULTIPLE
from impasto.networks.files import load_network, network_of_onnx
from impasto.networks.transformer import TensorStatistics
from impasto.styles.style import EmbeddedNetwork


def available_gpus() -> list[str]:
    """GPU devices that torch can use here."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [device for device, is_there in there.items() if is_there]


class TorchEngine:
    """A network in torch; see :class:`impasto.engines.base.Engine`."""

    multiple = SIDE_MULTIPLE
    minimum = MIN_SIDE

    def __init__(self, device: str = "cpu", own: EmbeddedNetwork | None = None) -> None:
        if own:
            network, self.network = network_of_onnx(own.onnx)
        else:
            with resources.as_file(resources.files("impasto.assets") / "network.safetensors") as path:
                network, self.network = load_network(path)
        self.device = torch.device(device)
        self.module = network.to(self.device)
        self.channels = network.architecture.normalised_channels
        self.radius = network.receptive_radius()
        self.name = f"torch {torch.__version__}, {device}"

    @torch.inference_mode()
    def paint(
        self,
        image: Array,
        scale: Array,
        shift: Array,
        given: ArrayStatistics | None = None,
        measured_share: float = 0.0,
    ) -> tuple[Array, ArrayStatistics]:
        """See :meth:`impasto.engines.base.Engine.paint`."""

        def tensor(array: Array) -> torch.Tensor:
            return torch.from_numpy(array).to(self.device)

        statistics = None if given is None else TensorStatistics(tensor(given.mean)[None], tensor(given.variance)[None])
        share = torch.tensor(measured_share, device=self.device)
        painted, measured = self.module(tensor(image), tensor(scale)[None], tensor(shift)[None], statistics, share)
        return painted.cpu().numpy(), ArrayStatistics(
            measured.mean[0].cpu().numpy(), measured.variance[0].cpu().numpy()
        )

    def release(self) -> None:
        """See :meth:`impasto.engines.base.Engine.release`."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self.device.type == "mps":
            torch.mps.empty_cache()
