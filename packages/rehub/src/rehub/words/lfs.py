"""Git LFS's batch API in words: what is asked of a server, and what it answers. Nothing is asked here.

Source: git-lfs, docs/api/batch.md and docs/api/server-discovery.md.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.pin import LfsPointer

MEDIA_TYPE = "application/vnd.git-lfs+json"
AT_ONCE = 100
"""How many objects are asked for together. Source: git-lfs's own number."""

_MAX_SAID = 200  # characters of a server's message


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of one object.

    Attributes:
        oid: which one.
        href: where it is; empty if it is not to be had.
        authorization: what to say there, and nowhere else.
        why: why it is not to be had.
    """

    oid: Digest
    href: str = ""
    authorization: str = field(default="", repr=False)
    why: str = ""


def endpoint(url: str) -> str:
    """Give the batch API's URL for a repository's.

    Example:
        >>> endpoint("https://example.org/acme/toy")
        'https://example.org/acme/toy.git/info/lfs/objects/batch'
    """
    plain = url.rstrip("/")
    return (plain if plain.endswith(".git") else f"{plain}.git") + "/info/lfs/objects/batch"


def question(pointers: Iterable[LfsPointer]) -> bytes:
    """Give the body that asks where some objects are."""
    objects = [{"oid": each.oid.hex, "size": each.size} for each in pointers]
    asked = {"operation": "download", "transfers": ["basic"], "hash_algo": "sha256", "objects": objects}
    return json.dumps(asked).encode()


def answers(body: bytes, *, asked: str) -> dict[str, Found]:
    """Read what a server has answered: by the objects' digits.

    Args:
        body: as it came.
        asked: the URL that was asked; from https nothing leads to http.

    Raises:
        MalformedError: it is no answer.
    """
    try:
        rows = json.loads(body)["objects"]
        found = [_found(row, urlsplit(asked).scheme) for row in rows]
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        msg = f"the server's answer is not git LFS's: {error}"
        raise MalformedError(msg) from error
    return {each.oid.hex: each for each in found}


def _found(row: Mapping[str, Any], scheme: str) -> Found:
    oid = Digest(str(row["oid"]))
    if error := row.get("error"):
        return Found(oid, why=f"{error.get('code', '')} {error.get('message', '')}".strip()[:_MAX_SAID])
    action = (row.get("actions") or {}).get("download")
    if not action:
        return Found(oid, why="the server does not say where it is")
    href = str(action["href"])
    if urlsplit(href).scheme not in ({"https"} if scheme == "https" else {"https", "http"}):
        return Found(oid, why="the server sends us to a place that is less safe")
    said = {str(name).lower(): str(value) for name, value in (action.get("header") or {}).items()}
    return Found(oid, href, said.get("authorization", ""))
