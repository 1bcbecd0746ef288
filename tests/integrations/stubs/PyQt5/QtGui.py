"""A stub of Qt's pictures, by PIL."""

from types import SimpleNamespace

from PIL import Image


class Pointer(bytes):
    def setsize(self, size):
        assert size == len(self)


class QImage:
    Format = SimpleNamespace(Format_ARGB32="ARGB32")

    def __init__(self, path):
        self.picture = Image.open(path).convert("RGBA")

    def isNull(self):
        return False

    def convertToFormat(self, kind):
        assert kind == "ARGB32"
        return self

    def width(self):
        return self.picture.width

    def height(self):
        return self.picture.height

    def constBits(self):
        red, green, blue, alpha = self.picture.split()
        return Pointer(Image.merge("RGBA", (blue, green, red, alpha)).tobytes())
