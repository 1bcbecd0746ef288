import pytest

from impasto.optimisation.scales import scale_sizes


def test_scales_halve_down_from_the_full_size():
    assert scale_sizes(682, 1024, 3) == [(170, 256), (341, 512), (682, 1024)]
    assert scale_sizes(682, 1024, 1) == [(682, 1024)]
    assert scale_sizes(20, 30, 5) == [(20, 30)]
    for height, width in scale_sizes(682, 1024):
        assert height / width == pytest.approx(2 / 3, rel=0.02)
