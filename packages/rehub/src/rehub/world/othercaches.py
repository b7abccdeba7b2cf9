"""Where other programs keep what they have downloaded: files that need not come a second time."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

_HUGGING_FACE = "https://huggingface.co"
_RESOLVED = re.compile(r"/(?:(datasets|spaces)/)?([^/]+(?:/[^/]+)?)/resolve/([0-9a-f]{40})/(.+)")


def huggingface_by_digest(sha256: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Give the files of Hugging Face's cache that it calls by a SHA-256: what its git LFS, or Xet, keeps.

    Source: huggingface_hub, "Understand caching": ``<kind>--<owner>--<name>/blobs/<the file's ETag>``.
    """
    yield from sorted(_huggingface(environ).glob(f"*--*/blobs/{sha256}"))


def huggingface_by_url(url: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Give what Hugging Face's cache has of a URL that names a commit, which is always the same file.

    Source: the same page: ``<kind>--<owner>--<name>/snapshots/<commit>/<path>``, links to ``blobs``.
    """
    split = urlsplit(url)
    found = _RESOLVED.fullmatch(unquote(split.path))
    origin = (environ.get("HF_ENDPOINT") or _HUGGING_FACE).rstrip("/")
    if found and url.startswith(f"{origin}/") and ".." not in found[4].split("/"):
        folder = "--".join([found[1] or "models", *found[2].split("/")])
        place = _huggingface(environ) / folder / "snapshots" / found[3] / found[4]
        if place.is_file():
            yield place


def _huggingface(environ: Mapping[str, str]) -> Path:
    """Give the folder of its cache. Source: huggingface_hub, constants.py."""
    said = environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE")
    if said:
        return Path(os.path.expanduser(said))
    home = environ.get("HF_HOME") or os.path.join(_cache(environ), "huggingface")  # noqa: PTH118 - it may begin with ~
    return Path(os.path.expanduser(home), "hub")


def torch_hub(name: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Give the file of a name in torch.hub's usual folder for weights."""
    home = environ.get("TORCH_HOME") or os.path.join(_cache(environ), "torch")  # noqa: PTH118 - it may begin with ~
    place = Path(os.path.expanduser(home), "hub", "checkpoints", name)
    if place.is_file():
        yield place


def _cache(environ: Mapping[str, str]) -> str:
    return environ.get("XDG_CACHE_HOME") or "~/.cache"
