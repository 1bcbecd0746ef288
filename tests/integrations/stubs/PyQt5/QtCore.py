"""A stub of what Krita's plug-in uses of Qt."""

QByteArray = bytes


class QRect:
    def __init__(self, x, y, width, height):
        self.box = (x, y, x + width, y + height)

    def x(self):
        return self.box[0]

    def y(self):
        return self.box[1]

    def isEmpty(self):
        return self.box[2] <= self.box[0] or self.box[3] <= self.box[1]

    def intersected(self, other):
        (a, b, c, d), (e, f, g, h) = self.box, other.box
        x, y = max(a, e), max(b, f)
        return QRect(x, y, min(c, g) - x, min(d, h) - y)
