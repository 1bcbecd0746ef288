"""A stub of what the plug-in uses of GIMP 3, which keeps layers as PIL images."""

from enum import Enum
from types import SimpleNamespace

from PIL import Image as Pillow


class Layer:
    def __init__(self, picture, name="", offsets=(0, 0), mask=None):
        self.picture, self.name, self.offsets, self.mask = picture, name, offsets, mask
        self.opacity, self.mode, self.visible = 100, "normal", True
        self.get_width, self.get_height = lambda: picture.width, lambda: picture.height
        self.get_name, self.get_parent, self.get_mask = lambda: self.name, lambda: None, lambda: self.mask
        self.set_name, self.set_visible = lambda name: setattr(self, "name", name), lambda on: None
        self.set_opacity, self.set_mode = lambda to: setattr(self, "opacity", to), lambda to: setattr(self, "mode", to)
        self.create_mask, self.add_mask = lambda kind: kind, lambda mask: setattr(self, "mask", mask)
        self.remove_mask = lambda how: setattr(self, "mask", None)

    def get_offsets(self):
        return True, *self.offsets

    def set_offsets(self, x, y):
        self.offsets = (x, y)

    @classmethod
    def new_from_drawable(cls, layer, image):
        made = cls(layer.picture.copy(), layer.name, layer.offsets, layer.mask)
        made.opacity = layer.opacity
        return made


class Image:
    alive = 0

    def __init__(self, size, selection=False):
        self.size, self.selection, self.layers, self.undo = size, selection, [], []
        Image.alive += 1

    @classmethod
    def new_with_precision(cls, width, height, kind, precision):
        assert (kind, precision) == ("rgb", "u8")
        return cls((width, height))

    def get_precision(self):
        return "u8"

    def get_color_profile(self):
        return None

    def insert_layer(self, layer, parent, position):
        self.layers.insert(position, layer)

    def get_item_position(self, layer):
        return self.layers.index(layer)

    def undo_group_start(self):
        self.undo.append("start")

    def undo_group_end(self):
        self.undo.append("end")

    def delete(self):
        Image.alive -= 1


def file_save(mode, image, path, options):
    (layer,) = image.layers
    assert (layer.offsets, layer.opacity, layer.mask) == ((0, 0), 100, None)
    layer.picture.save(path)
    return True


class Procedure:
    def __init__(self, name, run):
        self.name, self.run, self.defaults, self.menu = name, run, {}, ""
        self.set_image_types = lambda kinds: setattr(self, "kinds", kinds)
        self.set_sensitivity_mask = self.set_menu_label = lambda what: None
        self.set_documentation = self.set_attribution = lambda *what: None
        self.add_menu_path = lambda path: setattr(self, "menu", path)

    def add_string_argument(self, name, nick, about, default, flags):
        self.defaults[name] = default

    def add_double_argument(self, name, nick, about, low, high, default, flags):
        assert low <= default <= high
        self.defaults[name] = default

    def new_return_values(self, status, error):
        return status, error.message


class Dialog:
    answer = True

    def __init__(self, procedure, config, title):
        self.run, self.fill, self.destroy = lambda: Dialog.answer, lambda names: None, lambda: None


Gimp = SimpleNamespace(
    PlugIn=object,
    Layer=Layer,
    Image=Image,
    ImageProcedure=SimpleNamespace(new=lambda plug_in, name, kind, run, data: Procedure(name, run)),
    Selection=SimpleNamespace(is_empty=lambda image: not image.selection),
    PDBProcType=Enum("PDBProcType", "PLUGIN"),
    PDBStatusType=Enum("PDBStatusType", "SUCCESS CANCEL EXECUTION_ERROR"),
    ProcedureSensitivityMask=SimpleNamespace(DRAWABLE=1),
    RunMode=Enum("RunMode", "INTERACTIVE NONINTERACTIVE"),
    ImageBaseType=SimpleNamespace(RGB="rgb"),
    LayerMode=SimpleNamespace(NORMAL="normal"),
    AddMaskType=SimpleNamespace(SELECTION="selection"),
    MaskApplyMode=SimpleNamespace(DISCARD=1),
    file_save=file_save,
    file_load_layer=lambda mode, image, path: Layer(Pillow.open(path).copy()),
    progress_init=lambda text: None,
    displays_flush=lambda: None,
)
GimpUi = SimpleNamespace(init=lambda name: None, ProcedureDialog=SimpleNamespace(new=Dialog))
Gio = SimpleNamespace(File=SimpleNamespace(new_for_path=str))
GLib = SimpleNamespace(Error=lambda message="": SimpleNamespace(message=message))
GObject = SimpleNamespace(ParamFlags=SimpleNamespace(READWRITE=3))
