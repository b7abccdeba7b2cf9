"""What a ``setup.py`` says to ``setup(...)``, as far as reading tells. It is never run."""

import ast
from dataclasses import dataclass

from rehub.words.hubconf import Problem
from rehub.words.reading.listing import listing
from rehub.words.reading.source import Source, parse

_ASKED = "install_requires"


@dataclass(frozen=True, slots=True)
class Script:
    """What was found.

    Attributes:
        name: of the distribution; empty if reading does not tell.
        python: ``python_requires``; likewise.
        requires: ``install_requires``, each with its line.
        unknown: what of that cannot be known, with its line.
    """

    name: str = ""
    python: str = ""
    requires: tuple[tuple[str, int], ...] = ()
    unknown: tuple[tuple[str, int], ...] = ()


def read_script(file: str, text: str) -> Script | Problem:
    """Read a setup script.

    Example:
        >>> read_script("setup.py", "setup(name='toy', install_requires=['numpy'])")
        Script(name='toy', python='', requires=(('numpy', 1),), unknown=())
    """
    source = parse(file, text)
    if isinstance(source, Problem):
        return source
    given = {each.arg: each.value for each in _setup(source) if each.arg}
    script = Script(_constant(given.get("name")), _constant(given.get("python_requires")))
    return _with_requirements(script, source, given[_ASKED]) if _ASKED in given else script


def _setup(source: Source) -> list[ast.keyword]:
    """Give the arguments of the script's call of ``setup``, wherever it stands."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            return node.keywords
    return []


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _with_requirements(script: Script, source: Source, value: ast.expr) -> Script:
    """Read a list as ``dependencies`` is read: as if the argument were assigned at the script's end."""
    assigned = ast.Assign([ast.Name(_ASKED, ast.Store())], value, lineno=value.lineno)
    body = [*source.tree.body, assigned]
    found = listing(Source(source.file, ast.Module(body, []), source.lines), _ASKED)
    if found is None:
        return script
    return Script(script.name, script.python, found.names, found.unknown)
