"""The networks of other programs that paint any style, in torch, a few channels wide; RGB in [0, 1] in and out."""

import torch
from tests.foreign.definitions import WIDTH, Reflected, instance_norm
from torch import nn
from torch.nn import functional as F


class _Filtered(nn.Module):
    """MicroAST's residual block, which a style may modulate."""

    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = (Reflected("conv_layer", channels, channels, 3) for _ in range(2))

    def forward(self, x, weight=None, bias=None):
        if weight is None:
            return x + self.conv2(F.relu(self.conv1(x)))
        y = F.relu(weight * self.conv1(x) + bias * x)
        return x + weight * self.conv2(y) + bias * y


def _conv(*arguments, **more):
    return Reflected("conv_layer", *arguments, **more)


class _Encoder(nn.Module):
    def __init__(self, w=4):
        super().__init__()
        relu = nn.ReLU()
        self.enc1 = nn.Sequential(
            _conv(3, w, 9), relu, _conv(w, 2 * w, 3, 2, groups=w), relu, _conv(2 * w, 2 * w, 1), relu,
            _conv(2 * w, 4 * w, 3, 2, groups=2 * w), relu, _conv(4 * w, 4 * w, 1), relu, _Filtered(4 * w),
        )  # fmt: skip
        self.enc2 = nn.Sequential(_Filtered(4 * w))

    def forward(self, x):
        first = self.enc1(x)
        return first, self.enc2(first)


class MicroAst(nn.Module):
    def __init__(self, w=4):
        super().__init__()
        relu, doubled = nn.ReLU(), nn.Upsample(scale_factor=2, mode="bilinear")
        self.content_encoder, self.style_encoder = _Encoder(w), _Encoder(w)
        self.decoder = nn.Module()
        self.decoder.dec1, self.decoder.dec2 = _Filtered(4 * w), _Filtered(4 * w)
        self.decoder.dec3 = nn.Sequential(
            doubled, _conv(4 * w, 2 * w, 3, groups=2 * w), relu, _conv(2 * w, 2 * w, 1), relu,
            doubled, _conv(2 * w, w, 3, groups=w), relu, _conv(w, w, 1), relu, _conv(w, 3, 9),
        )  # fmt: skip
        self.modulator = nn.Module()
        for kind in ("weight", "bias"):
            for i in (1, 2):
                made = nn.Sequential(_conv(4 * w, 4 * w, 3, groups=4 * w), nn.AdaptiveAvgPool2d(1))
                setattr(self.modulator, f"{kind}{i}", made)

    def forward(self, x, style):
        s, c, m, d = self.style_encoder(style), self.content_encoder(x), self.modulator, self.decoder

        def adapted(x, s):
            (mean, deviation), (style_mean, style_deviation) = (
                (v.mean((2, 3), keepdim=True), (v.var((2, 3), keepdim=True) + 1e-5).sqrt()) for v in (x, s)
            )
            return (x - mean) / deviation * style_deviation + style_mean

        y = d.dec1(adapted(c[1], s[1]), m.weight2(s[1]), m.bias2(s[1]))
        y = d.dec2(adapted(y, s[0]), m.weight1(s[0]), m.bias1(s[0]))
        return d.dec3(y).clamp(0, 1)


def arbitrary_arrays(mirrored, w=WIDTH):
    """The weights of Magenta's two networks for any style, random: of the one that paints, and of MobileNet."""
    torch.manual_seed(7)
    sizes = {"contract/conv1": (9, 3, w), "contract/conv2": (3, w, 2 * w), "contract/conv3": (3, 2 * w, 4 * w)}
    sizes |= {f"residual/residual{b}/conv{i}": (3, 4 * w, 4 * w) for b in range(1, 6) for i in (1, 2)}
    sizes |= {
        "expand/conv1/conv": (3, 4 * w, 2 * w),
        "expand/conv2/conv": (3, 2 * w, w),
        "expand/conv3/conv": (9, w, 3),
    }
    painting, looking = {}, {}

    def normed(found, name, channels, gamma):
        for part in ("beta", "moving_mean", *(["gamma"] if gamma else [])):
            found[f"{name}/BatchNorm/{part}"] = 0.3 * torch.randn(channels) + (part == "gamma")
        found[f"{name}/BatchNorm/moving_variance"] = 0.5 + torch.rand(channels)

    for short, (size, inputs, outputs) in sizes.items():
        name = f"transformer/{short}"
        if short.startswith("contract") or mirrored:
            painting[f"{name}/weights"] = 0.1 * torch.randn(size, size, inputs, outputs)
        else:
            apart = name.replace("/conv", "/dilate_conv") if "residual" in name else name[:-4] + "dilate_conv"
            painting[f"{apart}/depthwise_weights"] = 0.1 * torch.randn(size, size, inputs, 1)
            painting[f"{apart}/pointwise_weights"] = 0.3 * torch.randn(1, 1, inputs, outputs)
        if short.startswith("contract"):
            normed(painting, name, outputs, False)
            continue
        for part in ("Conv", "Conv_1"):
            painting[f"style_params/{name}/StyleNorm/{part}/weights"] = 0.3 * torch.randn(1, 1, 10, outputs)
            painting[f"style_params/{name}/StyleNorm/{part}/biases"] = 0.1 * torch.randn(outputs) + (part == "Conv_1")
    looking["MobilenetV2/Conv/weights"] = torch.randn(3, 3, 3, w)
    normed(looking, "MobilenetV2/Conv", w, True)
    for number, (inputs, outputs) in enumerate([(w, 4), (4, 6), (6, 6), (6, 8)]):
        name = "MobilenetV2/expanded_conv" + (f"_{number}" if number else "")
        inner = inputs
        if number:
            inner = 6 * inputs
            looking[f"{name}/expand/weights"] = 0.5 * torch.randn(1, 1, inputs, inner)
            normed(looking, f"{name}/expand", inner, True)
        looking[f"{name}/depthwise/depthwise_weights"] = torch.randn(3, 3, inner, 1)
        normed(looking, f"{name}/depthwise", inner, True)
        looking[f"{name}/project/weights"] = 0.3 * torch.randn(1, 1, inner, outputs)
        normed(looking, f"{name}/project", outputs, True)
    looking["mobilenet_conv/Conv/weights"] = 0.3 * torch.randn(1, 1, 8, 10)
    looking["mobilenet_conv/Conv/biases"] = 0.3 * torch.randn(10)
    return painting, looking


