"""What a lock names, for a hub with settings of its own: brought, hashed again, looked for upstream, mirrored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rehub._version import __version__
from rehub.files import Files
from rehub.given import folder_of

if TYPE_CHECKING:
    from rehub.verbs.mirror.making import Mirrored
    from rehub.verbs.sync import Synced
    from rehub.verbs.verifylock import VerifiedLock
    from rehub.words.update import Update


class Locking(Files):
    """The verbs about all that a lock names; the arguments are those of :class:`rehub.Hub`."""

    def sync(self, lock: str | os.PathLike[str] | None = None, *, jobs: int | None = None) -> Synced:
        """Bring everything that a lock names into the store; what is there already is not asked for.

        Nothing of it is run. What fails does not keep the rest from coming: the result says what did.

        Args:
            lock: the file; without one this hub's, or ``rehub.lock`` in the working folder.
            jobs: how many repositories and files at a time.

        Raises:
            NotFoundError: there is no such file.
            MalformedLockError: it cannot be read.
            OfflineError: something is missing, and rehub is offline; ``missing`` names all that is.
        """
        from rehub.verbs.locked import Locks
        from rehub.verbs.sync import JOBS, sync
        from rehub.verbs.weights import Transfer

        path = self._lock_path(lock)
        transfer = Transfer(self.settings, self.store, environ=self._environ)
        return sync(Locks.there(path).lock, self._fetching, transfer, jobs=jobs or JOBS, name=path.name)

    def verify(self, lock: str | os.PathLike[str] | None = None) -> VerifiedLock:
        """Hash everything in the store that a lock names. Nothing is changed, and no socket opened.

        Args:
            lock: the file; without one this hub's, or ``rehub.lock`` in the working folder.

        Raises:
            NotFoundError: there is no such file.
            MalformedLockError: it cannot be read.
            StoreError: the disk refused.
        """
        from rehub.verbs.locked import Locks
        from rehub.verbs.verifylock import verify_lock

        return verify_lock(Locks.there(self._lock_path(lock)).lock, self.store)

    def update(self, name: str = "", *, lock: str | os.PathLike[str] | None = None, code: bool = False) -> Update:
        """Say what has happened upstream since a lock was made, and what that means for its calls.

        Nothing of a repository is run, and nothing is written: ``rehub update --accept`` takes what is there.

        Args:
            name: only what this model of the lock is made of; empty for all.
            lock: the file; without one this hub's, or ``rehub.lock`` in the working folder.
            code: show how the code differs, too.

        Raises:
            NotFoundError: there is no such file.
            MalformedLockError: it cannot be read.
            MalformedSettingError: it has no model of that name.
            OfflineError: rehub is offline, and what is upstream can only be asked.
        """
        from rehub.verbs.locked import Locks
        from rehub.verbs.update import Asking, update

        known = Locks.there(self._lock_path(lock))
        return update(known.lock, known.shown, Asking(self._fetching, __version__, code=code), name=name)

    def mirror(self, folder: str | os.PathLike[str], *, lock: str | os.PathLike[str] | None = None) -> Mirrored:
        """Write what the store holds into a static mirror: plain files that any server can give out.

        Nothing is fetched. A mirror that is there already gets what is new, and may be served meanwhile.

        Args:
            folder: a new or empty folder, or a mirror.
            lock: only what this lock names, all of which must be in the store; without it, and without a lock of this
                hub's own, all that the store holds.

        Returns:
            What is in it, and what was left out as it is damaged here.

        Raises:
            NotFoundError: there is no such lock, or the store lacks something that it names.
            MalformedLockError: it cannot be read.
            MalformedSettingError: the folder holds something else.
            StoreError: the disk refused.
        """
        from rehub.verbs.locked import Locks
        from rehub.verbs.mirror.making import make_mirror

        where = folder_of(lock, "lock", "a file") if lock is not None else self.settings.lock
        named = Locks.there(where).lock if where else None
        return make_mirror(self._fetching, folder_of(folder, "folder"), named)

    def _lock_path(self, given: str | os.PathLike[str] | None) -> Path:
        from rehub.verbs.locked import DEFAULT

        found = folder_of(given, "lock", "a file") if given is not None else self.settings.lock
        return found or Path(DEFAULT).absolute()
