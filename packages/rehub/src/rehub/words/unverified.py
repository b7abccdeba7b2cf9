"""What a repository's code got past rehub: told by name, without what could be secret.

Nothing of it was verified. A request is told by its URL, a connection by its host, a process by its program, and native
code, whose own connections nobody sees, by its file.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from rehub.words.weightfile import identity

_DOWNLOADS = {"http", "https", "ftp", "ftps"}
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990}
# Parameters whose values let somebody in. What only looks like one is left out as well: it is told, not asked for.
_SECRET = re.compile(r"token|key|auth|pass|pwd|secret|cred|sig|session|jwt", re.IGNORECASE)
_REQUEST = re.compile(rb"([A-Z]{3,10}) (\S{1,8000}) HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n \t]{1,300})[ \t]*\r\n", re.IGNORECASE)
_HEAD = 16_384  # bytes of a request that are looked through for its host
_MOST = 500  # characters of what is told
_ASSIGNMENT = re.compile(r"\w+=")
_SHELLS = {"sh", "bash", "dash", "zsh"}
_DOWNLOADERS = {"aria2c", "curl", "gdown", "wget"}


@dataclass(frozen=True, slots=True)
class Unverified:
    """Something that a repository's code got past rehub.

    Attributes:
        kind: ``url``, a request; ``host``, a connection; ``process``, another program, or a thread that Python does
            not know; ``native``, code that is no Python, and whose own doings nobody sees; ``file``, weights that lie
            here, and of which nobody says where they are from.
        what: the URL, the host with its port, the program's or the library's name, the file's path.
    """

    kind: Literal["url", "host", "process", "native", "file"]
    what: str

    def __str__(self) -> str:
        return f"{_SAID[self.kind]} {self.what}"

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is a download from another machine, as far as its name tells."""
        if self.kind == "process":
            return self.what in _DOWNLOADERS
        return self.kind in {"url", "host"} and not is_here(_place(self)[0])


_SAID = {"url": "downloads", "host": "connects to", "process": "starts", "native": "loads", "file": "reads"}


def is_here(host: str) -> bool:
    """Say whether a host's name or address is this machine's loopback.

    Example:
        >>> is_here("127.0.0.7"), is_here("::ffff:127.0.0.1"), is_here("localhost"), is_here("localhost.example.org")
        (True, True, True, False)
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def without_secrets(url: str) -> str:
    """Give a URL without user and password, fragment, and parameters that sign it or let somebody in.

    Example:
        >>> without_secrets("https://ada:pw@example.org/a.pth?v=2&token=s3cret#x")
        'https://example.org/a.pth?v=2'
    """
    if url[:5].lower() == "data:":  # it is its own content
        return "data:…"
    try:
        split = urlsplit(identity(url))
        said = parse_qsl(split.query, keep_blank_values=True)
        query = split.query
        if any(_SECRET.search(name) for name, _ in said):
            query = urlencode([(name, value) for name, value in said if not _SECRET.search(name)])
        return split._replace(netloc=split.netloc.rpartition("@")[2], query=query, fragment="").geturl()
    except ValueError:  # no URL that can be taken apart: what is certainly harmless of it
        return re.sub(r"(?<=//)[^/@]*@", "", re.split(r"[?#]", url, maxsplit=1)[0])


def of_url(url: str) -> Unverified | None:
    """Tell a request by its URL; what opens no connection (``file:``, ``data:``) is none.

    Example:
        >>> print(of_url("https://example.org/a.pth?access_token=s3cret"))
        downloads https://example.org/a.pth
    """
    scheme = url.partition(":")[0].lower()
    return Unverified("url", _short(without_secrets(url))) if scheme in _DOWNLOADS else None


def of_request(start: bytes, scheme: str, host: str, port: int) -> Unverified | None:
    """Tell a request by the bytes that are sent; ``None`` if they do not begin one.

    Args:
        start: what is sent.
        scheme: of the connection.
        host: that it was made to, which may be a proxy's.
        port: likewise.
    """
    if (line := _REQUEST.match(start)) is None:
        return None
    method, target = line[1], line[2].decode("latin-1")
    if method == b"CONNECT":
        return of_host(*_split(target))
    if not target.startswith("/"):  # a proxy is asked for a whole URL
        return of_url(target)
    said = _HOST.search(start[:_HEAD])
    return of_url(f"{scheme}://{said[1].decode('latin-1') if said else _joined(host, port)}{target}")


def of_file(path: str) -> Unverified:
    """Tell a file of weights by its path."""
    return Unverified("file", _short(path))


def of_host(host: str, port: object = None) -> Unverified | None:
    """Tell a connection by its host; one to this machine's loopback is no download.

    Example:
        >>> print(of_host("example.org", 443), of_host("127.0.0.1", 6379))
        connects to example.org:443 None
    """
    host = host.rpartition("@")[2]  # who takes a URL apart badly may ask for "user:password@host"
    number = int(str(port)) if str(port).isdecimal() else _PORTS.get(str(port))
    return None if is_here(host) else Unverified("host", _short(_joined(host, number)))


def of_program(words: Sequence[str]) -> Unverified:
    """Tell a process by its program: of a shell that is given a line, by the first program of the line.

    Arguments are not told: they may hold secrets.

    Example:
        >>> print(of_program(["/bin/sh", "-c", "LANG=C wget -q https://example.org/?token=s3cret"]))
        starts wget
    """
    name = posixpath.basename(words[0].replace("\\", "/")) if words else ""
    if name in _SHELLS and len(words) > 2 and words[1] == "-c":  # noqa: PLR2004 - a shell, -c, a line
        return of_line(words[2])
    return Unverified("process", _short(name.removesuffix(".exe") or "?"))


def of_line(line: str) -> Unverified:
    """Tell what a shell is given to do by its first program."""
    found = [word for word in line.split() if not _ASSIGNMENT.match(word)]
    return of_program(found[:1] or ["sh"])


def told(found: Iterable[Unverified]) -> tuple[Unverified, ...]:
    """Leave out what says nothing more: the host of a URL, and the address that a host's name was looked up for.

    Example:
        >>> seen = [Unverified("host", "example.org:443"), Unverified("host", "203.0.113.7:443")]
        >>> [str(each) for each in told(seen)]
        ['connects to example.org:443']
    """
    every = list(dict.fromkeys(found))
    asked = {_place(each) for each in every if each.kind == "url"}
    named = [_place(each) for each in every if each.kind == "host" and not _is_address(_place(each)[0])]
    hosts, ports = {host for host, _ in asked}, {port for _, port in (*asked, *named)}

    def says_more(each: Unverified) -> bool:
        if each.kind != "host":
            return True
        host, port = _place(each)
        return host not in hosts and not (_is_address(host) and port in ports)

    return tuple(filter(says_more, every))


def _place(each: Unverified) -> tuple[str, int | None]:
    """Give the host and port of a URL, or of a host."""
    if each.kind == "host":
        return _split(each.what)
    try:
        split = urlsplit(each.what)
        return (split.hostname or "").lower(), split.port or _PORTS.get(split.scheme)
    except ValueError:
        return "", None


def _split(text: str) -> tuple[str, int | None]:
    host, colon, port = text.rpartition(":")
    return (host.strip("[]").lower(), int(port)) if colon and port.isdecimal() else (text.strip("[]").lower(), None)


def _joined(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"
