"""An entry's arguments as they are typed: ``VALUE`` or ``name=VALUE``, Python literals, else strings."""

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Any

import click

_NAMED = re.compile(r"([^\W\d]\w*)=(.*)", re.DOTALL)
_LOOKALIKES = {"true": "True", "false": "False", "none": "None", "null": "None"}


def value_of(text: str) -> Any:
    """Read a Python literal; what is none is a string.

    Example:
        >>> value_of("3"), value_of("[1, 2]"), value_of("None"), value_of("DEFAULT"), value_of("'3'")
        (3, [1, 2], None, 'DEFAULT', '3')
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, about strings that were never meant as Python
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def parse(words: Iterable[str]) -> tuple[list[Any], dict[str, Any]]:
    """Split an entry's arguments into positional and named ones.

    Raises:
        UsageError: a name is given twice, or a value without a name follows one with a name.

    Example:
        >>> parse(["3", "pretrained=True"])
        ([3], {'pretrained': True})
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for word in words:
        found = _NAMED.fullmatch(word)
        if found is None and kwargs:
            msg = f"{word!r} follows a named argument\n  expected name=VALUE, or the values without a name first"
            raise click.UsageError(msg, click.get_current_context(silent=True))
        if found is None:
            args.append(value_of(word))
        elif found[1] in kwargs:
            msg = f"{found[1]} is given twice"
            raise click.UsageError(msg, click.get_current_context(silent=True))
        else:
            kwargs[found[1]] = value_of(found[2])
    return args, kwargs


def doubts(args: Iterable[Any], kwargs: dict[str, Any]) -> list[str]:
    """Name the strings that look as if something else was meant: ``pretrained=false`` would count as true."""
    given = [("", value) for value in args] + [(f"{name}=", value) for name, value in kwargs.items()]
    return [
        f"{name}{value} is passed as the string {value!r}; write {name}{_LOOKALIKES[value]} if you mean that"
        for name, value in given
        if isinstance(value, str) and value in _LOOKALIKES
    ]
