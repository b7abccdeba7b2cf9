"""The settings of this process: the environment over a TOML file over the defaults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from rehub.words.errors import MalformedSettingError
from rehub.words.hosts import Host, host_name
from rehub.words.ref import GITHUB
from rehub.words.settings import Mirror, Settings, TrustMode, VerifyMode

Choice = TypeVar("Choice", bound=str)
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
_MAX_FILE = 1 << 20  # bytes
# What a configuration file may hold, and the variable that overrides each.
_NAMES = {
    "dir": "",
    "offline": "REHUB_OFFLINE",
    "mirrors": "REHUB_MIRRORS",
    "trust": "REHUB_TRUST",
    "verify": "REHUB_VERIFY",
    "timeout": "REHUB_TIMEOUT",
    "hosts": "REHUB_HOSTS",
    "default_host": "REHUB_DEFAULT_HOST",
    "legacy_links": "REHUB_LEGACY_LINKS",
    "lock": "REHUB_LOCK",
    "locked": "REHUB_LOCKED",
    "shared": "REHUB_SHARED",
}


def hub_dir(environ: Mapping[str, str]) -> Path:
    """Give torch.hub's folder, in its own order: ``TORCH_HOME``, ``XDG_CACHE_HOME``, the home.

    A variable that is set but empty counts as unset: torch.hub would make a folder wherever the process happens to be.
    """
    if home := environ.get("TORCH_HOME"):
        return _folder(home, environ) / "hub"
    return _folder(environ.get("XDG_CACHE_HOME") or "~/.cache", environ) / "torch" / "hub"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read everything that is set outside the program.

    Raises:
        MalformedSettingError: a variable, or a line of the file, has a value that it cannot have.
    """
    values = _file(environ)
    for name, variable in _NAMES.items():
        if variable and environ.get(variable):  # set but empty counts as unset
            values[name] = (variable, environ[variable])
    return Settings(
        dir=_dir(*values["dir"], environ) if "dir" in values else hub_dir(environ),
        offline=_flag(*values.get("offline", ("REHUB_OFFLINE", False))),
        mirrors=_mirrors(*values.get("mirrors", ("REHUB_MIRRORS", ""))),
        trust=_one_of(get_args(TrustMode), *values.get("trust", ("REHUB_TRUST", "ask"))),
        verify=_one_of(get_args(VerifyMode), *values.get("verify", ("REHUB_VERIFY", "changed"))),
        trust_file=config_dir(environ) / "trust.json",
        timeout=_seconds(*values.get("timeout", ("REHUB_TIMEOUT", 30.0))),
        hosts=_hosts(*values.get("hosts", ("REHUB_HOSTS", ""))),
        default_host=host_name(*values.get("default_host", ("REHUB_DEFAULT_HOST", GITHUB))),
        legacy_links=_flag(*values.get("legacy_links", ("REHUB_LEGACY_LINKS", False))),
        lock=_dir(*values["lock"], environ) if "lock" in values else None,
        locked=_flag(*values.get("locked", ("REHUB_LOCKED", False))),
        shared=_folders(*values.get("shared", ("REHUB_SHARED", "")), environ),
    )


def config_dir(environ: Mapping[str, str]) -> Path:
    """Give the folder of the user's own decisions, apart from the cache, which others may share."""
    return _folder(environ.get("XDG_CONFIG_HOME") or "~/.config", environ) / "rehub"


def _folder(text: str, environ: Mapping[str, str]) -> Path:
    """Give an absolute path; ``~`` is the home of the environment given, which need not be the process's own."""
    head, slash, rest = text.partition("/")
    home = environ.get("HOME") if head == "~" else None
    path = Path(home + slash + rest if home else os.path.expanduser(text))
    try:
        return path.absolute()
    except FileNotFoundError as error:  # the working folder has been deleted
        raise MalformedSettingError("a folder", text, "an absolute one: the working folder is gone") from error


def _file(environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Read the configuration file: setting to where it was set and its value."""
    named = environ.get("REHUB_CONFIG")
    path = _folder(named, environ) if named else config_dir(environ) / "config.toml"
    if not named and not os.path.isfile(path):  # noqa: PTH113 - Path's own raises if a folder may not be looked into
        return {}
    import tomllib  # most people have no such file

    try:
        if not path.is_file() and str(path) != os.devnull:  # a FIFO would be waited for
            raise MalformedSettingError("REHUB_CONFIG", str(path), "a file that is there")
        if path.stat().st_size > _MAX_FILE:
            raise MalformedSettingError("REHUB_CONFIG", str(path), f"a file of at most {_MAX_FILE} bytes")
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise MalformedSettingError("REHUB_CONFIG", str(path), f"a TOML file that can be read: {error}") from error
    if unknown := sorted(data.keys() - _NAMES.keys()):
        # Not what it is set to: it may be somebody's token.
        raise MalformedSettingError(f"{path}: {unknown[0]}", None, f"a setting among {', '.join(_NAMES)}")
    return {name: (f"{path}: {name}", value) for name, value in data.items()}


def _dir(name: str, value: object, environ: Mapping[str, str]) -> Path:
    if isinstance(value, str) and value:
        return _folder(value, environ)
    raise MalformedSettingError(name, value, "a path")


def _folders(name: str, value: object, environ: Mapping[str, str]) -> tuple[Path, ...]:
    each = [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value
    if isinstance(each, list):
        return tuple(_dir(name, part, environ) for part in each)
    raise MalformedSettingError(name, value, f"folders, as a list or separated by {os.pathsep!r}")


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE | _FALSE:
        return text in _TRUE
    raise MalformedSettingError(name, value, "1 or 0")


def _one_of(choices: tuple[Choice, ...], name: str, value: object) -> Choice:
    for choice in choices:
        if value == choice:
            return choice
    raise MalformedSettingError(name, value, " or ".join(choices))


def _mirrors(name: str, value: object) -> tuple[Mirror, ...]:
    if isinstance(value, str):
        return Mirror.parse_all(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(Mirror.parse(each) for each in value)
    raise MalformedSettingError(name, value, "prefix rewrites, as a string or a list of strings")


def _hosts(where: str, value: object) -> tuple[Host, ...]:
    if isinstance(value, str):
        return Host.parse_all(value)
    if isinstance(value, dict) and all(isinstance(fields, dict) for fields in value.values()):
        return tuple(Host.of(where, name, fields) for name, fields in value.items())
    raise MalformedSettingError(where, None, 'tables, [hosts."ghe.example.org"], each with kind, base and token')


def _seconds(name: str, value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:  # noqa: PLR2004 - a day
        raise MalformedSettingError(name, value, "a number of seconds between 0 and 86400")
    return seconds
