"""A stub of PyGObject."""


def require_version(name, version):
    assert (name, version) in {("Gimp", "3.0"), ("GimpUi", "3.0")}
