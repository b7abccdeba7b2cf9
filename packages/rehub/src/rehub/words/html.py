"""Sheets as HTML, for notebooks: no script, nothing loaded from anywhere, and readable on light and dark alike.

Everything takes its color from what is around it; lines and grounds are half-transparent grey. A notebook that strips
the style still shows headings, tables and parts that open and close.
"""

from collections.abc import Iterator
from html import escape

from rehub.words.sheet import Column, Sheet, Table

LONG = 12  # rows: a longer table is closed at first, if it may be
_CSS = """
.rehub{font:13px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;max-width:80em;color:inherit;text-align:left}
.rehub-title{font-size:15px;font-weight:650;overflow-wrap:anywhere}
.rehub-about{margin:.1em 0 .5em;opacity:.8}
.rehub table{border-collapse:collapse;table-layout:auto;margin:.2em 0 .9em;font-size:inherit;color:inherit;border:0}
.rehub tr,.rehub tbody tr:nth-child(odd),.rehub tbody tr:hover{background:none}
.rehub th,.rehub td{text-align:left;vertical-align:baseline;padding:.25em 1.4em .25em 0;border:0;
white-space:normal;overflow-wrap:break-word;max-width:42em;line-height:inherit}
.rehub tbody th,.rehub tbody td{border-top:1px solid rgba(128,128,128,.28)}
.rehub thead th{font-weight:400;font-size:12px;opacity:.65}
.rehub tbody th{font-weight:400;opacity:.7;white-space:nowrap}
.rehub th.rehub-number,.rehub td.rehub-number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.rehub code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.93em;font-weight:inherit;
white-space:pre-wrap;background:none;color:inherit;padding:0;border:0}
.rehub summary{cursor:pointer;font-weight:600;margin:.5em 0 .1em;overflow-wrap:anywhere}
.rehub summary small{font-weight:400;opacity:.65;margin-left:.5em}
.rehub-part{border-left:2px solid rgba(128,128,128,.4);padding-left:1em;margin:.3em 0 .6em .25em}
"""


def as_html(sheet: Sheet) -> str:
    """Give a sheet as a piece of HTML that stands alone.

    Example:
        >>> "<script>" in as_html(Sheet("<script>alert(1)</script>"))
        False
    """
    return f'<div class="rehub"><style>{_CSS}</style>\n{"".join(_sheet(sheet))}</div>'


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f'<div class="rehub-title">{_text(sheet.title, code=True)}</div>\n'
    yield from _below(sheet)


def _below(sheet: Sheet) -> Iterator[str]:
    if sheet.about:
        yield f'<div class="rehub-about">{escape(sheet.about)}</div>\n'
    for table in sheet.tables:
        yield from _table(table)
    for at, part in enumerate(sheet.parts):
        opened = " open" if at == 0 else ""
        yield f"<details{opened}><summary>{_text(part.title, code=True)}</summary>\n"
        yield f'<div class="rehub-part">{"".join(_below(part))}</div></details>\n'


def _table(table: Table) -> Iterator[str]:
    """A table with a title can be closed; one without is what the sheet is about, and stays."""
    about = f'<div class="rehub-about">{escape(table.about)}</div>\n' if table.about else ""
    note = f'<div class="rehub-about">{escape(table.note)}</div>\n' if table.note else ""
    body = about + "".join(_rows(table)) + note
    if not table.title:
        yield body
        return
    opened = "" if len(table.rows) > LONG else " open"
    count = f"<small>{len(table.rows)}</small>" if table.rows and not table.code else ""
    yield f"<details{opened}><summary>{_text(table.title, code=table.code)}{count}</summary>\n{body}</details>\n"


def _rows(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    yield "<table>"
    if table.head:
        heads = (f'<th scope="col"{_kind(each)}>{escape(each.title)}</th>' for each in table.columns)
        yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>\n"
    for row in table.rows:
        cells = [f"<td{_kind(column)}>{_text(cell, code=column.code)}</td>" for column, cell in _paired(table, row)]
        if not table.title:
            cells[0] = f'<th scope="row">{escape(row[0])}</th>'
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody></table>\n"


def _paired(table: Table, row: tuple[str, ...]) -> Iterator[tuple[Column, str]]:
    return zip(table.columns, row, strict=True)


def _kind(column: Column) -> str:
    return ' class="rehub-number"' if column.right else ""


def _text(text: str, *, code: bool) -> str:
    return f"<code>{escape(text)}</code>" if code and text else escape(text)
