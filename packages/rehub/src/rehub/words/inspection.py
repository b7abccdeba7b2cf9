"""What reading a repository tells, together with which one it was."""

from dataclasses import dataclass

from rehub.words.hubconf import Hubconf
from rehub.words.pin import Checkout


@dataclass(frozen=True, slots=True, repr=False)
class Inspection:
    """What reading a repository tells, and which one it was; shown as text, in a notebook as tables.

    Attributes:
        checkout: the files that were read.
        hubconf: entries, leaks, dependencies, weights, effects, problems.
    """

    checkout: Checkout
    hubconf: Hubconf

    def __str__(self) -> str:
        from rehub.words.telling.inspection import sheet

        return str(sheet(self))

    # What somebody sees who types rehub.inspect(ref) without a notebook.
    __repr__ = __str__

    def _repr_html_(self) -> str:
        from rehub.words.html import as_html
        from rehub.words.telling.inspection import sheet

        return as_html(sheet(self))
