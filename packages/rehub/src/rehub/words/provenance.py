"""What a loaded object was made from: the repository at a commit, the entry, its arguments, and what that loaded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from rehub.words.environment import Environment
from rehub.words.harmless import harmless
from rehub.words.pin import Checkout, Pin
from rehub.words.unverified import Unverified

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MAX_TEXT = 1_000  # characters, or bytes, of a text that is kept
_MAX_ITEMS = 1_000  # of a list or dictionary that is kept
_MAX_DEPTH = 4  # lists in lists
_MAX_BITS = 10_000  # of a number that is kept; Python writes none down that has more than 4,300 digits


@dataclass(frozen=True, slots=True)
class UsedWeights:
    """A file that rehub brought for a repository's code, or had already, and whose bytes it knows.

    Attributes:
        url: where they come from, without password, signature and token.
        sha256: of all its bytes, in hex.
        size: in bytes.
    """

    url: str
    sha256: str
    size: int

    def __str__(self) -> str:
        return f"weights {self.url} ({self.size:,} bytes, sha256:{self.sha256})"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an object was made from.

    Attributes:
        place: the repository, or the folder.
        pin: its commit and tree; ``None`` for a folder of the user's own, which can change.
        entry: the entry that was called.
        args: what it was called with; what is no literal, or long, is kept as the text ``<its class>``;
            what could let somebody in (passwords in URLs, ``token=``) is left out.
        kwargs: likewise, by name.
        nested: what the entry itself loaded from other repositories, in order.
        weights: files that rehub brought for its code, each once, in the order of their first use; with what was
            brought later for objects of the same repository, if this one was there already.
        unverified: what the repository's code has got past rehub in this process, up to now, for whichever object:
            requests, connections, processes and native code.
        ref: as it was asked for, with the host that it is at; empty if nobody asked by a ref.
        environment: in what it was loaded.
    """

    place: str
    pin: Pin | None
    entry: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    nested: tuple["Provenance", ...] = ()
    weights: tuple[UsedWeights, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    ref: str = ""
    environment: Environment | None = None

    @classmethod
    def of(cls, checkout: Checkout, entry: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Self:
        """Note a call, without keeping anything of it alive."""
        unnamed = tuple(harmless(literal(value)) for value in args)
        named = tuple((name, harmless(literal(value), name)) for name, value in kwargs.items())
        return cls(str(checkout.place), checkout.pin, entry, unnamed, named, ref=checkout.ref)

    @property
    def git_tree(self) -> str:
        """git's own id of the repository's files, 40 hex digits; empty for a folder of the user's own."""
        return self.pin.git_tree if self.pin else ""

    @property
    def swhids(self) -> tuple[str, ...]:
        """The SWHIDs of the repository's commit and tree (see :attr:`Pin.swhids`); none for a folder."""
        return self.pin.swhids if self.pin else ()

    @property
    def complete(self) -> bool:
        """Whether all that took part is named here with its digest, as far as rehub can see.

        ``False`` as soon as any code that took part got something past rehub, or had another process or native code
        do so. ``True`` is no proof: what a process cannot see of itself, docs/scope.md says.
        """
        return not any(each.unverified for each in self.walk())

    @property
    def pins(self) -> list[Pin]:
        """The pins of all code that took part, each once, its own first."""
        return list(dict.fromkeys(each.pin for each in self.walk() if each.pin))

    def walk(self) -> Iterator["Provenance"]:
        """Give this and everything nested in it, outermost first."""
        yield self
        for each in self.nested:
            yield from each.walk()

    def as_dict(self) -> dict[str, Any]:
        """Give it as what JSON knows; the format is docs/formats/provenance.md."""
        from rehub.words.provenancejson import as_dict

        return as_dict(self)

    @classmethod
    def from_dict(cls, data: Any) -> "Provenance":
        """Read what :meth:`as_dict` gave.

        Raises:
            MalformedError: it is something else, or was written by a newer rehub.
        """
        from rehub.words.provenancejson import from_dict

        return from_dict(data)

    def statement(self) -> dict[str, Any]:
        """Give it as an in-toto Statement v1 with SLSA's provenance v1, as what JSON knows; unsigned.

        Raises:
            NotFoundError: nothing that took part has a digest.
        """
        from rehub.words.statement import statement

        return statement(self)

    def __str__(self) -> str:
        given = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs)]
        first = f"{self.pin or self.place} {self.entry}({', '.join(given)})"
        parts = [*self.nested, *self.weights, *self.unverified]
        return "\n".join([first, *(f"  {line}" for each in parts for line in str(each).split("\n"))])


def literal(value: Any, depth: int = 0) -> Any:
    """Give a value as it is if it is a literal of Python and not too long, else its class in angle brackets.

    Example:
        >>> literal([1, ("a", None)]), literal(object())
        ([1, ('a', None)], '<object>')
    """
    kind = type(value)
    is_short = kind not in {str, bytes} or len(value) <= _MAX_TEXT
    if kind is int and value.bit_length() > _MAX_BITS:
        return f"<int of {value.bit_length()} bits>"
    if kind in _PLAIN and is_short:
        return value
    if kind in {str, bytes}:
        return f"<{kind.__name__} of {len(value)}>"
    if depth < _MAX_DEPTH and kind in {list, tuple, set, frozenset} and len(value) <= _MAX_ITEMS:
        return kind(literal(each, depth + 1) for each in value)
    if depth < _MAX_DEPTH and kind is dict and len(value) <= _MAX_ITEMS:
        return {literal(key, depth + 1): literal(each, depth + 1) for key, each in value.items()}
    return f"<{kind.__qualname__ if kind.__module__ == 'builtins' else f'{kind.__module__}.{kind.__qualname__}'}>"
