"""Settings as a program gives them: checked at once, so that nothing misspelt fails later or means something else."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rehub.words.errors import MalformedSettingError
from rehub.words.hosts import Host
from rehub.words.settings import Mirror
from rehub.words.weightfile import shown

_DAY = 86_400  # seconds


def source_of(source: object) -> str:
    """Check ``source`` as torch.hub does, in any case; it is never guessed.

    Raises:
        MalformedSettingError: it is none.
    """
    if isinstance(source, str) and source.lower() in {"github", "local"}:
        return source.lower()
    raise MalformedSettingError("source", source, "'github' (any repository with a remote) or 'local' (a folder)")


def url_of(given: object) -> str:
    """Check a URL.

    Raises:
        MalformedSettingError: it is no text, or names no scheme.
    """
    if not isinstance(given, str):
        raise MalformedSettingError("url", type(given).__name__, "a URL: https://example.org/net.pth")
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", given):
        raise MalformedSettingError("url", shown(given)[:80], "a URL: https://example.org/net.pth")
    return given


def folder_of(given: str | os.PathLike[str], name: str = "dir", expected: str = "a folder") -> Path:
    """Give an absolute path; ``~`` is the home.

    Raises:
        MalformedSettingError: it is empty.
        TypeError: it is not a path.
    """
    text = os.fspath(given)
    if not text:
        raise MalformedSettingError(name, text, expected)
    return Path(os.path.expanduser(text)).absolute()


def folders_of(given: str | Iterable[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """Read folders, in ``REHUB_SHARED``'s form or one by one.

    Raises:
        MalformedSettingError: one of them is empty.
        TypeError: one of them is not a path.
    """
    each = [part for part in given.split(os.pathsep) if part] if isinstance(given, str) else given
    return tuple(folder_of(part, "shared") for part in each)


def mirrors_of(given: str | Mapping[str, str]) -> tuple[Mirror, ...]:
    """Read mirrors, as a mapping of prefixes or in ``REHUB_MIRRORS``' form.

    Raises:
        MalformedSettingError: they are something else.
    """
    if isinstance(given, str):
        return Mirror.parse_all(given)
    if not isinstance(given, Mapping):
        raise MalformedSettingError("mirrors", given, "a mapping of prefixes, or REHUB_MIRRORS' form")
    return tuple(Mirror.parse(f"{prefix}={target}") for prefix, target in given.items())


def amount_of(name: str, given: object) -> int:
    """Check how much of something is asked for.

    Raises:
        MalformedSettingError: it is no number from 1.
    """
    if type(given) is int and given > 0:
        return given
    raise MalformedSettingError(name, given, "a number from 1")


def expected_of(expect: object) -> tuple[type, ...]:
    """Read ``expect``: a class, or a tuple of classes; of ``None`` nothing is expected.

    Raises:
        MalformedSettingError: it is something else, or no object can be checked against it.
    """
    kinds = expect if isinstance(expect, tuple) else () if expect is None else (expect,)
    if (expect is None or kinds) and all(map(_is_checkable, kinds)):
        return kinds
    raise MalformedSettingError("expect", expect, "a class, such as torch.nn.Module, or a tuple of classes")


def _is_checkable(kind: object) -> bool:
    """Say whether ``isinstance`` takes something; ``list[int]`` and most protocols only look like classes."""
    try:
        isinstance(None, kind)  # type: ignore[arg-type]
    except TypeError:
        return False
    return isinstance(kind, type)


def hosts_of(given: str | Mapping[str, str | Mapping[str, str]]) -> tuple[Host, ...]:
    """Read hosts, in ``REHUB_HOSTS``' form, or by name with ``"github"`` or ``{"kind": …, "base": …, "token": …}``.

    Raises:
        MalformedSettingError: they are something else.
    """
    if isinstance(given, str):
        return Host.parse_all(given)
    if not isinstance(given, Mapping):
        raise MalformedSettingError("hosts", None, "a mapping of host names, or REHUB_HOSTS' form")
    tables = {name: each if isinstance(each, Mapping) else {"kind": each} for name, each in given.items()}
    return tuple(Host.of("hosts", name, fields) for name, fields in tables.items())


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "trust": (lambda value: value in {"never", "ask", "always"}, "never, ask or always"),
    "verify": (lambda value: value in {"changed", "always"}, "changed or always"),
    "offline": (lambda value: isinstance(value, bool), "True or False"),
    "legacy_links": (lambda value: isinstance(value, bool), "True or False"),
    "locked": (lambda value: isinstance(value, bool), "True or False"),
    "timeout": (
        lambda value: type(value) in {int, float} and 0 < value <= _DAY,
        "seconds, more than 0 and at most a day",
    ),
}


def check(given: Mapping[str, object]) -> None:
    """Refuse what the environment would refuse too.

    Raises:
        MalformedSettingError: a setting has a value that it cannot have.
    """
    for name, (is_right, expected) in _CHECKS.items():
        if name in given and not is_right(given[name]):
            raise MalformedSettingError(name, given[name], expected)
