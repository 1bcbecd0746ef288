"""A stub of what the add-on uses of Blender."""

from types import SimpleNamespace

registered = []
types = SimpleNamespace(PropertyGroup=object, Panel=object, Scene=type("Scene", (), {}))
props = SimpleNamespace(
    **{f"{kind}Property": dict for kind in ("Bool", "Float", "String")}, PointerProperty=lambda type: type
)
path = SimpleNamespace(abspath=lambda text: text)
utils = SimpleNamespace(register_class=registered.append, unregister_class=registered.remove)
app = SimpleNamespace(handlers=SimpleNamespace(render_write=[], persistent=lambda function: function))
