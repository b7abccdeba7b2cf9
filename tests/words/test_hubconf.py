"""What reading tells survives being kept."""

import json

import pytest

from rehub.words.hubconf import (
    Dependency,
    Dynamic,
    Effect,
    EffectKind,
    Entry,
    EntryKind,
    Hubconf,
    Leak,
    Parameter,
    ParameterKind,
    Problem,
    WeightUrl,
)

FULL = Hubconf(
    entries=(
        Entry("a.b", EntryKind.PARTIAL),
        Entry(
            "net",
            EntryKind.FUNCTION,
            "(x, *, y=1)",
            (Parameter("x"), Parameter("y", ParameterKind.KEYWORD_ONLY, "int", "1", "why")),
            "A net.\n\nMore.",
            "a net",
            ("net(1)",),
            "m.py",
            3,
            conditional=True,
            decorators=("d",),
        ),
    ),
    leaks=(Leak("os", "os", 1, callable=False),),
    dynamic=(Dynamic("hubconf.py", 4, "globals()"),),
    dependencies=(Dependency("torch", 1),),
    weights=(WeightUrl("https://x.org/a-12345678.pth", "hubconf.py", 9, "12345678"),),
    effects=(Effect(EffectKind.PRINT, "hubconf.py", 2, "print('x')"),),
    problems=(Problem("bad.py", 1, "invalid syntax"),),
)


@pytest.mark.parametrize("hubconf", [FULL, Hubconf(), Hubconf(dependencies=())])
def test_description_survives_json(hubconf: Hubconf) -> None:
    """What is read back is what was kept."""
    assert Hubconf.from_dict(json.loads(json.dumps(hubconf.as_dict()))) == hubconf


def test_no_dependencies_differ_from_unknown_ones() -> None:
    """An empty list was written by the author; nothing was not."""
    assert Hubconf.from_dict(Hubconf(dependencies=()).as_dict()).dependencies == ()
    assert Hubconf.from_dict(Hubconf().as_dict()).dependencies is None


def test_entry_is_found_by_name_and_helps() -> None:
    """An entry's help is its signature and its documentation."""
    entry = FULL.find("net")
    assert entry is not None
    assert entry.summary == "A net."
    assert entry.help == "net(x, *, y=1)\n\nA net.\n\nMore."
    assert FULL.find("none") is None
    assert FULL.names == ["a.b", "net"]
    assert str(FULL.dynamic[0]) == "names made at run time by hubconf.py:4 (globals())"
    assert Entry("x", EntryKind.OBJECT).help == "x(…)"
