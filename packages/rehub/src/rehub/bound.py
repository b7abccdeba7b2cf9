"""An entry as something to call: pinned, admitted, and waiting for its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rehub.configured import Configured

if TYPE_CHECKING:
    from rehub.verbs.load import Loaded
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
    """

    hub: Configured
    checkout: Checkout
    name: str
    expected: tuple[type, ...] = ()

    def __call__(self, /, *args: Any, **kwargs: Any) -> T:
        """Call the entry; what it raises arrives as it is.

        Raises:
            UnexpectedResultError: its result is not what was expected.
        """
        value: T = self.run(*args, **kwargs).value
        return value

    def run(self, /, *args: Any, **kwargs: Any) -> Loaded:
        """Call the entry; give its result with what it was made from.

        Raises:
            UnexpectedResultError: its result is not what was expected.
        """
        from rehub.verbs.load import run_entry

        checkout = self.hub.complete(self.checkout)
        loaded = run_entry(checkout, self.name, args, kwargs, store=self.hub.store, opener=self.hub)
        if self.expected:
            from rehub.verbs.expect import check_result

            check_result(loaded.value, self.expected, self.checkout, self.name)
        return loaded
