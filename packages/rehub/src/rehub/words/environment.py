"""In what an object was loaded: what else decides, beside code and weights, which numbers come out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Environment:
    """Python, torch, installed packages, the machine and torch's settings, at the moment when an entry returned.

    Attributes:
        python: its version, ``3.11.7``.
        rehub: the version of rehub that loaded it.
        platform: the system and the processor's kind, ``linux-x86_64``.
        torch: its version with its build, ``2.13.0+cpu``; empty if nobody had imported it.
        device: where torch makes tensors by default: ``cpu``, or ``cuda:0`` with the names of device and toolkit.
        capability: the vector instructions that torch uses on the processor, ``AVX2``.
        threads: for one operation; 0 if that is not known.
        interop_threads: for operations side by side; 0 likewise.
        settings: torch's settings that decide whether the same input gives the same bits, and the variables of the
            environment that do, by name.
        distributions: name and version of the installed packages that the repository's code, and that of what it
            loaded itself, has imported up to now; without torch.
        others: what it has imported that no installed package holds, and of which no version is known.
    """

    python: str
    platform: str
    rehub: str = ""
    torch: str = ""
    device: str = ""
    capability: str = ""
    threads: int = 0
    interop_threads: int = 0
    settings: tuple[tuple[str, str], ...] = ()
    distributions: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()

    def with_packages(self, distributions: Iterable[tuple[str, str]], others: Iterable[str]) -> Self:
        """Give it with what was imported, each once and in alphabetical order, whatever the order of imports was."""
        held = sorted(set(distributions), key=lambda each: (each[0].lower(), each))
        return replace(self, distributions=tuple(held), others=tuple(sorted(set(others))))

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Python, torch and the distributions, as a lock has them.

        Example:
            >>> Environment("3.11.7", "linux-x86_64", distributions=(("numpy", "2.4.6"),)).versions
            (('python', '3.11.7'), ('numpy', '2.4.6'))
        """
        known = (("python", self.python), ("torch", self.torch), *self.distributions)
        return tuple((name, version) for name, version in known if version)
