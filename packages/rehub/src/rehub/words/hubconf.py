"""What reading a repository's ``hubconf.py`` tells: entries, leaks, dependencies, weights, effects.

All of it comes from the syntax tree; nothing was run. :meth:`Hubconf.as_dict` and :meth:`Hubconf.from_dict` are the
format of ``described/<tree>.json`` in the store and of ``--json``.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class EntryKind(StrEnum):
    """What an entry is, as far as reading tells."""

    FUNCTION = "function"
    CLASS = "class"
    PARTIAL = "partial"
    OBJECT = "object"  # an instance that is called, or the result of a call


class ParameterKind(StrEnum):
    """How an argument may be passed; the words of :class:`inspect.Parameter`."""

    POSITIONAL_ONLY = "positional-only"
    POSITIONAL_OR_KEYWORD = "positional or keyword"
    VAR_POSITIONAL = "variadic positional"
    KEYWORD_ONLY = "keyword-only"
    VAR_KEYWORD = "variadic keyword"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an entry; annotation and default are source text, ``None`` where there is none."""

    name: str
    kind: ParameterKind = ParameterKind.POSITIONAL_OR_KEYWORD
    annotation: str | None = None
    default: str | None = None
    doc: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry point: a public callable of ``hubconf.py``.

    Attributes:
        name: as ``load`` takes it; need not be an identifier.
        kind: function, class, partial or object.
        signature: ``(pretrained=False, **kwargs)``; empty if reading cannot know it.
        parameters: the same, taken apart.
        doc: the docstring, cleaned of its indentation; empty if there is none.
        returns: what the docstring says of the result, or the annotation.
        examples: code blocks of the docstring.
        file: relative to the repository's root, of the definition.
        line: of the definition, from 1.
        conditional: it exists only if an ``if``, ``try``, ``for`` or ``with`` goes its way.
        decorators: source text; a decorator may change signature and documentation.
        from_run: reading cannot know it; it was there when the hubconf was run.
    """

    name: str
    kind: EntryKind
    signature: str = ""
    parameters: tuple[Parameter, ...] = ()
    doc: str = ""
    returns: str | None = None
    examples: tuple[str, ...] = ()
    file: str = "hubconf.py"
    line: int = 1
    conditional: bool = False
    decorators: tuple[str, ...] = ()
    from_run: bool = False

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :func:`dataclasses.asdict` wrote.

        Raises:
            TypeError, KeyError, ValueError: it is something else, or of another version.
        """
        parameters = tuple(Parameter(**{**each, "kind": ParameterKind(each["kind"])}) for each in data["parameters"])
        changed = {"kind": EntryKind(data["kind"]), "parameters": parameters}
        return cls(**{**data, **changed, "examples": tuple(data["examples"]), "decorators": tuple(data["decorators"])})

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.doc.strip().split("\n", 1)[0] if self.doc.strip() else ""

    @property
    def help(self) -> str:
        """The signature and, after an empty line, the documentation."""
        return f"{self.name}{self.signature or '(…)'}" + (f"\n\n{self.doc.strip()}" if self.doc.strip() else "")


@dataclass(frozen=True, slots=True)
class Leak:
    """A public name that torch.hub would list, but that is only imported or a helper.

    Attributes:
        name: the name.
        origin: where it comes from: ``torch.nn.Module``, ``models/detr.py:12``.
        line: of the binding in ``hubconf.py``.
        callable: whether torch.hub would list it; ``None`` if reading cannot know.
    """

    name: str
    origin: str
    line: int
    callable: bool | None = None


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A place that makes names at run time, which reading cannot know."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"names made at run time by {self.file}:{self.line} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Dependency:
    """An import name that the hubconf says it needs, and where it says so."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class WeightUrl:
    """A URL in the repository's code that looks like weights.

    Attributes:
        hash_prefix: the hex digits of the SHA-256 that the name carries (8 or more), if any.
    """

    url: str
    file: str
    line: int
    hash_prefix: str | None = None


class EffectKind(StrEnum):
    """What may happen merely by importing the hubconf."""

    INSTALL = "installs packages"
    NETWORK = "uses the network"
    BUILD = "builds code"
    CUDA = "touches CUDA"
    PATH = "edits sys.path"
    PRINT = "prints"
    LOGGING = "sets up logging"
    PROCESS = "starts a process"
    WRITE = "writes files"
    ENVIRONMENT = "changes the environment"
    RAISE = "may raise"
    PROMPT = "asks for input"
    BYTECODE = "committed byte-code"
    TORCH_HUB = "loads another hub repository"


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that happens at import, with its place and source text."""

    kind: EffectKind
    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the repository that cannot be read as Python, or does not add up."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a hubconf, whose names are among the entries.

    Attributes:
        at: when, in ISO 8601 (UTC).
        python: which one, as byte-code is tagged: ``cpython-311.0``.
    """

    at: str
    python: str

    def __str__(self) -> str:
        return f"a run of {self.at}, by {self.python}"


@dataclass(frozen=True, slots=True)
class Hubconf:
    """Everything that reading a repository tells.

    Attributes:
        entries: in alphabetical order, each name once.
        dependencies: ``None`` if the hubconf has no ``dependencies`` that reading can know.
        run: the run that told of entries which reading cannot know; ``None`` if there was none.
    """

    entries: tuple[Entry, ...] = ()
    leaks: tuple[Leak, ...] = ()
    dynamic: tuple[Dynamic, ...] = ()
    dependencies: tuple[Dependency, ...] | None = None
    weights: tuple[WeightUrl, ...] = ()
    effects: tuple[Effect, ...] = ()
    problems: tuple[Problem, ...] = ()
    run: Run | None = None

    @property
    def names(self) -> list[str]:
        """The names of the entries, in alphabetical order."""
        return [entry.name for entry in self.entries]

    @property
    def is_known(self) -> bool:
        """Whether these are all entries: no names are made at run time, or a run tells them, and it can be read."""
        is_read = bool(self.entries) or not self.problems
        return is_read and (not self.dynamic or self.run is not None)

    def find(self, name: str) -> Entry | None:
        """Give the entry of that name, or ``None``."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Give plain dictionaries, lists and strings, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`as_dict` wrote.

        Raises:
            TypeError, KeyError, ValueError: it is something else, or of another version.
        """
        needed = data["dependencies"]
        return cls(
            entries=tuple(Entry.from_dict(each) for each in data["entries"]),
            leaks=tuple(Leak(**each) for each in data["leaks"]),
            dynamic=tuple(Dynamic(**each) for each in data["dynamic"]),
            dependencies=None if needed is None else tuple(Dependency(**each) for each in needed),
            weights=tuple(WeightUrl(**each) for each in data["weights"]),
            effects=tuple(Effect(**{**each, "kind": EffectKind(each["kind"])}) for each in data["effects"]),
            problems=tuple(Problem(**each) for each in data["problems"]),
            run=Run(**data["run"]) if data.get("run") else None,
        )
