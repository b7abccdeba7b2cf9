"""Literals of Python as JSON, and back: what JSON has no kind for is an object with one name that starts with ``$``."""

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def written(value: Any) -> Any:
    """Give a literal as what JSON knows.

    Example:
        >>> written([1, (2.5, b"x")])
        [1, {'$tuple': [2.5, {'$bytes': 'eA=='}]}]
    """
    kind = type(value)
    if kind is list:
        return [written(each) for each in value]
    if kind is dict:
        return _table(value)
    if kind is float and not math.isfinite(value):
        return {"$float": repr(value)}
    return {f"${kind.__name__}": _WRITTEN[kind](value)} if kind in _WRITTEN else value


def _table(value: Mapping[Any, Any]) -> Any:
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: written(each) for key, each in value.items()}
    return {"$dict": [[written(key), written(each)] for key, each in value.items()]}


def _sorted(values: Iterable[Any]) -> list[Any]:
    return sorted(map(written, values), key=repr)


_WRITTEN: Mapping[type, Callable[[Any], Any]] = {
    tuple: lambda value: [written(each) for each in value],
    set: _sorted,
    frozenset: _sorted,
    bytes: lambda value: base64.b64encode(value).decode(),
    complex: lambda value: [written(value.real), written(value.imag)],
}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "$dict": dict,
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$complex": lambda parts: complex(*parts),
    "$float": float,
}


def read(data: Any) -> Any:
    """Give the literal that JSON was made of.

    Raises:
        TypeError, ValueError: it is of no kind that :func:`written` gives.

    Example:
        >>> read({"$tuple": [2.5, {"$bytes": "eA=="}]})
        (2.5, b'x')
    """
    if isinstance(data, list):
        return [read(each) for each in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1 and (make := _READ.get(name := next(iter(data)))):
        return make(read(data[name]))
    return {key: read(each) for key, each in data.items()}
