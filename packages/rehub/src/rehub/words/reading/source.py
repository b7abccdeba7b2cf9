"""One module of a repository as text and as a syntax tree, and how the one becomes the other without running it."""

import ast
import warnings
from dataclasses import dataclass

from rehub.words.hubconf import Problem

MAX_SHOWN = 200  # characters of source text in a report


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed module.

    Attributes:
        file: its path, relative to the repository's root, with ``/``.
        lines: its text, split where Python splits it.
    """

    file: str
    tree: ast.Module
    lines: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The folder that holds it; empty for the root."""
        return self.file.rpartition("/")[0]

    def text(self, node: ast.AST) -> str:
        """Give a node's source text, on one line.

        Cut out of the lines, not unparsed: ``ast.unparse`` recurses six frames a level, and hostile code nests deep.
        """
        first, last = getattr(node, "lineno", 0) - 1, getattr(node, "end_lineno", 0) - 1
        if not 0 <= first <= last < len(self.lines):
            return ""
        start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
        if first == last:
            # Python's columns count bytes of UTF-8, not characters.
            return self.lines[first].encode()[start:end].decode(errors="replace")
        middle = self.lines[first + 1 : last]
        pieces = (
            self.lines[first].encode()[start:],
            *(line.encode() for line in middle),
            self.lines[last].encode()[:end],
        )
        return " ".join(b" ".join(pieces).decode(errors="replace").split())

    def shown(self, node: ast.AST) -> str:
        """Give a node's source text, short enough for a report."""
        text = self.text(node)
        return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def parse(file: str, text: str) -> Source | Problem:
    """Read Python 3; whatever cannot be read as that is a problem, never an exception.

    Example:
        >>> parse("hubconf.py", "print 'Python 2'").line
        1
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's docstring is no business of our caller's warning filters.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        return Problem(file, min(error.lineno or 1, text.count("\n") + 1), f"is not Python 3: {error.msg}")
    except (RecursionError, MemoryError):
        return Problem(file, 1, "is nested too deeply to be read")
    except ValueError as error:
        return Problem(file, 1, f"is not Python: {error}")
    return Source(file, tree, tuple(text.split("\n")))
