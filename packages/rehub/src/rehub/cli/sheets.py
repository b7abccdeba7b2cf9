"""Sheets on a terminal: headings stand out, Python is colored, and no line is broken, so that it can be copied."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rehub.cli.output import Output
from rehub.words.sheet import Sheet, Table

if TYPE_CHECKING:
    from rich.text import Text


def show(out: Output, sheet: Sheet) -> None:
    """Print a sheet and its parts."""
    out.show(*_lines(sheet), wrap=False)


def _lines(sheet: Sheet) -> Iterator["Text"]:
    from rich.text import Text

    yield Text(sheet.title, "bold")
    if sheet.about:
        yield Text(sheet.about)
    for table in sheet.tables:
        yield Text()
        yield from _table(table)
    for part in sheet.parts:
        yield Text()
        yield from _lines(part)


def _table(table: Table) -> Iterator["Text"]:
    from rich.text import Text

    inset = "  " if table.title else ""
    if table.title:
        yield Text(table.title, "bold")
    if table.about:
        yield Text(inset + table.about, "" if table.title else "dim")
    for at, row in enumerate(table.lines()):
        yield _row(table, row, inset, head=bool(table.head) and at == 0)
    if table.note:
        yield Text(inset + table.note, "dim")


def _row(table: Table, row: tuple[str, ...], inset: str, *, head: bool) -> "Text":
    from rich.text import Text

    text = Text(inset)
    for at, cell in enumerate(row):
        first, code = at == 0, table.columns[at].code
        style = "dim" if head or (first and not code) else "cyan" if first else ""
        text.append("  " if at else "").append(cell, style)
    return text