def _fixed_norm(x, arrays, name):
    mean, variance, beta = (arrays[f"{name}/BatchNorm/{part}"] for part in ("moving_mean", "moving_variance", "beta"))
    return F.batch_norm(x, mean, variance, arrays.get(f"{name}/BatchNorm/gamma"), beta, eps=1e-3)


def mobilenet(arrays, x):
    """The numbers of a style picture whose sides are even at every stride."""

    def conv(x, name, stride=1):
        depth = f"{name}/depthwise_weights" in arrays
        weight = arrays[f"{name}/{'depthwise_' if depth else ''}weights"]
        weight = weight.permute(2, 3, 0, 1) if depth else weight.permute(3, 2, 0, 1)
        total = max(weight.shape[2] - stride, 0)
        x = F.pad(x, [total // 2, total - total // 2] * 2)
        return _fixed_norm(F.conv2d(x, weight, stride=stride, groups=x.shape[1] if depth else 1), arrays, name)

    x = F.relu6(conv(x, "MobilenetV2/Conv", 2))
    for name, stride in (("", 1), ("_1", 2), ("_2", 1), ("_3", 2)):
        name = f"MobilenetV2/expanded_conv{name}"
        y = F.relu6(conv(x, f"{name}/expand")) if f"{name}/expand/weights" in arrays else x
        y = conv(F.relu6(conv(y, f"{name}/depthwise", stride)), f"{name}/project")
        x = x + y if x.shape == y.shape else y
    end = arrays["mobilenet_conv/Conv/weights"][0, 0]
    return x.mean((0, 2, 3)) @ end + arrays["mobilenet_conv/Conv/biases"]


def arbitrary(arrays, x, numbers, mirrored):
    def conv(x, name, stride=1):
        scope = f"transformer/{name}"
        apart = scope.replace("/conv", "/dilate_conv") if "residual" in scope else scope[:-4] + "dilate_conv"
        separable = f"{apart}/depthwise_weights" in arrays
        weight = arrays[f"{apart}/depthwise_weights" if separable else f"{scope}/weights"]
        x = F.pad(x, [weight.shape[0] // 2] * 4, mode="reflect" if mirrored else "constant")
        if separable:
            x = F.conv2d(x, weight.permute(2, 3, 0, 1), groups=x.shape[1])
            return F.conv2d(x, arrays[f"{apart}/pointwise_weights"].permute(3, 2, 0, 1))
        return F.conv2d(x, weight.permute(3, 2, 0, 1), stride=stride)

    def styled(x, name):
        scope = f"style_params/transformer/{name}/StyleNorm"
        beta, gamma = (
            numbers @ arrays[f"{scope}/{part}/weights"][0, 0] + arrays[f"{scope}/{part}/biases"]
            for part in ("Conv", "Conv_1")
        )
        return instance_norm(x, gamma, beta, 1e-5)

    for i, stride in ((1, 1), (2, 2), (3, 2)):
        x = F.relu(_fixed_norm(conv(x, f"contract/conv{i}", stride), arrays, f"transformer/contract/conv{i}"))
    for block in range(1, 6):
        name = f"residual/residual{block}"
        y = F.relu(styled(conv(x, f"{name}/conv1"), f"{name}/conv1"))
        x = x + styled(conv(y, f"{name}/conv2"), f"{name}/conv2")
    for i in (1, 2):
        name = f"expand/conv{i}/conv"
        x = F.relu(styled(conv(F.interpolate(x, scale_factor=2), name), name))
    return torch.sigmoid(styled(conv(x, "expand/conv3/conv"), "expand/conv3/conv"))
