"""A stub of what the plug-in uses of Krita, which keeps layers as PIL images."""

from PIL import Image
from PyQt5.QtCore import QRect


class Extension:
    def __init__(self, parent):
        pass


class InfoObject:
    def setProperty(self, name, value):
        assert name in {"alpha", "forceSRGB"}


class Node:
    def __init__(self, name, picture=None, at=(0, 0)):
        self.title, self.picture, self.at, self.children = name, picture, at, []

    def name(self):
        return self.title

    def bounds(self):
        return QRect(*self.at, *(self.picture.size if self.picture else (0, 0)))

    def save(self, path, x_resolution, y_resolution, settings, bounds):
        assert Krita.instance().batchmode()
        left, top = self.at
        x0, y0, x1, y1 = bounds.box
        self.picture.crop((x0 - left, y0 - top, x1 - left, y1 - top)).save(path)  # Krita 5.1 gives nothing back

    def setColorSpace(self, *space):
        assert space[:2] == ("RGBA", "U8")

    def setPixelData(self, data, x, y, width, height):
        blue, green, red, alpha = Image.frombytes("RGBA", (width, height), data).split()
        self.picture, self.at = Image.merge("RGBA", (red, green, blue, alpha)), (x, y)

    def parentNode(self):
        return self.parent

    def addChildNode(self, child, above):
        self.children.insert(self.children.index(above) + 1, child)


class Document:
    def __init__(self, size, layer=None):
        self.size, self.layer, self.root = size, layer, Node("root")
        self.width, self.height = lambda: size[0], lambda: size[1]
        self.xRes = self.yRes = lambda: 300
        self.activeNode, self.refreshProjection = lambda: layer, lambda: None
        if layer:
            layer.parent = self.root
            self.root.children.append(layer)

    def createNode(self, name, kind):
        return Node(name)


class Krita:
    shared = None

    def __init__(self):
        self.extensions, self.document, self.silent = [], None, False

    @classmethod
    def instance(cls):
        cls.shared = cls.shared or cls()
        return cls.shared

    def addExtension(self, extension):
        self.extensions.append(extension)

    def activeDocument(self):
        return self.document

    def batchmode(self):
        return self.silent

    def setBatchmode(self, silent):
        self.silent = silent
