"""The instructions of a pickle, one after the other; nothing is done about any of them.

Source: CPython 3.11, Lib/pickletools.py, whose table of opcodes this is. pickletools itself is not used: it reads
lengths that a file merely claims, and knows no limits.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any

from rehub.words.weightfiles.faults import Unsound

MOST = 1 << 20
"""How many instructions a pickle may have; a model of ten thousand tensors takes a third of that."""
MAX_NAME = 1 << 10  # bytes of a module's or a function's name

Argument = Callable[[bytes, int], tuple[Any, int]]


def _none(_: bytes, at: int) -> tuple[None, int]:
    return None, at


def _plain(form: str) -> Argument:
    packed = struct.Struct(form)
    size, unpack = packed.size, packed.unpack_from

    def read(data: bytes, at: int) -> tuple[Any, int]:
        return unpack(data, at)[0], at + size

    return read


def _counted(form: str, made: Callable[[bytes], Any]) -> Argument:
    """Read bytes whose number stands before them."""
    packed = struct.Struct(form)
    size, unpack = packed.size, packed.unpack_from

    def read(data: bytes, at: int) -> tuple[Any, int]:
        begin = at + size
        end = begin + unpack(data, at)[0]
        if not begin <= end <= len(data):
            msg = f"its pickle is cut off: a value at {at} claims {end - begin} bytes, and {len(data) - begin} follow"
            raise Unsound(msg)
        return made(data[begin:end]), end

    return read


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\n", at, at + MAX_NAME + 1)
    if end < 0:
        msg = f"its pickle has a line at {at} that does not end within {MAX_NAME} bytes"
        raise Unsound(msg)
    return data[at:end], end + 1


def _two_lines(data: bytes, at: int) -> tuple[tuple[str, str], int]:
    first, at = _line(data, at)
    second, at = _line(data, at)
    return (first.decode("utf-8"), second.decode("utf-8")), at


def _utf8(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _long(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


_TABLE: dict[str, tuple[bytes, Argument]] = {
    "PROTO": (b"\x80", _plain("<B")),
    "BININT": (b"J", _plain("<i")),
    "BININT1": (b"K", _plain("<B")),
    "BININT2": (b"M", _plain("<H")),
    "BINFLOAT": (b"G", _plain(">d")),
    "LONG1": (b"\x8a", _counted("<B", _long)),
    "LONG4": (b"\x8b", _counted("<i", bytes)),
    "SHORT_BINSTRING": (b"U", _counted("<B", bytes)),
    "BINSTRING": (b"T", _counted("<i", bytes)),
    "SHORT_BINBYTES": (b"C", _counted("<B", bytes)),
    "BINBYTES": (b"B", _counted("<I", bytes)),
    "BINBYTES8": (b"\x8e", _counted("<Q", bytes)),
    "BYTEARRAY8": (b"\x96", _counted("<Q", bytes)),
    "SHORT_BINUNICODE": (b"\x8c", _counted("<B", _utf8)),
    "BINUNICODE": (b"X", _counted("<I", _utf8)),
    "BINUNICODE8": (b"\x8d", _counted("<Q", _utf8)),
    "FRAME": (b"\x95", _plain("<Q")),
    "BINGET": (b"h", _plain("<B")),
    "LONG_BINGET": (b"j", _plain("<I")),
    "BINPUT": (b"q", _plain("<B")),
    "LONG_BINPUT": (b"r", _plain("<I")),
    "EXT1": (b"\x82", _plain("<B")),
    "EXT2": (b"\x83", _plain("<H")),
    "EXT4": (b"\x84", _plain("<i")),
    "GLOBAL": (b"c", _two_lines),
    "INST": (b"i", _two_lines),
    **{name: (code, _line) for name, code in {
        "INT": b"I", "LONG": b"L", "STRING": b"S", "UNICODE": b"V", "FLOAT": b"F", "PERSID": b"P", "GET": b"g",
        "PUT": b"p",
    }.items()},
    **{name: (code, _none) for name, code in {
        "MARK": b"(", "STOP": b".", "POP": b"0", "POP_MARK": b"1", "DUP": b"2", "NONE": b"N", "BINPERSID": b"Q",
        "REDUCE": b"R", "APPEND": b"a", "BUILD": b"b", "DICT": b"d", "EMPTY_DICT": b"}", "APPENDS": b"e",
        "LIST": b"l", "EMPTY_LIST": b"]", "OBJ": b"o", "SETITEM": b"s", "TUPLE": b"t", "EMPTY_TUPLE": b")",
        "SETITEMS": b"u", "NEWOBJ": b"\x81", "TUPLE1": b"\x85", "TUPLE2": b"\x86", "TUPLE3": b"\x87",
        "NEWTRUE": b"\x88", "NEWFALSE": b"\x89", "EMPTY_SET": b"\x8f", "ADDITEMS": b"\x90", "FROZENSET": b"\x91",
        "NEWOBJ_EX": b"\x92", "STACK_GLOBAL": b"\x93", "MEMOIZE": b"\x94", "NEXT_BUFFER": b"\x97",
        "READONLY_BUFFER": b"\x98",
    }.items()},
}  # fmt: skip
_READERS: list[tuple[str, Argument] | None] = [None] * 256
for _name, (_code, _argument) in _TABLE.items():
    _READERS[_code[0]] = (_name, _argument)


def instructions(data: bytes, start: int = 0, most: int = MOST) -> Iterator[tuple[str, Any, int]]:
    """Give a pickle's instructions: their names, arguments, and where the next one begins; the last is STOP.

    Args:
        data: the pickle, and maybe something after it.
        start: where it begins.
        most: how many instructions it may have.

    Raises:
        Unsound: it is no pickle, has no end, or too many instructions.
    """
    at = start
    try:
        for _ in range(most):
            found = _READERS[data[at]]
            if found is None:
                msg = f"its pickle has an unknown instruction, {data[at]:#04x}, at {at}"
                raise Unsound(msg)
            argument, at = found[1](data, at + 1)
            yield found[0], argument, at
            if found[0] == "STOP":
                return
    except (IndexError, struct.error) as error:
        msg = f"its pickle is cut off at {len(data)} bytes"
        raise Unsound(msg) from error
    except UnicodeDecodeError as error:
        msg = f"its pickle has text at {at} that is not UTF-8"
        raise Unsound(msg) from error
    msg = f"its pickle has more than {most} instructions"
    raise Unsound(msg)
