"""torch.hub's functions, under its names: the verbs of one hub with the process's own settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, overload

from rehub.bound import BoundEntry, Expect, T, U, V
from rehub.hub import Hub

if TYPE_CHECKING:
    import builtins

    from rehub.words.exploration import Exploration
    from rehub.words.inspection import Inspection
    from rehub.words.provenance import Provenance

DEFAULT = Hub()
"""The hub that the functions of this module use; it reads the environment whenever it is asked."""

_ACTING: ContextVar[tuple[Hub, bool] | None] = ContextVar("_ACTING", default=None)


@contextmanager
def acting_as(hub: Hub, *, quiet: bool) -> Iterator[None]:
    """Let another hub answer meanwhile, in this thread: the one that loaded a checkout, for that checkout's code.

    Args:
        hub: the one to ask.
        quiet: print nothing, also where torch.hub would.
    """
    token = _ACTING.set((hub, quiet))
    try:
        yield
    finally:
        _ACTING.reset(token)


def acting() -> Hub:
    """Give the hub that answers now."""
    now = _ACTING.get()
    return now[0] if now else DEFAULT


def is_users_own_call() -> bool:
    """Say whether nobody's code but the user's asks now: what a checkout's says of trust is its wish."""
    return _ACTING.get() is None


def is_quiet() -> bool:
    """Say whether nothing may be printed now."""
    now = _ACTING.get()
    return now is not None and now[1]


def get_dir() -> str:
    """Give torch.hub's folder: ``set_dir``, ``$TORCH_HOME/hub``, ``$XDG_CACHE_HOME/torch/hub``, ``~/.cache/torch/hub``.

    Example:
        >>> isinstance(get_dir(), str)
        True
    """
    return DEFAULT.get_dir()


def set_dir(d: str | os.PathLike[str]) -> None:
    """Use another folder from here on, in this process.

    Raises:
        TypeError: it is not a path.

    Example:
        >>> set_dir("/tmp/models")
        >>> get_dir()
        '/tmp/models'
    """
    DEFAULT.set_dir(d)


def list(  # noqa: A001, PLR0913 - torch.hub's name and parameters
    github: str,
    force_reload: bool = False,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: FBT001, FBT002
    trust_repo: object = None,
    verbose: bool = True,  # noqa: FBT001, FBT002
    *,
    all: bool = False,  # noqa: A002
    dynamic: bool = False,
) -> builtins.list[str]:
    """Name a repository's entry points; see :meth:`Hub.list`.

    Raises:
        RehubError: it cannot be found, fetched or read.

    Example:
        >>> list("acme/shapes")
        ['circle', 'square']
    """
    return DEFAULT.list(github, force_reload, skip_validation, trust_repo, verbose, all=all, dynamic=dynamic)


def help(  # noqa: A001, PLR0913 - torch.hub's name and parameters
    github: str,
    model: str,
    force_reload: bool = False,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: FBT001, FBT002
    trust_repo: object = None,
    *,
    dynamic: bool = False,
) -> str:
    """Give an entry's signature and documentation; see :meth:`Hub.help`.

    Raises:
        EntryNotFoundError: there is no such entry.
        RehubError: the repository cannot be found, fetched or read.

    Example:
        >>> print(help("acme/shapes", "circle"))
        circle(radius: float = 1.0)
        <BLANKLINE>
        A circle.
    """
    return DEFAULT.help(github, model, force_reload, skip_validation, trust_repo, dynamic=dynamic)


