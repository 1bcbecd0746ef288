"""The networks of other programs in torch, as these programs define them, 8 channels wide; RGB in [0, 1] in and out."""

import torch
from torch import nn
from torch.nn import functional as F

WIDTH = 8


class Reflected(nn.Module):
    """A convolution after a mirrored border, under the name that a program gives the convolution."""

    def __init__(self, name, inputs, outputs, size, stride=1, groups=1):
        super().__init__()
        self.border = size // 2
        self.name = name
        setattr(self, name, nn.Conv2d(inputs, outputs, size, stride, groups=groups))

    def forward(self, x):
        return getattr(self, self.name)(F.pad(x, [self.border] * 4, mode="reflect"))


class Enlarged(Reflected):
    def forward(self, x):
        return super().forward(F.interpolate(x, scale_factor=2, mode="nearest"))


class _Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = (Reflected("conv2d", channels, channels, 3) for _ in range(2))
        self.in1, self.in2 = (nn.InstanceNorm2d(channels, affine=True) for _ in range(2))

    def forward(self, x):
        return self.in2(self.conv2(F.relu(self.in1(self.conv1(x))))) + x


class PytorchExamples(nn.Module):
    last = "deconv"

    def __init__(self, w=WIDTH):
        super().__init__()
        self.conv1 = Reflected("conv2d", 3, w, 9)
        self.conv2 = Reflected("conv2d", w, 2 * w, 3, 2)
        self.conv3 = Reflected("conv2d", 2 * w, 4 * w, 3, 2)
        for i, channels in enumerate((w, 2 * w, 4 * w, 2 * w, w), 1):
            setattr(self, f"in{i}", nn.InstanceNorm2d(channels, affine=True))
        for i in range(1, 6):
            setattr(self, f"res{i}", _Residual(4 * w))
        setattr(self, f"{self.last}1", self.enlarging(4 * w, 2 * w))
        setattr(self, f"{self.last}2", self.enlarging(2 * w, w))
        setattr(self, f"{self.last}3", Reflected("conv2d", w, 3, 9))

    def enlarging(self, inputs, outputs):
        return Enlarged("conv2d", inputs, outputs, 3)

    def body(self, x):
        for i in (1, 2, 3):
            x = F.relu(getattr(self, f"in{i}")(getattr(self, f"conv{i}")(x)))
        for i in range(1, 6):
            x = getattr(self, f"res{i}")(x)
        for i in (1, 2):
            x = F.relu(getattr(self, f"in{i + 3}")(getattr(self, f"{self.last}{i}")(x)))
        return getattr(self, f"{self.last}3")(x)

    def forward(self, x):
        return (self.body(255 * x) / 255).clamp(0, 1)


class Gordicaleksa(PytorchExamples):
    last = "up"

    def enlarging(self, inputs, outputs):
        outer = nn.Module()
        outer.conv2d = Reflected("conv2d", inputs, outputs, 3)
        outer.forward = lambda x: outer.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"))
        return outer

    def forward(self, x):
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        mean, deviation = mean[:, None, None], deviation[:, None, None]
        return (self.body((x - mean) / deviation) * deviation + mean).clamp(0, 1)


class _Normed(nn.Module):
    def __init__(self, inputs, outputs, size, stride=1, norm=True):
        super().__init__()
        self.conv_layer = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, padding_mode="reflect")
        if norm:
            self.norm_layer = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, x):
        x = self.conv_layer(x)
        return self.norm_layer(x) if hasattr(self, "norm_layer") else x


class _NormedTwice(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = _Normed(channels, channels, 3), _Normed(channels, channels, 3)

    def forward(self, x):
        return self.conv2(F.relu(self.conv1(x))) + x


class _Transposed(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_transpose = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, 1)
        self.norm_layer = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, x):
        return self.norm_layer(self.conv_transpose(x))


