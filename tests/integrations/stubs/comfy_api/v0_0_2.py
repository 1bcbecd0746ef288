"""A stub of ComfyUI's API, version 0.0.2: what nodes use of its V3 schema."""

from types import SimpleNamespace


class Socket:
    def __init__(self, kind, name="", **settings):
        self.kind, self.name, self.settings = kind, name, settings


def kind(name):
    return SimpleNamespace(
        Input=lambda id, **settings: Socket(name, id, **settings),
        Output=lambda id="", **settings: Socket(name, id, **settings),
    )


class ComfyNode:
    pass


class ComfyExtension:
    pass


io = SimpleNamespace(
    **{name: kind(name.upper()) for name in ("Image", "Mask", "Float", "String", "Combo")},
    Custom=kind,
    ComfyNode=ComfyNode,
    Schema=lambda **fields: SimpleNamespace(**fields),
    NodeOutput=lambda *values: SimpleNamespace(args=values),
)
