"""Runs the blocks of a markdown document, in order, in one temporary home: what the documentation says is so.

* ```` ```python ```` is executed; all blocks of a document share their names. One that starts with ``>>>`` is a
  doctest.
* ```` ```console ```` holds ``$ command`` lines (``> `` continues one) and below each what it prints; ``...`` stands
  for anything. A command without anything below it must only succeed; one that ends in ``# exit 1`` must end so.
* ``<!-- story: path/of/a/story.txt -->``, or ``<!-- story:``, the text of one and ``-->``: tells a story (see
  stories/README.md), unseen by readers: its repositories and files are there for the blocks below.

A block that is not to be run says another language: ``text``, ``sh``, ``pycon``.
"""

import doctest
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.abstract.lexers import LexerCollection
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer

from tests.stories import ROOT, TIMEOUT, Story

_COMMAND = re.compile(r"^\$ (.*(?:\n>(?: .*)?$)*)\n?", re.MULTILINE)
_EXIT = re.compile(r"#\s*exit (\d+)\s*$")
_SHELLS_OWN = {"_", "PWD", "OLDPWD", "SHLVL"}
_FLAGS = doctest.ELLIPSIS


class Blocks:
    """The parsers of one document and the story that its blocks share."""

    def __init__(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        self.story = story
        self.monkeypatch = monkeypatch

    def run(self, path: Path) -> int:
        """Run all blocks; give how many there were.

        Raises:
            AssertionError: a block does not do what the document says.
        """
        parsers = [self._stories, CodeBlockParser("console", self._console), self._python]
        document = Sybil(parsers=parsers, encoding="utf-8").parse(path)
        examples = list(document.examples())
        for example in examples:
            example.evaluate()
        return len(examples)

    # Stories, in comments.

    def _stories(self, document: Document) -> Iterable[Region]:
        lexers = LexerCollection([DirectiveInHTMLCommentLexer("story", arguments=r"[^\n]*?")])
        for region in lexers(document):
            region.parsed = (region.lexemes["arguments"], region.lexemes["source"])
            region.evaluator = self._tell
            yield region

    def _tell(self, example: Example) -> None:
        argument, text = example.parsed
        self.story.name = f"{Path(example.path).name}:{example.line} (story in a comment)"
        self.story.tell((ROOT / argument).read_text(encoding="utf-8") if argument else str(text))

    # Python.

    def _python(self, document: Document) -> Iterable[Region]:
        for region in PythonCodeBlockParser(doctest_optionflags=_FLAGS)(document):
            evaluate = region.evaluator
            region.evaluator = lambda example, evaluate=evaluate: self._in_story(evaluate, example)
            yield region

    def _in_story(self, evaluate: object, example: Example) -> str | None:
        for name, value in self.story.env.items():
            if os.environ.get(name) != value:
                self.monkeypatch.setenv(name, value)
        self.monkeypatch.chdir(self.story.cwd)
        return evaluate(example)  # type: ignore[operator]

    # Commands.

    def _console(self, example: Example) -> str | None:
        parts = _COMMAND.split(str(example.parsed))
        if parts[0].strip():
            return f"a console block starts with a line '$ command', not with {parts[0]!r}"
        for command, shown in zip(parts[1::2], parts[2::2], strict=True):
            if problem := self._command(re.sub(r"\n> ?", "\n", command), shown):
                return problem
        return None

    def _command(self, command: str, shown: str) -> str | None:
        printed, status = self._shell(command)
        wanted = int(found[1]) if (found := _EXIT.search(command)) else 0
        if status != wanted:
            return f"$ {command}\nended with {status}, not with {wanted}; it printed:\n{printed}"
        if shown.strip() and not doctest.OutputChecker().check_output(_trim(shown), _trim(printed), _FLAGS):
            return f"$ {command}\nprinted:\n{printed}\nbut the document shows:\n{shown}"
        return None

    def _shell(self, command: str) -> tuple[str, int]:
        """Run one command as a terminal would show it; ``cd`` and ``export`` hold for the next ones."""
        state = self.story.folder.parent / "shell.state"
        script = f"trap 'pwd >{state}.cwd; env -0 >{state}.env' EXIT\n{command}\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.story.cwd,
            env=self.story.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
        self.story.cwd = Path(Path(f"{state}.cwd").read_text().rstrip("\n"))
        pairs = (pair.partition("=") for pair in Path(f"{state}.env").read_text().split("\0") if pair)
        self.story.env = {name: value for name, _, value in pairs if name not in _SHELLS_OWN}
        return done.stdout.decode(errors="replace"), done.returncode


def _trim(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"
