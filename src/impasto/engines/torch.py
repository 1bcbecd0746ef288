"""The torch engine: CUDA and MPS, and the CPU for comparison."""

from __future__ import annotations

import torch

from impasto.engines.base import Array, Statistics, failure, unusable
from impasto.errors import InputError
from impasto.foreign.contents import ForeignError
from impasto.networks.architecture import Geometry
from impasto.networks.files import network_of_onnx
from impasto.networks.foreign import ForeignModule, foreign_network
from impasto.networks.transformer import TensorStatistics, TransformerNetwork
from impasto.styles.files import bundled_network
from impasto.styles.style import EmbeddedNetwork


def available_gpus() -> list[str]:
    """GPU devices that torch can use here."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [device for device, is_there in there.items() if is_there]


def cuda_count() -> int:
    """NVIDIA GPUs that torch can use here."""
    return torch.cuda.device_count()


class TorchEngine:
    """A network in torch; see :class:`impasto.engines.base.Engine`.

    Args:
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        embedded: the network that a style brings along; ``None``: the package's.

    Raises:
        StyleError: the network is damaged or not one of ours.
    """

    def __init__(self, device: str = "cpu", embedded: EmbeddedNetwork | None = None) -> None:
        self.source = embedded.source if embedded else "Impasto itself"
        network: TransformerNetwork | ForeignModule | None
        model = embedded.onnx if embedded else bundled_network()
        try:
            network = foreign_network(model)
            if network is None:
                network, self.network = network_of_onnx(model)
            else:
                self.network = network.id
        except (InputError, ForeignError, KeyError, ValueError) as error:
            raise unusable(self.source, error.__cause__ or error) from error
        self.device = torch.device(device)
        self.module = network.to(self.device)
        if isinstance(network, ForeignModule):
            self.channels, fit = network.channels, network.geometry
        else:
            self.channels, fit = network.architecture.normalised_channels, Geometry(radius=network.receptive_radius())
        self.multiple, self.minimum, self.radius, self.border = fit.multiple, fit.minimum, fit.radius, fit.border
        self.bytes_per_pixel = fit.bytes_per_pixel
        self.name = f"torch {torch.__version__}, {device}"

    def paint(
        self,
        image: Array,
        scale: Array,
        shift: Array,
        given: Statistics | None = None,
        measured_share: float = 0.0,
    ) -> tuple[Array, Statistics]:
        """See :meth:`impasto.engines.base.Engine.paint`."""
        try:
            return self._run(image, scale, shift, given, measured_share)
        except (RuntimeError, MemoryError) as error:
            raise failure(error, image, self.source) from error

    @torch.inference_mode()
    def _run(
        self, image: Array, scale: Array, shift: Array, given: Statistics | None, measured_share: float
    ) -> tuple[Array, Statistics]:
        """Run the network; see :meth:`paint`."""

        def tensor(array: Array) -> torch.Tensor:
            return torch.from_numpy(array).to(self.device)

        statistics = None if given is None else TensorStatistics(tensor(given.mean)[None], tensor(given.variance)[None])
        share = torch.tensor(measured_share, device=self.device)
        painted, measured = self.module(tensor(image), tensor(scale)[None], tensor(shift)[None], statistics, share)
        return painted.cpu().numpy(), Statistics(measured.mean[0].cpu().numpy(), measured.variance[0].cpu().numpy())

    def paint_only(self, image: Array, scale: Array, shift: Array, given: Statistics | None = None) -> Array:
        """See :meth:`impasto.engines.base.Engine.paint_only`."""
        return self.paint(image, scale, shift, given)[0]

    def prepare(self) -> None:
        """See :meth:`impasto.engines.base.Engine.prepare`; there is nothing to do."""

    def release(self) -> None:
        """See :meth:`impasto.engines.base.Engine.release`."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self.device.type == "mps":
            torch.mps.empty_cache()
