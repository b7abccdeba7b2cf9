"""The logins of ``gh`` and ``glab``: their configuration files, and the programs themselves where a key ring has it.

Their files are YAML, of which only nested mappings with plain values are read: all that the two programs write there.
What cannot be read counts as no login; it is theirs to complain about.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MOST = 256 << 10  # bytes of a file, or of a program's answer
_LIMIT = 5.0  # seconds; key rings may be locked, and nobody is there to open them
_PASSED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GH_CONFIG_DIR", "GLAB_CONFIG_DIR"),
    *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
# No variable with a token is passed on: the login is asked for, and variables are tried by themselves.
_ALWAYS = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_PROMPT": "1", "GLAB_CHECK_UPDATE": "false"}
_LINE = re.compile(r"""( *)(?:"([^"]+)"|'([^']+)'|([^\s"'#&*!|>%@`{\[-]\S*?)):(?:\s+(.*))?""")
_EMPTY = {"null", "~"}


def from_gh(host: str, environ: Mapping[str, str], *, ask: bool) -> tuple[str, str]:
    """Give gh's token for a host, and what to call it; empty if there is none.

    Args:
        host: a host's name, with its port if it has one.
        environ: the user's environment.
        ask: start gh, if its file has no token.
    """
    folder = _folder("GH_CONFIG_DIR", "gh", environ)
    entry = _mapping(_read(folder / "hosts.yml")).get(host)
    if isinstance(entry, dict):
        user = _inner(entry, "users").get(entry.get("user"))
        token = entry.get("oauth_token") or (user.get("oauth_token") if isinstance(user, dict) else "")
        if isinstance(token, str) and token:
            return token, f"gh's login ({_shown(folder / 'hosts.yml', environ)})"
    return _asked(["gh", "auth", "token", "--hostname", host], environ) if ask else "", "gh's login (gh auth token)"


def from_glab(host: str, environ: Mapping[str, str], *, ask: bool) -> tuple[str, str]:
    """Give glab's token for a host, and what to call it; empty if there is none.

    Args:
        host: a host's name, with its port if it has one.
        environ: the user's environment.
        ask: start glab, if its file has no token, or one that glab has to renew now and then.
    """
    folder = _folder("GLAB_CONFIG_DIR", "glab-cli", environ)
    entry = _inner(_mapping(_read(folder / "config.yml")), "hosts").get(host)
    token = entry.get("token", "") if isinstance(entry, dict) else ""
    renewed = isinstance(entry, dict) and entry.get("is_oauth2") == "true"
    if ask and (not token or renewed):
        question = f"protocol=https\nhost={host}\n\n"  # Source: git-credential(1)
        answer = _asked(["glab", "auth", "git-credential", "get"], environ, question)
        if found := re.search(r"^password=(.+)$", answer, re.MULTILINE):
            return found[1].strip(), "glab's login (glab auth git-credential)"
    return token if isinstance(token, str) else "", f"glab's login ({_shown(folder / 'config.yml', environ)})"


def _folder(variable: str, name: str, environ: Mapping[str, str]) -> Path:
    if named := environ.get(variable):
        return Path(named)
    config = environ.get("XDG_CONFIG_HOME")
    return Path(config, name) if config else Path(environ.get("HOME", "/nonexistent"), ".config", name)


def _shown(path: Path, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME")
    return f"~/{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path)


def _read(path: Path) -> str:
    try:
        if not path.is_file():  # a FIFO would be waited for
            return ""
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""


def _mapping(text: str) -> dict[str, Any]:
    """Read nested mappings by their indentation; lines of any other kind are passed over."""
    top: dict[str, Any] = {}
    inside: list[tuple[int, dict[str, Any]]] = [(-1, top)]
    for line in text.splitlines():
        if not (found := _LINE.fullmatch(line.rstrip())):
            continue
        depth, key = len(found[1]), found[2] or found[3] or found[4]
        while inside[-1][0] >= depth:
            inside.pop()
        value = _scalar(found[5] or "")
        if value or inside[-1][1].get(key) is None:
            inside[-1][1][key] = value or {}
        if isinstance(below := inside[-1][1][key], dict):
            inside.append((depth, below))
    return top


def _scalar(text: str) -> str:
    """Give a value without quotes, tag and comment."""
    text = re.sub(r"^!!\w+\s*", "", text.strip())
    if text[:1] in {'"', "'"}:
        return text[1:].partition(text[0])[0]
    text = re.split(r"(?:^|\s)#", text)[0].strip()
    return "" if text in _EMPTY or text[:1] in set("|>&*{[") else text


def _inner(mapping: Mapping[str, Any], key: str) -> dict[Any, Any]:
    found = mapping.get(key)
    return found if isinstance(found, dict) else {}


def _asked(command: list[str], environ: Mapping[str, str], given: str = "") -> str:
    """Ask a program for its token; its answer is kept in memory only, and what it complains of is nobody's business."""
    binary = shutil.which(command[0], path=environ.get("PATH", ""))
    if not binary:
        return ""
    env = {name: environ[name] for name in _PASSED_ON if name in environ} | _ALWAYS
    try:
        ended = subprocess.run(
            [binary, *command[1:]],
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            cwd=os.sep,
            timeout=_LIMIT,
            check=False,
            start_new_session=True,  # without a terminal to ask at
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    said = ended.stdout[:_MOST].decode("utf-8", "replace").strip()
    return said if ended.returncode == 0 else ""
