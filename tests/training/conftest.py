import numpy as np
import pytest
from PIL import Image

from .noise_pictures import save


@pytest.fixture
def noise_folder(tmp_path):
    """Twelve pictures of random pixels, 40 x 30."""
    for seed in range(12):
        save(tmp_path / "photos" / f"{seed:02}.png", seed)
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """Eight photographs, two paintings and a tiny perceptual network."""
    root = tmp_path_factory.mktemp("fit")
    (root / "photos").mkdir()
    rng = np.random.default_rng(0)
    for index in range(8):
        small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
        small.resize((120, 90), Image.Resampling.BICUBIC).save(root / "photos" / f"{index}.png")
    for name, levels in (("stripes", 2), ("checks", 3)):
        y, x = np.mgrid[:96, :96]
        pattern = (x // 6 % levels) / levels if name == "stripes" else (x // 8 + y // 8) % 2
        Image.fromarray((np.stack([pattern, 1 - pattern, pattern * 0.5], -1) * 255).astype(np.uint8)).save(
            root / f"{name}.png"
        )
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    torch.manual_seed(5)
    tensors, channels = {"preprocess.weight": 2 * torch.eye(3)[:, :, None, None], "preprocess.bias": -torch.ones(3)}, 3
    for stage, width in enumerate((4, 6, 8, 8), 1):
        tensors[f"conv{stage}_1.weight"] = torch.randn(width, channels, 3, 3) / (channels * 9) ** 0.5
        tensors[f"conv{stage}_1.bias"] = torch.zeros(width)
        channels = width
    save_file(tensors, root / "tiny.safetensors")
    return root


@pytest.fixture(scope="module")
def distill_folder(tmp_path_factory):
    """Six photographs and a tiny teacher."""
    folder = tmp_path_factory.mktemp("distill")
    (folder / "photos").mkdir()
    rng = np.random.default_rng(0)
    for index in range(6):
        small = Image.fromarray(rng.integers(0, 255, (10, 10, 3), dtype=np.uint8))
        small.resize((80, 80), Image.Resampling.BICUBIC).save(folder / "photos" / f"{index}.png")
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    torch.manual_seed(4)
    tensors, channels = (
        {"preprocess.weight": 4 * torch.eye(3)[:, :, None, None], "preprocess.bias": -2 * torch.ones(3)},
        3,
    )
    for stage in range(1, 6):
        tensors[f"conv{stage}_1.weight"] = torch.randn(8, channels, 3, 3) / (channels * 4.5) ** 0.5
        tensors[f"conv{stage}_1.bias"] = torch.zeros(8)
        channels = 8
    save_file(tensors, folder / "teacher.safetensors")
    return folder
