"""torch's functions that read files, as the code of a checkout finds them: nothing runs that the user has not allowed.

A file of the checkout itself is part of what was allowed: its bytes are pinned with the code. Any other is read as
weights; if it is more than that, its digest must have been allowed by name. What the code says of ``weights_only`` is
its wish. ``pickle.load`` and whatever else Python has cannot be seen here.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, cast

from rehub.nested import hub_of
from rehub.verbs.provenance import note_read
from rehub.verbs.weights.opened import Opened, opened, opened_object
from rehub.verbs.weights.reading import Permission, allow_program, read_opened
from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.weightfiles import Kind
from rehub.world.scope import Scope
from rehub.world.store import Store

Function = Callable[..., Any]
_READING = ("rehub.verbs.weights.", "rehub.nested_files")


def is_reading(frame: FrameType | None) -> bool:
    """Say whether a call comes from rehub's own reading, directly or by way of torch."""
    while frame is not None:
        where = str(frame.f_globals.get("__name__"))
        if where.startswith(_READING):
            return True
        if where.partition(".")[0] != "torch":
            return False
        frame = frame.f_back
    return False


def load(  # noqa: PLR0913 - torch.load's parameters
    scope: Scope,
    before: Function,
    /,
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,  # noqa: ARG001 - a repository's wish
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what ``torch.save`` wrote.

    Raises:
        UnsafeWeightsError: reading it in full would run code, and nobody allowed that.
        MalformedWeightsError: it is no sound file of weights.
    """
    with _opened(f) as file:
        permission = _permission(scope, file)
        _tell(scope, file, permission)

        def in_full(place: Any) -> Any:
            own = mmap if isinstance(place, str) else None
            more = {"weights_only": False, "mmap": own, **pickle_load_args}
            return before(place, map_location, pickle_module, **more)

        return read_opened(file, map_location=map_location, permission=permission, in_full=in_full)


def load_script(scope: Scope, before: Function, /, f: Any, *args: Any, **kwargs: Any) -> Any:
    """Read a TorchScript archive, which is a program.

    Raises:
        UnsafeWeightsError: nobody allowed it.
    """
    return _load_program(scope, before, Kind.TORCHSCRIPT, f, *args, **kwargs)


def load_exported(scope: Scope, before: Function, /, f: Any, *args: Any, **kwargs: Any) -> Any:
    """Read a program of ``torch.export``, which may hold pickles and native code.

    Raises:
        UnsafeWeightsError: nobody allowed it.
    """
    return _load_program(scope, before, Kind.EXPORTED, f, *args, **kwargs)


def _load_program(scope: Scope, before: Function, kind: Kind, f: Any, /, *args: Any, **kwargs: Any) -> Any:
    with _opened(f) as file:
        permission = _permission(scope, file)
        _tell(scope, file, permission)
        with allow_program(file, kind, permission) as own:
            return before(own.place, *args, **kwargs)


@contextmanager
def _opened(f: Any) -> Iterator[Opened]:
    """Open what torch would open."""
    if isinstance(f, str | os.PathLike):
        with opened(Path(os.fspath(f))) as file:
            yield file
    else:
        with opened_object(f) as file:
            yield file


def _permission(scope: Scope, file: Opened) -> Permission:
    return replace(hub_of(scope).permission(), inside_checkout=_is_own(scope, file))


def _tell(scope: Scope, file: Opened, permission: Permission) -> None:
    """Tell the provenance of a file that is none of the checkout; nothing is hashed for that.

    Raises:
        NotLockedError: it lies where downloads are kept, and the lock does not have it, but all that may be loaded.
    """
    path = file.real_path
    if permission.inside_checkout or path is None:
        return
    store = hub_of(scope).store
    blob = _blob(path, store)
    if blob and scope.proof.inside(file.name):  # git LFS keeps it for the checkout, which names its digest
        return
    _check_lock(scope, path, file)
    note_read(scope, path, blob or _downloaded(path, file, store))


def _check_lock(scope: Scope, path: str, file: Opened) -> None:
    """Hold a file of torch.hub's folder, where downloads are kept, against the lock, whoever has put it there."""
    hub = hub_of(scope)
    locks = hub.locks
    if locks and locks.only and Path(path).is_relative_to(os.path.realpath(hub.settings.dir)):
        locks.check_file(path, file.digest.hex)


def _blob(path: str, store: Store) -> str | None:
    """Give the SHA-256 of a file of the store, whose name it is."""
    name = Path(path).name
    try:
        return name if os.path.realpath(store.blobs.path(Digest(name))) == path else None
    except MalformedError:
        return None


def _downloaded(path: str, file: Opened, store: Store) -> str | None:
    """Give the SHA-256 of a file that rehub once downloaded, if it still looks as it did."""
    record = store.downloads.find(Path(path))
    return record.seen.sha256 if record and record.seen.still(os.fstat(cast("int", file.handle))) else None


def _is_own(scope: Scope, file: Opened) -> bool:
    """Say whether a file is one of the checkout, with the bytes that it has there; in a folder of the user's, any."""
    path = file.real_path
    inside = scope.proof.inside(path) if path else None
    if inside is None:
        return False
    files = scope.proof.files
    if files is None:
        return True
    return files.get(os.path.relpath(inside, scope.proof.inside(scope.root)).replace(os.sep, "/")) == file.digest.hex
