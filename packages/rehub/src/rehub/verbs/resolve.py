"""From a ref, which may move, to a commit, which may not: by git's own protocol, never a guess."""

import logging
import warnings
from dataclasses import dataclass

from rehub.words.errors import RefNotFoundError
from rehub.words.ref import Ref, Remote
from rehub.world.git import Advertised, BareRepository, Git, Source
from rehub.world.store import Store

_FULL = 40  # hex digits of a whole commit id

log = logging.getLogger("rehub")


class AmbiguousRefWarning(UserWarning):
    """A name is both a branch and a tag; the tag was taken."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a ref means at this moment.

    Attributes:
        commit: 40 hex digits.
        name: the branch or tag by which it was found, in full.
    """

    commit: str
    name: str


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """How much of a history may be asked for, to find a commit in it."""

    bytes: int = 64 << 20  # of a commits-only repository
    seconds: float = 60.0


def resolve(ref: Ref, source: Source, *, store: Store, git: Git, limits: HistoryLimits = HistoryLimits()) -> Resolved:
    """Ask a remote what a ref means.

    Raises:
        RefNotFoundError: no branch or tag has that name, and no branch or tag reaches such a commit.
        RemoteRefusedError: a commit must be checked, and the server cannot send a history without files.
        RepositoryNotFoundError, AuthenticationError, UnreachableError: as they say.
    """
    if ref.rev is None:
        return _default(source)
    if ref.maybe_commit:
        return _commit_or_name(ref.rev, ref.maybe_commit, source, store=store, git=git, limits=limits)
    names = _full_names(ref.rev)
    return _named(ref.rev, source.advertised(*names), source.remote)


def _full_names(rev: str) -> list[str]:
    if rev.startswith(("refs/heads/", "refs/tags/")):
        return [rev, f"{rev}^{{}}"]
    return [f"refs/tags/{rev}", f"refs/tags/{rev}^{{}}", f"refs/heads/{rev}"]


def _default(source: Source) -> Resolved:
    """Follow the remote's own HEAD."""
    found = source.advertised()
    if "HEAD" not in found.refs:
        # A HEAD that names a branch without commits is not advertised at all.
        detail = "it is empty" if not found.head else f"its default branch {found.head} has no commit"
        raise RefNotFoundError(str(source.remote), "HEAD", detail)
    return Resolved(found.refs["HEAD"], found.head or "HEAD")


def _named(rev: str, found: Advertised, remote: Remote) -> Resolved:
    """Choose between a tag and a branch of one name: the tag, said aloud."""
    known = [name for name in _full_names(rev) if name in found.refs]
    if not known:
        raise RefNotFoundError(str(remote), rev)
    if len(known) > 1:
        warnings.warn(
            f"{rev} of {remote} is both a tag and a branch; the tag was taken. "
            f"Say {remote}@refs/tags/{rev} or {remote}@refs/heads/{rev} to be sure.",
            AmbiguousRefWarning,
            stacklevel=2,
        )
    return Resolved(found.refs[known[0]], known[0])


def _commit_or_name(  # noqa: PLR0913 - those of resolve
    rev: str, digits: str, source: Source, *, store: Store, git: Git, limits: HistoryLimits
) -> Resolved:
    """Take hex digits for a branch or tag of that name, the tip of one, or a commit that one reaches: in this order.

    40 digits are always a commit: a branch that is named like one would put itself in its place.
    """
    found = source.advertised("refs/heads/*", "refs/tags/*")
    if len(digits) < _FULL and any(name in found.refs for name in _full_names(rev)):
        return _named(rev, found, source.remote)
    tips = {
        commit: name
        for name, commit in sorted(found.refs.items(), reverse=True)
        if commit.startswith(digits) and name != "HEAD"
    }
    if len(tips) == 1:
        return Resolved(*next(iter(tips.items())))
    return _reachable(digits, source, store=store, git=git, limits=limits)


def _reachable(digits: str, source: Source, *, store: Store, git: Git, limits: HistoryLimits) -> Resolved:
    """Ask the history, without any content: is there one such commit, and does a branch or tag reach it?

    A commit that only a fork has is served by its parent repository's URL too, so that being served proves nothing.
    """
    history = BareRepository(git, store.commits_dir(source.remote))
    reached = _reached(history, digits) if history.path.exists() else {}
    if not reached and history.path.exists() and history.unsound():
        log.warning("the history kept for %s was damaged; it is fetched anew", source.remote)
        history.remove()
    if not reached:
        with history.or_as_before():
            source.fetch_history(history.path, max_bytes=limits.bytes, limit=limits.seconds)
        reached = _reached(history, digits)
    if len(reached) > 1:
        shown = ", ".join(commit[:12] for commit in sorted(reached))
        raise RefNotFoundError(
            str(source.remote), digits, f"{len(reached)} commits start with it ({shown}); give more digits"
        )
    if not reached:
        raise RefNotFoundError(str(source.remote), digits)
    return Resolved(*next(iter(reached.items())))


def _reached(history: BareRepository, digits: str) -> dict[str, str]:
    """Give the commits that start with some digits, each with a branch or tag that reaches it."""
    commits = history.commits_named(digits)
    return {commit: name for commit in commits if (name := history.reached_by(commit))}
