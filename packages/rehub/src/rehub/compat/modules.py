"""torch.hub's own way to run a ``hubconf.py``, for programs that import its inner functions. rehub does not use it."""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from rehub.words.dependencies import import_name, install_line
from rehub.words.errors import EntryNotFoundError, MalformedError, MissingDependencyError

VAR_DEPENDENCY = "dependencies"
MODULE_HUBCONF = "hubconf.py"


@contextmanager
def _add_to_sys_path(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put a folder at the front of ``sys.path`` for a while."""
    entry = os.fspath(path)  # the import system passes over what is no string
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)


def _import_module(name: str, path: str | os.PathLike[str]) -> ModuleType:
    """Run a file as a module that nobody else gets."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = f"failed to load spec from {path}"
        raise AssertionError(msg)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _load_attr_from_module(module: ModuleType, func_name: str) -> Any:
    """Give what a module says that it has under a name, or ``None``."""
    return getattr(module, func_name) if func_name in dir(module) else None


def _check_module_exists(name: str) -> bool:
    """Say whether a module can be imported."""
    return importlib.util.find_spec(name) is not None


def _check_dependencies(m: ModuleType) -> None:
    """Refuse a hubconf whose dependencies are not installed.

    Raises:
        MissingDependencyError: a :class:`RuntimeError` that names them.
    """
    missing = [each for each in _load_attr_from_module(m, VAR_DEPENDENCY) or () if not _check_module_exists(each)]
    if missing:
        raise MissingDependencyError(_where(m), missing, install_line(filter(None, map(import_name, missing))))


def _where(m: ModuleType) -> str:
    return str(getattr(m, "__file__", None) or m)


def _load_entry_from_hubconf(m: ModuleType, model: str) -> Callable[..., Any]:
    """Give an entry of a module whose dependencies are installed.

    Raises:
        RuntimeError: a dependency is missing, or there is no such callable.
        ValueError: the entry's name is no string.
    """
    check_name(model)
    _check_dependencies(m)
    found = _load_attr_from_module(m, model)
    if not callable(found):
        raise EntryNotFoundError(_where(m), model, [name for name in dir(m) if not name.startswith("_")])
    return found  # type: ignore[no-any-return]  # an entry may be anything that can be called


def check_name(model: object) -> None:
    """Refuse an entry's name that is no string, in torch.hub's words.

    Raises:
        MalformedError: it is none.
    """
    if isinstance(model, str):
        return
    msg = "Invalid input: model should be a string of function name"
    raise MalformedError(msg)
