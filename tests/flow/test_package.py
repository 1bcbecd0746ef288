import importlib

import pytest

import impasto.flow


def test_the_public_names_are_exactly_those_that_exist():
    assert impasto.flow.__all__ == sorted(impasto.flow.__all__, key=lambda name: (not name.isupper(), name))
    assert set(impasto.flow.__all__) == set(impasto.flow._PUBLIC)
    for name in impasto.flow.__all__:
        module = importlib.import_module(f"impasto.flow.{impasto.flow._PUBLIC[name]}")
        assert getattr(impasto.flow, name) is getattr(module, name)


def test_no_module_of_the_room_hides_a_public_name():
    """Importing ``impasto.flow.NAME`` sets that attribute to the module, which a public name must survive."""
    assert callable(impasto.flow.consistency)
    assert not {path.stem for path in _modules()} & set(impasto.flow.__all__)


def _modules():
    from pathlib import Path

    return Path(impasto.flow.__file__).parent.glob("*.py")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'magic'"):
        impasto.flow.magic  # noqa: B018
