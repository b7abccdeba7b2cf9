"""A lock's text: one order, one line a fact, so that what two people change meets in git only where it must."""

import re
from collections.abc import Iterable, Iterator

from rehub.words.literals import spell
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.locktext.reading import VERSION

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def format(lock: Lock, before: str = "") -> str:  # noqa: A001 - the word for it; asked for as locktext.format
    """Write a lock.

    Args:
        lock: what it shall say.
        before: what is there now: its comments are kept.
    """
    return "\n".join(_lines(lock))


def _lines(lock: Lock) -> Iterator[str]:
    yield f"version = {VERSION}"
    for model in lock.models:
        yield from ("", "[[model]]", *_model(model))
    for file in lock.weights:
        yield from ("", "[[weights]]", *_weights(file))
    if lock.pylock:
        yield from ("", "[pylock]", f"file = {_text(lock.pylock)}", f"sha256 = {_text(lock.pylock_sha256)}")
    yield ""


def _model(model: LockedModel) -> Iterator[str]:
    yield f"name = {_text(model.name)}"
    yield f"ref = {_text(model.ref)}"
    yield f"entry = {_text(model.entry)}"
    yield f"arguments = {_row(_arguments(model))}"
    yield f"complete = {'true' if model.complete else 'false'}"
    if model.unverified:
        yield f"unverified = {_row(model.unverified)}"
    for repository in model.repositories:
        yield from ("", "[[model.repository]]", *_repository(repository))
    for file in model.weights:
        yield from ("", "[[model.weights]]", *_weights(file))
    if model.environment:
        yield from ("", "[model.environment]", *(f"{_key(name)} = {_text(it)}" for name, it in model.environment))


def _arguments(model: LockedModel) -> Iterator[str]:
    yield from map(spell, model.args)
    for name, value in model.kwargs:
        yield f"{name if _IDENTIFIER.fullmatch(name) else repr(name)}={spell(value)}"


def _repository(repository: LockedRepository) -> Iterator[str]:
    yield f"ref = {_text(repository.ref)}"
    yield f"remote = {_text(repository.pin.remote.url)}"
    yield f"gitCommit = {_text(repository.pin.commit)}"
    if repository.git_tree:
        yield f"gitTree = {_text(repository.git_tree)}"
    if repository.pin.tree:
        yield f"dirHash = {_text(repository.pin.tree.h1)}"


def _weights(file: LockedWeights) -> Iterator[str]:
    yield f"url = {_text(file.url)}"
    yield f"size = {file.size}"
    yield f"sha256 = {_text(file.sha256)}"


def _row(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """Write a string of TOML; what a terminal would obey is written as its number."""
    shown = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", _escape, shown) + '"'


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04X}"
