import pytest

from impasto.errors import InputError
from impasto.pictures.projections import is_all_around

_START = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" '
_WHOLE = b'GPano:FullPanoWidthPixels="200" GPano:FullPanoHeightPixels="100" '
_SPHERE = _START + b'GPano:ProjectionType="equirectangular" '


def _cropped(width, height):
    return (
        b'GPano:CroppedAreaImageWidthPixels="%d"><GPano:CroppedAreaImageHeightPixels>%d'
        b"</GPano:CroppedAreaImageHeightPixels></a></x:xmpmeta>" % (width, height)
    )


@pytest.mark.parametrize("xmp", [_SPHERE + b"/>", _SPHERE + _WHOLE + b"/>", _SPHERE + _WHOLE + _cropped(200, 100)])
def test_a_photograph_says_that_it_shows_all_around(xmp):
    assert is_all_around("auto", xmp, (200, 100))
    assert not is_all_around("flat", xmp, (200, 100))
    assert is_all_around("equirectangular", None, (200, 100))


@pytest.mark.parametrize(
    "xmp", [None, _START + b'GPano:ProjectionType="cylindrical"/>', _SPHERE + _WHOLE + _cropped(100, 60)]
)
def test_another_photograph_is_flat(xmp, caplog):
    assert not is_all_around("auto", xmp, (200, 100))
    assert caplog.messages == []


def test_a_ring_without_its_poles_is_flat_which_is_said(caplog):
    assert not is_all_around("auto", _SPHERE + _WHOLE + _cropped(200, 60), (200, 60))
    assert len(caplog.messages) == 1
    assert "without its poles" in caplog.messages[0]


def test_what_cannot_be_a_sphere_is_refused():
    with pytest.raises(InputError, match="twice as wide as high, and this one has 300 x 200") as caught:
        is_all_around("equirectangular", None, (300, 200))
    assert caught.value.key == "no_sphere"
