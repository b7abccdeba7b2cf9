"""The schema of the lock, and the lock of its page."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from rehub.words import locktext
from rehub.words.lock import Lock
from tests.words.locks import TEXT, locks
from tests.words.test_locktext_refused import REFUSED

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
SCHEMA: dict[str, Any] = json.loads((FORMATS / "lock.schema.json").read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA)
# What only a reader of the whole can see.
BEYOND = {
    "a model twice",
    "a URL with two digests",
    "a ref that is none",
    "a ref that is another commit",
    "a ref of another repository",
    "a URL that is none",
    "an option of git",
    "a remote that is a folder",
    "a remote with a revision",
    "a remote by http",
    "named before positional",
    "a size with a fraction",
}


def test_schema_is_one() -> None:
    """The schema itself is well formed."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(locks())
def test_what_is_written_is_valid(lock: Lock) -> None:
    """Whatever rehub writes fits the schema."""
    VALID.validate(tomllib.loads(locktext.format(lock)))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_not_valid(name: str) -> None:
    """What rehub refuses does not fit the schema either, but for what a schema cannot say."""
    old, new, *_ = REFUSED[name]
    try:
        data = tomllib.loads(TEXT.replace(old, new, 1))
    except ValueError:
        return
    assert VALID.is_valid(data) == (name in BEYOND)


def test_the_example_of_its_page() -> None:
    """The lock in the documentation is one, in the very layout that rehub writes."""
    text = re.findall(r"```toml\n(.*?)```", (FORMATS / "lock.md").read_text(), re.DOTALL)[0]
    VALID.validate(tomllib.loads(text))
    lock = locktext.parse(text)
    assert locktext.format(lock).partition("\n")[2] == text


def test_every_key_is_documented() -> None:
    """The page's table has each key that the schema knows."""
    page = (FORMATS / "lock.md").read_text()
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        for key in part.get("properties", {}):
            assert re.search(rf"`(\[\[?)?(model\.)?{key}(\]\]?)?`", page), key
