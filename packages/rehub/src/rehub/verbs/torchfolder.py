"""What stands in torch.hub's own folder: whom it trusts, and the names by which repositories' files are found there.

torch.hub trusts a repository for a line ``<owner>_<name>`` or a folder ``<owner>_<name>_<ref>``. A line or link of ours
is backed by a record of the one repository it is about; one that torch.hub made counts if it can mean only one.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehub.words.errors import StoreError
from rehub.words.pin import Checkout
from rehub.words.ref import Remote
from rehub.words.torchnames import TorchNames
from rehub.world.store import Holder, Store
from rehub.world.torchfolder import LIST, TorchFolder

log = logging.getLogger("rehub")
_LOCK = "names"
_WAIT = 60.0  # seconds; nothing slow is done under this lock


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether torch.hub's folder says that a repository is trusted.

    Attributes:
        trusted: it does.
        doubt: why something that looks like it does not count.
    """

    trusted: bool
    doubt: str = ""


def candidates(remote: Remote, rev: str | None, store: Store) -> list[TorchNames]:
    """Give the names that a repository can have in torch.hub's folder.

    One, if the ref is named or was asked for; else those of the two default branches that torch.hub knows.
    """
    known = store.records.find_ref(remote, None) if rev is None else None
    if known:
        rev = known.name.removeprefix("refs/heads/")
    return [TorchNames(remote, each) for each in ([rev] if rev else ["main", "master"])]


def standing(names: Sequence[TorchNames], folder: TorchFolder, store: Store) -> Standing:
    """Say what torch.hub's folder knows of a repository.

    Args:
        names: what :func:`candidates` gives.
        folder: torch.hub's.
        store: has the records of what is ours.
    """
    if any(each.is_trusted_from_the_start for each in names):
        return Standing(trusted=True)
    found = [_by_line(names[0], folder, store), *(_by_folder(each, folder, store) for each in names)]
    return next((each for each in found if each.trusted), next((each for each in found if each.doubt), found[0]))


def _by_line(names: TorchNames, folder: TorchFolder, store: Store) -> Standing:
    if names.line not in folder.lines():
        return Standing(trusted=False)
    remotes = store.names.remotes(names.line)
    if names.remote.url in remotes or (not remotes and names.line_is_certain):
        return Standing(trusted=True)
    about = f"it was written for {', '.join(remotes)}" if remotes else "it can mean other repositories, too"
    return Standing(trusted=False, doubt=f"the line {names.line} of {LIST} does not count: {about}")


def _by_folder(names: TorchNames, folder: TorchFolder, store: Store) -> Standing:
    for name in dict.fromkeys((names.folder, names.apart)):
        holder = store.names.holder(name) if _is_ours(name, folder, store) else None
        if holder and holder.trusted and holder.remote == names.remote.url:
            return Standing(trusted=True)
    if not folder.is_folder(names.folder):
        return Standing(trusted=False)
    if names.folder_is_certain:
        return Standing(trusted=True)
    return Standing(trusted=False, doubt=f"the folder {names.folder} does not count: other repositories can be meant")


def own_folder(names: Sequence[TorchNames], folder: TorchFolder) -> Path | None:
    """Give the folder that torch.hub itself made for a repository, if it can be of no other."""
    found = (each.folder for each in names if each.folder_is_certain and folder.is_folder(each.folder))
    return next((folder.root / name for name in found), None)


def remember(names: TorchNames, folder: TorchFolder, store: Store) -> None:
    """Write down that the user trusts a repository; a folder that cannot be written is no reason to stop."""
    if names.line in folder.lines() and names.remote.url in store.names.remotes(names.line):
        return
    try:
        with store.locked_key(_LOCK, what="torch.hub's folder", wait=_WAIT):
            store.names.add_remote(names.line, names.remote.url)
            if names.line not in folder.lines():
                folder.add_line(names.line)
    except OSError as error:  # StoreError is one, too
        log.warning("that %s is trusted could not be kept: %s", names.remote, error)


def link(
    names: TorchNames, checkout: Checkout, folder: TorchFolder, store: Store, *, trusted: bool = False
) -> Path | None:
    """Let torch.hub's name lead to an admitted checkout.

    A name that leads elsewhere is left to whoever has it, and this one gets another.

    Args:
        names: the repository's.
        checkout: where they shall lead.
        folder: torch.hub's.
        store: keeps whose a name is.
        trusted: torch.hub's own rules trust the repository, so that the link may count as a sign of it later.

    Returns:
        The link, or ``None`` where none can be made.
    """
    try:
        found = _there(names, checkout, folder, store, trusted=trusted)
        return found or _linked(names, checkout, folder, store, trusted=trusted)
    except OSError as error:  # StoreError is one, too; Windows allows links to few
        log.info("%s has no name in %s: %s", checkout, folder.root, error)
        return None


def _has(names: TorchNames, holder: Holder | None) -> bool:
    return holder is not None and (holder.remote, holder.rev) == (names.remote.url, names.rev)


def _there(names: TorchNames, checkout: Checkout, folder: TorchFolder, store: Store, *, trusted: bool) -> Path | None:
    """Give the link if it is there and right, without writing anything."""
    for name in dict.fromkeys((names.folder, names.apart)):
        holder = store.names.holder(name)
        if holder and _has(names, holder) and holder.trusted >= trusted and folder.target(name) == checkout.root:
            return folder.root / name
    return None


def _linked(names: TorchNames, checkout: Checkout, folder: TorchFolder, store: Store, *, trusted: bool) -> Path:
    with store.locked_key(_LOCK, what="torch.hub's folder", wait=_WAIT):
        for name in dict.fromkeys((names.folder, names.apart)):
            holder = store.names.holder(name)
            if _is_free(name, folder, store) or (_is_ours(name, folder, store) and _has(names, holder)):
                made = folder.link(name, checkout.root, scratch=store.root / "tmp")
                known = _has(names, holder) and holder is not None and holder.trusted
                store.names.hold(name, Holder(names.remote.url, names.rev, trusted=trusted or known))
                return made
            log.info("%s is not %s: that name is taken", folder.root / name, checkout)
    raise StoreError(str(folder.root / names.apart), "something else is there")


def _is_free(name: str, folder: TorchFolder, store: Store) -> bool:
    """Say whether nobody has a name: nothing is there, or a link of ours that leads nowhere or belongs to nobody."""
    if not folder.is_taken(name):
        return True
    lost = not (folder.root / name).exists() or store.names.holder(name) is None
    return _is_ours(name, folder, store) and lost


def _is_ours(name: str, folder: TorchFolder, store: Store) -> bool:
    target = folder.target(name)
    return target is not None and any(target.is_relative_to(each) for each in (store.root, *store.shared))


def drop_dangling(folder: TorchFolder, store: Store) -> list[str]:
    """Remove the links of ours whose checkout is gone: torch.hub stumbles over them."""
    gone = [name for name in store.names.folders() if _is_ours(name, folder, store)]
    gone = [name for name in gone if not (folder.root / name).exists()]
    if gone:
        with store.locked_key(_LOCK, what="torch.hub's folder", wait=_WAIT):
            for name in gone:
                if not (folder.root / name).exists():
                    folder.unlink(name)
                    store.names.release(name)
    return gone
