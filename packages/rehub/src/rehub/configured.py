"""What a hub goes by, and what that leads to: the settings of now, the store, the user's decisions, git."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehub.given import check, folder_of, folders_of, hosts_of, mirrors_of
from rehub.words.hosts import host_name
from rehub.words.settings import Settings

if TYPE_CHECKING:
    from rehub.verbs.fetch import Fetching
    from rehub.verbs.locked import Locks
    from rehub.verbs.weights import Permission
    from rehub.words.pin import Checkout
    from rehub.words.settings import TrustMode, VerifyMode
    from rehub.words.trust import WeightsGrant
    from rehub.world.git import Git
    from rehub.world.grants import Grants
    from rehub.world.store import Store


class Configured:
    """Settings as a program gives them, over the environment and the configuration file; asked anew each time.

    The arguments are those of :class:`rehub.Hub`.

    Raises:
        MalformedSettingError: a setting has a value that it cannot have.
    """

    def __init__(  # noqa: PLR0913 - one for each setting
        self,
        *,
        dir: str | os.PathLike[str] | None = None,  # noqa: A002 - torch.hub's word
        offline: bool | None = None,
        mirrors: str | Mapping[str, str] | None = None,
        trust: TrustMode | None = None,
        verify: VerifyMode | None = None,
        timeout: float | None = None,
        hosts: str | Mapping[str, str | Mapping[str, str]] | None = None,
        default_host: str | None = None,
        legacy_links: bool | None = None,
        lock: str | os.PathLike[str] | None = None,
        locked: bool | None = None,
        shared: str | Iterable[str | os.PathLike[str]] | None = None,
        progress: Callable[[str], None] = lambda _: None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._progress = progress
        given = {
            "dir": None if dir is None else folder_of(dir),
            "offline": offline,
            "mirrors": None if mirrors is None else mirrors_of(mirrors),
            "trust": trust,
            "verify": verify,
            "timeout": timeout,
            "hosts": None if hosts is None else hosts_of(hosts),
            "default_host": None if default_host is None else host_name("default_host", default_host),
            "legacy_links": legacy_links,
            "lock": None if lock is None else folder_of(lock, "lock", "a file"),
            "locked": locked,
            "shared": None if shared is None else folders_of(shared),
        }
        self._given: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        check(self._given)
        self._recording: list[Path] = []  # the blocks that this hub is in, in whichever thread; the last one counts
        self._last_git: Git | None = None

    @property
    def settings(self) -> Settings:
        """What this hub goes by now: what was given, then the environment, then the configuration file.

        Raises:
            MalformedSettingError: a variable or the file holds a value that cannot be.
        """
        from rehub.world.config import read_settings

        recording = {"lock": self._recording[-1]} if self._recording else {}
        return replace(read_settings(self._environ), **self._given | recording)

    @property
    def store(self) -> Store:
        """The cache that this hub uses, over those that it shares with others."""
        from rehub.world.store import Store

        settings = self.settings
        return Store(settings.store_dir, settings.shared_dirs)

    @property
    def grants(self) -> Grants:
        """The user's decisions about which code may run."""
        from rehub.world.grants import Grants

        return Grants(self.settings.trust_file)

    def permission(self, *, users_own_call: bool = False) -> Permission:
        """Give who may have a file of weights read in full, if it cannot be read otherwise.

        Args:
            users_own_call: the user's own code says ``weights_only=False``.
        """
        from rehub.verbs.weights import Permission

        def grants() -> list[WeightsGrant]:  # few files need any
            return self.grants.weights()

        return Permission(users_own_call=users_own_call, mode=self.settings.trust, grants=grants)

    def allow_weights(self, what: str) -> WeightsGrant:
        """Allow a file of weights to be read in full here, which runs what is in it.

        Args:
            what: its digest, ``sha256:`` and 64 hex digits; or a file that is here, of which it is worked out.

        Raises:
            MalformedSettingError: it is neither.
            OSError: the file cannot be read.
        """
        from rehub.verbs.trust import allow_weights

        return allow_weights(what, self.grants)

    def disallow_weights(self, what: str) -> Iterable[WeightsGrant]:
        """Take back what :meth:`allow_weights` allowed; give what was taken back."""
        from rehub.verbs.trust import disallow_weights

        return disallow_weights(what, self.grants)

    @property
    def _git(self) -> Git:
        """git, for the environment as it is now: a token may have been set since the last time."""
        from rehub.world.git import Git

        now = Git(dict(self._environ), self.settings.timeout)
        # The last one has looked for git and for the user's configuration already.
        self._last_git = self._last_git if self._last_git == now else now
        return self._last_git

    @property
    def _fetching(self) -> Fetching:
        from rehub.verbs.fetch import Fetching

        return Fetching(self.settings, self.store, self._git, self._progress, locks=self.locks)

    @property
    def locks(self) -> Locks | None:
        """The lock in use, as it is now; of a hub that is locked and was told no other, the working folder's.

        Raises:
            MalformedLockError: it cannot be read.
        """
        settings = self.settings
        if settings.lock is None and not settings.locked:
            return None
        from rehub.verbs.locked import DEFAULT, Locks

        return Locks.of(settings.lock or Path(DEFAULT).absolute(), only=settings.locked)

    @contextmanager
    def recording(self, lock: str | os.PathLike[str] = "rehub.lock") -> Iterator[None]:
        """Record what this hub loads meanwhile, in whichever thread; what the lock knows already is answered from it.

        Args:
            lock: the file; it is made if it is not there.

        Raises:
            MalformedLockError: it cannot be read.
            DigestMismatchError: it has other bytes under a ref or URL than were loaded.
            LockFileError: it cannot be read or written.
        """
        from rehub.verbs.record import until_end

        path = folder_of(lock, "lock", "a file")
        with until_end(path):
            self._recording.append(path)
            try:
                yield
            finally:
                self._recording.remove(path)

    def complete(self, checkout: Checkout) -> Checkout:
        """Fetch what git LFS keeps for a checkout, if it keeps something; what cannot be had stays a pointer."""
        if not checkout.lfs:
            return checkout
        from rehub.verbs.lfs import complete

        return complete(checkout, self._fetching, self._environ)

    def as_of(self, text: str, checkout: Checkout) -> str:
        """Give a time in UTC: of ``commit`` (the checkout's), of another commit, of a day, or of a time.

        Raises:
            MalformedSettingError: it is none of these.
            RehubError: the commit cannot be had.
        """
        from rehub.verbs.environment import as_of

        return as_of(text, checkout, self._fetching)

    def get_dir(self) -> str:
        """Give torch.hub's folder, as :func:`torch.hub.get_dir` does; it need not exist."""
        return str(self.settings.dir)

    def set_dir(self, d: str | os.PathLike[str]) -> None:
        """Use another folder from here on.

        Raises:
            TypeError: it is not a path.
        """
        self._given["dir"] = folder_of(d)
