"""Builtin functions and methods of plain values, and ``re.sub``, each within limits."""

import re
import warnings
from collections.abc import Callable, Mapping
from itertools import islice

from rehub.words.reading.operations import MAX_ITEMS, MAX_TEXT, formatted, joined
from rehub.words.reading.plain import UNKNOWN, all_text, listed, truth

_MAX_PATTERN = 200  # characters of a regular expression
_MAX_SUBJECT = 1_000  # characters of what it is tried on
# Letters, escapes and sets, of which one may be repeated: that takes time of the second power at most, and no
# expression without a repeated group or a second repetition takes more.
_ATOM = r"(?:\\[\WwWdDsSbB]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}*+?|^$])"
_TAME = re.compile(rf"\^?{_ATOM}*(?:{_ATOM}[+*?])?{_ATOM}*\$?", re.DOTALL)
_FIELD = re.compile(r"\{(\w*)\}")


def substituted(pattern: object, replacement: object, text: object) -> object:
    """Give ``re.sub(pattern, replacement, text)``, if the pattern is one that cannot take for ever.

    Example:
        >>> substituted("[/@-]", "_", "ViT-L/14@336px"), substituted("(a+)+$", "", "aaaa")
        ('ViT_L_14_336px', UNKNOWN)
    """
    if not (isinstance(pattern, str) and isinstance(replacement, str) and isinstance(text, str)):
        return UNKNOWN
    long = len(pattern) > _MAX_PATTERN or len(text) > _MAX_SUBJECT or len(replacement) > _MAX_PATTERN
    if long or "\\" in replacement or not _TAME.fullmatch(pattern):
        return UNKNOWN
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a set with a bracket in it is no business of our caller's filters
            return re.sub(pattern, replacement, text)
    except (re.error, RecursionError, OverflowError):
        return UNKNOWN


def _str(arguments: list[object]) -> object:
    plain = len(arguments) == 1 and isinstance(arguments[0], str | int | float)
    return str(arguments[0]) if plain else UNKNOWN


def _int(arguments: list[object]) -> object:
    try:
        return int(str(arguments[0])) if len(arguments) == 1 and isinstance(arguments[0], str | int) else UNKNOWN
    except ValueError:
        return UNKNOWN


def _len(arguments: list[object]) -> object:
    return len(arguments[0]) if len(arguments) == 1 and isinstance(arguments[0], str | list | dict) else UNKNOWN


def _bool(arguments: list[object]) -> object:
    sure = truth(arguments[0]) if len(arguments) == 1 else None
    return UNKNOWN if sure is None else sure


def _range(arguments: list[object]) -> object:
    numbers = [each for each in arguments if isinstance(each, int)]
    if len(numbers) != len(arguments) or not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:  # noqa: PLR2004 - start, stop, step
        return UNKNOWN
    return list(islice(range(*numbers), MAX_ITEMS + 1))


def _list(arguments: list[object]) -> object:
    if not arguments:
        return []
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return list(found) if found is not None else UNKNOWN


def _sorted(arguments: list[object]) -> object:
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return sorted(found) if found is not None and all_text(found) else UNKNOWN  # type: ignore[type-var]


def _reversed(arguments: list[object]) -> object:
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return found[::-1] if found is not None else UNKNOWN


def _enumerate(arguments: list[object]) -> object:
    found = listed(arguments[0]) if len(arguments) == 1 else None
    return [[place, each] for place, each in enumerate(found)] if found is not None else UNKNOWN


def _zip(arguments: list[object]) -> object:
    found = [listed(each) for each in arguments]
    known = [each for each in found if each is not None]
    return [list(each) for each in zip(*known, strict=False)] if len(known) == len(found) else UNKNOWN


def _dict(arguments: list[object], words: Mapping[str, object]) -> object:
    if not arguments:
        return dict(words)
    given = arguments[0]
    if len(arguments) == 1 and isinstance(given, list):
        pairs = [each for each in given if isinstance(each, list) and len(each) == 2]  # noqa: PLR2004 - key, value
        keys = [key for key, _ in pairs if isinstance(key, str | int | float)]
        given = dict(pairs) if len(keys) == len(given) else UNKNOWN
    return {**given, **words} if len(arguments) == 1 and isinstance(given, dict) else UNKNOWN


