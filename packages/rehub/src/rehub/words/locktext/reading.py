"""A lock, from its text."""

import re
import shlex
import tomllib
from typing import Any
from urllib.parse import urlsplit

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError, MalformedLockError
from rehub.words.literals import unspell_call
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.locktext.contradictions import refuse_contradictions
from rehub.words.locktext.statements import refuse_deep_keys, statements
from rehub.words.locktext.table import Table
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote

VERSION = 1
"""Of the format: a key more or less, or another meaning of one, is another version."""

_MODEL = ("name", "ref", "entry", "arguments", "complete", "unverified", "repository", "weights", "environment")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7}|={7})(?: |$)", re.MULTILINE)
_RESOLVE = "To see whole tables, of which both sides are kept, each model once:\n  git checkout --conflict=diff3"
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TREE = re.compile(r"[0-9a-f]{40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse(text: str, where: str = "rehub.lock") -> Lock:
    """Read a lock; an empty text is an empty one.

    Args:
        text: all of the file.
        where: the file, for messages.

    Raises:
        MalformedLockError: it is no lock, is of a newer version, or says two things of one.
    """
    text = plain(text)
    data = _data(text, where)
    if not data:
        return Lock()
    top = Table(data, (), where, {each.path: each.line for each in statements(text)})
    _check_version(top)
    top.only("version", "model", "weights", "pylock")
    models, weights = top.tables("model"), top.tables("weights")
    lock = Lock(tuple(map(_model, models)), tuple(map(_weights, weights)), *_pylock(top.table("pylock")))
    refuse_contradictions(models, weights)
    return lock


def plain(text: str) -> str:
    """Give a text as TOML wants it: without the mark that some editors put first, and with plain ends of lines."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _data(text: str, where: str) -> dict[str, Any]:
    if found := _CONFLICT.search(text):
        at = f"{where}, line {text.count(chr(10), 0, found.start()) + 1}"
        raise MalformedLockError(at, "git has left a conflict there", f"{_RESOLVE} {shlex.quote(where)}")
    try:
        refuse_deep_keys(text)
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; so is a number of too many digits
        said = _PLACE.search(str(error))
        at = f"{where}, line {said[1]}" if said else where
        raise MalformedLockError(at, _PLACE.sub(r" (column \2)", str(error))) from error
    except RecursionError as error:
        raise MalformedLockError(where, "it has too many lists within lists") from error


def _check_version(top: Table) -> None:
    if "version" not in top.data:
        raise top.fault(None, f"it does not say its version\n  expected version = {VERSION}")
    found = top.size("version")
    if found < 1:
        raise top.fault("version", f"there is no version {found}\n  expected version = {VERSION}")
    if found > VERSION:
        raise top.fault(
            "version",
            f"it is of version {found}, and this rehub knows {VERSION}",
            "A newer rehub wrote it:\n  pip install --upgrade rehub",
        )


def _pylock(table: Table | None) -> tuple[str, str]:
    if table is None:
        return "", ""
    table.only("file", "sha256")
    return table.text("file"), _sha256(table)


def _model(table: Table) -> LockedModel:
    table.only(*_MODEL)
    args, kwargs = _arguments(table)
    return LockedModel(
        name=table.text("name"),
        ref=_ref(table),
        entry=table.text("entry"),
        args=args,
        kwargs=kwargs,
        repositories=tuple(map(_repository, table.tables("repository"))),
        weights=tuple(map(_weights, table.tables("weights"))),
        complete=table.flag("complete", default=False),
        unverified=table.texts("unverified"),
        environment=_environment(table.table("environment")),
    )


def _ref(table: Table) -> str:
    text = table.text("ref")
    try:
        Ref.parse(text)
    except MalformedError as error:
        raise table.fault("ref", str(error)) from error
    return text


def _arguments(table: Table) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
    try:
        args, kwargs = unspell_call(table.texts("arguments"))
    except ValueError as error:
        raise table.fault("arguments", str(error)) from error
    return args, tuple(kwargs.items())


def _repository(table: Table) -> LockedRepository:
    table.only("ref", "remote", "gitCommit", "gitTree", "dirHash", "size")
    tree = table.text("gitTree", "")
    if tree and not _TREE.fullmatch(tree):
        raise table.fault("gitTree", f"gitTree is {tree[:80]!r}\n  expected 40 lower-case hex digits")
    size = table.size("size") if "size" in table.data else None
    ref, pin = _ref(table), Pin(_remote(table), _commit(table), _dirhash(table))
    _check_meant(Ref.parse(ref), pin, table)
    return LockedRepository(ref, pin, tree, size)


def _check_meant(ref: Ref, pin: Pin, table: Table) -> None:
    """Refuse what a ref cannot mean: a lock tells where one points, and may not lead it to anything else.

    Raises:
        MalformedLockError: the ref is a whole commit, and not this one, or of another repository.
    """
    if isinstance(ref.place, Remote) and ref.place != pin.remote:
        reason = f"{table.text('ref')!r} is at {ref.place.url}, and not at {pin.remote.url}"
        raise table.fault("remote", reason, "Write the same URL in both.")
    if ref.commit and ref.commit != pin.commit:
        raise table.fault("gitCommit", f"{table.text('ref')!r} is another commit than {pin.commit}")


def _remote(table: Table) -> Remote:
    text = table.text("remote")
    try:
        ref = Ref.parse(text)
    except MalformedError as error:
        raise table.fault("remote", str(error)) from error
    if not isinstance(ref.place, Remote) or ref.rev:
        raise table.fault("remote", f"remote is {text!r}\n  expected a repository's URL")
    return ref.place


def _commit(table: Table) -> str:
    text = table.text("gitCommit")
    if not _TREE.fullmatch(text):
        raise table.fault("gitCommit", f"gitCommit is {text[:80]!r}\n  expected 40 lower-case hex digits")
    return text


def _dirhash(table: Table) -> Digest:
    text = table.text("dirHash")
    try:
        if text.startswith("h1:"):
            return Digest.parse(text)
    except MalformedError:
        pass
    raise table.fault("dirHash", f"dirHash is {text[:80]!r}\n  expected h1: and 44 characters of base64")


def _weights(table: Table) -> LockedWeights:
    table.only("url", "size", "sha256")
    return LockedWeights(_url(table), _sha256(table), table.size("size"))


def _url(table: Table) -> str:
    """Refuse what is no URL at all: others would fall over it, or print it as lines of their own."""
    text = table.text("url")
    if _CONTROL.search(text):
        raise table.fault("url", f"url is {text[:80]!r}\n  a URL holds no control characters")
    try:
        urlsplit(text)
    except ValueError as error:
        raise table.fault("url", f"url is {text[:80]!r}, which is no URL: {error}") from error
    return text


def _sha256(table: Table) -> str:
    text = table.text("sha256")
    if not _SHA256.fullmatch(text):
        raise table.fault("sha256", f"sha256 is {text[:80]!r}\n  expected 64 lower-case hex digits")
    return text


def _environment(table: Table | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, table.text(name)) for name in table.data) if table else ()
