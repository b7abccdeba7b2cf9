"""A store over others: what the first lacks, or has damaged, is taken from the next that has it as it should be."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from rehub.words.errors import DigestMismatchError, StoreError

log = logging.getLogger("rehub")
Layer = TypeVar("Layer")
Found = TypeVar("Found")


def first_sound(layers: Sequence[Layer], look: Callable[[Layer], Found | None]) -> tuple[Found, Layer] | None:
    """Look in one store after the other; give what was found, and where; ``None`` if none has it.

    Args:
        layers: one's own first, then those beneath.
        look: gives what a store has, after looking at its bytes.

    Raises:
        DigestMismatchError: it is damaged, and no other store has it.
        StoreError: the disk refused one's own; a store beneath that cannot be read is passed by.
    """
    damage: DigestMismatchError | None = None
    for layer in layers:
        try:
            found = look(layer)
        except DigestMismatchError as error:
            damage = damage or error
        except StoreError as error:
            if layer is layers[0]:
                raise
            log.warning("a store beneath cannot be read: %s", error)
        else:
            if found is not None:
                _tell(damage)
                return found, layer
    if damage:
        raise damage
    return None


def _tell(damage: DigestMismatchError | None) -> None:
    if damage:
        log.warning("another store's copy is used: %s", damage)
