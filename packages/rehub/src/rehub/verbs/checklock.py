"""Whether a lock is complete and current, by what lies here: nothing is asked of anybody, and nothing is run."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rehub.verbs.locked import Locks
from rehub.words.errors import MalformedRefError
from rehub.words.hubconf import Problem
from rehub.words.lock import Lock, LockedModel
from rehub.words.programs import Wanted, wanted
from rehub.words.provenance import Provenance, literal
from rehub.words.reading.source import parse
from rehub.words.recorded import model_of
from rehub.words.ref import Folder, Ref, Remote
from rehub.words.unverified import without_secrets
from rehub.world.folder import Tree
from rehub.world.packages import installed_version
from rehub.world.programs import python_files

_MAX_PROGRAM = 1 << 20  # bytes
_MAX_PYLOCK = 64 << 20  # bytes
Kind = Literal["unpinned", "incomplete", "pylock", "unlocked", "environment", "folder", "unknown"]
_NOTES = {"environment", "folder", "unknown"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a lock does not hold, or that is not as it says.

    Attributes:
        kind: ``unpinned``, a model without its commit; ``incomplete``, one that got something past rehub; ``pylock``,
            the file beside the lock is another one; ``unlocked``, what a program loads is not in it. The others are
            notes: ``environment``, another version is installed here; ``folder``, a model of the user's own folder;
            ``unknown``, what a program loads is told only by running it.
        where: the model's name, or the program with the line.
        what: in words.
        command: that would help; empty if there is none.
    """

    kind: Kind
    where: str
    what: str
    command: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the lock is not to be relied on before somebody has done something about it."""
        return self.kind not in _NOTES


def check_lock(
    lock: Lock,
    path: Path,
    *,
    programs: Iterable[Path] = (),
    meant: Callable[[Ref], Ref] = lambda ref: ref,
    installed: Callable[[str], str | None] = installed_version,
) -> list[Finding]:
    """Look whether a lock is complete and current. No socket is opened, no code is run, and the store is not asked.

    Args:
        lock: what it says.
        path: where it is: the ``pylock`` that it names lies beside it.
        programs: files, or folders of them, whose calls of :func:`rehub.load`, ``torch.hub.load`` and their like the
            lock should know.
        meant: gives a ref as settings mean it.
        installed: gives the version of a distribution here.

    Returns:
        What is wanting, model by model, then program by program.
    """
    known = _Known(Locks(path, lock), meant)
    found = [each for model in lock.models for each in _of_model(model, known.locks, installed)]
    found += _of_pylock(lock, path)
    for place in programs:
        for file in python_files(place):
            found += _of_program(known, file)
    return found


def _of_model(model: LockedModel, locks: Locks, installed: Callable[[str], str | None]) -> Iterator[Finding]:
    command = locks.recording(model.ref, model.entry, model.arguments)
    is_folder = isinstance(Ref.parse(model.ref).place, Folder)
    if is_folder and model.complete:
        yield Finding("folder", model.name, f"{model.ref} is a folder: a lock does not hold its files")
    elif model.own is None and not is_folder:
        yield Finding("unpinned", model.name, f"there is no commit of {model.ref}", command)
    if not model.complete:
        past = ", ".join(model.unverified) or "it is not said what"
        yield Finding("incomplete", model.name, f"it is not complete: {past}")
    for name, version in model.environment:
        if (here := installed(name)) != version:
            said = f"{name} {version} when it was locked, {here or 'not installed'} here"
            yield Finding("environment", model.name, said)


def _of_pylock(lock: Lock, path: Path) -> Iterator[Finding]:
    if not lock.pylock:
        return
    beside = Tree(path.parent)
    data = beside.read(lock.pylock, max_bytes=_MAX_PYLOCK)
    if isinstance(data, Problem):
        is_there = lock.pylock in beside.names()
        yield Finding("pylock", lock.pylock, f"it {data.message}" if is_there else "it is not beside the lock")
    elif (digest := hashlib.sha256(data).hexdigest()) != lock.pylock_sha256:
        yield Finding("pylock", lock.pylock, f"its SHA-256 is {digest}, and the lock says {lock.pylock_sha256}")


def _of_program(known: "_Known", file: Path) -> Iterator[Finding]:
    text = Tree(file.parent).read_python(file.name, max_bytes=_MAX_PROGRAM)
    source = text if isinstance(text, Problem) else parse(str(file), text)
    if isinstance(source, Problem):
        yield Finding("unknown", f"{file}:{source.line}", f"it {source.message}")
        return
    for each in sorted(wanted(source.tree), key=lambda call: call.line):
        if found := known.lacks(each):
            yield replace(found, where=f"{file}:{each.line}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a lock knows."""

    locks: Locks
    meant: Callable[[Ref], Ref]

    def lacks(self, call: Wanted) -> Finding | None:
        """Say what the lock lacks for a call."""
        if call.url:
            is_there = self.locks.lock.file(without_secrets(call.url)) is not None
            return None if is_there else Finding("unlocked", "", f"{without_secrets(call.url)} is not in the lock")
        if not call.ref or not call.entry:
            return Finding("unknown", "", "what is loaded here is told only by running it")
        try:
            ref = self.meant(Ref.parse(call.ref, source="local" if call.local else None))
        except MalformedRefError as error:
            return Finding("unknown", "", str(error).partition("\n")[0])
        return self._lacks_model(str(ref), call) if isinstance(ref.place, Remote) else None

    def _lacks_model(self, ref: str, call: Wanted) -> Finding | None:
        arguments = _recorded(call)
        command, lock = self.locks.recording(ref, call.entry, arguments or ()), self.locks.lock
        if not (pinned := lock.meaning(ref)):
            return Finding("unlocked", "", f"{ref} is not in the lock", command)
        own = [(each.own, each) for each in lock.models if each.entry == call.entry]
        models = [each for repository, each in own if repository and repository.pin == pinned.pin]
        if not models:
            return Finding("unlocked", "", f"{call.entry} of {ref} is not in the lock", command)
        if arguments is not None and all(each.arguments != arguments for each in models):
            what = f"{call.entry}({', '.join(arguments)}) of {ref} is not in the lock"
            return Finding("unlocked", "", what, command)
        return None


def _recorded(call: Wanted) -> tuple[str, ...] | None:
    """Give a call's arguments as a lock has them, without what could let somebody in."""
    if call.args is None:
        return None
    named = tuple((name, literal(value)) for name, value in call.kwargs)
    return model_of(Provenance("", None, call.entry, tuple(map(literal, call.args)), named), call.ref).arguments
