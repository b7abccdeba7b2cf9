"""Tables as a person reads them, whatever they are about: as plain text here, as HTML in :mod:`rehub.words.html`.

All text in them is foreign: it is made clean when a table is made, so that no way of showing it has to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from rehub.words.text import clean, cut

MAX_CELL = 1_000  # characters of one cell that are shown
_WIDEST = 56  # characters: a column is filled up to this; what is longer pushes its own line only


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: what stands above it; empty where it needs no word.
        code: it is Python, or the name of something in it.
        right: it holds numbers.
    """

    title: str = ""
    code: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, what is said above it, and what its rows leave out.

    Attributes:
        title: a word, or with ``code`` a line of Python; a table without one has no head.
        columns: those in which anything is said.
        rows: as many cells as columns.
        about: a line above the rows.
        note: a line below.
        code: the title is Python.

    Example:
        >>> print(Table.of("sizes", [Column(), Column(right=True)], [("one", "1"), ("eleven", "11")]))
        sizes
          one      1
          eleven  11
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    about: str = ""
    note: str = ""
    code: bool = False

    @classmethod
    def of(  # noqa: PLR0913 - the fields
        cls,
        title: str,
        columns: Iterable[Column],
        rows: Iterable[Iterable[str]],
        note: str = "",
        *,
        about: str = "",
        code: bool = False,
    ) -> Self:
        """Make a table of foreign text: each cell one clean line, columns in which nothing is said left out.

        Spaces at the start of a cell stay: they show what lies in what.
        """
        cells = [tuple(_cell(each) for each in row) for row in rows]
        said = [(at, column) for at, column in enumerate(columns) if any(row[at] for row in cells)]
        kept = tuple(tuple(row[at] for at, _ in said) for row in cells)
        return cls(_cell(title), tuple(column for _, column in said), kept, _cell(about), _cell(note), code)

    @property
    def head(self) -> tuple[str, ...]:
        """What stands above the columns; nothing if they need no words."""
        titles = tuple(column.title for column in self.columns)
        return titles if any(titles) else ()

    def lines(self) -> list[tuple[str, ...]]:
        """Give the head, if there is one, and each row; cells are filled up to the width of their columns."""
        rows = [self.head, *self.rows] if self.head else [*self.rows]
        widths = [
            max((len(row[at]) for row in rows if len(row[at]) <= _WIDEST), default=0) for at in range(len(self.columns))
        ]
        return [tuple(self._filled(row, widths)) for row in rows]

    def _filled(self, row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
        """Give a row's cells up to the last one that says anything."""
        last = max((at for at, cell in enumerate(row) if cell), default=-1)
        for at, cell in enumerate(row[: last + 1]):
            filled = cell.rjust(widths[at]) if self.columns[at].right else cell.ljust(widths[at])
            yield filled.rstrip() if at == last else filled

    def __str__(self) -> str:
        inner = [self.about, *("  ".join(row) for row in self.lines()), self.note]
        lines = [f"  {each}" if self.title else each for each in inner if each]
        return "\n".join([self.title, *lines] if self.title else lines)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Tables about one thing, and sheets about its parts.

    Attributes:
        title: what it is about.
        about: a line or two of prose.
        tables: only those that have rows.
        parts: each with a title that says where it belongs.
    """

    title: str
    about: str = ""
    tables: tuple[Table, ...] = ()
    parts: tuple["Sheet", ...] = ()

    def __str__(self) -> str:
        head = "\n".join(each for each in (self.title, self.about) if each)
        return "\n\n".join([head, *map(str, self.tables), *map(str, self.parts)])


def _cell(text: str) -> str:
    shown = " ".join(clean(text).split())
    return cut(" " * (len(text) - len(text.lstrip(" "))) + shown, MAX_CELL)
