"""An inspection as a sheet: which files were read, what they publish and need, what happens when they are imported."""

from collections.abc import Iterator

from rehub.words.dependencies import distribution
from rehub.words.hubconf import Entry, Hubconf
from rehub.words.inspection import Inspection
from rehub.words.pin import Checkout
from rehub.words.sheet import Column, Sheet, Table
from rehub.words.text import line, size

_FACTS = (Column(), Column())
_ENTRIES = (Column("entry", code=True), Column("kind"), Column("defined in", code=True), Column("documentation"))
_DEPENDENCIES = (Column("import name", code=True), Column("pip install", code=True), Column("named in", code=True))
_PLACED = (Column(), Column("in", code=True), Column("source", code=True))


def sheet(found: Inspection) -> Sheet:
    """Give everything that reading tells."""
    tables = _tables(found.checkout, found.hubconf)
    return Sheet(line(str(found.checkout)), "", tuple(each for each in tables if each.rows or each.about))


def _tables(checkout: Checkout, told: Hubconf) -> Iterator[Table]:
    yield Table.of("", _FACTS, _facts(checkout))
    yield Table.of("entries", _ENTRIES, map(_entry, told.entries), about="" if told.entries else _no_entries(told))
    needed = told.dependencies or ()
    rows = [(each.name, distribution(each.name), f"hubconf.py:{each.line}") for each in needed]
    yield Table.of("dependencies", _DEPENDENCIES, rows, about="" if rows else _no_dependencies(told))
    yield Table.of(
        "at import", _PLACED, ((str(each.kind), f"{each.file}:{each.line}", each.text) for each in told.effects)
    )
    yield Table.of(
        "weights",
        (Column("URL", code=True), Column("in", code=True), Column("SHA-256 starts with", code=True)),
        ((each.url, f"{each.file}:{each.line}", each.hash_prefix or "") for each in told.weights),
    )
    yield Table.of(
        "only imported, not entries",
        (Column("name", code=True), Column("from", code=True), Column("in", code=True)),
        ((each.name, each.origin, f"hubconf.py:{each.line}") for each in told.leaks),
    )
    yield Table.of("unknown", _PLACED, _unknown(told))
    files = [*((each.path, size(each.size)) for each in checkout.lfs), *((each, "") for each in checkout.submodules)]
    yield Table.of("not fetched: git LFS files, submodules", (Column(code=True), Column(right=True)), files)


def _facts(checkout: Checkout) -> Iterator[tuple[str, str]]:
    if pin := checkout.pin:
        yield from (("remote", pin.remote.url), ("commit", pin.commit), ("tree", str(pin.tree)))
    yield "folder", str(checkout.root)


def _entry(each: Entry) -> tuple[str, ...]:
    kind = f"{each.kind}, not always there" if each.conditional else str(each.kind)
    return f"{each.name}{each.signature or '(…)'}", kind, f"{each.file}:{each.line}", each.summary


def _no_entries(told: Hubconf) -> str:
    if told.dynamic:
        return "unknown: names are made at run time"
    amiss = any(each.file == "hubconf.py" for each in told.problems)
    return "unknown: hubconf.py has problems" if amiss else "none"


def _no_dependencies(told: Hubconf) -> str:
    return "none" if told.dependencies is not None else "unknown: the hubconf says nothing that reading can know"


def _unknown(told: Hubconf) -> Iterator[tuple[str, str, str]]:
    yield from (("names made at run time", f"{each.file}:{each.line}", each.reason) for each in told.dynamic)
    yield from (("problem", f"{each.file}:{each.line}", each.message) for each in told.problems)
