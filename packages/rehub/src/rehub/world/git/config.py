"""The few settings of the user's own git configuration that rehub takes over.

Everything else (hooks, aliases, fsmonitor, ``insteadOf``, filters) stays out: it could run programs or change what a
URL means.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence

_ALLOWED = re.compile(
    r"credential\.(?:.+\.)?(?:helper|username|usehttppath)"
    r"|http\.(?:.+\.)?(?:proxy|proxyauthmethod|sslcainfo|sslcapath|sslcert|sslkey)"
    r"|core\.sshcommand|safe\.directory"
)
_MOST = 200  # settings taken over


def user_config(binary: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Read the system's and the user's configuration once, and keep what is on the list, in order.

    A configuration that git cannot read counts as empty: public repositories need none of it.
    """
    found: list[tuple[str, str]] = []
    unwanted = environ.get("GIT_CONFIG_NOSYSTEM", "").lower() not in {"", "0", "false", "no", "off"}
    for scope in ("--global",) if unwanted else ("--system", "--global"):
        for item in _listed([binary, "config", scope, "--includes", "--list", "-z"], environ).split("\0"):
            name, _, value = item.partition("\n")
            if _ALLOWED.fullmatch(name.lower()):
                found.append((name, value))
    return found[:_MOST]


def _listed(command: Sequence[str], environ: Mapping[str, str]) -> str:
    try:
        # Not where the process happens to be: that folder may be a repository with a configuration of its own.
        ended = subprocess.run(command, capture_output=True, check=False, timeout=20, env=dict(environ), cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.decode("utf-8", "replace")


def at_home(helper: str) -> str:
    """Give a credential helper that finds the user's home, though git does not: libcurl would read ~/.netrc there.

    Source: git, credential.c, credential_do: a helper is a shell's command, a path, or the end of a git command's name.
    """
    if not helper:
        return ""
    named = helper if helper.startswith("/") else f"git credential-{helper}"
    command = helper[1:] if helper.startswith("!") else named
    return f'!HOME="$REHUB_HOME"; export HOME; {command}'
