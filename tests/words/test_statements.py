"""Where the statements and comments of a TOML text are."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rehub.words.locktext.statements import Path, Statement, statements

_KEYS = st.sampled_from(["a", "b-1", '"c.#"', "'d ]'", '"e\\"\\u0041"', "f . g", "h.'i'.\"j\""])
_STRINGS = st.sampled_from(
    [
        '"#"',
        "'# \\'",
        '"\\"#\\\\"',
        '"""#\n# "" \\"""" "" ] """',
        "'''\n#'' [\n'''",
        '""""x"""""',
        "''''y'''''",
        '""',
        "''",
    ]
)
_ATOMS = _STRINGS | st.sampled_from(["1", "-0.5e3", "true", "1979-05-27T07:32:00Z", "inf"])
_GAPS = st.sampled_from(["", " ", "\n", "\n\t", " #[\n", '\n#"""\n'])
_VALUES = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(st.tuples(_GAPS, inner, _GAPS), max_size=3).map(
            lambda items: "[" + ",".join(map("".join, items)) + "]"  # type: ignore[arg-type]
        )
        | st.lists(inner.filter(lambda text: "\n" not in text), max_size=2).map(
            lambda items: "{ " + ", ".join(f"k{at} = {item}" for at, item in enumerate(items)) + " }"
        )
    ),
    max_leaves=5,
)
_HEADERS = st.sampled_from(["[[t]]", "[[ t . u ]]", "[t.v]", "[[t.u.w]]", "[x]", '["y#"]', "[[z.'[']]"])
_LINES = st.lists(
    st.one_of(
        st.tuples(_KEYS, _VALUES).map(" = ".join), _HEADERS, st.sampled_from(["", "# of nobody", "   ", "\t# [t]"])
    ),
    max_size=8,
)


def is_toml(text: str) -> bool:
    """Say whether a text is well formed."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


_TEXTS = _LINES.map(lambda lines: "".join(f"{line}\n" for line in lines)).filter(is_toml)


@given(_TEXTS)
def test_statements_are_where_tomllib_finds_them(text: str) -> None:
    """Each statement leads to a value of the text, in its order, and no value is left out."""
    data = tomllib.loads(text)
    found = list(statements(text))
    assert found[-1].path == ()
    assert [each.line for each in found] == sorted(each.line for each in found)
    for each in found:
        assert each.path == () or text.split("\n")[each.line - 1].strip()[0] != "#"
        value: Any = data
        for part in each.path:
            value = value[part]
    paths = {each.path for each in found}
    assert all(any(path[:length] in paths for length in range(1, len(path) + 1)) for path in leaves(data))


@given(_TEXTS, st.data())
def test_comments_are_told_from_strings(text: str, data: st.DataObject) -> None:
    """A comment put behind a statement is found beside it, and one above it above it, wherever else a ``#`` stands."""
    known = list(statements(text))
    chosen = data.draw(st.integers(0, len(known) - 1))
    lines = text.split("\n")
    at = known[chosen].line - 1
    lines.insert(at, "# mine")
    (found,) = [each for each in statements("\n".join(lines)) if "# mine" in each.above]
    assert found.path == known[chosen].path
    assert found.line == known[chosen].line + 1
    if chosen + 1 < len(known):
        beside = text.split("\n")
        beside[last_line(known, chosen) - 1] += " # mine"
        (found,) = [each for each in statements("\n".join(beside)) if "# mine" in each.beside]
        assert found.path == known[chosen].path


def last_line(known: list[Statement], chosen: int) -> int:
    """Give the number of the last line of a statement."""
    return known[chosen + 1].line - 1 - len(known[chosen + 1].above)


def leaves(value: Any, path: Path = ()) -> list[Path]:
    """Give the paths to all that is no table."""
    if isinstance(value, dict) and (value or not path):
        return [leaf for key, each in value.items() for leaf in leaves(each, (*path, key))]
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [leaf for index, each in enumerate(value) for leaf in leaves(each, (*path, index))]
    return [path]
