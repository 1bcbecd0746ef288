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
