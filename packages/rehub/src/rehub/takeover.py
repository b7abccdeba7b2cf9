"""torch.hub's own functions, answered by rehub: after :func:`install` for everybody, else for checkouts' code alone.

An entry that calls ``torch.hub.load`` gets the other repository by the same settings, from the same store, under the
same policy, as if the user had loaded it; and the provenance of what it returns names it. What the repository says of
trust counts for nothing there: ``trust_repo=True`` is for users to say.
"""

import os
from collections.abc import Callable
from functools import partial
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from rehub.world.scope import Scope, detour, importer, when

if TYPE_CHECKING:
    from rehub.hub import Hub

FUNCTIONS = ("download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir")
"""torch.hub's public functions; ``torch.utils.model_zoo.load_url`` is one of them under another name."""

INNER = (
    "_check_repo_is_trusted",
    "_get_cache_or_reload",
    "_get_torch_home",
    "_git_archive_link",
    "_load_local",
    "_parse_repo_info",
    "_validate_not_a_forked_repo",
)
"""Inner functions that programs call or replace; what a checkout's code calls is torch.hub's own."""

_FOR_EVERYBODY: list[bool] = []


def install() -> None:
    """Let torch.hub itself go through :mod:`rehub.compat` from here on, in this process.

    Whoever imported its functions before is answered as well; torch is not imported for it.

    Example:
        >>> install()
    """
    _FOR_EVERYBODY[:] = [True]
    answer()


def answer() -> None:
    """Lead torch.hub's functions here as soon as torch is imported."""
    when("torch.hub", _lead)


def _lead(torch_hub: ModuleType) -> None:
    for name in (*FUNCTIONS, *INNER):
        detour(getattr(torch_hub, name, None), partial(_choose, name))


def _choose(name: str, before: Callable[..., Any], caller: FrameType) -> Callable[..., Any]:
    """Decide who answers a call: it depends on whose code makes it."""
    scope = importer().behind(caller)
    if scope is None:
        return _compat(name) if _FOR_EVERYBODY else before
    if name in INNER:
        return before
    if name in _NESTED and not _FOR_EVERYBODY:
        return partial(_NESTED[name], _hub(scope))
    return _doubting(_compat(name)) if name in {"list", "help", "load"} else _compat(name)


def _compat(name: str) -> Callable[..., Any]:
    from rehub import compat

    return cast("Callable[..., Any]", getattr(compat, name))


def _hub(scope: Scope) -> "Hub":
    from rehub.hub import Hub

    return cast("Hub", scope.opener) if scope.opener is not None else Hub()


def _load(hub: "Hub", /, repo_or_dir: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
    """Load for a repository: what it wants of trust, validation and messages is not asked."""
    asked = {name: kwargs.pop(name) for name in ("source", "force_reload") if name in kwargs}
    for name in ("trust_repo", "skip_validation", "verbose"):
        kwargs.pop(name, None)
    return hub.entry(_text(repo_or_dir), model, **asked)(*args, **kwargs)


def _list(hub: "Hub", /, github: Any, force_reload: bool = False, *_: Any, **__: Any) -> list[str]:  # noqa: FBT001, FBT002
    return hub.list(_text(github), force_reload, all=True)


def _help(hub: "Hub", /, github: Any, model: Any, force_reload: bool = False, *_: Any, **__: Any) -> str:  # noqa: FBT001, FBT002
    return hub.help(_text(github), model, force_reload)


def _text(ref: str | os.PathLike[str]) -> str:
    """Give a path as text: torch.hub takes both."""
    return os.fspath(ref)


def _get_dir(hub: "Hub", /) -> str:
    return hub.get_dir()


def _doubting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let torch.hub's face answer a repository, but take its "trust it" for "ask"."""

    def ask(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**kwargs, "skip_validation": False, "trust_repo": "check"})

    return ask


_NESTED: dict[str, Callable[..., Any]] = {"get_dir": _get_dir, "help": _help, "list": _list, "load": _load}