def _without_words(
    function: Callable[[list[object]], object],
) -> Callable[[list[object], Mapping[str, object]], object]:
    return lambda arguments, words: UNKNOWN if words else function(arguments)


FUNCTIONS: Mapping[str, Callable[[list[object], Mapping[str, object]], object]] = {
    "dict": _dict,
    **{
        name: _without_words(function)
        for name, function in {
            "bool": _bool,
            "enumerate": _enumerate,
            "int": _int,
            "len": _len,
            "list": _list,
            "range": _range,
            "reversed": _reversed,
            "set": _list,
            "sorted": _sorted,
            "str": _str,
            "tuple": _list,
            "zip": _zip,
        }.items()
    },
}
"""Builtin functions, by name; each is given positional and named arguments."""

_TEXT_METHODS = frozenset(
    {
        *("replace", "lower", "upper", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "split", "rsplit"),
        *("title", "capitalize", "startswith", "endswith", "isdigit", "isidentifier", "islower", "isupper", "count"),
        *("partition", "rpartition"),
    }
)


def method(
    value: str | list[object] | dict[object, object], name: str, args: list[object], words: dict[str, object]
) -> object:
    """Give what a method of a plain value gives, of those that change nothing."""
    if isinstance(value, dict):
        return UNKNOWN if words else _of_table(value, name, args)
    if isinstance(value, list):
        return list(value) if name == "copy" and not args else UNKNOWN
    if name == "format":
        return _format(value, args, words)
    if name == "join" and len(args) == 1 and isinstance(args[0], list):
        return joined(value, args[0])
    if name in _TEXT_METHODS and not words and all(isinstance(each, str | int) or _is_texts(each) for each in args):
        return _of_text(value, name, args)
    return UNKNOWN


def _of_table(table: dict[object, object], name: str, args: list[object]) -> object:
    if name == "get" and 1 <= len(args) <= 2 and isinstance(args[0], str | int | float):  # noqa: PLR2004 - key, default
        return table.get(args[0], args[1] if args[1:] else None)
    if args:
        return UNKNOWN
    made: dict[str, Callable[[], object]] = {
        "items": lambda: [[key, each] for key, each in table.items()],
        "keys": lambda: list(table),
        "values": lambda: list(table.values()),
        "copy": lambda: dict(table),
    }
    return made[name]() if name in made else UNKNOWN


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all_text(value)


def _of_text(value: str, name: str, args: list[object]) -> object:
    if name == "replace" and (len(args) != 2 or len(value) * len(str(args[1])) > MAX_TEXT**2 // 100):  # noqa: PLR2004 - old, new
        return UNKNOWN
    given = [tuple(each) if isinstance(each, list) else each for each in args]
    try:
        changed = getattr(value, name)(*given)
    except (TypeError, ValueError, LookupError):
        return UNKNOWN
    changed = list(changed) if isinstance(changed, tuple) else changed
    return changed if isinstance(changed, str | list | int) else UNKNOWN


def _format(text: str, args: list[object], words: dict[str, object]) -> object:
    """Give ``"{}_{name}".format(…)``; only bare fields are known."""
    parts = _FIELD.split(text)
    if "{" in "".join(parts[::2]) or "}" in "".join(parts[::2]):
        return UNKNOWN
    waiting = iter(args)
    shown = [formatted(_field(name, args, words) if name else next(waiting, UNKNOWN)) for name in parts[1::2]]
    return joined("", [part for pair in zip(parts[::2], [*shown, ""], strict=True) for part in pair])


def _field(name: str, args: list[object], words: dict[str, object]) -> object:
    if name.isdecimal():
        return args[int(name)] if len(name) < 4 and int(name) < len(args) else UNKNOWN  # noqa: PLR2004 - a place, not a bomb
    return words.get(name, UNKNOWN)