class Rrmina(nn.Module):
    def __init__(self, w=WIDTH):
        super().__init__()
        relu = nn.ReLU()
        self.ConvBlock = nn.Sequential(
            _Normed(3, w, 9), relu, _Normed(w, 2 * w, 3, 2), relu, _Normed(2 * w, 4 * w, 3, 2), relu
        )
        self.ResidualBlock = nn.Sequential(*(_NormedTwice(4 * w) for _ in range(5)))
        self.DeconvBlock = nn.Sequential(
            _Transposed(4 * w, 2 * w), relu, _Transposed(2 * w, w), relu, _Normed(w, 3, 9, norm=False)
        )

    def forward(self, x):
        x = self.DeconvBlock(self.ResidualBlock(self.ConvBlock(255 * x.flip(1))))
        return (x.flip(1) / 255).clamp(0, 1)


def instance_norm(x, scale, shift, epsilon):
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), unbiased=False, keepdim=True)
    return (x - mean) / (variance + epsilon).sqrt() * scale[:, None, None] + shift[:, None, None]


def same(x, weight, stride=1):
    """TensorFlow's convolution with SAME padding; weights of H x W x I x O."""
    size = weight.shape[0]
    total = size - stride
    x = F.pad(x, [total // 2, total - total // 2] * 2)
    return F.conv2d(x, weight.permute(3, 2, 0, 1), stride=stride)


def lengstrom_variables(w=WIDTH):
    """Its 48 variables, random."""
    torch.manual_seed(3)
    shapes = [(9, 9, 3, w), (3, 3, w, 2 * w), (3, 3, 2 * w, 4 * w)]
    shapes += [(3, 3, 4 * w, 4 * w)] * 10
    shapes += [(3, 3, 2 * w, 4 * w), (3, 3, w, 2 * w), (9, 9, w, 3)]  # transposed ones: outputs first
    found = {}
    for i, shape in enumerate(shapes):
        channels = shape[2] if i in (13, 14) else shape[3]
        for j, value in enumerate(
            (0.1 * torch.randn(shape), 0.3 * torch.randn(channels), 1 + 0.3 * torch.randn(channels))
        ):
            number = 3 * i + j
            found[f"Variable_{number}" if number else "Variable"] = value
    return found


def lengstrom(variables, x):
    values = list(variables.values())

    def taken():
        weight, shift, scale, *values[:] = values
        return weight, lambda y: instance_norm(y, scale, shift, 1e-3)

    def conv(x, stride=1):
        weight, norm = taken()
        return norm(same(x, weight, stride))

    x = 255 * x
    for stride in (1, 2, 2):
        x = F.relu(conv(x, stride))
    for _ in range(5):
        x = x + conv(F.relu(conv(x)))
    for _ in range(2):
        weight, norm = taken()
        x = F.relu(norm(F.conv_transpose2d(x, weight.permute(3, 2, 0, 1), stride=2)[..., :-1, :-1]))
    return ((torch.tanh(conv(x)) * 150 + 127.5) / 255).clamp(0, 1)


def magenta_variables(styles, w=WIDTH):
    """The weights of image_stylization, random, for some styles."""
    torch.manual_seed(4)
    sizes = {"contract/conv1": (9, 3, w), "contract/conv2": (3, w, 2 * w), "contract/conv3": (3, 2 * w, 4 * w)}
    sizes |= {f"residual/residual{b}/conv{i}": (3, 4 * w, 4 * w) for b in range(1, 6) for i in (1, 2)}
    sizes |= {
        "expand/conv1/conv": (3, 4 * w, 2 * w),
        "expand/conv2/conv": (3, 2 * w, w),
        "expand/conv3/conv": (9, w, 3),
    }
    found = {}
    for name, (size, inputs, outputs) in sizes.items():
        found[f"transformer/{name}/weights"] = 0.1 * torch.randn(size, size, inputs, outputs)
        found[f"transformer/{name}/InstanceNorm/gamma"] = 1 + 0.3 * torch.randn(styles, outputs)
        found[f"transformer/{name}/InstanceNorm/beta"] = 0.3 * torch.randn(styles, outputs)
    return found


def magenta(variables, x, style):
    def conv(x, name, stride=1):
        scope = f"transformer/{name}"
        weight = variables[f"{scope}/weights"].permute(3, 2, 0, 1)
        x = F.conv2d(F.pad(x, [weight.shape[2] // 2] * 4, mode="reflect"), weight, stride=stride)
        gamma, beta = (variables[f"{scope}/InstanceNorm/{part}"][style] for part in ("gamma", "beta"))
        return instance_norm(x, gamma, beta, 1e-5)

    for i, stride in ((1, 1), (2, 2), (3, 2)):
        x = F.relu(conv(x, f"contract/conv{i}", stride))
    for block in range(1, 6):
        name = f"residual/residual{block}"
        x = x + conv(F.relu(conv(x, f"{name}/conv1")), f"{name}/conv2")
    for i in (1, 2):
        x = F.relu(conv(F.interpolate(x, scale_factor=2), f"expand/conv{i}/conv"))
    return torch.sigmoid(conv(x, "expand/conv3/conv"))


def chainer_arrays(size, w=WIDTH):
    """The weights of FastStyleNet, random; ``size`` is that of the convolutions that halve."""
    torch.manual_seed(5)
    shapes = {"c1": (w, 3, 9), "c2": (2 * w, w, size), "c3": (4 * w, 2 * w, size)}
    shapes |= {f"r{b}/c{i}": (4 * w, 4 * w, 3) for b in range(1, 6) for i in (1, 2)}
    shapes |= {"d1": (4 * w, 2 * w, 4), "d2": (2 * w, w, 4), "d3": (w, 3, 9)}
    norms = {"b1": w, "b2": 2 * w, "b3": 4 * w, "b4": 2 * w, "b5": w}
    norms |= {f"r{b}/b{i}": 4 * w for b in range(1, 6) for i in (1, 2)}
    found = {}
    for name, (first, second, side) in shapes.items():
        scale = 3 if name == "d3" and size == 3 else 0.1  # without tanh it paints levels
        found[f"{name}/W"] = scale * torch.randn(first, second, side, side)
        found[f"{name}/b"] = 0.1 * torch.randn(second if name.startswith("d") else first)
    for name, channels in norms.items():
        found[f"{name}/gamma"] = 1 + 0.3 * torch.randn(channels)
        found[f"{name}/beta"] = 0.3 * torch.randn(channels)
        found[f"{name}/avg_mean"], found[f"{name}/avg_var"] = torch.zeros(channels), torch.ones(channels)
    return found


def chainer(arrays, x):
    first = arrays["c2/W"].shape[-1] == 3
    activated = F.relu if first else F.elu

    def conv(x, name, stride, pad):
        return F.conv2d(x, arrays[f"{name}/W"], arrays[f"{name}/b"], stride, pad)

    def deconv(x, name, stride, pad):
        return F.conv_transpose2d(x, arrays[f"{name}/W"], arrays[f"{name}/b"], stride, pad)

    def norm(x, name):
        return instance_norm(x, arrays[f"{name}/gamma"], arrays[f"{name}/beta"], 2e-5)

    x = 255 * x - (120 if first else 0)
    for i, stride, pad in ((1, 1, 4), (2, 2, 1), (3, 2, 1)):
        x = norm(activated(conv(x, f"c{i}", stride, pad)), f"b{i}")
    for block in range(1, 6):
        y = F.relu(norm(conv(x, f"r{block}/c1", 1, 1), f"r{block}/b1"))
        x = norm(conv(y, f"r{block}/c2", 1, 1), f"r{block}/b2") + x
    for i in (1, 2):
        x = norm(activated(deconv(x, f"d{i}", 2, 1)), f"b{i + 3}")
    x = deconv(x, "d3", 1, 4)
    return ((x + 120) / 255 if first else (torch.tanh(x) + 1) / 2).clamp(0, 1)


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
