"""Weights by URL: how their file is called, what of a URL says which bytes it means, and a hash in a name."""

import posixpath
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from rehub.words.digest import Digest
from rehub.words.errors import MalformedSettingError

HASH_DIGITS = 8
"""How many hex digits of a SHA-256 a file's name carries at least. Source: torch.hub's documentation of check_hash."""

# torch.hub's own expression knows lower case only; upper case counts where it can be nothing else.
_HASH = re.compile(r"-([a-f0-9]+|[A-F0-9]{8,64})(?=\.)")
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
# Parameters that say who may download, and until when: each call has other ones, for the same bytes.
# Source: the signing schemes of AWS S3 and CloudFront, Google Cloud Storage, and Azure's shared access signatures.
_SIGNATURE = re.compile(r"(?:x-(?:amz|goog)-)?signature|sig", re.IGNORECASE)
_SIGNING = re.compile(
    r"x-(?:amz|goog)-.*|signature|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid|sig|s[vetpr]|spr|ske|sks|skt",
    re.IGNORECASE,
)


def file_name(url: str, given: str | None = None) -> str:
    """Give the name of a URL's file: the one given, else the last part of the URL's path, as torch.hub does.

    Raises:
        MalformedSettingError: there is none, or it leads out of its folder.

    Example:
        >>> file_name("https://example.org/a/net-1234abcd.pth?download=1")
        'net-1234abcd.pth'
    """
    name = posixpath.basename(urlsplit(url).path) if given is None else str(given)
    parts = name.replace("\\", "/").split("/")
    if "\0" in name or ":" in name[:2] or any(part in {"", ".", ".."} for part in parts):
        raise MalformedSettingError("file_name", name, f"a file's name; {shown(url)[:200]} has none that could be used")
    return name


def identity(url: str) -> str:
    """Give a URL without its fragment, and without what says who asks: a user, a password, a signature.

    Example:
        >>> identity("https://ada:s3cret@example.org/a.pth?v=2&Signature=s3cret&Expires=99#x")
        'https://example.org/a.pth?v=2'
    """
    split = urlsplit(url)
    split = split._replace(netloc=split.netloc.rpartition("@")[2])
    said = parse_qsl(split.query, keep_blank_values=True)
    if not any(_SIGNATURE.fullmatch(name) for name, _ in said):
        return split._replace(fragment="").geturl()
    kept = [(name, value) for name, value in said if not _SIGNING.fullmatch(name)]
    return split._replace(query=urlencode(kept), fragment="").geturl()


def shown(url: str) -> str:
    """Give a URL as it may be written down and shown: without user, query and fragment, which may hold secrets.

    Example:
        >>> shown("https://ada:s3cret@example.org/a.pth?token=s3cret")
        'https://example.org/a.pth'
    """
    split = urlsplit(url)
    if split.scheme == "data":
        return "data:…"
    place, path = split.netloc.rpartition("@")[2], split.path
    if not split.netloc and split.scheme != "file":  # a slash too few: a user and password may be meant all the same
        path = path.rpartition("@")[2]
    return split._replace(netloc=place, path=path, query="", fragment="").geturl()


def apart(name: str, url: str) -> str:
    """Give another name for a URL's file, as another URL's has the first.

    Example:
        >>> apart("weights.pth", "https://example.org/large/weights.pth")
        'weights~710b7750e218.pth'
    """
    stem, dot, end = name.rpartition(".")
    digits = Digest.of(identity(url).encode("utf-8", "surrogatepass")).short
    return f"{stem}~{digits}.{end}" if dot and stem else f"{name}~{digits}"


def hash_in(name: str) -> str | None:
    """Give the digits of a SHA-256 in a file's name, in lower case: the most that there are.

    Fewer than :data:`HASH_DIGITS` are given, too: they prove little, but must not be wrong.

    Example:
        >>> hash_in("resnet-50.v2-1234abcd.pth"), hash_in("weights.pth")
        ('1234abcd', None)
    """
    found = [digits.lower() for digits in _HASH.findall(name)]
    return max(found, key=len) if found else None


def is_page(start: bytes) -> bool:
    """Say whether bytes begin an HTML page, as a login or an error page does: no format of weights begins so.

    Example:
        >>> is_page(b"<!DOCTYPE html><html>"), is_page(b"PK")
        (True, False)
    """
    return _HTML.match(start) is not None
