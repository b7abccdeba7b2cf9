"""URLs as far as a transfer needs them: whose they are, which secrets they hold, and how they are asked for."""

import base64
import re
import string
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from rehub.world.download.faults import FaultError

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[^\s\x00-\x20/@\\?#]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL of http or https, taken apart.

    Attributes:
        scheme: ``http`` or ``https``.
        host: without brackets.
        port: the scheme's, if the URL names none.
        target: path and query, as they are sent.
        userinfo: the value of ``Authorization`` that the URL itself holds, if it does.
    """

    scheme: str
    host: str
    port: int
    target: str
    userinfo: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Raises:
            FaultError: it is none of http or https, or has no host.
        """
        try:
            split = urlsplit(url)
            host, port = split.hostname or "", split.port
        except ValueError as error:
            raise FaultError(f"that is no URL: {error}", again=False) from error
        if split.scheme not in _PORTS or not _HOST.fullmatch(host):
            raise FaultError("that is no URL of http or https with a host", again=False)
        target = quote(split.path or "/", safe=string.punctuation) + (f"?{_quoted(split.query)}" if split.query else "")
        return cls(split.scheme, host, port or _PORTS[split.scheme], target, _basic(split.username, split.password))

    @property
    def origin(self) -> str:
        """Scheme, host and port, the port only if it is not the scheme's own."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """Host and port, the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """All of it, but without user and password."""
        return self.origin + self.target


def _quoted(text: str) -> str:
    return quote(text, safe=string.punctuation)


def _basic(user: str | None, password: str | None) -> str | None:
    """Give the header's value for a user and password as URLs hold them."""
    if user is None and password is None:
        return None
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def redacted(url: str) -> str:
    """Give a URL without what may be a secret: user, password, query, fragment."""
    return re.sub(r"(?<=//)[^/]*@", "…@", re.sub(r"[?#].*", "", url, flags=re.DOTALL))[:200]
