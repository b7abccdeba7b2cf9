"""How a lock is written down: TOML in one order that keeps what people wrote into it. docs/formats/lock.md says it."""

from rehub.words.locktext.reading import parse
from rehub.words.locktext.writing import format  # noqa: A004 - the word for it; asked for as locktext.format

__all__ = ["format", "parse"]
