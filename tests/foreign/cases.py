"""A file of every architecture, and what its own program paints with it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tests.foreign import any_style, definitions, johnson, writers


@dataclass(frozen=True)
class Case:
    """A network of another program.

    Attributes:
        name: of the case.
        write: writes its file or files into a folder, and returns the path to convert.
        paint: what its program makes of a picture, 1 x 3 x H x W in [0, 1].
        style: number of the style that is painted.
        title: what stands in the conversion's title.
    """

    name: str
    write: Callable[[Path], Path]
    paint: Callable[[torch.Tensor], torch.Tensor]
    title: str
    style: int = 0


def module(kind) -> torch.nn.Module:
    """A network of torch with random weights whose paintings have colours."""
    torch.manual_seed(1)
    made = kind().eval()
    with torch.no_grad():
        for name, value in made.named_parameters():
            if value.ndim == 1 and ("norm" in name or name.split(".")[-2].startswith("in")):
                value.add_(0.3 * torch.randn_like(value))
        last = [value for value in made.modules() if isinstance(value, torch.nn.Conv2d)][-1]
        gordicaleksa = kind is definitions.Gordicaleksa
        last.weight.mul_(1 if gordicaleksa else 60)
        last.bias.add_(0 if gordicaleksa else 127)
    return made


def torch_case(name, kind, title, legacy=False, wrap=lambda state: state):
    made = module(kind)

    def write(folder):
        path = folder / "old.pth"
        torch.save(wrap(made.state_dict()), path, _use_new_zipfile_serialization=not legacy)
        return path

    return Case(name, write, made, title)


def with_running_statistics(state):
    return {**state, "in1.running_mean": torch.zeros(8), "in1.running_var": torch.ones(8)}


def bytes_case(name, suffix, data, paint, title, style=0):
    def write(folder):
        path = folder / f"old{suffix}"
        path.write_bytes(data)
        return path

    return Case(name, write, paint, title, style)


def t7_case(name, mirrored=0, **kind):
    tree = johnson.model(**kind)
    data = writers.Torch7Writer().write({"model": tree, "opt": {"preprocessing": "vgg"}, "train_loss_history": [1.0]})
    return bytes_case(name, ".t7", data, lambda x: johnson.paint(tree, x, mirrored), "jcjohnson")


def arrays_of(tensors):
    return {name: value.detach().numpy() for name, value in tensors.items()}


def table_cases():
    variables = definitions.lengstrom_variables()
    with_slots = variables | {f"{name}/Adam": torch.zeros_like(value) for name, value in variables.items()}
    many = definitions.magenta_variables(3)

    def second(folder):
        writers.write_second_format(folder / "fns.ckpt", arrays_of(with_slots))
        return folder / "fns.ckpt"

    def paint(x):
        return definitions.lengstrom(variables, x)

    first = writers.first_format(arrays_of(with_slots))
    yield bytes_case("lengstrom V1", ".ckpt", first, paint, "lengstrom")
    yield Case("lengstrom V2", second, paint, "lengstrom")
    for style in (0, 2):
        yield bytes_case(
            f"magenta {style}", ".ckpt", writers.first_format(arrays_of(many)),
            lambda x, style=style: definitions.magenta(many, x, style), "Magenta", style,
        )  # fmt: skip


def chainer_case(size):
    arrays = definitions.chainer_arrays(size)

    def write(folder):
        path = folder / "old.model"
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays_of(arrays))
        return path

    return Case(f"chainer {size} x {size}", write, lambda x: definitions.chainer(arrays, x), "chainer")


def onnx_case(named):
    made = module(definitions.PytorchExamples)
    arrays = arrays_of(made.state_dict())
    order = [name.removesuffix(".weight") for name in arrays if name.endswith("weight")]
    convs = [name for name in order if "conv2d" in name]
    convs.sort(
        key=lambda name: (
            ["conv", "res", "deconv"].index(name.rstrip("0123456789").partition(".")[0].rstrip("0123456789")),
            name,
        )
    )
    norms = ["in1", "in2", "in3", *(f"res{b}.in{i}" for b in range(1, 6) for i in (1, 2)), "in4", "in5"]
    numbers = {name: name if named else str(i) for i, name in enumerate(arrays)}
    nodes = []
    for i, name in enumerate(convs):
        nodes.append(("Conv", ["x", numbers[f"{name}.weight"], numbers[f"{name}.bias"]]))
        if i < len(norms):
            nodes.append(("InstanceNormalization", ["x", numbers[f"{norms[i]}.weight"], numbers[f"{norms[i]}.bias"]]))
    data = writers.onnx_model(nodes, {numbers[name]: value for name, value in arrays.items()})
    title = "pytorch/examples" if named else "ONNX zoo"
    return bytes_case(f"onnx {title}", ".onnx", data, made, title)


CASES = [
    torch_case("pytorch zip", definitions.PytorchExamples, "pytorch/examples"),
    torch_case("pytorch legacy", definitions.PytorchExamples, "pytorch/examples", True, with_running_statistics),
    torch_case(
        "gordicaleksa", definitions.Gordicaleksa, "gordicaleksa",
        wrap=lambda state: {"state_dict": state, "content_weight": 1.0, "commit_hash": "abc", "tv": np.float64(0)},
    ),
    torch_case("rrmina", definitions.Rrmina, "rrmina", wrap=lambda state: {f"module.{k}": v for k, v in state.items()}),
    *table_cases(),
    chainer_case(4),
    chainer_case(3),
    onnx_case(True),
    onnx_case(False),
    t7_case("t7 reflect-start"),
    t7_case("t7 none", 40, padding="none"),
    t7_case("t7 zero", padding="zero"),
    t7_case("t7 reflect", padding="reflect", mm=True),
    t7_case("t7 batch norm", padding="replicate", kind="batch"),
    t7_case("t7 old batch norm", padding="zero", kind="old batch"),
]  # fmt: skip


def write_microast(folder: Path):
    """MicroAST's four files in a folder, as PyTorch 1.4 wrote them; returns the network."""
    torch.manual_seed(6)
    made = any_style.MicroAst().eval()
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.startswith("modulator.weight") and value.ndim == 1:
                value.add_(1)
        made.decoder.dec3[10].conv_layer.bias.add_(0.5)
        made.decoder.dec3[10].conv_layer.weight.mul_(4)
    for part in ("content_encoder", "style_encoder", "modulator", "decoder"):
        state = getattr(made, part).state_dict()
        torch.save(state, folder / f"{part}_iter_160000.pth.tar", _use_new_zipfile_serialization=False)
    return made
