"""torch.hub's own functions, answered by rehub: after :func:`install` for everybody, else for checkouts' code alone."""

from collections.abc import Callable
from functools import partial
from types import FrameType, ModuleType
from typing import Any, cast

from rehub.world.scope import Scope, detour, importer, when

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

_ITS_OWN_AFFAIR = {"get_dir", "set_dir"}  # what a checkout says of torch.hub's folder holds for nobody else

READERS = {
    "torch.serialization": "load",
    "torch.jit._serialization": "load_script",
    "torch.export": "load_exported",
}
"""Where torch's functions that read files are defined, and who answers a checkout's code; all are called ``load``."""

_FOR_EVERYBODY: list[bool] = []


def install() -> None:
    """Let torch.hub itself go through :mod:`rehub.compat` from here on, in this process.

    Whoever imported its functions before is answered as well; torch is not imported for it.

    Example:
        >>> install()
    """
    _FOR_EVERYBODY[:] = [True]
    lead_torch_hub()


def lead_torch_hub() -> None:
    """Lead torch.hub's functions here as soon as torch is imported; and those that read files, for checkouts' code."""
    when("torch.hub", _lead)
    for module, name in READERS.items():
        when(module, partial(_lead_reader, name))


def _lead_reader(name: str, module: ModuleType) -> None:
    detour(getattr(module, "load", None), partial(_choose_reader, name))


def _choose_reader(name: str, before: Callable[..., Any], caller: FrameType | None) -> Callable[..., Any]:
    """Decide who reads a file: for a checkout's code rehub's policy, for anybody else, and rehub itself, torch."""
    scope = importer().behind(caller)
    if scope is None:
        return before
    from rehub import nested_files

    if nested_files.is_reading(caller):
        return before
    return partial(getattr(nested_files, name), scope, before)


def _lead(torch_hub: ModuleType) -> None:
    for name in (*FUNCTIONS, *INNER):
        detour(getattr(torch_hub, name, None), partial(_choose, name))


def _choose(name: str, before: Callable[..., Any], caller: FrameType | None) -> Callable[..., Any]:
    """Decide who answers a call: it depends on whose code makes it."""
    scope = importer().behind(caller)
    if scope is None:
        return _compat(name) if _FOR_EVERYBODY else before
    if name in INNER:
        return before
    if not _FOR_EVERYBODY or name in _ITS_OWN_AFFAIR:
        return partial(_nested(name), scope)
    return partial(_asking, scope, name)


def _compat(name: str) -> Callable[..., Any]:
    from rehub import compat

    return cast("Callable[..., Any]", getattr(compat, name))


def _nested(name: str) -> Callable[..., Any]:
    from rehub import nested

    return cast("Callable[..., Any]", getattr(nested, name))


def _asking(scope: Scope, name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Let torch.hub's face answer a repository, but take its "trust it" for "ask"."""
    from inspect import signature

    from rehub.api import acting_as
    from rehub.nested import checkpoints, hub_of

    function = _compat(name)
    given = signature(function).bind(*args, **kwargs)
    if name in {"help", "list", "load"}:
        given.arguments |= {"skip_validation": False, "trust_repo": "check"}
    if name == "load_state_dict_from_url":
        given.arguments["model_dir"] = given.arguments.get("model_dir") or checkpoints(scope)
    with acting_as(hub_of(scope), quiet=False):
        return function(*given.args, **given.kwargs)
