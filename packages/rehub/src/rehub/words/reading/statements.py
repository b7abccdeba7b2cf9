"""Which statements of a module run when it is imported, and which never do.

torch.hub imports ``hubconf.py`` under the name ``hubconf.py``: the body of ``if __name__ == "__main__"`` never runs.
Neither does that of ``if TYPE_CHECKING``.
"""

import ast
from collections.abc import Iterator
from typing import Literal

Certainty = Literal["always", "never", "perhaps"]


def certainty(test: ast.expr) -> Certainty:
    """Say whether an ``if`` on this condition goes its way at import.

    Example:
        >>> certainty(ast.parse("__name__ == '__main__'", mode="eval").body)
        'never'
    """
    match test:
        case ast.Constant(value=value):
            return "always" if value else "never"
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return "never"
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return "always"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if _is_main(left, right) or _is_main(right, left):
            return "never" if isinstance(op, ast.Eq) else "always" if isinstance(op, ast.NotEq) else "perhaps"
        case ast.BoolOp(op=ast.And(), values=values) if any(_plain(each) == "never" for each in values):
            return "never"
    return "perhaps"


def branches(node: ast.If) -> list[tuple[ast.expr | None, list[ast.stmt]]]:
    """Give the bodies that may run of ``if … elif … else``, each with its condition (``None`` for ``else``).

    A loop, not a recursion: each ``elif`` is nested in the ``else`` of the one before. A condition that always holds
    ends the chain as an ``else`` does.
    """
    found: list[tuple[ast.expr | None, list[ast.stmt]]] = []
    while True:
        sure = certainty(node.test)
        if sure == "always":
            return [*found, (None, node.body)]
        if sure == "perhaps":
            found.append((node.test, node.body))
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        return [*found, (None, node.orelse)] if node.orelse else found


def bodies(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Give the blocks of a compound statement that may run at import; classes count, functions do not."""
    match statement:
        case ast.If():
            return [body for _, body in branches(statement)]
        case ast.Try() | ast.TryStar():
            handlers = [handler.body for handler in statement.handlers]
            return [statement.body, *handlers, statement.orelse, statement.finalbody]
        case ast.For() | ast.While() | ast.AsyncFor():
            return [statement.body, statement.orelse]
        case ast.With() | ast.AsyncWith() | ast.ClassDef():
            return [statement.body]
        case ast.Match():
            return [case.body for case in statement.cases]
    return []


def executed(tree: ast.Module, *, classes: bool = False) -> Iterator[ast.stmt]:
    """Give every statement that may run at import, compound ones before their parts, in order of the file."""
    waiting: list[ast.stmt] = list(reversed(tree.body))
    while waiting:
        statement = waiting.pop()
        yield statement
        if classes or not isinstance(statement, ast.ClassDef):
            for body in reversed(bodies(statement)):
                waiting += reversed(body)


def _is_main(name: ast.expr, text: ast.expr) -> bool:
    return (
        isinstance(name, ast.Name)
        and name.id == "__name__"
        and isinstance(text, ast.Constant)
        and text.value == "__main__"
    )


def _plain(test: ast.expr) -> Certainty:
    """Certainty of one operand; nested ``and`` is left alone, so that this cannot recurse."""
    return "perhaps" if isinstance(test, ast.BoolOp) else certainty(test)
