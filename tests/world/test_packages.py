"""What is installed is asked without importing it."""

import sys

import pytest

from rehub.world.packages import is_importable


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("json", True),
        ("sys", True),
        ("os.path", True),
        ("no_such_package", False),
        ("no_such.part", False),
        ("", False),
    ],
)
def test_importable(name: str, found: bool) -> None:
    """The first part of a name decides."""
    assert is_importable(name) is found


def test_asking_imports_nothing() -> None:
    """A package is looked for, not run."""
    sys.modules.pop("antigravity", None)
    assert is_importable("antigravity.flying")
    assert "antigravity" not in sys.modules


def test_module_without_a_spec_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is already imported can be imported, even a module that was put there by hand."""
    monkeypatch.setitem(sys.modules, "by_hand", type(sys)("by_hand"))
    assert is_importable("by_hand")
