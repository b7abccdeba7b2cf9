"""A lock's text: one order, one line a fact, so that what two people change meets in git only where it must."""

import re
from collections.abc import Iterable, Iterator

from rehub.words.errors import MalformedLockError
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.locktext.comments import keep
from rehub.words.locktext.reading import VERSION, parse, plain

_HEAD = "# Which bytes this project's models are made of. rehub writes it; comments and edits are kept."
_CRLF = re.compile(r"[^\n]*\r\n")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# What a terminal would obey, and what no file in UTF-8 can hold: the reader refuses the latter.
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def format(lock: Lock, before: str = "", where: str = "rehub.lock") -> str:  # noqa: A001 - the word for it
    """Write a lock.

    Args:
        lock: what it shall say.
        before: what is there now. Its comments are kept, and all of it if it says the same.
        where: the file, for messages.

    Raises:
        MalformedLockError: ``before`` is no lock, or ``lock`` is nothing that could be read again.
    """
    there = plain(before)
    fresh = _canonical(lock)
    if _canonical(parse(there, where)) == fresh and there:
        return before
    text = keep(fresh, there) if there else f"{_HEAD}\n{fresh}"
    written = parse(text, where)
    if written != lock and _canonical(written) != fresh:  # what is not a number never equals itself
        raise MalformedLockError(where, "what was to be written would be read as something else")
    return text.replace("\n", "\r\n") if _CRLF.match(before) else text


def _canonical(lock: Lock) -> str:
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
    yield f"arguments = {_row(model.arguments)}"
    yield f"complete = {'true' if model.complete else 'false'}"
    if model.unverified:
        yield f"unverified = {_row(model.unverified)}"
    for repository in model.repositories:
        yield from ("", "[[model.repository]]", *_repository(repository))
    for file in model.weights:
        yield from ("", "[[model.weights]]", *_weights(file))
    if model.environment:
        yield from ("", "[model.environment]", *(f"{_key(name)} = {_text(it)}" for name, it in model.environment))


def _repository(repository: LockedRepository) -> Iterator[str]:
    yield f"ref = {_text(repository.ref)}"
    yield f"remote = {_text(repository.pin.remote.url)}"
    yield f"gitCommit = {_text(repository.pin.commit)}"
    if repository.git_tree:
        yield f"gitTree = {_text(repository.git_tree)}"
    if repository.pin.tree:
        yield f"dirHash = {_text(repository.pin.tree.h1)}"
    if repository.size is not None:
        yield f"size = {repository.size}"


def _weights(file: LockedWeights) -> Iterator[str]:
    yield f"url = {_text(file.url)}"
    yield f"size = {file.size}"
    yield f"sha256 = {_text(file.sha256)}"


def _row(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """Write a string of TOML."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _HIDDEN.sub(_escape, quoted) + '"'


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04X}"
