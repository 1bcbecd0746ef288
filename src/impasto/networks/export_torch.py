"""A network of ours, or a converted one, as a program of torch.export (``.pt2``), which needs torch alone."""

from __future__ import annotations

import io

import torch
from torch import Tensor, nn

from impasto.networks.export_settings import Exported, ExportSettings
from impasto.networks.files import network_of_onnx
from impasto.networks.foreign import ForeignModule, foreign_network
from impasto.networks.grain import grain_patterns
from impasto.networks.transformer import TensorStatistics, TransformerNetwork

_LEVELS = 255.0
_EXAMPLE_CELLS = 12  # sides of the picture by which the program is traced, in multiples of the network's


def exported_torch(what: Exported, settings: ExportSettings) -> bytes:
    """The program, as torch.export.save writes it.

    Its arguments are those inputs of :func:`impasto.networks.export_onnx.exported_onnx` that the settings have, in the
    same order; it gives the painting, or with ``statistics`` the painting, mean and variance.
    """
    module = program(what, settings)
    side = _EXAMPLE_CELLS * what.fit.multiple
    of_bytes = settings.pixels == "bytes"
    image = torch.zeros(1, side, side + what.fit.multiple, 3, dtype=torch.uint8)
    vector = torch.zeros(what.channels)
    arguments: list[Tensor] = [image] if of_bytes else [torch.zeros(1, what.planes, *image.shape[1:3])]
    arguments += [vector, vector] if settings.vectors == "inputs" else []
    arguments += [vector, vector + 1, torch.zeros(1)] if settings.statistics else []
    axes = (1, 2) if of_bytes else (2, 3)
    free = dict.fromkeys(axes, torch.export.Dim.AUTO)
    fixed: tuple[dict[int, object], ...] = tuple({} for _ in arguments[1:])
    traced = torch.export.export(module, tuple(arguments), dynamic_shapes=(free, fixed) if fixed else (free,))
    file = io.BytesIO()
    torch.export.save(traced, file)
    return file.getvalue()


def program(what: Exported, settings: ExportSettings) -> nn.Module:
    """The module that :func:`exported_torch` traces."""
    network: TransformerNetwork | ForeignModule | None = foreign_network(what.onnx)
    return _Program(what, settings, network or network_of_onnx(what.onnx)[0]).eval()


class _Program(nn.Module):
    """What is around a network, as the settings have it."""

    scale: Tensor
    shift: Tensor

    def __init__(self, what: Exported, settings: ExportSettings, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.fit, self.planes, self.settings = what.fit, what.planes, settings
        style = what.style
        if style is not None:
            self.register_buffer("scale", torch.from_numpy(style.scale.copy()))
            self.register_buffer("shift", torch.from_numpy(style.shift.copy()))
        self.octaves: list[Tensor] = []
        if settings.pixels == "bytes" and what.planes == 4:
            share = 1.0 if style is None else style.grain_share
            for index, pattern in enumerate(grain_patterns()):
                self.octaves.append(torch.from_numpy(pattern * share).half())
                self.register_buffer(f"grain{index}", self.octaves[-1])

    def forward(self, image: Tensor, *more: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Paint a picture; see :func:`exported_torch`."""
        rest = list(more)
        scale, shift = (rest.pop(0), rest.pop(0)) if self.settings.vectors == "inputs" else (self.scale, self.shift)
        given, share = None, None
        if self.settings.statistics:
            given, share = TensorStatistics(rest[0][None], rest[1][None]), rest[2]
        rows = columns = None
        planes = image
        if self.settings.pixels == "bytes":
            rows, columns = (_mirrored(image.shape[axis], self.fit) for axis in (1, 2))
            planes = image.permute(0, 3, 1, 2).float() / _LEVELS
            planes = planes.index_select(2, rows[0]).index_select(3, columns[0])
            if self.octaves:
                planes = torch.cat([planes, self._grain(planes)], dim=1)
        painted: Tensor
        painted, measured = self.network(planes, scale[None], shift[None], given, share)
        if rows is not None and columns is not None:
            height, width = image.shape[1:3]
            painted = painted.narrow(2, rows[1], height).narrow(3, columns[1], width)
            painted = torch.floor(painted * _LEVELS + 0.5).clamp(0, _LEVELS).to(torch.uint8).permute(0, 2, 3, 1)
        if self.settings.statistics:
            return painted, measured.mean[0], measured.variance[0]
        return painted

    def _grain(self, planes: Tensor) -> Tensor:
        """The plane of grain for a picture with its border, N x 3 x H x W."""
        total = torch.zeros_like(planes[:, :1])
        for octave in self.octaves:
            rows, columns = (torch.arange(planes.shape[axis]) % len(octave) for axis in (2, 3))
            total = total + octave.float().index_select(0, rows).index_select(1, columns)
        return total


def _mirrored(length: int, fit: object) -> tuple[Tensor, int]:
    """Places of a side with its mirrored border, and the first of the side itself."""
    multiple, minimum, border = (getattr(fit, name) for name in ("multiple", "minimum", "border"))
    side = (length + 2 * border + multiple - 1) // multiple * multiple
    side = torch.sym_max(side, minimum)  # type: ignore[no-untyped-call]
    top = (side - length) // 2
    at = (torch.arange(side) - top) % (2 * length)
    return torch.minimum(at, 2 * length - 1 - at), top
