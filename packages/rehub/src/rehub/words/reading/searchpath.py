"""The folders that a hubconf adds to ``sys.path``, where literals say which.

Understood are ``dirname(__file__)``, ``os.path.join``, ``abspath``, ``sys.path[0]``, relative text (to the current
folder: a mistake of its author, but the folder meant is clear), and ``pathlib.Path(__file__).parent / "src"``.
"""

import ast

from rehub.words.reading.source import Source
from rehub.words.reading.statements import executed

_SAME = frozenset(
    {
        "abspath",
        "realpath",
        "normpath",
        "fspath",
        "str",
        "Path",
        "PurePath",
        "resolve",
        "absolute",
        "as_posix",
        "expanduser",
    }
)
_MAX_DEPTH = 30  # nested calls


def search_path(source: Source) -> tuple[str, ...]:
    """Give the folders, relative to the repository's root, in the order in which Python would look into them.

    Example:
        >>> from rehub.words.reading.source import parse
        >>> search_path(parse("hubconf.py", "sys.path.insert(0, dirname(__file__) + '/src')"))
        ('src',)
    """
    names: dict[str, ast.expr] = {}
    first: list[str] = []
    last: list[str] = []
    for statement in executed(source.tree):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names[name] = value
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr=verb), args=[*_, given])) if is_sys_path(
                owner
            ):
                added = _Folders(source.folder, names, first).of(given, 0)
                if added is not None and (inside := _normal(added)) is not None:
                    (first if verb == "insert" else last).append(inside)
    return tuple(dict.fromkeys([*reversed(first), *last]))


def is_sys_path(node: ast.expr) -> bool:
    """Say whether an expression is ``sys.path``."""
    match node:
        case ast.Attribute(value=ast.Name(id=("sys" | "_sys")), attr="path"):
            return True
    return False


class _Folders:
    def __init__(self, here: str, names: dict[str, ast.expr], first: list[str]) -> None:
        self.here, self.names, self.first = here, names, first

    def of(self, node: ast.expr, depth: int) -> str | None:  # noqa: C901, PLR0911 - one case a form
        """Give the path that an expression stands for, ``/`` apart, relative to the root; ``None`` if unknown."""
        if depth > _MAX_DEPTH:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id="__file__"):
                return f"./{self.here}/_.py" if self.here else "./_.py"
            case ast.Name(id=name) if name in self.names:
                return self.of(self.names[name], depth + 1)
            case ast.Subscript(value=owner, slice=ast.Constant(value=0)) if is_sys_path(owner):
                return f"./{self.first[-1]}" if self.first else "."
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.joined([left, right], depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                before, after = self.of(left, depth + 1), self.of(right, depth + 1)
                return None if before is None or after is None else before + after
            case ast.Attribute(value=owner, attr="parent"):
                return self.above(owner, depth)
            case ast.Subscript(value=ast.Attribute(value=owner, attr="parents"), slice=ast.Constant(value=0)):
                return self.above(owner, depth)
            case ast.Call():
                return self.call(node, depth)
        return None

    def call(self, node: ast.Call, depth: int) -> str | None:
        match node.func:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                pass
            case _:
                return None
        if name == "getcwd" or (name == "cwd" and not node.args):
            return "."
        if name == "dirname" and node.args:
            return self.above(node.args[0], depth)
        if name in {"join", "joinpath"}:
            start = [node.func.value] if name == "joinpath" and isinstance(node.func, ast.Attribute) else []
            return self.joined([*start, *node.args], depth)
        if name.lstrip("_") in _SAME:  # "import Path as _Path" keeps it out of torch.hub's list
            inner = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
            return self.of(inner, depth + 1) if inner else None
        return None

    def above(self, node: ast.expr, depth: int) -> str | None:
        path = self.of(node, depth + 1)
        return None if path is None else path.rpartition("/")[0]

    def joined(self, parts: list[ast.expr], depth: int) -> str | None:
        paths = [self.of(part, depth + 1) for part in parts]
        known = [path for path in paths if path is not None]
        if len(known) != len(paths) or any(path.startswith("/") for path in known[1:]):
            return None
        return "/".join(path for path in known if path)


def _normal(path: str) -> str | None:
    """Give the path without ``.`` and ``..``, or ``None`` if it is the root or leads out."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and not kept:
            return None
        if part == "..":
            kept.pop()
        elif part not in {"", "."}:
            kept.append(part)
    return "/".join(kept) if kept and not path.startswith("/") else None
