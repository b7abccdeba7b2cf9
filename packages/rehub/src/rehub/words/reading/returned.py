"""What a function may give back, read from its ``return`` statements."""

import ast


def returned(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
) -> tuple[list[ast.expr], dict[str, ast.AST]]:
    r"""Give what a function returns, and its inner functions, classes and variables.

    Example:
        >>> values, inner = returned(ast.parse("def make():\n def net(): 0\n return net").body[0])
        >>> (values[0].id, list(inner))
        ('net', ['net'])
    """
    if isinstance(function, ast.Lambda):
        return [function.body], {}
    values: list[ast.expr] = []
    inner: dict[str, ast.AST] = {}
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                inner[name] = node
                continue
            case ast.Return(value=ast.expr() as value):
                values.append(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                inner.setdefault(name, value)
        waiting += [
            each
            for each in ast.iter_child_nodes(node)
            if isinstance(each, ast.stmt | ast.excepthandler | ast.match_case)
        ]
    return values, inner
