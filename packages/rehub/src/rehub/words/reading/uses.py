"""Which imported names a hubconf uses as helpers, rather than passing them on.

The rule that tells an entry from a leak: a name that comes in by import and is used by the hubconf's own functions,
classes, decorators, or calls (``resnet = partial(maker, 50)``) is a tool of the hubconf. One that is imported and never
touched again is there for the user.
"""

import ast

from rehub.words.reading.statements import executed


def used_names(tree: ast.Module) -> frozenset[str]:
    """Give the module-level names that definitions and calls of a module use.

    Example:
        >>> sorted(used_names(ast.parse("from m import Net, make; x = make(3); f = lambda: Net()")))
        ['Net', 'make']
    """
    found: set[str] = set()
    for statement in executed(tree):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found |= _free(statement) - {statement.name}
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                # resnet = partial(maker, 50): the maker is a tool.
                found |= {
                    name for call in ast.walk(value) if isinstance(call, ast.Call | ast.Lambda) for name in _free(call)
                }
            case ast.Expr(value=ast.Call(func=function)):
                # check_requirements(…): what is called, not what it is given, which may be an entry.
                found |= _free(function)
    return frozenset(found)


def tools(tree: ast.Module) -> frozenset[str]:
    """Give the classes that a module's own public functions build with, directly or through other such classes.

    ``from xcit import *`` brings them along when ``xcit.py`` has no ``__all__``: its functions are what it is for.
    """
    classes = {each.name: each for each in executed(tree) if isinstance(each, ast.ClassDef)}
    functions = [each for each in executed(tree) if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")]
    waiting = [name for function in functions for name in _free(function) if name in classes]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each for each in _free(classes[name]) if each in classes]
    return frozenset(found)


def _free(node: ast.AST) -> frozenset[str]:
    """Give the names that a definition reads and does not bind itself, as a parameter, a variable or an import."""
    read: set[str] = set()
    own: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name):
                own.add(name)
            case ast.arg(arg=name):
                own.add(name)
            case ast.alias(name=name, asname=alias):
                own.add(alias or name.partition(".")[0])
    return frozenset(read - own) | _of_signature(node)


def _of_signature(node: ast.AST) -> frozenset[str]:
    """Give the names in decorators, defaults and annotations: these belong to the module, whatever the body binds."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return frozenset()
    outer: list[ast.AST] = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    return frozenset(each.id for part in outer for each in ast.walk(part) if isinstance(each, ast.Name))
