"""An entry as something to call: pinned, admitted, and waiting for its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rehub.configured import Configured

if TYPE_CHECKING:
    from rehub.verbs.load import Loaded
    from rehub.verbs.locked import Locks
    from rehub.words.pin import Checkout

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
Expect = type[T] | tuple[type[T]] | tuple[type[T], type[U]] | tuple[type[T], type[U], type[V]]
"""A class, or a tuple of up to three, whose union a type checker then knows the result to be."""


@dataclass(frozen=True, slots=True)
class BoundEntry(Generic[T]):
    """An entry of a pinned, admitted checkout: call it with the entry's own arguments.

    Attributes:
        hub: whose settings hold.
        checkout: the files.
        name: the entry.
        expected: classes of which its result must be; any will do if there are none.
        locked_as: what the lock shall call what it makes; the entry's own name, if that is empty.
    """

    hub: Configured
    checkout: Checkout
    name: str
    expected: tuple[type, ...] = ()
    locked_as: str = ""

    def __call__(self, /, *args: Any, **kwargs: Any) -> T:
        """Call the entry; what it raises arrives as it is.

        Raises:
            UnexpectedResultError: its result is not what was expected.
        """
        value: T = self.run(*args, **kwargs).value
        return value

    def run(self, /, *args: Any, **kwargs: Any) -> Loaded:
        """Call the entry; give its result with what it was made from. A lock in use is asked before, and told after.

        Raises:
            UnexpectedResultError: its result is not what was expected.
            NotLockedError: the lock does not have this call, and nothing else may be loaded.
            DigestMismatchError, LockFileError: it was loaded, and could not be recorded.
        """
        from rehub.verbs.load import run_entry

        checkout = self.hub.complete(self.checkout)
        locks = self._locks_of(args, kwargs)
        loaded = run_entry(checkout, self.name, args, kwargs, store=self.hub.store, opener=self.hub)
        if self.expected:
            from rehub.verbs.expect import check_result

            check_result(loaded.value, self.expected, self.checkout, self.name)
        if locks and not locks.only:
            from rehub.verbs.record import record

            record(loaded, locks.path, self.hub.store, name=self.locked_as)
        return loaded

    def _locks_of(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Locks | None:
        """Give the lock that a call is recorded in, once it has let it be made; what is nested is part of the outer."""
        locks = self.hub.locks
        if locks is None:
            return None
        from rehub.verbs.provenance import is_nested
        from rehub.words.provenance import Provenance

        if is_nested():
            return None
        made = Provenance.of(self.checkout, self.name, args, kwargs)
        locks.check_call(made, self.checkout, self.hub.store.root)
        return locks
