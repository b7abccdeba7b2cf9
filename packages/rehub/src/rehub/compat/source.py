"""From a repository as torch.hub's users name it to an admitted checkout, with torch.hub's name for its folder."""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from rehub.compat import trust
from rehub.compat.folders import get_dir
from rehub.compat.links import mirror_of
from rehub.compat.patches import patched
from rehub.hub import Hub
from rehub.verbs.fetch import Fetching, fetch, find_cached
from rehub.verbs.torchfolder import candidates, link, own_folder, remember
from rehub.words.errors import MalformedRefError, OfflineError, UnreachableError
from rehub.words.pin import Checkout, Pin
from rehub.words.ref import Folder, Ref, Remote
from rehub.words.torchnames import TorchNames
from rehub.world.torchfolder import LIST, TorchFolder

log = logging.getLogger("rehub")


class RepoDir(str):
    """A folder's path, as torch.hub gives it, that remembers what lies there.

    Attributes:
        checkout: whose path it is.
    """

    __slots__ = ("checkout",)
    checkout: Checkout

    @classmethod
    def of(cls, path: str, checkout: Checkout) -> Self:
        """Give a checkout's path."""
        made = cls(path)
        made.checkout = checkout
        return made


@dataclass(frozen=True, slots=True)
class Asked:
    """A repository that somebody asked for, and how it is reached here.

    Attributes:
        hub: whose settings hold.
        ref: what was asked for.
        remote: the ref's repository.
        world: brings it.
    """

    hub: Hub
    ref: Ref
    remote: Remote
    world: Fetching

    @classmethod
    def of(cls, github: str, hub: Hub) -> Self:
        """Read what torch.hub's ``github`` can be, and any remote that rehub knows.

        Raises:
            MalformedRefError: it is something else; a :class:`ValueError`, as in torch.hub.
        """
        parse = patched("_parse_repo_info")
        text = "{}/{}:{}".format(*parse(github)) if parse else github
        ref = hub.settings.meant(Ref.parse(text))
        if not isinstance(ref.place, Remote):
            raise MalformedRefError(text, "it is no remote repository", "a folder needs source='local'")
        return cls(hub, ref, ref.place, hub._fetching)  # noqa: SLF001 - the faces are one layer

    @property
    def names(self) -> Sequence[TorchNames]:
        """The names that it can have in torch.hub's folder."""
        return candidates(self.remote, self.ref.rev, self.hub.store)

    @property
    def folder(self) -> TorchFolder:
        """torch.hub's folder."""
        return TorchFolder(self.hub.settings.dir)

    def admitted(self, *, force: bool, trust_repo: object, verbose: bool, unchecked: bool) -> RepoDir:
        """Give its folder, once it may run here.

        Args:
            force: ask where the ref points now, even if it is cached.
            trust_repo: what the caller said.
            verbose: say that it was cached.
            unchecked: take a full commit id unasked.

        Raises:
            UntrustedError: it may not.
            RehubError: it cannot be found or fetched.
        """
        self._make_list()
        found = cached = None if force else find_cached(self.ref, self.world)
        if found is None and self._granted_by_commit():
            found = self._fetched(force=force, unchecked=unchecked)  # which commit decides: fetching runs nothing
        decision = trust.allow(trust.Request(self.hub, self.names, trust_repo, self._pin(found)))
        may_be_old = decision.trusted and not force and self.hub.settings.trust != "never"
        checkout = found or self._fetched(force=force, unchecked=unchecked, may_be_old=may_be_old)
        if decision.is_new:
            remember(self.names[0], self.folder, self.hub.store)
        path = self._path(checkout, trusted=decision.trusted)
        if cached and verbose:
            sys.stderr.write(f"Using cache found in {path}\n")
        return path

    def _make_list(self) -> None:
        """Make the list of trusted repositories, as torch.hub does whatever comes of it."""
        if not self.folder.is_taken(LIST):
            with suppress(OSError):  # a cache that others own
                self.folder.add_line()

    def _granted_by_commit(self) -> bool:
        return any(each.remote == self.remote.url and each.commit for each in self.hub.grants.all())

    def _pin(self, found: Checkout | None) -> Pin | None:
        if found:
            return found.pin
        known = self.world.locks.pin(str(self.ref)) if self.world.locks else None
        if known:
            return known.pin
        return Pin(self.remote, self.ref.commit) if self.ref.commit else None

    def _fetched(self, *, force: bool, unchecked: bool, may_be_old: bool = False) -> Checkout:
        """Bring it; without a connection, what torch.hub itself once brought may do."""
        names = self.names[0]
        if not unchecked and (own := patched("_validate_not_a_forked_repo")):
            own(*names.parts, names.rev)
            unchecked = True
        if not self.hub.settings.offline:
            place = os.path.join(get_dir(), names.folder)  # noqa: PTH118 - as torch.hub joins
            sys.stdout.write(f'Downloading: "{self.remote.url}" to {place}\n')
        try:
            return fetch(self.ref, self._mirrored(), force=force, unchecked=unchecked)
        except (OfflineError, UnreachableError):
            is_locked = self.world.locks and self.world.locks.pin(str(self.ref))
            if is_locked or not may_be_old or not (folder := own_folder(self.names, self.folder)):
                raise
        log.warning("%s is not in the store: %s is used, of which no commit is known", self.ref, folder)
        return fetch(Ref(Folder(str(folder))), self.world)

    def _mirrored(self) -> Fetching:
        """Give what brings it by the mirror that a patched ``_git_archive_link`` names, if there is one."""
        mirror = mirror_of(self.remote, self.names[0].rev)
        if mirror is None:
            return self.world
        settings = self.world.settings
        return replace(self.world, settings=replace(settings, mirrors=(mirror, *settings.mirrors)))

    def _path(self, checkout: Checkout, *, trusted: bool) -> RepoDir:
        """Give torch.hub's name for its folder, or the folder itself where there can be no link."""
        if checkout.pin is None:
            return RepoDir.of(str(checkout.root), checkout)
        made = link(self.names[0], checkout, self.folder, self.hub.store, trusted=trusted)
        path = os.path.join(get_dir(), made.name) if made else str(checkout.root)  # noqa: PTH118 - as torch.hub joins
        return RepoDir.of(path, checkout)
