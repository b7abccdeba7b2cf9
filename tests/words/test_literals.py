"""Arguments as text."""

import math
import os
import subprocess
import sys

import pytest
from hypothesis import given

from rehub.words.literals import spell, spell_call, unspell, unspell_call
from tests.words.locks import literals

STRANGE = {
    "infinity": math.inf,
    "less than any": -math.inf,
    "complex, without an end": complex(1, math.inf),
    "complex, and less than any": complex(-2, -math.inf),
    "complex, and real without an end": complex(-math.inf, -0.5),
    "empty set": set(),
    "empty frozen set": frozenset(),
    "sets in sets": {frozenset({1}), frozenset()},
    "tuple of one": (1,),
    "more digits than Python writes": 10**5_000,
    "a quote of each kind": "'\"\\",
    "a lone surrogate": "\udc80",
}


@given(literals())
def test_literals_are_read_back(value: object) -> None:
    """What is spelled is read as an equal value of the same class, all the way down."""
    text = spell(value)
    assert unspell(text) == value
    assert type(unspell(text)) is type(value)


@pytest.mark.parametrize("name", STRANGE)
def test_strange_values(name: str) -> None:
    """Values that Python does not read back as it writes them are read back here."""
    assert unspell(spell(STRANGE[name])) == STRANGE[name]


def test_not_a_number() -> None:
    """What is not a number is read back as such, also within others."""
    assert math.isnan(unspell(spell([math.nan]))[0])


def test_sets_have_one_spelling() -> None:
    """A set is spelled alike in each process, whatever the seed of its hashes."""
    code = "from rehub.words.literals import spell; print(spell({'one', 'two', 'three', 'four', 'five'}))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "123"
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    "text",
    [
        "DEFAULT",
        "f'{1}'",
        "__import__('os')",
        "frozenset(1, 2)",
        "frozenset(x=1)",
        "{**{}}",
        "a.b",
        "...",
        "-'x'",
        "1+1",
        "'a'*9",
        "1+'x'",
        "\0",
    ],
)
def test_more_than_a_literal_is_a_string(text: str) -> None:
    """What would have to be run to have a value is a string, as at the command line."""
    assert unspell(text) == text


@pytest.mark.parametrize("text", ["(" * 100_000, "-" * 100_000 + "1", "1+" * 100_000 + "1", "[" * 5_000, "9" * 9_999])
def test_hostile_texts_are_strings(text: str) -> None:
    """A text that is made to break who reads it is a string like any other."""
    assert unspell(text) == text


def test_calls_are_read_back() -> None:
    """Positional and named arguments are told apart, whatever is in them and however they are called."""
    args, kwargs = (3, "a=b", b"c=d", {"e": "f=g"}), {"pretrained": True, "no-name": "x", "größe": None, "it's": 1}
    assert unspell_call(spell_call(args, kwargs.items())) == (args, kwargs)


@pytest.mark.parametrize(("texts", "words"), [(["a=1", "2"], "follows a named"), (["a=1", "a=2"], "given twice")])
def test_malformed_calls(texts: list[str], words: str) -> None:
    """A value without a name after one with a name, and a name that is there twice, are refused."""
    with pytest.raises(ValueError, match=words):
        unspell_call(texts)
