"""From what was loaded to what a lock says of it, and from that to a lock that says it, too."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rehub.words.errors import DigestMismatchError, MalformedSettingError
from rehub.words.harmless import harmless
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.provenance import Provenance

_MOST = 20  # things that went past rehub which are named; a lock is read by people

_OTHER = "The lock stays as it is. What it says holds; 'rehub update' shows what has moved."


def is_lockable(url: str) -> bool:
    """Say whether a lock names a URL's bytes: those of ``data:`` stand in the URL itself."""
    return url[:5].lower() != "data:"


def model_of(made: Provenance, ref: str, *, folders: Sequence[str] = (), name: str = "") -> LockedModel:
    """Put a load into a lock's words.

    Args:
        made: what is known of it.
        ref: as it was asked for; of a folder as it is seen from the lock's.
        folders: that took part, of the user's own: nothing says what is in them.
        name: what the lock shall call it; the entry's, if that is empty.
    """
    unverified = list(dict.fromkeys([*(f"runs {each}, a folder" for each in folders), *_unverified(made)]))
    more = len(unverified) - _MOST
    return LockedModel(
        name=name or made.entry,
        ref=ref,
        entry=made.entry,
        args=tuple(map(harmless, made.args)),
        kwargs=tuple((key, harmless(value, key)) for key, value in made.kwargs),
        repositories=tuple(dict.fromkeys(_repositories(made))),
        weights=tuple(dict.fromkeys(_weights(made))),
        complete=not unverified,
        unverified=tuple(unverified[:_MOST]) + ((f"and {more} more",) if more > 0 else ()),
        environment=made.environment.versions if made.environment else (),
    )


def _repositories(made: Provenance) -> Iterator[LockedRepository]:
    for each in made.walk():
        if each.pin:
            yield LockedRepository(each.ref or str(each.pin), each.pin, each.git_tree)


def _weights(made: Provenance) -> Iterator[LockedWeights]:
    for each in made.walk():
        for used in each.weights:
            if is_lockable(used.url):
                yield LockedWeights(used.url, used.sha256, used.size)


def _unverified(made: Provenance) -> Iterator[str]:
    for each in made.walk():
        yield from map(str, each.unverified)


def with_model(lock: Lock, model: LockedModel) -> Lock:
    """Give a lock that has a model, too; of one that it has already, it says all that was seen.

    A name that another model has gets a number; one that the user gave (unlike its entry's) must be free.

    Raises:
        DigestMismatchError: the lock has other bytes under the same ref or URL.
        MalformedSettingError: another model has the name that the user gave.
    """
    for repository in model.repositories:
        _check_repository(lock, repository)
    for weights in model.weights:
        _check_weights(lock, weights)
    known = lock.model(model.call)
    others = tuple(each for each in lock.models if each is not known)
    if known:
        return replace(lock, models=(*others, _joined(known, model, others)))
    return replace(lock, models=(*others, replace(model, name=_free(model.name, model.entry, others))))


def with_weights(lock: Lock, weights: LockedWeights) -> Lock:
    """Give a lock that has a file, too, which no entry is known to have asked for.

    Raises:
        DigestMismatchError: the lock has other bytes of that URL.
    """
    _check_weights(lock, weights)
    return lock if lock.file(weights.url) else replace(lock, weights=(*lock.weights, weights))


def _check_repository(lock: Lock, found: LockedRepository) -> None:
    known = lock.repository(found.ref)
    if known and known.pin != found.pin:
        raise DigestMismatchError(found.ref, _told(known), _told(found), _OTHER)


def _told(repository: LockedRepository) -> str:
    pin = repository.pin
    return f"{pin}, {pin.tree.h1 if pin.tree else 'never fetched'}"


def _check_weights(lock: Lock, found: LockedWeights) -> None:
    known = lock.file(found.url)
    if known and known.sha256 != found.sha256:
        raise DigestMismatchError(found.url, known.sha256, found.sha256, _OTHER)


def _joined(known: LockedModel, seen: LockedModel, others: Sequence[LockedModel]) -> LockedModel:
    """Join what two loads of one model have shown: what only one of them needed is needed."""
    asked = seen.name not in {seen.entry, known.name}
    refs, urls = {each.ref for each in known.repositories}, {each.url for each in known.weights}
    return replace(
        known,
        name=_free(seen.name, seen.entry, others) if asked else known.name,
        repositories=(*known.repositories, *(each for each in seen.repositories if each.ref not in refs)),
        weights=(*known.weights, *(each for each in seen.weights if each.url not in urls)),
        complete=known.complete and seen.complete,
        unverified=tuple(dict.fromkeys([*known.unverified, *seen.unverified])),
        environment=known.environment or seen.environment,
    )


def _free(name: str, entry: str, others: Sequence[LockedModel]) -> str:
    taken = {each.name for each in others}
    if name not in taken:
        return name
    if name != entry:
        raise MalformedSettingError("name", name, "a name that no other model of the lock has")
    return next(each for number in range(2, len(taken) + 3) if (each := f"{entry}-{number}") not in taken)
