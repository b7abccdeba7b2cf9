"""The three ways in which tests ask for a file; each has a folder of its own, and gives what it got."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch

import rehub

OLD = b"what was there before"
TIMEOUT = "0.5"  # seconds of silence, REHUB_TIMEOUT


class Way:
    """A way to ask for a file.

    Attributes:
        name: in the table.
        folder: everything that it may leave something in.
        env: what a process needs in its environment for it.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @property
    def env(self) -> Mapping[str, str]:
        """The settings of rehub that belong to it."""
        return {"TORCH_HOME": str(self.folder / "torch"), "REHUB_TIMEOUT": TIMEOUT}

    def bring(self, url: str, digits: str = "") -> object:
        """Ask for a URL's file; the digits are those that its SHA-256 must start with."""
        raise NotImplementedError

    def right(self, data: bytes) -> object:
        """Give what :meth:`bring` must give for these bytes."""
        return data


class ToFile(Way):
    """``rehub.download_url_to_file``, over a file that is there already."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.target = folder / "weights.pth"
        self.target.write_bytes(OLD)

    def bring(self, url: str, digits: str = "") -> bytes:
        """Give the target's bytes."""
        rehub.download_url_to_file(url, str(self.target), digits or None, progress=False)
        return self.target.read_bytes()


class Weights(Way):
    """``rehub.load_state_dict_from_url``, with torch.hub's folder as it is by default."""

    name = "weights"

    def bring(self, url: str, digits: str = "") -> object:
        """Give the tensor's bytes."""
        name = f"weights-{digits}.pth" if digits else None
        found = rehub.load_state_dict_from_url(url, progress=False, check_hash=bool(digits), file_name=name)
        return _bytes_of(found)

    def right(self, data: bytes) -> object:
        """Give the bytes of the tensor in a file of weights."""
        return _bytes_of(torch.load(io.BytesIO(data), weights_only=True))


class InPieces(Way):
    """The transport itself, with every limit, a total deadline, and parts fetched side by side."""

    name = "pieces"
    credentials: Callable[[str], str | None] | None = None

    def bring(self, url: str, digits: str = "") -> bytes:
        """Give the target's bytes; the digits are looked at by this way itself."""
        from rehub.words.errors import WrongHashError
        from rehub.world.download import Limits, download

        limits = Limits(
            timeout=0.5,
            deadline=8.0,
            rate=4 << 10,
            retries=3,
            redirects=5,
            bytes=1 << 30,
            pieces_from=1 << 18,
        )
        target = self.folder / "weights.pth"
        part, credentials = self.folder / "weights.pth.partial", self.credentials or (lambda _origin: None)
        with download(url, part, limits=limits, credentials=credentials) as received:
            if not received.sha256.startswith(digits):
                raise WrongHashError(url, digits, received.sha256)
            received.keep(target)
        return target.read_bytes()


def _bytes_of(state: Any) -> bytes:
    return bytes(state["weight"].numpy().tobytes())


WAYS: tuple[type[Way], ...] = (ToFile, Weights, InPieces)
