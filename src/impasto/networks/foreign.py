"""Networks of other programs in torch, for GPUs: the same plain layers that :mod:`impasto.foreign` puts into ONNX."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.foreign.readers.onnx_file import metadata_of, read_weights
from impasto.networks.architecture import geometry, is_foreign
from impasto.networks.transformer import TensorStatistics

_PAD = {"reflect": "reflect", "edge": "replicate", "zero": "constant"}  # torch's names of paddings
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "elu": F.elu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class ForeignModule(nn.Module):
    """A network of another program; see :class:`impasto.networks.transformer.TransformerNetwork` for its call.

    Args:
        about: the metadata of its model.
        weights: its weights by name.

    Attributes:
        id: stands for layers and weights.
        channels: length of a style's vectors.
        geometry: what sides it takes, and what of a picture it sees.
    """

    def __init__(self, about: Mapping[str, str], weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.id = about["id"]
        self.geometry = geometry(about)
        self.steps: list[dict[str, Any]] = json.loads(about["layers"])
        self.channels = max(1, sum(step["count"] for step in self.steps if step["op"] == "normalise"))
        for name, value in weights.items():
            self.register_buffer(name, value)

    def forward(
        self,
        images: Tensor,
        scale: Tensor,
        shift: Tensor,
        given: TensorStatistics | None = None,
        measured_share: Tensor | None = None,
    ) -> tuple[Tensor, TensorStatistics]:
        """Paint pictures, N x 3 x H x W in [0, 1]; returns them and the statistics measured on the way."""
        values: dict[int, Tensor] = {-1: images[:, :3]}
        means, variances = [], []
        for index, step in enumerate(self.steps):
            x, *more = (values[at] for at in step["in"])
            if step["op"] == "normalise":
                part = slice(step["first"], step["first"] + step["count"])
                mean = x.mean(dim=(2, 3))
                variance = x.var(dim=(2, 3), unbiased=step["unbiased"])
                means.append(mean)
                variances.append(variance)
                if given is not None:
                    share = 0.0 if measured_share is None else measured_share
                    mean = share * mean + (1 - share) * given.mean[:, part]
                    variance = share * variance + (1 - share) * given.variance[:, part]
                gain = scale[:, part] * torch.rsqrt(variance + step["epsilon"])
                x = (x - mean[..., None, None]) * gain[..., None, None] + shift[:, part, None, None]
            else:
                x = self._run(step, x, *more)
            values[index] = x
        if not means:
            means, variances = [torch.zeros_like(scale)], [torch.ones_like(scale)]
        return values[len(self.steps) - 1], TensorStatistics(torch.cat(means, 1), torch.cat(variances, 1))

    def _weight(self, step: Mapping[str, Any], name: str) -> Tensor | None:
        """The weights that a layer has under a name; ``None`` where it has none."""
        return getattr(self, step[name]) if name in step else None

    def _run(self, step: Mapping[str, Any], x: Tensor, y: Tensor | None = None) -> Tensor:
        """Run a layer that is no normalisation."""
        op = step["op"]
        if op in _ACTIVATIONS:
            return _ACTIVATIONS[op](x)
        if op == "add":
            assert y is not None
            return x + y
        if op == "clip":
            return x.clamp(0, 1)
        if op == "affine":
            for name in ("scale", "offset"):
                values = self._weight(step, name)
                if values is not None:
                    values = values.reshape(-1, 1, 1)
                    x = x * values if name == "scale" else x + values
            return x
        if op == "reorder":
            return x[:, step["order"]]
        if op == "pad":
            return F.pad(x, [step["count"]] * 4, mode=_PAD[step["mode"]])
        if op == "crop":
            count = step["count"]
            return x[..., count:-count, count:-count]
        if op == "enlarge":
            if step["mode"] == "nearest":
                return F.interpolate(x, scale_factor=step["factor"], mode="nearest")
            return F.interpolate(x, scale_factor=step["factor"], mode="bilinear", align_corners=False)
        weight, bias = self._weight(step, "weight"), self._weight(step, "bias")
        assert weight is not None
        if op == "conv":
            before, after = step["zeros"]
            x = F.pad(x, [before, after] * 2) if before or after else x
            return F.conv2d(x, weight, bias, step["stride"], groups=step["groups"])
        before, after = step["cut"]
        more = max(-after, 0)
        x = F.conv_transpose2d(x, weight, bias, step["stride"], output_padding=more)
        return x[..., before : x.shape[-2] - max(after, 0), before : x.shape[-1] - max(after, 0)]


def foreign_network(model: bytes) -> ForeignModule | None:
    """The network of another program in a converted model; ``None``: the model is one of ours.

    Raises:
        ForeignError, KeyError, ValueError: it is damaged.
    """
    data = memoryview(model)
    about = metadata_of(data)
    if not is_foreign(about):
        return None
    weights = read_weights(data)
    return ForeignModule(
        about, {name: torch.from_numpy(value.copy()) for name, value in weights.items() if name[:1] == "w"}
    )
