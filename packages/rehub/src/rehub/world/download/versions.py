"""Which version of a file a server gives, how large it is, and which part of it an answer has."""

import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage

from rehub.world.download.faults import FaultError, RestartError
from rehub.world.download.incoming import Incoming

_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20})")
PARTIAL, _UNSATISFIABLE, _OK = 206, 416, 200
_STRONG = 1.0  # seconds between the last change and the answer. Source: RFC 9110, section 8.8.2.2


@dataclass(frozen=True, slots=True)
class Version:
    """What a server says of a file.

    Attributes:
        size: in bytes; ``None`` if it does not say.
        etag: what it calls these bytes; empty if it says nothing, or nothing tells where they end.
        validator: what tells these bytes from any others, for ``If-Range``; empty if nothing does for certain.
        kind: the media type.
        ranges: parts of it can be asked for.
    """

    size: int | None
    etag: str
    validator: str
    kind: str
    ranges: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of a file that an answer has: from ``start``, and up to ``end``, if that is known."""

    start: int
    end: int | None


def read(answer: Incoming, *, asked: tuple[int, int] | None, known: str = "") -> tuple[Version, Part]:
    """Give what an answer has.

    Args:
        answer: the head of it.
        asked: the range that was asked for.
        known: the validator that it was asked for with.

    Raises:
        RestartError: it is no part of the version that was asked for.
        FaultError: it is nothing that could be kept.
    """
    headers, status = answer.headers, answer.status
    encoding = headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() not in {"", "identity"}:
        raise FaultError(f"the server sent it encoded, unasked: {encoding[:40]!a}", again=False)
    if status == _UNSATISFIABLE and asked:
        raise RestartError("the server has no such range", ranges=False)
    if status == _OK:
        # Who answers a first range with everything does not know ranges, whatever its headers say.
        offered = headers.get("Accept-Ranges", "").strip().lower() == "bytes" and (bool(known) or asked is None)
        version = _version(answer.length, headers, ranges=offered)
        ends = version.size is not None or "Transfer-Encoding" in headers
        return version if ends else replace(version, etag=""), Part(0, answer.length)
    if status != PARTIAL:
        raise FaultError(f"the server answered {status}, and only {_OK} is all of it", status, again=False)
    return _partial(answer, asked, known)


def _partial(answer: Incoming, asked: tuple[int, int] | None, known: str) -> tuple[Version, Part]:
    if asked is None:
        raise FaultError("the server answered 206, and only 200 is all of it", PARTIAL, again=False)
    said = answer.headers.get("Content-Range", "")
    found = _RANGE.fullmatch(said.strip())
    if not found:
        raise RestartError(f"the server answered with the range {said[:60]!a}", ranges=False)
    start, end, total = int(found[1]), int(found[2]) + 1, int(found[3])
    wrong = start != asked[0] or not start < end <= min(asked[1], total)
    if wrong or answer.length not in {None, end - start}:
        raise RestartError(f"the server answered with the range {said[:60]!a}", ranges=False)
    version = _version(total, answer.headers, ranges=True)
    if known and not version.validator:  # it is what If-Range has asked for
        version = replace(version, validator=known, ranges=True)
    if known and version.validator != known:
        raise RestartError("the file has changed on the server", ranges=True)
    return version, Part(start, end)


def _version(size: int | None, headers: HTTPMessage, *, ranges: bool) -> Version:
    etag = (headers.get("ETag") or "").strip()
    strong = etag if etag.startswith('"') and len(etag) > 2 else ""  # noqa: PLR2004 - two quotes
    validator = strong or _last_change(headers)
    # A header of the server's that has a control character would be refused when it is sent back.
    validator = validator if validator.isprintable() and validator.isascii() else ""
    kind = headers.get("Content-Type", "")[:200]
    return Version(size, etag, validator, kind, ranges and bool(validator) and size is not None)


def _last_change(headers: HTTPMessage) -> str:
    """Give Last-Modified, if the file cannot have changed twice at that time."""
    said, now = headers.get("Last-Modified", ""), headers.get("Date", "")
    try:
        apart = parsedate_to_datetime(now).timestamp() - parsedate_to_datetime(said).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""
    return said.strip() if apart >= _STRONG else ""
