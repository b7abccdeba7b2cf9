"""What a definition says of itself: signature, docstring, and what that says of parameters, results and examples.

Signatures come from the syntax tree; docstrings in Google, NumPy and Sphinx style are taken apart by griffe, which is
imported only here, when the first docstring needs it: it costs 0.2 s.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rehub.verbs.describe.meaning import Meaning, What
from rehub.verbs.describe.names import Names
from rehub.verbs.describe.values import MAX_HOPS, Values
from rehub.words.hubconf import Entry, EntryKind, Parameter, ParameterKind
from rehub.words.reading.fold import Folding
from rehub.words.reading.plain import written
from rehub.words.reading.signature import fields, parameters, render, without_bound, without_first
from rehub.words.reading.source import Source

MAX_DOC = 20_000  # characters of one docstring that are taken apart
_KINDS = {What.FUNCTION: EntryKind.FUNCTION, What.CLASS: EntryKind.CLASS, What.PARTIAL: EntryKind.PARTIAL}
_WHAT = {ast.ClassDef: What.CLASS, ast.Call: What.PARTIAL}
_SECTION = re.compile(
    r"^[ \t]*(args|arguments|params?|parameters|keyword (args|arguments)|returns?|yields|examples?)[ \t]*"
    r"(:[ \t]*$|\n[ \t]*---)"
    r"|^[ \t]*:(param|type|returns?|rtype)\b",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a docstring tells.

    Attributes:
        parameters: what it says of each, by name.
        types: of which type it says they are; those that it names no type of are left out.
        returns: what it says of the result.
        examples: its blocks of code.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    returns: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A signature and a docstring, and whether the signature is known."""

    parameters: tuple[Parameter, ...] = ()
    known: bool = False
    annotation: str | None = None
    doc: str = ""
    decorators: tuple[str, ...] = ()


def document(names: Names, name: str, meaning: Meaning, *, line: int, conditional: bool) -> Entry:
    """Describe an entry by what its name stands for.

    Args:
        line: of the binding in ``hubconf.py``, used where there is no definition.
    """
    found = define(names, meaning)
    told = read_docstring(found.doc)
    annotated = tuple(replace(each, doc=told.parameters.get(each.name)) for each in found.parameters)
    where = meaning.source.file if meaning.source and meaning.node else "hubconf.py"
    return Entry(
        name=name,
        kind=_KINDS.get(meaning.what, EntryKind.OBJECT),
        signature=render(annotated, found.annotation) if found.known else "",
        parameters=annotated,
        doc=found.doc,
        returns=told.returns or found.annotation,
        examples=told.examples,
        file=where,
        line=getattr(meaning.node, "lineno", line) if meaning.node else line,
        conditional=conditional,
        decorators=found.decorators,
    )


def define(names: Names, meaning: Meaning) -> Definition:
    """Give signature and docstring of what a name stands for."""
    names.hops += 1
    # "a = partial(b)" and "b = partial(a)" go round for ever.
    found = _define(names, meaning, meaning.source) if meaning.source and names.hops <= MAX_HOPS else Definition()
    names.hops -= 1
    return replace(found, doc=meaning.doc) if meaning.doc else found


def _define(names: Names, meaning: Meaning, source: Source) -> Definition:
    match meaning.what, meaning.node:
        case What.CLASS, ast.ClassDef() as node:
            return _class(names, meaning, node)
        case What.FUNCTION, (ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda()) as node:
            return _function(source, node)
        case What.PARTIAL, ast.Call() as node:
            return _partial(names, source, node, meaning.values)
        case What.OBJECT, _ if meaning.made_by is not None:
            source = names.modules.source(meaning.origin) or source
            what = _WHAT.get(type(meaning.made_by), What.FUNCTION)
            return define(names, Meaning(what, source, meaning.made_by))
    return Definition()


def is_stub(meaning: Meaning) -> bool:
    """Say whether a function has an empty body: it may be there only to be replaced."""
    if not isinstance(meaning.node, ast.FunctionDef):
        return False
    empty = (
        isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in meaning.node.body
    )
    return all(empty)


