"""Reading weights whose bytes were hashed: that need not be done again for the very file that was looked at."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from rehub.verbs.weights.reading import NOBODY, Permission, read_weights
from rehub.words.errors import (
    DigestMismatchError,
    MalformedWeightsError,
    MissingDependencyError,
    StoreError,
    UnsafeWeightsError,
)
from rehub.words.weightfile import identity
from rehub.words.weights import Weights
from rehub.world.store import Store
from rehub.world.store.urls import key


def read_brought(  # noqa: PLR0913 - a file, where it came from, and how it is read
    url: str,
    weights: Weights,
    store: Store,
    *,
    map_location: Any = None,
    permission: Permission = NOBODY,
    name: str = "",
) -> Any:
    """Read the weights of a URL: mapped, if the store has their bytes, which never change there; else into memory.

    What cannot be read was maybe cut off on its way: if nothing told where it ends, the next call asks anew.

    Args:
        url: where they came from.
        weights: which.
        store: where they lie, or where what is known of them is written down.
        map_location: as :func:`torch.load` takes it.
        permission: who may have them read in full.
        name: what they are called in messages.

    Raises:
        UnsafeWeightsError: reading them in full would run code, and nobody allowed that.
        MalformedWeightsError: they are no sound file of weights.
        DigestMismatchError: their bytes are other ones by now.
        StoreError: another process has removed them meanwhile.
        Exception: as :func:`rehub.verbs.weights.read_weights`.
    """
    try:
        return _read(weights, store, map_location=map_location, permission=permission, name=name)
    except (UnsafeWeightsError, MissingDependencyError):
        raise
    except FileNotFoundError as error:
        raise StoreError(
            str(weights.file), "another process has removed it since it was found", "Load it again."
        ) from error
    except Exception as error:  # what is read in full fails in torch's own ways
        _forget_unproved(url, store)
        if isinstance(error, MalformedWeightsError) and weights.file != store.blobs.path(weights.digest):
            error.add_note(f"It is {weights.file}: if that is removed, it comes anew.")
        raise


def _read(weights: Weights, store: Store, *, map_location: Any, permission: Permission, name: str) -> Any:
    place = _mapped(weights, store)

    def proved(found: os.stat_result) -> bool:
        if place == store.blobs.path(weights.digest):
            return store.blobs.is_proved(weights.digest, found)
        record = store.downloads.find(place)
        return record is not None and record.seen.sha256 == weights.digest.hex and record.seen.still(found)

    return read_weights(
        place,
        map_location=map_location,
        permission=permission,
        digest=weights.digest,
        proved=proved,
        immutable=place == store.blobs.path(weights.digest),
        name=name,
    )


def _mapped(weights: Weights, store: Store) -> Path:
    """Give the store's own file of the same bytes, if there is one: somebody may cut off a file of the user's."""
    with suppress(DigestMismatchError, StoreError):
        if blob := store.blobs.find(weights.digest):
            return blob.file
    return weights.file


def _forget_unproved(url: str, store: Store) -> None:
    """Forget what a URL gave if nothing told its end; a file that has an ETag is as it was meant to be."""
    record = store.urls.find(identity(url))
    if record is not None and not record.etag:
        with suppress(StoreError):  # somebody else's store
            store.urls.forget(key(identity(url)))
