"""Files and weights by URL, for a hub with settings of its own."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehub.configured import Configured
from rehub.given import url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehub.verbs.weights import Transfer


class Files(Configured):
    """The verbs about files; the arguments are those of :class:`rehub.Hub`."""

    def download_url_to_file(
        self,
        url: str,
        dst: str | os.PathLike[str],
        hash_prefix: str | None = None,
        progress: bool = True,  # noqa: FBT001, FBT002
    ) -> None:
        """Bring a URL's bytes to a file, which is there whole or not at all.

        What a killed process has left is gone on with. Processes that want one file at the same time bring it once.

        Args:
            url: ``http``, ``https``, ``file`` or ``data``. Its own user and password, what ``~/.netrc`` has for its
                host, and the tokens of known or described hosts go to exactly that server.
            dst: the file; one of that name is replaced. It has the permissions of any new file.
            hash_prefix: what the SHA-256 of the bytes must start with.
            progress: tell the hub's own ``progress`` how far it is; nothing is printed.

        Raises:
            WrongHashError: the bytes are other ones; nothing of them was kept.
            MalformedSettingError: ``url`` is none.
            NotLockedError: the lock in use does not know it, and nothing else may be loaded.
            OfflineError: rehub may open no socket.
            DownloadError: they did not come whole.
            StoreError: the disk refused.
            OSError: the file cannot have that name.
        """
        from rehub.verbs.weights import download_to

        url = url_of(url)
        target = Path(os.path.expanduser(dst))
        with self.transferring(target.name, shown=progress) as transfer:
            download_to(url, target, transfer, prefix=hash_prefix)

    def load_state_dict_from_url(  # noqa: PLR0913, PLR0917 - torch.hub's parameters
        self,
        url: str,
        model_dir: str | os.PathLike[str] | None = None,
        map_location: Any = None,
        progress: bool = True,  # noqa: FBT001, FBT002
        check_hash: bool = False,  # noqa: FBT001, FBT002
        file_name: str | None = None,
        weights_only: bool | None = None,  # noqa: FBT001
    ) -> Any:
        """Read weights from a URL, or from the file in which its bytes are already.

        Args:
            url: where they come from, as for :meth:`download_url_to_file`.
            model_dir: a folder of your own in which the file is, or is put. Without one it is in the store, once for
                all URLs that give these bytes; what torch.hub has left in its ``checkpoints`` is used where it lies.
            map_location: as :func:`torch.load` takes it.
            progress: tell the hub's own ``progress`` how far it is; nothing is printed.
            check_hash: the file's name ends in eight or more hex digits of its SHA-256. Those are checked without it,
                too, if one is a letter; with it they must be there.
            file_name: of the file, instead of the URL's own.
            weights_only: ``False`` runs what is in a file that is more than weights; otherwise such a file must have
                been allowed by ``rehub trust add --weights``.

        Raises:
            MalformedSettingError: ``url`` is none, the name cannot be a file's, or has no hash to check.
            DigestMismatchError: the bytes are not the promised ones, or not those that came.
            NotLockedError: the lock in use does not know it, and nothing else may be loaded.
            OfflineError: they are not there, and rehub may open no socket.
            DownloadError: they did not come whole.
            StoreError: the disk refused.
            UnsafeWeightsError: reading them in full would run code, and nobody allowed that.
            MalformedWeightsError: they are no sound file of weights.
            MissingDependencyError: torch is not installed.
            Exception: what a file that may be read in full raises.
        """
        from rehub.verbs.weights import fetch_weights, read_brought
        from rehub.words.errors import MalformedSettingError
        from rehub.words.weightfile import HASH_DIGITS, hash_in
        from rehub.words.weightfile import file_name as name_of
        from rehub.words.weights import promised

        url = url_of(url)
        name = name_of(url, file_name)
        if check_hash and len(hash_in(name) or "") < HASH_DIGITS:
            raise MalformedSettingError("check_hash", check_hash, f"False: there are no {HASH_DIGITS} digits in {name}")
        settings = self.settings
        if settings.legacy_links and model_dir is None:
            model_dir = settings.dir / "checkpoints"
        with self.transferring(name, shown=progress) as transfer:
            weights = fetch_weights(
                url,
                transfer,
                name=name,
                folder=None if model_dir is None else Path(os.path.expanduser(model_dir)),
                promise=promised(url, name, check_hash=check_hash),
                linked=settings.legacy_links,
            )
        permission = self.permission(users_own_call=weights_only is False)
        return read_brought(url, weights, self.store, map_location=map_location, permission=permission, name=name)

    @contextmanager
    def transferring(self, name: str, *, shown: object) -> Iterator[Transfer]:
        """Give what downloading needs; how far it is, this hub's ``progress`` is told, if anybody shall be."""
        from rehub.verbs.weights import Transfer
        from rehub.verbs.weights.pace import watching

        # Of the processes of one machine that torchrun has started the first one speaks, whichever brings the file.
        if not shown or self._environ.get("LOCAL_RANK", "0") not in {"", "0"}:
            yield Transfer(self.settings, self.store, environ=self._environ, locks=self.locks)
            return
        watch = watching(name, self._progress)
        yield Transfer(self.settings, self.store, watch, environ=self._environ, locks=self.locks)
