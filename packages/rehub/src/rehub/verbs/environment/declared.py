"""What a repository's files declare: ``requirements.txt``, ``pyproject.toml``, ``setup.cfg``, ``setup.py``.

All are read as data. Groups that somebody has to ask for (extras, development) are not: nothing of the repository's
models is promised to need them.
"""

import codecs
import configparser
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from posixpath import dirname, join, normpath
from typing import Any

from rehub.verbs.environment.fitting import is_valid
from rehub.verbs.environment.setupscript import Script, read_script
from rehub.words.hubconf import Problem
from rehub.words.needs import Aside, Where
from rehub.words.requirement import Requirement, from_poetry, normal
from rehub.words.requirementlines import Line, LineKind, lines
from rehub.world.folder import Tree

# Names under which people keep what is needed to run, in the order in which they are looked at.
REQUIREMENTS = (
    *("requirements.txt", "requirements_inference.txt", "requirements-inference.txt"),
    *(f"requirements/{name}.txt" for name in ("requirements", "base", "core", "install", "inference")),
)
_CONDA = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
_MARKS = (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read.

    Attributes:
        file_bytes: of one file.
        files: of requirements, with those that they include.
        lines: that are kept, in all.
    """

    file_bytes: int = 512_000
    files: int = 20
    lines: int = 2_000


@dataclass(slots=True)
class Declared:
    """What was found, in the order of reading.

    Attributes:
        requirements: each with the place that says so.
        python: which Pythons it says that it is for.
        project: the repository's own distribution.
        aside: what was left aside.
    """

    requirements: list[tuple[Requirement, Where]] = field(default_factory=list)
    python: str = ""
    project: str = ""
    aside: list[Aside] = field(default_factory=list)


def declared(tree: Tree, limits: Limits | None = None) -> Declared:
    """Read what a repository's files declare. What cannot be read is set aside, and never raised."""
    reader = _Reader(tree, limits or Limits())
    for name in REQUIREMENTS:
        if tree.is_file(name):
            reader.requirements_file(name)
    for name, read in {"pyproject.toml": reader.pyproject, "setup.cfg": reader.setup_cfg}.items():
        if tree.is_file(name):
            reader.read(name, read)
    if tree.is_file("setup.py"):
        reader.setup_py("setup.py")
    for name in _CONDA:
        if tree.is_file(name):
            reader.aside(name, 1, "", "is conda's, and is not read")
    return reader.found


@dataclass(slots=True)
class _Reader:
    tree: Tree
    limits: Limits
    found: Declared = field(default_factory=Declared)
    seen: set[str] = field(default_factory=set)

    def read(self, name: str, take: Callable[[str, str], None]) -> None:
        """Read a file as text, and hand it on; what is wrong with it is set aside."""
        data = self.tree.read(name, max_bytes=self.limits.file_bytes)
        if isinstance(data, Problem):
            self.aside(name, data.line, "", data.message)
            return
        try:
            take(name, _text(data))
        except (ValueError, configparser.Error, RecursionError) as error:
            self.aside(
                name, 1, "", f"cannot be read: {str(error).splitlines()[0] if str(error) else 'nested too deep'}"
            )

    def aside(self, file: str, line: int, text: str, reason: str) -> None:
        """Note what nothing was done about."""
        if len(self.found.aside) < self.limits.lines:
            self.found.aside.append(Aside(file, line, text, reason))

    def add(self, requirement: Requirement, file: str, line: int) -> None:
        """Note a requirement; what is to come from elsewhere is set aside."""
        if len(self.found.requirements) >= self.limits.lines:
            return
        if requirement.url:
            self.aside(file, line, str(requirement), "comes from elsewhere, not from an index")
        elif is_valid(requirement):
            self.found.requirements.append((requirement, Where(file, line)))
        else:
            self.aside(file, line, str(requirement), "is no requirement")

    def add_text(self, text: object, file: str, line: int) -> None:
        """Note a requirement as PEP 508 writes it."""
        requirement = Requirement.parse(text) if isinstance(text, str) else None
        if requirement:
            self.add(requirement, file, line)
        else:
            self.aside(file, line, str(text)[:200], "is no requirement")

    # requirements.txt

    def requirements_file(self, name: str) -> None:
        """Read a file of requirements and those that it includes, each once."""
        if name in self.seen:
            return
        if len(self.seen) >= self.limits.files:
            self.aside(name, 1, "", f"was not read: reading stops after {self.limits.files} files")
            return
        self.seen.add(name)
        self.read(name, self._requirements)

    def _requirements(self, file: str, text: str) -> None:
        for line in islice(lines(text), self.limits.lines):
            self._line(file, line)

    def _line(self, file: str, line: Line) -> None:
        match line.kind:
            case LineKind.REQUIREMENT if line.requirement:
                self.add(line.requirement, file, line.number)
            case LineKind.INCLUDE:
                self._include(file, line)
            case LineKind.ELSEWHERE:
                self.aside(file, line.number, line.text, "comes from elsewhere, not from an index")
            case LineKind.OPTION:
                self.aside(file, line.number, line.text, "is an option of pip, which is not followed")
            case _:
                self.aside(file, line.number, line.text, "is no requirement")

    def _include(self, file: str, line: Line) -> None:
        name = normpath(join(dirname(file), line.text))
        if "://" in line.text or name.startswith(("/", "..")) or not self.tree.is_file(name):
            self.aside(file, line.number, line.text, "is not in the repository")
        else:
            self.requirements_file(name)

    # pyproject.toml

    def pyproject(self, file: str, text: str) -> None:
        """Read PEP 621's table, setuptools' dynamic files, and Poetry's table."""
        data = tomllib.loads(text)
        project, tool = _table(data, "project"), _table(data, "tool")
        numbered = _Numbers(text)
        self._project(_text_of(project.get("name")), _text_of(project.get("requires-python")))
        for each in _list(project.get("dependencies"))[: self.limits.lines]:
            self.add_text(each, file, numbered.of(each))
        dynamic = _table(_table(_table(tool, "setuptools"), "dynamic"), "dependencies").get("file")
        for name in [dynamic] if isinstance(dynamic, str) else _list(dynamic):
            if isinstance(name, str) and self.tree.is_file(name):
                self.requirements_file(normpath(name))
        self._poetry(file, _table(tool, "poetry"), numbered)

    def _poetry(self, file: str, poetry: dict[str, Any], numbered: "_Numbers") -> None:
        self._project(_text_of(poetry.get("name")), "")
        for name, said in _table(poetry, "dependencies").items():
            line = numbered.of(name)
            version = said.get("version") if isinstance(said, dict) else said
            optional = isinstance(said, dict) and said.get("optional") is True
            if name == "python":
                python = from_poetry("python", _text_of(version))
                self._project("", python.specifier if python else "")
            elif optional:
                continue
            elif isinstance(version, str) and (requirement := from_poetry(name, version)):
                self.add(requirement, file, line)
            else:
                self.aside(file, line, name, "comes from elsewhere, not from an index")

    def _project(self, name: str, python: str) -> None:
        self.found.project = self.found.project or normal(name)
        self.found.python = self.found.python or " ".join(python.split())[:100]

    # setup.cfg and setup.py

    def setup_cfg(self, file: str, text: str) -> None:
        """Read setuptools' declarative form."""
        config = configparser.RawConfigParser(strict=False)
        config.read_string(text)
        self._project(
            config.get("metadata", "name", fallback=""), config.get("options", "python_requires", fallback="")
        )
        numbered = _Numbers(text)
        for raw in config.get("options", "install_requires", fallback="").splitlines():
            told = raw.partition(" #")[0].strip()
            if told.startswith("file:"):
                for name in told.removeprefix("file:").split(","):
                    self.requirements_file(normpath(name.strip()))
            elif told:
                self.add_text(told, file, numbered.of(told))

    def setup_py(self, file: str) -> None:
        """Read what a setup script's ``setup(...)`` says in literals; it is not run."""
        text = self.tree.read_python(file, max_bytes=self.limits.file_bytes)
        script = read_script(file, text) if isinstance(text, str) else text
        if not isinstance(script, Script):
            self.aside(file, script.line, "", script.message)
            return
        self._project(script.name, script.python)
        for told, line in script.requires:
            self.add_text(told, file, line)
        for told, line in script.unknown:
            self.aside(file, line, told, "cannot be known without running it")


class _Numbers:
    """In which line of a file a text stands, in quotes or as it is: neither TOML's nor INI's reader tells."""

    def __init__(self, text: str) -> None:
        self._text = text

    def of(self, told: object) -> int:
        """Give the first such line, from 1; 1 for what stands nowhere."""
        places = (self._text.find(form) for form in (f'"{told}"', f"'{told}'", str(told)))
        return self._text.count("\n", 0, next((place for place in places if place >= 0), 0)) + 1


def _text(data: bytes) -> str:
    """Decode a file as pip does: by its mark, which PowerShell's ``>`` writes, else as UTF-8."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.decode("utf-8")


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text_of(value: object) -> str:
    return value if isinstance(value, str) else ""
