"""Files of weights put together byte by byte: pickles from instructions, zip archives and streams from their parts."""

import io
import struct
import zipfile
from collections.abc import Mapping

MAGIC = b"\x80\x02\x8a\x0a" + bytes.fromhex("6cfc9c46f9206aa85019") + b"."
PROTOCOL = b"\x80\x02M\xe9\x03."
SYSTEM = b"\x80\x02}(X\x0d\x00\x00\x00little_endian\x88u."


def text(value: str) -> bytes:
    """Give a text."""
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    """Give a number, of any size."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def named(path: str) -> bytes:
    """Give a function or class by its name."""
    module, _, name = path.rpartition(".")
    return f"c{module}\n{name}\n".encode()


def group(*items: bytes) -> bytes:
    """Give a tuple."""
    return b"(" + b"".join(items) + b"t"


def listed(*items: bytes) -> bytes:
    """Give a list."""
    return b"](" + b"".join(items) + b"e"


def table(**rows: bytes) -> bytes:
    """Give a dictionary."""
    return b"}(" + b"".join(text(name) + value for name, value in rows.items()) + b"u"


def call(path: str, *args: bytes) -> bytes:
    """Call a function."""
    return named(path) + group(*args) + b"R"


def whole(value: bytes, protocol: int = 2) -> bytes:
    """Give a pickle that makes a value."""
    return b"\x80" + bytes([protocol]) + value + b"."


EMPTY = call("collections.OrderedDict")


def storage(key: str = "0", numel: int = 4, kind: str = "torch.FloatStorage", *more: bytes) -> bytes:
    """Ask for a storage."""
    return group(text("storage"), named(kind), text(key), text("cpu"), number(numel), *more) + b"Q"


def tensor(
    of: bytes = b"", offset: int = 0, size: tuple[int, ...] = (4,), stride: tuple[int, ...] = (1,), hooks: bytes = EMPTY
) -> bytes:
    """Give a tensor, a view of a storage."""
    sizes, strides = group(*map(number, size)), group(*map(number, stride))
    return call("torch._utils._rebuild_tensor_v2", of or storage(), number(offset), sizes, strides, b"\x89", hooks)


FOUR = struct.pack("<4f", 1, 2, 3, 4)


def archive(
    pickle: bytes,
    parts: Mapping[str, bytes] | None = None,
    *,
    folder: str = "archive",
    method: int = zipfile.ZIP_STORED,
) -> bytes:
    """Give a zip archive as torch.save lays it out, with one storage of four numbers unless others are given."""
    members = {"data.pkl": pickle, **({"data/0": FOUR} if parts is None else parts), "version": b"3\n"}
    return packed({f"{folder}/{name}": data for name, data in members.items()}, method)


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Give a zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in members.items():
            made.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def stream(pickle: bytes, *, keys: bytes | None = None, system: bytes = SYSTEM, tail: bytes | None = None) -> bytes:
    """Give a stream as torch.save wrote it before 1.6, with one storage of four numbers unless others are given."""
    names = whole(listed(text("0"))) if keys is None else keys
    rest = struct.pack("<q", 4) + FOUR if tail is None else tail
    return MAGIC + PROTOCOL + system + pickle + names + rest


def in_stream(numel: int = 4, view: bytes = b"N") -> bytes:
    """Ask for a storage as a stream does: it may be a view of another."""
    return storage("0", numel, "torch.FloatStorage", view)


def safetensors(header: bytes, data: bytes = FOUR) -> bytes:
    """Give a safetensors file."""
    return struct.pack("<Q", len(header)) + header + data