def _function(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Definition:
    given = parameters(source, node)
    if isinstance(node, ast.Lambda):
        return Definition(given, known=True)
    decorators = tuple(source.shown(each) for each in node.decorator_list)
    if _is_method(node) and "staticmethod" not in decorators:
        given = without_first(given)
    annotation = source.text(node.returns) if node.returns else None
    return Definition(
        given, known=True, annotation=annotation, doc=ast.get_docstring(node) or "", decorators=decorators
    )


def _is_method(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a function stands in a class: ``net = Net.from_pretrained`` is called without ``cls``."""
    plain = [*node.args.posonlyargs, *node.args.args]
    return bool(plain) and plain[0].arg in {"self", "cls"}


def _class(names: Names, meaning: Meaning, node: ast.ClassDef) -> Definition:
    source = meaning.source
    doc = ast.get_docstring(node) or ""
    decorators = tuple(source.shown(each) for each in node.decorator_list) if source else ()
    maker = names.method(meaning, "__init__") or names.method(meaning, "__new__")
    if any(_is_dataclass(each) for each in decorators) or (maker is None and _is_record(names, meaning)):
        return Definition(tuple(_fields(names, meaning)), known=True, doc=doc, decorators=decorators)
    if maker is None or maker.source is None:
        plain = all(each.what is What.CLASS or each.origin == "object" for each in names.lineage(meaning))
        return Definition(known=plain, doc=doc, decorators=decorators)
    inner = _function(maker.source, maker.node) if isinstance(maker.node, ast.FunctionDef) else Definition()
    together = f"{doc}\n\n{inner.doc}".strip()
    return Definition(inner.parameters, known=inner.known, doc=together, decorators=decorators)


def _is_dataclass(decorator: str) -> bool:
    return re.match(r"(\w+\.)*dataclass\b", decorator) is not None


def _is_record(names: Names, meaning: Meaning) -> bool:
    return any(each.origin.endswith("NamedTuple") for each in names.lineage(meaning))


def _fields(names: Names, meaning: Meaning) -> Iterator[Parameter]:
    """Give the fields of a dataclass and of its bases, oldest first, a newer one in the older one's place."""
    found: dict[str, Parameter] = {}
    for each in reversed(names.lineage(meaning)):
        if each.source and isinstance(each.node, ast.ClassDef):
            found |= {given.name: given for given in fields(each.source, each.node)}
    plain = [each for each in found.values() if each.kind is not ParameterKind.KEYWORD_ONLY]
    yield from plain
    yield from (each for each in found.values() if each.kind is ParameterKind.KEYWORD_ONLY)


def _partial(names: Names, source: Source, call: ast.Call, values: Mapping[str, object]) -> Definition:
    inner = Values(names, source, values=values).of(call.args[0])
    found = define(names, inner) if inner.node is not call else Definition()
    starred = any(isinstance(each, ast.Starred) for each in call.args) or any(
        word.arg is None for word in call.keywords
    )
    if not found.known or starred or inner.source is None:
        return replace(found, parameters=(), known=False, decorators=())
    # What a loop or a call gives an argument, as what it is; else as it stands there.
    folded = {word.arg: written(Folding().value(word.value, values)) for word in call.keywords if word.arg and values}
    known = {name: text for name, text in folded.items() if text is not None}
    return replace(found, parameters=without_bound(found.parameters, call, source, known), decorators=())


def read_docstring(doc: str) -> Told:
    r"""Take a docstring apart.

    Example:
        >>> read_docstring("Args:\n    depth: how deep").parameters
        {'depth': 'how deep'}
    """
    short = doc[:MAX_DOC]
    if not _SECTION.search(short):
        return Told(examples=_code(short))
    parsed = _parsed(short)
    return parsed if parsed.examples else replace(parsed, examples=_code(short))


def _parsed(doc: str) -> Told:
    from griffe import Docstring, DocstringSectionKind, parse_auto

    try:
        # Its detection wants a line before the first section.
        sections = parse_auto(Docstring(f".\n\n{doc}\n", lineno=1), per_style_options=_quiet())  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a foreign parser on hostile text: an odd docstring must not hide the entries
        return Told()
    about: dict[str, str] = {}
    types: dict[str, str] = {}
    returns: str | None = None
    examples: list[str] = []
    for section in sections:
        if section.kind in {DocstringSectionKind.parameters, DocstringSectionKind.other_parameters}:
            about |= {each.name.lstrip("*"): each.description.strip() for each in section.value}
            types |= {each.name.lstrip("*"): str(each.annotation) for each in section.value if each.annotation}
        elif section.kind is DocstringSectionKind.returns and returns is None:
            returns = "\n".join(_result(each.name, each.annotation, each.description) for each in section.value)
        elif section.kind is DocstringSectionKind.examples:
            examples += [text.strip() for kind, text in section.value if kind is DocstringSectionKind.examples]
    return Told(about, types, returns or None, tuple(examples))


def _quiet() -> dict[str, dict[str, bool]]:
    return {style: {"warnings": False, "warn_unknown_params": False} for style in ("google", "numpy", "sphinx")}


def _result(name: str | None, annotation: object, description: str) -> str:
    head = ": ".join(str(each) for each in (name, annotation) if each)
    return f"{head}: {description.strip()}" if head and description.strip() else head or description.strip()


def _code(doc: str) -> tuple[str, ...]:
    """Give fenced blocks, and blocks that start with ``>>>`` and end with an empty line."""
    found: list[list[str]] = []
    inside = ""
    for line in doc.split("\n"):
        text = line.strip()
        if inside and (text.startswith("```") if inside == "```" else not text):
            inside = ""
        elif inside:
            found[-1].append(line)
        elif text.startswith(("```", ">>> ")):
            inside = text[:3]
            found.append([line] if inside == ">>>" else [])
    return tuple(block for lines in found if (block := _undented(lines)))


def _undented(lines: list[str]) -> str:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:].rstrip() for line in lines).strip()
