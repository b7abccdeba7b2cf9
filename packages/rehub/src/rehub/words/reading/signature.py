"""Parameters of a function or class, read from its syntax tree, and how they are written."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rehub.words.hubconf import Parameter, ParameterKind
from rehub.words.reading.source import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_PLAIN = {ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD}
_MARK = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}


def parameters(source: Source, function: Function) -> tuple[Parameter, ...]:
    """Give a function's parameters, in order.

    Example:
        >>> from rehub.words.reading.source import parse
        >>> source = parse("m.py", "def net(pretrained: bool = False, **kwargs): ...")
        >>> render(parameters(source, source.tree.body[0]))
        '(pretrained: bool = False, **kwargs)'
    """
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    missing: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    found = [
        _parameter(
            source,
            each,
            ParameterKind.POSITIONAL_ONLY if place < len(given.posonlyargs) else ParameterKind.POSITIONAL_OR_KEYWORD,
            default,
        )
        for place, (each, default) in enumerate(zip(plain, [*missing, *given.defaults], strict=True))
    ]
    if given.vararg:
        found.append(_parameter(source, given.vararg, ParameterKind.VAR_POSITIONAL))
    keywords = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    found += [_parameter(source, each, ParameterKind.KEYWORD_ONLY, default) for each, default in keywords]
    if given.kwarg:
        found.append(_parameter(source, given.kwarg, ParameterKind.VAR_KEYWORD))
    return tuple(found)


def fields(source: Source, definition: ast.ClassDef) -> tuple[Parameter, ...]:
    """Give the parameters that ``@dataclass`` (or ``NamedTuple``) makes of a class's fields."""
    found: list[Parameter] = []
    kind = ParameterKind.KEYWORD_ONLY if _says(definition, "kw_only") else ParameterKind.POSITIONAL_OR_KEYWORD
    for statement in definition.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        annotation = source.text(statement.annotation)
        if annotation.rpartition(".")[2].startswith("KW_ONLY"):
            kind = ParameterKind.KEYWORD_ONLY
        elif "ClassVar" not in annotation and not _says_no(statement.value, "init"):
            default = source.text(statement.value) if statement.value and not _is_required(statement.value) else None
            found.append(Parameter(statement.target.id, kind, annotation, default))
    return tuple(found)


def without_first(given: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Take away ``self`` or ``cls``."""
    return given[1:] if given and given[0].kind in _PLAIN else given


def without_bound(
    given: tuple[Parameter, ...], call: ast.Call, source: Source, known: Mapping[str, str] | None = None
) -> tuple[Parameter, ...]:
    """Give what ``partial(f, …)`` leaves of ``f``'s parameters; a bound keyword stays, with its new default.

    Args:
        given: the parameters of ``f``.
        call: of ``partial``.
        source: the module with the call.
        known: defaults that are written otherwise than in the source.
    """
    if any(isinstance(each, ast.Starred) for each in call.args):
        return ()
    positional = len(call.args) - 1
    words = {word.arg: source.text(word.value) for word in call.keywords if word.arg} | dict(known or {})
    found: list[Parameter] = []
    keyword_only = False
    for each in given:
        if each.kind in _PLAIN and positional > 0:
            positional -= 1
            continue
        if each.name in words and each.kind not in _MARK:
            keyword_only = True
            each = replace(each, default=words.pop(each.name))  # noqa: PLW2901 - the same parameter, bound
        # Python's own rule (inspect.signature): what follows a bound keyword can be given by name only.
        if keyword_only and each.kind is ParameterKind.POSITIONAL_OR_KEYWORD:
            each = replace(each, kind=ParameterKind.KEYWORD_ONLY)  # noqa: PLW2901
        if not (keyword_only and each.kind is ParameterKind.VAR_POSITIONAL):
            found.append(each)
    return tuple(found)


def render(given: Iterable[Parameter], returns: str | None = None) -> str:
    """Write parameters as Python does."""
    parts: list[str] = []
    before: ParameterKind | None = None
    for each in given:
        if before is ParameterKind.POSITIONAL_ONLY and each.kind is not before:
            parts.append("/")
        if each.kind is ParameterKind.KEYWORD_ONLY and before not in {
            ParameterKind.KEYWORD_ONLY,
            ParameterKind.VAR_POSITIONAL,
        }:
            parts.append("*")
        parts.append(_one(each))
        before = each.kind
    if before is ParameterKind.POSITIONAL_ONLY:
        parts.append("/")
    return f"({', '.join(parts)})" + (f" -> {returns}" if returns else "")


def _one(given: Parameter) -> str:
    text = _MARK.get(given.kind, "") + given.name
    if given.annotation is None:
        return text if given.default is None else f"{text}={given.default}"
    return f"{text}: {given.annotation}" + ("" if given.default is None else f" = {given.default}")


def _parameter(source: Source, given: ast.arg, kind: ParameterKind, default: ast.expr | None = None) -> Parameter:
    annotation = source.text(given.annotation) if given.annotation else None
    return Parameter(given.arg, kind, annotation, source.text(default) if default else None)


def _says(definition: ast.ClassDef, option: str) -> bool:
    calls = [each for each in definition.decorator_list if isinstance(each, ast.Call)]
    words = [word for call in calls for word in call.keywords if word.arg == option]
    return any(isinstance(word.value, ast.Constant) and word.value.value is True for word in words)


def _says_no(value: ast.expr | None, option: str) -> bool:
    words = value.keywords if isinstance(value, ast.Call) else []
    return any(
        word.arg == option and isinstance(word.value, ast.Constant) and word.value.value is False for word in words
    )


def _is_required(value: ast.expr) -> bool:
    """Say whether a field's value is ``field(…)`` without a default."""
    match value:
        case ast.Call(func=ast.Name(id="field") | ast.Attribute(attr="field"), keywords=words):
            return not any(word.arg in {"default", "default_factory"} for word in words)
    return False
