"""What a program asks to be loaded, as far as its text says it: calls of rehub and torch.hub with literals."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

_LOADS = {"rehub.load", "rehub.compat.load", "torch.hub.load"}
_FILES = {
    f"{module}.{name}"
    for module in ("rehub", "rehub.compat", "torch.hub")
    for name in ("load_state_dict_from_url", "download_url_to_file")
} | {"torch.utils.model_zoo.load_url"}
# Parameters of load itself: what is left is the entry's.
_OWN = {"repo_or_dir", "model", "source", "trust_repo", "force_reload", "verbose", "skip_validation", "expect"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that loads something.

    Attributes:
        line: where it is.
        ref: the repository; empty if only running the program would tell, or if it is a file that is wanted.
        entry: likewise.
        args: what the entry is called with; ``None`` if only running the program would tell.
        kwargs: likewise, by name, sorted by it.
        url: of a file that is wanted.
        local: the ref is a folder, whatever it looks like.
    """

    line: int
    ref: str = ""
    entry: str = ""
    args: tuple[Any, ...] | None = None
    kwargs: tuple[tuple[str, Any], ...] = ()
    url: str = ""
    local: bool = False


def wanted(tree: ast.Module) -> Iterator[Wanted]:
    """Give the calls of a program that load something, in no particular order. Nothing of it is run.

    Example:
        >>> (call,) = wanted(ast.parse("import torch.hub as h; h.load('acme/toy:v1', 'net', 3, pretrained=True)"))
        >>> call.ref, call.entry, call.args, call.kwargs
        ('acme/toy:v1', 'net', (3,), (('pretrained', True),))
    """
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        what = _dotted(node.func, names)
        if what in _LOADS:
            yield replace(_load(node, "repo_or_dir", "model"), **_arguments(node))
        elif what == "rehub.entry":
            yield _load(node, "ref", "name")
        elif what in _FILES:
            yield Wanted(node.lineno, url=_text(_given(node, 0, "url")))


def _load(node: ast.Call, ref: str, entry: str) -> Wanted:
    """Read a call of ``load`` or ``entry``, by the names of its first two parameters."""
    source = _given(node, None, "source")
    is_local = source is not None and _text(source) != "github"
    return Wanted(node.lineno, _text(_given(node, 0, ref)), _text(_given(node, 1, entry)), local=is_local)


def _arguments(node: ast.Call) -> dict[str, Any]:
    """Give what is left for the entry, if all of it stands there."""
    named = [(each.arg, each.value) for each in node.keywords if each.arg not in _OWN]
    if any(name is None for name, _ in named):
        return {}
    try:
        args = tuple(ast.literal_eval(each) for each in node.args[2:])
        kwargs = [(str(name), ast.literal_eval(value)) for name, value in named]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return {}
    return {"args": args, "kwargs": tuple(sorted(kwargs, key=lambda each: each[0]))}


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give each name that an import binds, and what it leads to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops = ((each.asname or each.name.partition(".")[0], each) for each in node.names)
            yield from ((top, each.name if each.asname else top) for top, each in tops)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((each.asname or each.name, f"{node.module}.{each.name}") for each in node.names)


def _dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Give the name of what is called, by its module; empty if it is called by none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _given(node: ast.Call, place: int | None, name: str) -> ast.expr | None:
    """Give an argument of a call, by its place or its name."""
    named: dict[str | None, Any] = {each.arg: each.value for each in node.keywords}
    if name in named:
        found: ast.expr = named[name]
        return found
    return node.args[place] if place is not None and place < len(node.args) else None


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
