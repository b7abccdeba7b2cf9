"""Exploring what does not want to be explored: whatever it defines is not asked."""

import pytest

from tests.verbs.exploring import sizes, told

pytest.importorskip("torch")

from tests.verbs import strange


@pytest.mark.parametrize("name", strange.HOSTILE)
def test_hostile_objects_are_told_without_running_them(name: str) -> None:
    """No attribute, property, comparison, repr or iteration of theirs is asked for."""
    make, kind = strange.HOSTILE[name]
    found = told(make())
    assert found.kind is kind
    assert len(str(found)) < 20_000


def test_a_hostile_module_is_measured_all_the_same() -> None:
    """Overridden ways to its parameters are not taken."""
    found = told(strange.HostileModule())
    assert (sizes(found).parameters.numbers, [each.type for each in found.parts.parts]) == (6, ["Linear"])  # type: ignore[union-attr]
    assert found.call
    assert found.call.signature == "(x=<Strange>, y: Strange = <Strange>)"


def test_a_hostile_container_is_read_as_what_it_is() -> None:
    """A dictionary's own length and elements count, not what an heir says of them."""
    assert told(strange.HostileDict(a=1)).length == 1
    assert [each.key for each in told(strange.HostileTuple((1, 2))).items] == ["[0]", "[1]"]
