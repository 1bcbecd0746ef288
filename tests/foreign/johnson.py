"""jcjohnson/fast-neural-style's models as trees of modules: written to files, and run in torch."""

import numpy as np
import torch
from torch.nn import functional as F

MEAN = torch.tensor([103.939, 116.779, 123.68])[:, None, None]


def module(kind, **fields):
    return (f"nn.{kind}", {"train": False, **fields})


def sequence(*modules):
    return module("Sequential", modules=list(modules))


def random(*shape, scale=0.1):
    return (scale * np.random.default_rng(sum(shape)).standard_normal(shape)).astype(np.float32)


def conv(inputs, outputs, size, stride=1, pad=0, kind="SpatialConvolution"):
    weight = random(outputs, inputs, size, size)
    return module(
        kind,
        nInputPlane=inputs, nOutputPlane=outputs, kW=size, kH=size, dW=stride, dH=stride, padW=pad, padH=pad,
        weight=weight.reshape(outputs, -1) if kind.endswith("MM") else weight, bias=random(outputs),
    )  # fmt: skip


def full(inputs, outputs):
    return module(
        "SpatialFullConvolution",
        nInputPlane=inputs, nOutputPlane=outputs, kW=3, kH=3, dW=2, dH=2, padW=1, padH=1, adjW=1, adjH=1,
        weight=random(inputs, outputs, 3, 3), bias=random(outputs),
    )  # fmt: skip


def norm(channels, kind):
    if kind == "instance":
        return module(
            "InstanceNormalization", eps=1e-5, nOutput=channels, weight=1 + random(channels), bias=random(channels)
        )
    about = {"running_mean": random(channels), "weight": 1 + random(channels), "bias": random(channels), "eps": 1e-5}
    variance = 1 + np.abs(random(channels))
    if kind == "old batch":
        return module("SpatialBatchNormalization", running_std=1 / np.sqrt(variance + np.float32(1e-5)), **about)
    return module("SpatialBatchNormalization", running_var=variance, **about)


def model(padding="reflect-start", kind="instance", w=8, mm=False):
    """The modules of an architecture of 8 channels, with random weights."""
    relu = module("ReLU", inplace=True)
    convolution = "SpatialConvolutionMM" if mm else "SpatialConvolution"
    mirrored = "SpatialReflectionPadding" if padding == "reflect" else "SpatialReplicationPadding"

    def border(count):
        has = padding in ("reflect", "replicate")
        return [module(mirrored, pad_l=count, pad_r=count, pad_t=count, pad_b=count)] if has else []

    def outer(inputs, outputs, size):
        has = padding in ("reflect", "replicate")
        return [*border(size // 2), conv(inputs, outputs, size, pad=0 if has else size // 2, kind=convolution)]

    def block(channels):
        inner = []
        for last in (False, True):
            inner += [*border(1), conv(channels, channels, 3, pad=int(padding == "zero")), norm(channels, kind)]
            inner += [] if last else [relu]
        skip = module("Identity") if padding in ("zero", "reflect", "replicate") else module("ShaveImage", size=2)
        return sequence(module("ConcatTable", modules=[sequence(*inner), skip]), module("CAddTable", inplace=False))

    start = [module("SpatialReflectionPadding", pad_l=40, pad_r=40, pad_t=40, pad_b=40)]
    return sequence(
        *(start if padding == "reflect-start" else []),
        *outer(3, w, 9), norm(w, kind), relu,
        conv(w, 2 * w, 3, 2, 1), norm(2 * w, kind), relu,
        conv(2 * w, 4 * w, 3, 2, 1), norm(4 * w, kind), relu,
        *(block(4 * w) for _ in range(5)),
        full(4 * w, 2 * w), norm(2 * w, kind), relu,
        full(2 * w, w), norm(w, kind), relu,
        *outer(w, 3, 9), module("Tanh"), module("MulConstant", constant_scalar=150), module("TotalVariation"),
    )  # fmt: skip


def paint(tree, x, mirrored=0):
    """What a model makes of RGB in [0, 1]."""
    x = F.pad(255 * x.flip(1) - MEAN, [mirrored] * 4, mode="reflect")
    return ((_run(tree, x) + MEAN).flip(1) / 255).clamp(0, 1)


def _run(tree, x):
    kind, f = tree[0].removeprefix("nn."), tree[1]

    def t(name):
        return torch.from_numpy(f[name])

    match kind:
        case "Sequential":
            for child in f["modules"]:
                x = _run(child, x)
            return x
        case "ConcatTable":
            return [_run(child, x) for child in f["modules"]]
        case "CAddTable":
            return x[0] + x[1]
        case "SpatialReflectionPadding" | "SpatialReplicationPadding":
            mode = "reflect" if "Reflection" in kind else "replicate"
            return F.pad(x, [f["pad_l"]] * 4, mode=mode)
        case "SpatialConvolution" | "SpatialConvolutionMM":
            weight = t("weight").reshape(f["nOutputPlane"], f["nInputPlane"], f["kH"], f["kW"])
            return F.conv2d(x, weight, t("bias"), f["dW"], f["padW"])
        case "SpatialFullConvolution":
            return F.conv_transpose2d(x, t("weight"), t("bias"), 2, 1, 1)
        case "InstanceNormalization":
            return F.instance_norm(x, weight=t("weight"), bias=t("bias"), eps=f["eps"])
        case "SpatialBatchNormalization":
            variance = t("running_var") if "running_var" in f else t("running_std") ** -2 - 1e-5
            return F.batch_norm(x, t("running_mean"), variance, t("weight"), t("bias"), False, eps=1e-5)
        case "ReLU":
            return F.relu(x)
        case "Tanh":
            return torch.tanh(x)
        case "MulConstant":
            return x * f["constant_scalar"]
        case "ShaveImage":
            return x[..., f["size"] : -f["size"], f["size"] : -f["size"]]
    return x
