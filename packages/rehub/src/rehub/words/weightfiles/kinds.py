"""What a file is, from its first bytes alone: names and servers' words are not asked."""

import re
from collections.abc import Callable
from enum import Enum

START = 512
"""How many bytes are needed to tell: a tar archive shows itself in its first block."""


class Kind(Enum):
    """What a file is, in words that a message can use."""

    SAFETENSORS = "safetensors"
    ZIP = "a zip archive"
    TORCH_ZIP = "a file of torch.save, a zip archive"
    TORCH_STREAM = "a file of torch.save as it was before torch 1.6"
    ZIPPED = "a zip archive with one file in it"
    TORCH_TAR = "a tar archive, maybe of torch.save in 2016"
    TORCHSCRIPT = "a TorchScript archive"
    EXPORTED = "a .pt2 archive of torch.export"
    PACKAGE = "an archive of torch.package"
    PICKLE = "a plain pickle"
    HTML = "an HTML page, maybe of a login"
    LFS = "a git LFS pointer, which only stands for the file"
    NUMPY = "a .npy file of NumPy"
    HDF5 = "an HDF5 file, maybe of Keras"
    GGUF = "a GGUF file"
    GZIP = "a gzip archive"
    XZ = "an xz archive"
    ZSTANDARD = "a Zstandard archive"
    SEVEN_ZIP = "a 7z archive"
    ELF = "a program or library (ELF)"
    ONNX = "an ONNX model, or another file of protocol buffers"
    JSON = "JSON text"
    TEXT = "text"
    EMPTY = "an empty file"
    UNKNOWN = "nothing that is known here"


_STARTS = {
    b"PK\x03\x04": Kind.ZIP,
    b"version https://git-lfs.github.com/spec/": Kind.LFS,
    b"\x93NUMPY": Kind.NUMPY,
    b"\x89HDF\r\n\x1a\n": Kind.HDF5,
    b"GGUF": Kind.GGUF,
    b"\x1f\x8b": Kind.GZIP,
    b"\xfd7zXZ\x00": Kind.XZ,
    b"\x28\xb5\x2f\xfd": Kind.ZSTANDARD,
    b"7z\xbc\xaf\x27\x1c": Kind.SEVEN_ZIP,
    b"\x7fELF": Kind.ELF,
}
MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")
"""The number that begins a stream of torch.save, as a pickle holds it. Source: torch/serialization.py, MAGIC_NUMBER."""
_STREAM = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?\x8a\x0a" + re.escape(MAGIC) + rb"\.", re.DOTALL)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
# Protocol 2 and newer begin with their number; older ones with what is built first.
_PICKLE = re.compile(rb"\x80[\x00-\x05]|[(\]})][\s\S]*[.tlubseadq]|[c]\w[\w.]*\n\w|[(]?i\w[\w.]*\n\w")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")
_MAX_HEADER = 100_000_000  # bytes; Source: safetensors 0.8, MAX_HEADER_SIZE


def kind_of(start: bytes, size: int) -> Kind:
    r"""Tell a file's kind.

    Args:
        start: its first bytes, :data:`START` of them if it has so many.
        size: of all of it, in bytes.

    Example:
        >>> kind_of(b"<html>", 6), kind_of(b"PK\x03\x04", 100)
        (<Kind.HTML: 'an HTML page, maybe of a login'>, <Kind.ZIP: 'a zip archive'>)
    """
    if not start:
        return Kind.EMPTY
    if _is_safetensors(start, size):
        return Kind.SAFETENSORS
    by_start = (kind for magic, kind in _STARTS.items() if start.startswith(magic))
    return next(by_start, None) or _by_shape(start)


def _by_shape(start: bytes) -> Kind:
    """Tell the kind of a file that has no magic number."""
    shapes: dict[Kind, Callable[[bytes], object]] = {
        Kind.TORCH_STREAM: _STREAM.match,
        Kind.TORCH_TAR: _is_tar,
        Kind.HTML: _HTML.match,
        Kind.PICKLE: _PICKLE.match,
        Kind.JSON: re.compile(rb"\s*[{\[]").match,
        Kind.TEXT: _TEXT.fullmatch,
        Kind.ONNX: re.compile(rb"\x08.*onnx", re.IGNORECASE | re.DOTALL).match,
    }
    return next((kind for kind, fits in shapes.items() if fits(start)), Kind.UNKNOWN)


def _is_safetensors(start: bytes, size: int) -> bool:
    """Say whether a file begins with the length of a header, and the header with a brace."""
    length = int.from_bytes(start[:8], "little")
    return len(start) > 8 and start[8:9] == b"{" and length <= max(size, _MAX_HEADER)  # noqa: PLR2004


def _is_tar(start: bytes) -> bool:
    """Say whether the first block is a tar header: its checksum is right. Source: POSIX.1-2017, pax, ustar."""
    if len(start) < START:
        return False
    said = start[148:156].rstrip(b"\0 ").strip()
    counted = sum(start[:148]) + 8 * 32 + sum(start[156:START])
    return bool(re.fullmatch(rb"[0-7]{1,7}", said)) and int(said, 8) == counted
