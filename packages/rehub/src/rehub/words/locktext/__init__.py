"""How a lock is written down: TOML in one order, with its readers' comments kept. docs/formats/lock.md has the rules."""

from rehub.words.locktext.reading import parse
from rehub.words.locktext.writing import format  # noqa: A004 - the word for it; asked for as locktext.format

__all__ = ["format", "parse"]
