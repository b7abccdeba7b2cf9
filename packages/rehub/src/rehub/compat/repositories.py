"""``load``, ``list`` and ``help`` as torch.hub has them, on rehub's own fetching, reading and scopes."""

import builtins
import os
from types import ModuleType
from typing import Any

from rehub import api
from rehub.bound import BoundEntry
from rehub.compat.failures import torch_errors
from rehub.compat.folders import get_dir
from rehub.compat.modules import check_name
from rehub.compat.patches import current
from rehub.words.errors import EntryNotFoundError, HubconfNotFoundError, MalformedSettingError
from rehub.words.hubconf import Hubconf
from rehub.words.pin import Checkout
from rehub.words.trust import check_asked


def list(  # noqa: A001 - torch.hub's name and parameters
    github: str,
    force_reload: bool = False,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: FBT001, FBT002
    trust_repo: object = "check",
    verbose: bool = True,  # noqa: FBT001, FBT002
) -> builtins.list[str]:
    """Name what ``dir(hubconf)`` has to call, merely imported names too; run only where reading cannot know.

    Raises:
        UntrustedError: it may not run here.
        RehubError: it cannot be found, fetched or read.
        Exception: what the repository's code raises.
    """
    checkout = _checkout(github, force_reload, trust_repo, verbose=verbose, skip_validation=skip_validation)
    found = _inspected(checkout)
    if _is_certain(found):
        return sorted({*found.names, *(leak.name for leak in found.leaks if leak.callable)})
    hubconf = _run(checkout)
    return [name for name in dir(hubconf) if callable(getattr(hubconf, name)) and not name.startswith("_")]


def _is_certain(found: Hubconf) -> bool:
    """Say whether reading knows all that running would tell."""
    doubtful = [each.name for each in found.entries if each.conditional]
    doubtful += [leak.name for leak in found.leaks if leak.callable is None]
    return not (doubtful or found.dynamic or found.problems)


def help(  # noqa: A001 - torch.hub's name
    github: str,
    model: str,
    force_reload: bool = False,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: FBT001, FBT002
    trust_repo: object = "check",
) -> str | None:
    """Give an entry's ``__doc__``, as it is at run time.

    Raises:
        UntrustedError: it may not run here.
        RuntimeError: there is no such entry, or what it needs is not installed.
        Exception: what the repository's code raises.
    """
    checkout = _checkout(github, force_reload, trust_repo, verbose=True, skip_validation=skip_validation)
    _checked(checkout, model)
    hubconf = _run(checkout)
    entry = getattr(hubconf, model) if model in dir(hubconf) else None
    if not callable(entry):
        raise EntryNotFoundError(str(checkout), model, _inspected(checkout).names)
    doc: str | None = entry.__doc__
    return doc


def load(  # noqa: PLR0913 - torch.hub's parameters
    repo_or_dir: str | os.PathLike[str],
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: object = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """Load a model: call an entry point of a repository, or of a folder if ``source="local"``.

    Raises:
        UntrustedError: it may not run here.
        RuntimeError: there is no such entry, or what it needs is not installed.
        Exception: what the entry itself raises.
    """
    source = source.lower()
    if source not in {"github", "local"}:
        error = MalformedSettingError("source", source, "'github' or 'local'")
        error.args = (f'Unknown source: "{source}". Allowed values: "github" | "local".',)
        raise error
    if source == "github":
        asked = {"verbose": verbose, "skip_validation": skip_validation}
        repo_or_dir = current("_get_cache_or_reload")(repo_or_dir, force_reload, trust_repo, **asked)
    return current("_load_local")(repo_or_dir, model, *args, **kwargs)


def _run(checkout: Checkout) -> ModuleType:
    from rehub.verbs.load import run_hubconf

    return run_hubconf(checkout, store=api.acting().store, opener=api.acting())


def _checkout(github: str, *args: object, **kwargs: object) -> Checkout:
    return _lying_at(current("_get_cache_or_reload")(github, *args, **kwargs))


def _lying_at(path: str | os.PathLike[str]) -> Checkout:
    """Give the checkout whose path this is; any other folder is the user's own.

    Raises:
        HubconfNotFoundError: there is no such folder.
    """
    from rehub.compat.source import RepoDir

    if isinstance(path, RepoDir):
        return path.checkout
    if not os.path.isdir(path):  # noqa: PTH112 - a path of whatever kind
        raise HubconfNotFoundError(os.fspath(path))
    return api.acting().fetch(os.fspath(path), source="local")


def _inspected(checkout: Checkout) -> Hubconf:
    return api.acting()._inspect(checkout).hubconf  # noqa: SLF001 - the faces are one layer


def _checked(checkout: Checkout, model: str) -> None:
    """Refuse what cannot be run, before any of it is, in torch.hub's order."""
    from rehub.verbs.load import check_dependencies, check_entry

    check_name(model)
    found = _inspected(checkout)
    check_dependencies(checkout, found)
    check_entry(checkout, found, model)


def _load_local(hubconf_dir: str | os.PathLike[str], model: str, *args: Any, **kwargs: Any) -> Any:
    """Call an entry point of a folder.

    Raises:
        RuntimeError: there is no such entry, or what it needs is not installed.
        FileNotFoundError: there is no hubconf.py.
        Exception: what the entry itself raises.
    """
    checkout = _lying_at(hubconf_dir)
    _checked(checkout, model)
    return BoundEntry(api.acting(), checkout, model)(*args, **kwargs)


def _get_cache_or_reload(
    github: str,
    force_reload: bool,  # noqa: FBT001 - torch.hub's parameters
    trust_repo: object,
    verbose: bool = True,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: FBT001, FBT002
) -> str:
    """Give the folder of a repository that may run here.

    Raises:
        UntrustedError: it may not.
        RehubError: it cannot be found or fetched.
    """
    from rehub.compat.source import Asked

    check_asked(trust_repo)
    with torch_errors(get_dir()):
        asked = Asked.of(github, api.acting())
        return asked.admitted(
            force=bool(force_reload), trust_repo=trust_repo, verbose=bool(verbose), unchecked=bool(skip_validation)
        )
