"""git LFS's batch API on the fake world's server: objects by their SHA-256, at a place and with a header of their own.

Source: git-lfs, docs/api/batch.md.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

MEDIA_TYPE = "application/vnd.git-lfs+json"


@dataclass
class LfsStore:
    """What a server keeps for git LFS.

    Attributes:
        objects: by their digits.
        place: the address in front of the objects' paths, if they are not on the server itself.
        header: what the batch API says that an object's place wants to hear.
        batches: how many objects each question named.
        types: the media types of the questions.
        errors: objects that are refused, with code and message.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    place: str = ""
    header: dict[str, str] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, data: bytes) -> str:
        """Keep an object; give its digits."""
        oid = hashlib.sha256(data).hexdigest()
        self.objects[oid] = data
        return oid

    def answer(self, body: bytes, content_type: str, own: str) -> bytes:
        """Say where objects are."""
        asked = json.loads(body)
        assert asked["operation"] == "download"
        self.batches.append(len(asked["objects"]))
        self.types.append(content_type)
        rows = [self._row(each, self.place or own) for each in asked["objects"]]
        return json.dumps({"transfer": "basic", "objects": rows}).encode()

    def _row(self, asked: dict[str, Any], place: str) -> dict[str, Any]:
        oid = asked["oid"]
        if oid in self.errors or oid not in self.objects:
            code, message = self.errors.get(oid, (404, "Object does not exist"))
            return {"oid": oid, "size": asked["size"], "error": {"code": code, "message": message}}
        action = {"href": f"{place}/lfs-objects/{oid}", "header": self.header}
        return {"oid": oid, "size": asked["size"], "actions": {"download": action}}
