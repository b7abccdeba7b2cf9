"""How two commits of a repository differ, by reading both; nothing of either is run."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rehub.verbs.environment.declared import declared
from rehub.verbs.update.entries import entry_changes
from rehub.words.dependencies import install_line
from rehub.words.errors import StoreError
from rehub.words.hubconf import Hubconf
from rehub.words.pin import Checkout
from rehub.words.text import size
from rehub.words.update import Changes, Code, Listed
from rehub.world.folder import Tree
from rehub.world.git import Git
from rehub.world.git.difference import difference
from rehub.world.packages import is_importable


def changes(old: tuple[Checkout, Hubconf], new: tuple[Checkout, Hubconf], git: Git, *, code: bool) -> Changes:
    """Say how two commits differ.

    Args:
        old: the files that are locked, and what reading them gave.
        new: the files that are upstream now, likewise.
        git: compares their code.
        code: show how that differs, and do not only count.
    """
    (old_files, then), (new_files, now) = old, new
    return Changes(
        entry_changes(then, now),
        tuple(_lists(old, new)),
        _code(old_files.root, new_files.root, git, text=code),
        (*_unknown(then, "then"), *_unknown(now, "now")),
    )


def _code(old: Path, new: Path, git: Git, *, text: bool) -> Code:
    """Compare all files; if that is too much, the rest is told without it."""
    try:
        return difference(git, old, new, text=text)
    except StoreError as error:
        return Code(fault=error.reason)


def _lists(old: tuple[Checkout, Hubconf], new: tuple[Checkout, Hubconf]) -> Iterator[Listed]:
    (old_files, then), (new_files, now) = old, new
    yield from _differing("weights", (each.url for each in then.weights), (each.url for each in now.weights))
    yield from _differing("git LFS", _pointers(old_files), _pointers(new_files))
    if then.dependencies is not None and now.dependencies is not None:
        names = [[_needed(each.name) for each in found.dependencies or ()] for found in (then, now)]
        yield from _differing("dependencies", *names)
    asked_then, asked_now = _requirements(old_files.root), _requirements(new_files.root)
    for file in sorted({*asked_then, *asked_now}):
        yield from _differing(file, asked_then.get(file, ()), asked_now.get(file, ()))


def _differing(title: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Listed]:
    """Give what only one of two lists holds, in its order; nothing if there is nothing."""
    then, now = dict.fromkeys(old), dict.fromkeys(new)
    gone, fresh = (each for each in then if each not in now), (each for each in now if each not in then)
    found = Listed(title, tuple(gone), tuple(fresh))
    if found.gone or found.new:
        yield found


def _needed(name: str) -> str:
    return name if is_importable(name) else f"{name} (not installed: {install_line([name])})"


def _pointers(files: Checkout) -> list[str]:
    return [f"{each.path} ({size(each.size)}, sha256 {each.oid.short})" for each in files.lfs]


def _requirements(root: Path) -> dict[str, list[str]]:
    """Give what each file asks for, read as for ``rehub env``: also what only pip itself would follow."""
    read, found = declared(Tree(root)), dict[str, list[str]]()
    for requirement, where in read.requirements:
        found.setdefault(where.file, []).append(str(requirement))
    for each in read.aside:
        found.setdefault(each.file, []).append(each.text or each.reason)
    return found | ({"Python": [read.python]} if read.python else {})


def _unknown(found: Hubconf, when: str) -> Iterator[str]:
    """Say what reading could not know of one side, so that silence is not taken for sameness."""
    if found.dynamic and not found.run:
        yield f"{when}, its hubconf.py made names at run time, which reading cannot know: {found.dynamic[0]}"
    yield from (
        f"{when}, {each.file}:{each.line} {each.message}" for each in found.problems if each.file == "hubconf.py"
    )