@overload
def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: object = None,
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    expect: None = None,
    **kwargs: Any,
) -> Any: ...
@overload
def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: object = None,
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    expect: Expect[T, U, V],
    **kwargs: Any,
) -> T | U | V: ...
def load(  # noqa: PLR0913 - torch.hub's parameters
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: object = None,
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    expect: Any = None,
    **kwargs: Any,
) -> Any:
    """Load a model; see :meth:`Hub.load`.

    Raises:
        UntrustedError: nobody allowed this code to run here.
        UnexpectedResultError: the result is not what ``expect`` says.
        RehubError: it cannot be found, fetched or read, or what it needs is not installed.
        Exception: what the entry itself raises.

    Example:
        >>> load("acme/shapes", "circle", radius=2.0, trust_repo=True)
        'a circle of radius 2.0'
        >>> load("acme/shapes", "circle", trust_repo=True, expect=str)
        'a circle of radius 1.0'
    """
    return DEFAULT.load(
        repo_or_dir,
        model,
        *args,
        source=source,
        trust_repo=trust_repo,
        force_reload=force_reload,
        verbose=verbose,
        skip_validation=skip_validation,
        expect=expect,
        **kwargs,
    )


@overload
def entry(
    ref: str,
    name: str,
    *,
    source: str = "github",
    trust_repo: object = None,
    force_reload: bool = False,
    expect: None = None,
) -> BoundEntry[Any]: ...
@overload
def entry(
    ref: str,
    name: str,
    *,
    source: str = "github",
    trust_repo: object = None,
    force_reload: bool = False,
    expect: Expect[T, U, V],
) -> BoundEntry[T | U | V]: ...
def entry(  # noqa: PLR0913 - load's own
    ref: str,
    name: str,
    *,
    source: str = "github",
    trust_repo: object = None,
    force_reload: bool = False,
    expect: Any = None,
) -> BoundEntry[Any]:
    """Give an entry as something to call; see :meth:`Hub.entry`.

    Raises:
        RehubError: as :func:`load`.

    Example:
        >>> entry("acme/shapes", "circle", trust_repo=True)(radius=3.0)
        'a circle of radius 3.0'
    """
    return DEFAULT.entry(ref, name, source=source, trust_repo=trust_repo, force_reload=force_reload, expect=expect)


def inspect(
    ref: str,
    *,
    source: str = "github",
    force_reload: bool = False,
    dynamic: bool = False,
    trust_repo: object = None,
) -> Inspection:
    """Read a repository without running it; see :meth:`Hub.inspect`.

    Raises:
        RehubError: it cannot be found, fetched or read.

    Example:
        >>> inspect("acme/shapes").hubconf.names
        ['circle', 'square']
    """
    return DEFAULT.inspect(ref, source=source, force_reload=force_reload, dynamic=dynamic, trust_repo=trust_repo)


def explore(value: object, *, depth: int = 3, rows: int = 60) -> Exploration:
    """Say what can be done with an object, usually one that was loaded; it is not called, and no property is asked for.

    What it returns shows itself: as text where it is printed, as tables in Jupyter and Colab.

    Args:
        value: a model, function, tuple, dictionary, or anything else.
        depth: how many levels of submodules are told.
        rows: how many lines of submodules are told; levels are left out until they suffice.

    Raises:
        MalformedSettingError: ``depth`` or ``rows`` is no number from 1.

    Example:
        >>> def blur(image, radius: int = 2):
        ...     "Make an image less sharp."
        >>> found = explore(blur)
        >>> found.call.signature, found.summary
        ('(image, radius: int = 2)', 'Make an image less sharp.')
    """
    from rehub.given import amount_of
    from rehub.verbs.explore import Limits
    from rehub.verbs.explore import explore as look

    return look(value, Limits(depth=amount_of("depth", depth), rows=amount_of("rows", rows)))


def provenance(value: Any) -> Provenance:
    """Say what a loaded object was made from: the repository's commit and tree, the entry, its arguments.

    What the entry itself loaded, through torch.hub or rehub, is in ``nested``, and the files that rehub brought for its
    code are in ``weights``. What that code has got past rehub is named in ``unverified``, and the provenance is not
    ``complete`` then. Both grow when the model does such a thing later: ask again. Copies of a torch module have its
    provenance, and so have those that a pickle of it is read as, in any process: that is what the pickle says, and
    no more certain than where it comes from.

    Args:
        value: what :func:`load` returned, or one of the parts if it was a tuple, list or dictionary.

    Raises:
        ProvenanceNotFoundError: no load returned it, nor what it is a copy of.
        MalformedError: what a pickle said of it cannot be read.

    Example:
        >>> net = load("acme/nets:v1", "net", width=16, trust_repo=True)
        >>> print(provenance(net))  # doctest: +ELLIPSIS
        acme/nets@... net(width=16)
    """
    from rehub.verbs.provenance import provenance_of

    return provenance_of(value)


