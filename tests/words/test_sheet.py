"""Tables are text and HTML; what a repository says in them stays text."""

import re

from rehub.words.html import LONG, as_html
from rehub.words.sheet import MAX_CELL, Column, Sheet, Table

EVIL = "<script>alert(1)</script>\x1b[2J\u202egnp & \"quoted\" 'too'"


def test_text_is_aligned_and_ends_without_spaces() -> None:
    """Columns are as wide as what they hold, numbers stand on the right, and no line is filled up."""
    columns = [Column("name", code=True), Column("size", right=True), Column("about")]
    table = Table.of("things", columns, [("a", "5", "one"), ("  longer", "1,000", "")], "and more")
    assert str(table).splitlines() == [
        "things",
        "  name       size  about",
        "  a             5  one",
        "    longer  1,000",
        "  and more",
    ]


def test_a_column_without_anything_is_left_out() -> None:
    """Its title would stand above nothing."""
    table = Table.of("t", [Column("a"), Column("b"), Column("c")], [("1", "", "3"), ("4", "", "6")])
    assert table.head == ("a", "c")
    assert table.rows == (("1", "3"), ("4", "6"))


def test_a_long_cell_pushes_only_its_own_line() -> None:
    """One long signature does not move the others apart; one that is endless is cut."""
    table = Table.of("", [Column(), Column()], [("x" * 200, "a"), ("y", "b"), ("z" * 9_999, "c")])
    lines = str(table).splitlines()
    assert lines[1] == "y  b"
    assert len(lines[2]) == MAX_CELL + len("  c")


def test_html_holds_no_markup_of_the_repository() -> None:
    """Tags, quotes and what a terminal would obey are shown, in every place that a text can stand."""
    table = Table.of(EVIL, [Column("a"), Column("b", code=True)], [(EVIL, EVIL)], EVIL, about=EVIL)
    html = as_html(Sheet(EVIL, EVIL, (table,), (Sheet(EVIL),)))
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 8
    assert "\x1b" not in as_html(Sheet("", tables=(table,)))
    inside = html.replace("<style>", "").replace("</style>", "")
    tags = set(re.findall(r"</?([a-z]+)", inside))
    assert tags <= {"div", "details", "summary", "small", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert not re.search(r"\s(on\w+|style|href|src)=", html)


def test_long_tables_are_closed_and_short_ones_open() -> None:
    """Whoever wants to read a long one opens it; what a sheet is about cannot be closed."""
    short, long = (Table.of("t", [Column()], [("x",)] * rows) for rows in (LONG, LONG + 1))
    assert "<details open>" in as_html(Sheet("", tables=(short,)))
    assert "<details>" in as_html(Sheet("", tables=(long,)))
    assert "<details" not in as_html(Sheet("", tables=(Table.of("", [Column(), Column()], [("a", "b")] * 99),)))


def test_parts_follow_with_titles_of_their_own() -> None:
    """A sheet's parts are told after it: in text below one another, in HTML each with something to close."""
    sheet = Sheet("whole", parts=(Sheet("first"), Sheet("second", "about it")))
    assert str(sheet) == "whole\n\nfirst\n\nsecond\nabout it"
    assert as_html(sheet).count("<details") == 2
