"""XMP claims nothing that a result has no more, and its sizes are the result's."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from impasto.pictures.conversion import from_array
from impasto.pictures.metadata import Metadata
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import saved, smooth

_MOTION = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Camera="http://ns.google.com/photos/1.0/camera/"
 xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
 Camera:MotionPhoto="1" Camera:MotionPhotoVersion="1" Camera:MicroVideoOffset='4321' hdrgm:Version="1.0"
 Camera:SpecialTypeID="kept" dc:format="image/jpeg">
<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="video/mp4"
 Item:Semantic="MotionPhoto" Item:Length="4321"/></rdf:li></rdf:Seq></Container:Directory>
<hdrgm:GainMapMax>2.0</hdrgm:GainMapMax><dc:title>Sea</dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>"""

_PANORAMA = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><a xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 GPano:FullPanoWidthPixels="72" GPano:CroppedAreaLeftPixels="18" GPano:PoseHeadingDegrees="90" exif:PixelXDimension="36"
 tiff:ImageLength='24'><GPano:CroppedAreaImageWidthPixels>36</GPano:CroppedAreaImageWidthPixels></a></x:xmpmeta>"""


def test_claims_of_motion_photos_and_gain_maps_are_taken_out_which_is_said_once(tmp_path, caplog):
    path = tmp_path / "x.jpg"
    path.write_bytes(saved(Image.fromarray(smooth()), "JPEG", xmp=_MOTION))
    xmp = read_picture(path).metadata.xmp
    for gone in (b"MotionPhoto", b"MicroVideo", b"hdrgm:Version", b"GainMapMax", b"Container:Directory", b"Item:"):
        assert gone not in xmp
    for kept in (b"<dc:title>Sea</dc:title>", b'dc:format="image/jpeg"', b'Camera:SpecialTypeID="kept"'):
        assert kept in xmp
    from xml.etree import ElementTree

    ElementTree.fromstring(xmp)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: left out, as a painting has none: the film of a motion photo, the gain map (HDR)"
    ]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_sizes_and_a_panorama_are_those_of_the_result(format):
    picture = read_picture(saved(Image.fromarray(smooth()), "JPEG", xmp=_PANORAMA))
    half = replace(from_array(np.ascontiguousarray(smooth()[::2, ::2])), metadata=picture.metadata)
    xmp = read_picture(encode_picture(half, format)).metadata.xmp
    for now in (
        b'FullPanoWidthPixels="36"',
        b'CroppedAreaLeftPixels="9"',
        b'PoseHeadingDegrees="90"',
        b'PixelXDimension="18"',
        b"ImageLength='12'",
        b"WidthPixels>18<",
    ):
        assert now in xmp
    assert read_picture(encode_picture(picture, format)).metadata.xmp == _PANORAMA


def test_places_go_where_the_picture_is_turned_which_is_said(caplog):
    exif = Image.Exif()
    exif[0x0112], exif[0x8769] = 3, {0x9214: (10, 12), 0x829A: 0.01}
    picture = read_picture(saved(Image.fromarray(smooth()), "JPEG", xmp=_PANORAMA, exif=exif.tobytes()))
    assert b"GPano:" not in picture.metadata.xmp.replace(b"xmlns:GPano", b"")
    assert b"PixelXDimension" in picture.metadata.xmp
    assert caplog.messages == ["left out, since the picture is turned upright: the place in a panorama"]
    again = Image.open(io.BytesIO(encode_picture(picture, "JPEG"))).getexif().get_ifd(0x8769)
    assert list(again) == [0x829A]


def test_places_in_pixels_go_where_the_size_changes():
    exif = Image.Exif()
    exif[0x8769] = {0xA002: 36, 0xA003: 24, 0x9214: (10, 12), 0x829A: 0.01}
    for size, kept in (((36, 24), True), ((18, 12), False)):
        picture = replace(from_array(np.zeros((size[1], size[0], 3), np.uint8)), metadata=Metadata(exif=exif.tobytes()))
        again = Image.open(io.BytesIO(encode_picture(picture, "JPEG"))).getexif().get_ifd(0x8769)
        assert (0x9214 in again) == kept
        assert again[0xA002] == size[0]
