"""The other side of :mod:`rehub.verbs.observe`, in a process of its own: imports a hubconf, and tells what is there.

Run as ``python -m rehub.verbs.observed NAME ROOT``. What the hubconf prints goes to standard error; standard output
gets one JSON object: ``{"seen": […]}`` or ``{"failed": "raised" | "exited", "said": text}``.
"""

import functools
import importlib
import inspect
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

MAX_NAMES = 20_000
MAX_TEXT = 20_000  # characters of one docstring
MAX_SHOWN = 200  # characters of one default value
MAX_LINES = 25  # of a traceback
PACKAGE = "rehub.repos"


def main() -> None:
    """Import, look, answer; nothing that the hubconf has started keeps the process alive."""
    name, root = sys.argv[1:]
    answer = _set_aside_stdout()
    try:
        found: dict[str, Any] = {"seen": _seen(importlib.import_module(f"{PACKAGE}.{name}.hubconf"), name, Path(root))}
    except SystemExit as error:
        found = {"failed": "exited", "said": f"SystemExit: {error.code}"}
    except BaseException as error:  # noqa: BLE001 - whatever foreign code raises is what there is to tell
        found = {"failed": "raised", "said": _told(error, root)}
    json.dump(found, answer)
    answer.flush()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _set_aside_stdout() -> TextIO:
    """Keep standard output for the answer; whoever else writes to it reaches standard error, C code too."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answer


def _seen(hubconf: ModuleType, name: str, root: Path) -> list[dict[str, Any]]:
    """Give every public callable, by torch.hub's rule: it is in ``dir``, and can be called."""
    found = [(each, getattr(hubconf, each, None)) for each in dir(hubconf) if not each.startswith("_")]
    public = [(each, value) for each, value in found if callable(value)][:MAX_NAMES]
    return [_UNKNOWN | {"name": each} | _described(value, name, root) for each, value in public]


_UNKNOWN = {"kind": "object", "parameters": None, "doc": "", "file": "hubconf.py", "line": 1, "origin": ""}


def _described(value: Any, package: str, root: Path) -> dict[str, Any]:
    """Say what a callable is, as far as it can be asked: a foreign object may raise whatever it is asked."""
    try:
        inner = value
        while isinstance(inner, functools.partial):
            inner = inner.func
        file, line = _place(inner, root)
        return {
            "kind": _kind(value),
            "parameters": _parameters(value),
            "doc": (_doc(value) or "")[:MAX_TEXT],
            "file": file,
            "line": line,
            "origin": _origin(inner, package),
        }
    except Exception:  # noqa: BLE001 - its name is known, and that it can be called
        return {}


def _origin(inner: Any, package: str) -> str:
    """Give where something comes from, if not from the checkout."""
    where = str(getattr(inner, "__module__", None) or type(inner).__module__)
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    return "" if where.startswith(f"{PACKAGE}.{package}.") else f"{where}.{name}"[:MAX_SHOWN]


def _kind(value: Any) -> str:
    if inspect.isclass(value):
        return "class"
    if isinstance(value, functools.partial):
        return "partial"
    return "function" if inspect.isroutine(value) else "object"


def _doc(value: Any) -> str | None:
    """Give documentation: of a partial, that of what it calls; of an object its own, not its class's."""
    if isinstance(value, functools.partial):
        return _doc(value.func)
    return inspect.getdoc(value) if inspect.isclass(value) or inspect.isroutine(value) else None


def _parameters(value: Any) -> list[dict[str, Any]] | None:
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # C code, and what has a broken __signature__
        return None
    return [
        {
            "name": each.name,
            "kind": each.kind.description,
            "annotation": _written(inspect.formatannotation, each.annotation),
            "default": _written(repr, each.default),
        }
        for each in found
    ]


def _written(write: Any, value: Any) -> str | None:
    if value is inspect.Parameter.empty:
        return None
    try:
        text = str(write(value))
    except Exception:  # noqa: BLE001 - foreign code's repr
        return "…"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _place(inner: Any, root: Path) -> tuple[str, int]:
    """Give where something is written, if that is in the repository."""
    try:
        asked = inspect.unwrap(inner) if inspect.isclass(inner) or inspect.isroutine(inner) else type(inner)
        file, line = Path(inspect.getsourcefile(asked) or ""), inspect.getsourcelines(asked)[1]
    except (OSError, TypeError, ValueError):
        return "hubconf.py", 1
    return (file.relative_to(root).as_posix(), max(line, 1)) if file.is_relative_to(root) else ("hubconf.py", 1)


def _told(error: BaseException, root: str) -> str:
    """Give the last lines of a traceback, which starts at the repository's first line."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            frame = each.__traceback__
            while frame is not None and not frame.tb_frame.f_code.co_filename.startswith(root + os.sep):
                frame = frame.tb_next
            each.__traceback__ = frame
            waiting += [each.__cause__, each.__context__]
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(line[:MAX_SHOWN] for line in lines[-MAX_LINES:])


if __name__ == "__main__":
    main()
