import pytest

from .noise_pictures import save


@pytest.fixture
def noise_folder(tmp_path):
    """Twelve pictures of random pixels, 40 x 30."""
    for seed in range(12):
        save(tmp_path / "photos" / f"{seed:02}.png", seed)
    return tmp_path / "photos"