@contextmanager
def recording(lock: str | os.PathLike[str] = "rehub.lock") -> Iterator[None]:
    """Record what is loaded meanwhile in a lock, as ``REHUB_LOCK`` does for a whole program.

    Code, nested repositories and weights, by whichever thread, and by processes that are started meanwhile; a ref that
    the lock knows is answered from it. Calls of ``torch.hub`` itself take part after :func:`install`.

    Args:
        lock: the file; it is made if it is not there.

    Raises:
        MalformedLockError: it cannot be read.
        DigestMismatchError: it has other bytes under a ref or URL than were loaded.
        LockFileError: it cannot be read or written.

    Example:
        >>> with recording("rehub.lock"):
        ...     load("acme/shapes", "circle", trust_repo=True)
        'a circle of radius 1.0'
    """
    from rehub.given import folder_of
    from rehub.verbs.record import told, until_end

    path = folder_of(lock, "lock", "a file")
    with until_end(path), told(path):
        yield


def download_url_to_file(
    url: str,
    dst: str | os.PathLike[str],
    hash_prefix: str | None = None,
    progress: bool = True,  # noqa: FBT001, FBT002
) -> None:
    """Bring a URL's bytes to a file, which is there whole or not at all; see :meth:`Hub.download_url_to_file`.

    Raises:
        WrongHashError: the bytes are other ones; nothing of them was kept.
        MalformedSettingError: ``url`` is none.
        OfflineError: rehub may open no socket.
        DownloadError: they did not come whole.
        StoreError: the disk refused.
        OSError: the file cannot have that name.

    Example:
        >>> download_url_to_file("data:,hello", "hello.txt")
    """
    DEFAULT.download_url_to_file(url, dst, hash_prefix, progress)


def load_state_dict_from_url(  # noqa: PLR0913, PLR0917 - torch.hub's parameters
    url: str,
    model_dir: str | os.PathLike[str] | None = None,
    map_location: Any = None,
    progress: bool = True,  # noqa: FBT001, FBT002
    check_hash: bool = False,  # noqa: FBT001, FBT002
    file_name: str | None = None,
    weights_only: bool | None = None,  # noqa: FBT001
) -> Any:
    """Read weights from a URL, or from the file that has its bytes; see :meth:`Hub.load_state_dict_from_url`.

    Raises:
        MalformedSettingError: ``url`` is none, the name cannot be a file's, or has no hash to check.
        DigestMismatchError: the bytes are not the promised ones, or not those that came.
        OfflineError: they are not there, and rehub may open no socket.
        DownloadError: they did not come whole.
        StoreError: the disk refused.
        UnsafeWeightsError: reading them in full would run code, and nobody allowed that.
        MalformedWeightsError: they are no sound file of weights.
        MissingDependencyError: torch is not installed.
        Exception: what a file that may be read in full raises.

    Example:
        >>> from pathlib import Path
        >>> import torch
        >>> torch.save({"weight": torch.ones(2)}, "two.pth")
        >>> load_state_dict_from_url(Path("two.pth").absolute().as_uri())
        {'weight': tensor([1., 1.])}
    """
    return DEFAULT.load_state_dict_from_url(url, model_dir, map_location, progress, check_hash, file_name, weights_only)


def install() -> None:
    """Let torch.hub itself go through :mod:`rehub.compat` from here on, in this process.

    Whoever imported its functions before is answered as well; torch is not imported for it.

    Example:
        >>> install()
        >>> import torch
        >>> torch.hub.list("acme/shapes", trust_repo=True, verbose=False)
        ['circle', 'square']
    """
    from rehub.takeover import install as take_over

    take_over()
