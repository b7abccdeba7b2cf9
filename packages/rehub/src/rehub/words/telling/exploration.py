"""An exploration as a sheet: what it is, how it is called, what it can do, what it is made of."""

from collections.abc import Iterator

from rehub.words.exploration import Exploration, Input, Item, Kind, Method, MethodKind, Part, Sizes, Tensors
from rehub.words.hubconf import ParameterKind
from rehub.words.sheet import Column, Sheet, Table
from rehub.words.text import line, plural, size

_NAMED = 10  # of the methods that every object of a class has
_TIED = 5  # names, and groups of names
_STARS = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
_FACTS = (Column(), Column())
_INPUTS = (*(Column(each, code=True) for each in ("parameter", "type", "default", "shape")), Column("documentation"))
_METHODS = (Column("method", code=True), Column("kind"), Column("defined in", code=True), Column("documentation"))
_PARTS = (
    *(Column(each, code=True) for each in ("submodule", "class")),
    *(Column(each, right=True) for each in ("parameters", "of these its own", "submodules inside")),
)
_ITEMS = (Column(code=True), Column(code=True), Column(right=True), Column())


def sheet(found: Exploration, path: str = "") -> Sheet:
    """Give everything that an exploration tells.

    Args:
        path: how the object is reached from the one that was explored.
    """
    heading = f"{path}  {title(found)}" if path else title(found)
    return Sheet(
        line(heading),
        line(found.summary),
        tuple(each for each in _tables(found) if each.rows or each.about),
        tuple(sheet(each.found, path + each.key) for each in found.items if each.found.kind is not Kind.VALUE),
    )


def title(found: Exploration) -> str:
    """Say in one line what something is."""
    match found.kind:
        case Kind.FUNCTION:
            return f"{found.name}{(found.call.signature if found.call else '') or '(…)'}"
        case Kind.CLASS:
            return f"class {found.name}{(found.call.signature if found.call else '') or '(…)'}"
        case Kind.CONTAINER:
            return f"{found.type} of {found.length}"
    return found.type if found.value is None else f"{found.type} {found.value}"


def _tables(found: Exploration) -> Iterator[Table]:
    yield Table.of("", _FACTS, _facts(found))
    if found.items:
        yield Table.of("holds", _ITEMS, map(_item, found.items), _left_out(found))
    if found.call:
        yield _call(found, found.call)
    # How it is called has been told, if that is a method of it.
    others = [each for each in found.methods if not found.call or each.name != found.call.name]
    owners = dict.fromkeys(each.owner for each in others)
    for owner in owners:
        rows = [_method(each) for each in others if each.owner == owner]
        yield Table.of(f"methods of {owner}" if owner else "methods", _METHODS, rows)
    for common in found.common:
        names = ", ".join(common.names[:_NAMED]) + (", …" if len(common.names) > _NAMED else "")
        yield Table.of("", (), (), about=f"{plural(len(common.names), 'method')} of every {common.owner}: {names}")
    if found.parts and found.parts.parts:
        yield Table.of("submodules", _PARTS, _rows(found.parts), _deeper(found.parts))


def _facts(found: Exploration) -> Iterator[tuple[str, str]]:
    if found.place:
        yield "defined in", str(found.place)
    if found.sizes:
        yield from _sizes(found.sizes)
    if found.training is not None:
        yield "mode", "training" if found.training else "evaluation"
    for each in found.notes:
        yield "note", each


def _sizes(sizes: Sizes) -> Iterator[tuple[str, str]]:
    held, kept = sizes.parameters, sizes.buffers
    yield "parameters", f"{held.numbers:,} ({', '.join([f'{sizes.trainable:,} trainable', *held.dtypes])})"
    if sizes.unsized:
        yield "", f"{plural(sizes.unsized, 'parameter')} without a size until it is first called"
    if kept.numbers:
        yield "buffers", f"{kept.numbers:,} ({', '.join(kept.dtypes)})"
    yield "size", size(held.bytes + kept.bytes)
    if devices := _devices(held, kept):
        yield "device", ", ".join(devices)
    for group in sizes.tied[:_TIED]:
        yield "tied", " = ".join([*group[:_TIED], *(["…"] if len(group) > _TIED else [])])
    if len(sizes.tied) > _TIED:
        yield "tied", f"… {len(sizes.tied) - _TIED} more"


def _devices(*several: Tensors) -> list[str]:
    return sorted({device for each in several for device in each.devices})


def _call(found: Exploration, call: Method) -> Table:
    rows = [_input(each) for each in found.inputs]
    said = "" if call.signature.endswith(f"-> {found.returns}") else found.returns or ""
    if said or found.returns_shape:
        rows.append(("returns", "", "", found.returns_shape or "", said))
    if not any(any(cells) for _, *cells in rows):
        rows = []  # the signature has named them
    own = found.kind in {Kind.FUNCTION, Kind.CLASS}
    heading = "parameters" if own else f"{call.name}{call.signature or '(…)'}"
    return Table.of(heading, _INPUTS, rows, about="" if own else call.summary, code=not own)


def _input(given: Input) -> tuple[str, ...]:
    name = _STARS.get(given.kind, "") + given.name
    return name, given.annotation or "", given.default or "", given.shape or "", given.doc or ""


def _method(each: Method) -> tuple[str, ...]:
    kind = "" if each.kind is MethodKind.METHOD else str(each.kind)
    signature = "" if each.kind is MethodKind.PROPERTY else each.signature or "(…)"
    return each.name + signature, kind, str(each.place) if each.place else "", each.summary


def _item(each: Item) -> tuple[str, ...]:
    found = each.found
    numbers = f"{found.sizes.parameters.numbers:,} parameters" if found.sizes else ""
    return each.key, title(found), numbers, found.summary


def _left_out(found: Exploration) -> str:
    missing = (found.length or 0) - len(found.items)
    return f"… {missing:,} more" if missing > 0 else ""


def _rows(part: Part, level: int = 0) -> Iterator[tuple[str, ...]]:
    for each in part.parts:
        name = f"{each.name} … {each.last}" if each.last else each.name
        times = f"{each.count} × " if each.count > 1 else ""
        own = f"{each.own:,}" if each.own not in {0, each.total} else ""
        hidden = f"{each.inside:,}" if each.inside and not each.parts else ""
        yield "  " * level + name, times + each.type, f"{times}{each.total:,}" if each.total else "", own, hidden
        yield from _rows(each, level + 1)


def _deeper(part: Part) -> str:
    hidden = any(each.inside and not each.parts for each in _all(part))
    said = [f"… {part.left_out:,} more lines"] if part.left_out else []
    return "; ".join([*said, *(["a greater depth shows more levels"] if hidden else [])])


def _all(part: Part) -> Iterator[Part]:
    yield part
    for each in part.parts:
        yield from _all(each)
