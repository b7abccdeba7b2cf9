"""Files that were made to do harm, or that are broken; each name begins with the error that has to come of it."""

import functools
import gzip
import io
import itertools
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.weights.making import (
    EMPTY,
    FOUR,
    MAGIC,
    PROTOCOL,
    archive,
    call,
    group,
    in_stream,
    listed,
    named,
    number,
    packed,
    safetensors,
    storage,
    stream,
    table,
    tensor,
    text,
    whole,
)

MARK = "somebody-was-here"
TOUCH = text(f"touch {MARK}")
WRITE = text(f"open({MARK!r}, 'w')")
GOOD = whole(table(w=tensor()))

GADGETS = {
    "os.system": call("os.system", TOUCH),
    "posix.system": call("posix.system", TOUCH),
    "nt.system": call("nt.system", TOUCH),
    "subprocess.Popen": call("subprocess.Popen", listed(text("touch"), text(MARK))),
    "builtins.eval": call("__builtin__.eval", WRITE),
    "builtins.exec": call("builtins.exec", WRITE),
    "builtins.open": call("builtins.open", text(MARK), text("w")),
    "builtins.import": call("builtins.__import__", text("antigravity")),
    "builtins.getattr": call("builtins.getattr", named("torch.Size"), text("__class__")),
    "runpy": call("runpy._run_code", text(f"open({MARK!r}, 'w')"), table()),
    "timeit": call("timeit.timeit", text("0"), WRITE),
    "importlib": call("importlib.import_module", text("antigravity")),
    "webbrowser": call("webbrowser.open", text("http://127.0.0.1:9/")),
    "socket": call("socket.create_connection", group(text("127.0.0.1"), number(9))),
    "ctypes": call("ctypes.CDLL", text("libc.so.6")),
    "shutil.rmtree": call("shutil.rmtree", text(".")),
    "pickle.loads": call("pickle.loads", call("_codecs.encode", text("x"), text("latin1"))),
    "pip.main": call("pip.main", listed(text("install"), text("x"))),
    "torch.load": call("torch.load", text("other.pt")),
    "torch.storage._load_from_bytes": call("torch.storage._load_from_bytes", text("x")),
    "torch.jit.annotations": call("torch.jit.annotations.parse_type_line", WRITE),
    "torch.hub.load": call("torch.hub.load", text("acme/evil"), text("net")),
    "torch.ops.load_library": call("torch._ops._Ops.load_library", text("x.so")),
    "numpy.load": call("numpy.load", text("x.npy")),
    "a class of torch's": call("torch.nn.modules.linear.Linear", number(2), number(2)),
    "attributes by dots": call("torch.serialization.os.system", TOUCH),
    "a reference only": named("os.system"),
}


def _gadgets() -> Iterator[tuple[str, bytes]]:
    for name, gadget in GADGETS.items():
        yield f"UnsafeWeightsError zip {name}", archive(whole(gadget))
    gadget = GADGETS["os.system"]
    yield "UnsafeWeightsError stream", stream(whole(gadget))
    yield "UnsafeWeightsError stream, in what the machine was like", stream(GOOD, system=whole(gadget))
    yield (
        "UnsafeWeightsError stream, in the names of the storages",
        stream(whole(table(w=tensor(in_stream()))), keys=whole(gadget)),
    )
    yield "UnsafeWeightsError stream, in place of the protocol", MAGIC + whole(gadget) + PROTOCOL
    yield (
        "UnsafeWeightsError stream, a module with its source",
        stream(
            whole(
                group(text("module"), named("torch.nn.modules.linear.Linear"), text("x.py"), text("class Linear: ..."))
                + b"Q"
            )
        ),
    )
    yield "UnsafeWeightsError deep inside", archive(whole(table(w=tensor(), x=listed(group(table(y=gadget))))))
    yield "UnsafeWeightsError thrown away again", archive(whole(gadget + b"0" + table(w=tensor())))
    yield "UnsafeWeightsError as a hook", archive(whole(table(w=tensor(hooks=call("os.system", TOUCH)))))
    yield (
        "UnsafeWeightsError in the name of a storage",
        archive(whole(group(gadget, named("torch.FloatStorage")) + b"Q")),
    )
    for protocol in (0, 1, 3, 4, 5):
        yield f"UnsafeWeightsError protocol {protocol}", archive(whole(gadget, protocol))
    yield "UnsafeWeightsError one file in a zip", packed({"weights.pth": archive(whole(gadget))})
    yield (
        "UnsafeWeightsError one stream in a zip",
        packed({"../../weights.pth": stream(whole(gadget))}, zipfile.ZIP_DEFLATED),
    )


def _instructions() -> Iterator[tuple[str, bytes]]:
    system = b"\x8c\x02os\x8c\x06system"
    yield "UnsafeWeightsError plain pickle, protocol 0", b"cos\nsystem\n(S'touch " + MARK.encode() + b"'\ntR."
    yield "UnsafeWeightsError plain pickle, protocol 2", whole(GADGETS["os.system"])
    yield "UnsafeWeightsError plain pickle, protocol 4", whole(system + b"\x93" + group(TOUCH) + b"R", 4)
    yield "UnsafeWeightsError plain pickle, framed", b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00" + system + b"\x93."
    yield "UnsafeWeightsError broken pickle after its gadget", whole(GADGETS["os.system"])[:-1] + b"\xff"
    yield "UnsafeWeightsError STACK_GLOBAL", archive(whole(system + b"\x93" + group(TOUCH) + b"R"))
    yield (
        "UnsafeWeightsError STACK_GLOBAL by memo",
        archive(whole(b"\x8c\x06system\x94\x8c\x02os\x940h\x01h\x00\x93" + group(TOUCH) + b"R", 4)),
    )
    joined = call("operator.add", text("o"), text("s"))
    yield "UnsafeWeightsError STACK_GLOBAL by computed texts", archive(whole(joined + text("system") + b"\x93", 4))
    yield "UnsafeWeightsError EXT1", archive(whole(b"\x82\x01" + group(TOUCH) + b"R"))
    yield "UnsafeWeightsError EXT4", archive(whole(b"\x84\x01\x00\x00\x00"))
    yield "UnsafeWeightsError INST", archive(whole(b"(" + TOUCH + b"ios\nsystem\n"))
    yield "UnsafeWeightsError OBJ", archive(whole(b"(" + named("os.system") + TOUCH + b"o"))
    yield "UnsafeWeightsError NEWOBJ", archive(whole(named("subprocess.Popen") + group(TOUCH) + b"\x81"))
    yield "UnsafeWeightsError NEWOBJ_EX", archive(whole(named("subprocess.Popen") + group(TOUCH) + b"}\x92", 4))
    yield (
        "UnsafeWeightsError NEWOBJ of a tensor of 4 TB",
        archive(whole(named("torch.Tensor") + group(number(1 << 40)) + b"\x81")),
    )
    yield "UnsafeWeightsError call of a tensor's class", archive(whole(call("torch.FloatTensor", number(1 << 40))))
    yield "UnsafeWeightsError call of torch.Tensor", archive(whole(call("torch.Tensor", number(1 << 40))))
    yield "UnsafeWeightsError BUILD of a tensor", archive(whole(tensor() + table(data=number(1)) + b"b"))
    yield "UnsafeWeightsError PERSID", archive(whole(b"Pstorage\n"))
    yield "UnsafeWeightsError call of what was called", archive(whole(EMPTY + b")R"))
    yield (
        "UnsafeWeightsError a tensor of a class of its own",
        archive(
            whole(
                call(
                    "torch._tensor._rebuild_from_type_v2",
                    named("torch._utils._rebuild_tensor_v2"),
                    named("torch.FloatStorage"),
                    group(storage()),
                    b"}",
                )
            )
        ),
    )
    for name in ("_rebuild_nested_tensor", "_rebuild_wrapper_subclass", "_rebuild_device_tensor_from_numpy"):
        yield f"UnsafeWeightsError {name}", archive(whole(call(f"torch._utils.{name}", tensor())))


def _bombs() -> Iterator[tuple[str, bytes]]:
    tuples = b")q\x00" + b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(200))
    yield "MalformedWeightsError key of 2^200 tuples", archive(whole(b"}" + tuples + b"Ns"))
    yield (
        "MalformedWeightsError set of 2^200 tuples",
        archive(whole(named("__builtin__.set") + b"](" + tuples + b"e\x85R")),
    )
    yield "MalformedWeightsError tuples in tuples", archive(whole(b")" + b"\x85" * 500_000))
    yield "MalformedWeightsError lists in lists", archive(whole(b"]" * 200_000 + b"a" * 199_999))
    yield "MalformedWeightsError marks in marks", archive(whole(b"(" * 500_000))
    yield "MalformedWeightsError millions of lists", archive(whole(b"]" * 15_000_000))
    yield (
        "MalformedWeightsError millions of entries in the memo",
        archive(whole(b"]" + b"".join(b"r" + struct.pack("<I", n * 3000) for n in range(1_100_000)))),
    )
    yield (
        "MalformedWeightsError colliding numbers",
        archive(whole(b"}(" + b"".join(number(n * ((1 << 61) - 1)) + b"N" for n in range(50_000)) + b"u")),
    )
    yield (
        "MalformedWeightsError one list in many dictionaries",
        archive(
            whole(
                listed(*[group(number(n), b"N") for n in range(2000)])
                + b"q\x00"
                + b"("
                + (named("collections.OrderedDict") + b"h\x00\x85R") * 20_000
                + b"t"
            )
        ),
    )
    yield "MalformedWeightsError bytearray of 1 TB", archive(whole(call("__builtin__.bytearray", number(1 << 40))))
    yield "MalformedWeightsError text of 4 GB", archive(whole(b"X\xff\xff\xff\xff"))
    yield "MalformedWeightsError text of 2^63 bytes", archive(whole(b"\x8d" + struct.pack("<Q", 1 << 63)))
    yield "MalformedWeightsError number of 2 GB", archive(whole(b"\x8b\xff\xff\xff\x7f" + b"0" * 10))
    yield "MalformedWeightsError pickle of 17 MB", archive(whole(text("x" * (17 << 20))))
    yield (
        "MalformedWeightsError deflated pickle of 1 GB",
        _raw([("a/data.pkl", 8, _zeros(1 << 30), 1 << 30), ("a/version", 0, b"3", 1)]),
    )
    yield "MalformedWeightsError storage that inflates to 1 GB", _inflating(1 << 30)
    yield "MalformedWeightsError one file in a zip, of 1 GB", _single_bomb(1 << 30)
    yield "MalformedWeightsError pickle that inflates further than it says", _liar()
    yield "MalformedWeightsError deflated storage that ends early", _liar(name="data/0")


def _zeros(size: int) -> bytes:
    """Deflate zeros: one piece of them, which does not look back, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (size >> 20) + b"\3\0"


def _raw(members: list[tuple[str, int, bytes, int]]) -> bytes:
    """Give a zip archive of members as they are said to be: name, method, bytes in the archive, size."""
    data, directory = b"", b""
    for name, method, packed_, size in members:
        common = struct.pack("<HHHHHLLLHH", 20, 0, method, 0, 0x21, 0, len(packed_), size, len(name), 0)
        directory += (
            b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHLL", 0, 0, 0, 0, len(data)) + name.encode()
        )
        data += b"PK\3\4" + common + name.encode() + packed_
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(data), 0)
    return data + directory + end


def _inflating(size: int) -> bytes:
    pickle = whole(table(w=tensor(storage(numel=size // 4), size=(size // 4,))))
    return _raw([("a/data.pkl", 0, pickle, len(pickle)), ("a/data/0", 8, _zeros(size), size)])


def _single_bomb(size: int) -> bytes:
    return _raw([("weights.pth", 8, _zeros(size), size)])


def _liar(name: str = "data.pkl") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    more = packer.compress(GOOD + bytes(1 << 24)) + packer.flush()
    pickle = ("a/data.pkl", 8, more, len(GOOD)) if name == "data.pkl" else ("a/data.pkl", 0, GOOD, len(GOOD))
    return _raw([pickle, ("a/data/0", 0, FOUR, 16) if name == "data.pkl" else ("a/data/0", 8, more, 12)])


def _zips() -> Iterator[tuple[str, bytes]]:
    good = archive(GOOD)
    end = good.rindex(b"PK\5\6")
    directory = good.index(b"PK\1\2")
    yield "MalformedWeightsError two members of one name", _raw([("a/data.pkl", 0, GOOD, len(GOOD))] * 2)
    upper = [("a/data.pkl", 0, GOOD, len(GOOD)), ("a/DATA.PKL", 0, GOOD, len(GOOD)), ("a/data/0", 0, FOUR, 16)]
    yield "MalformedWeightsError two members of one name but for case", _raw(upper)
    yield (
        "MalformedWeightsError another name in the directory",
        good[:directory] + good[directory:].replace(b"data.pkl", b"dat0.pkl"),
    )
    yield (
        "MalformedWeightsError another name before the member",
        good[:directory].replace(b"archive/data.pkl", b"archive/dat0.pkl", 1) + good[directory:],
    )
    yield "MalformedWeightsError another size before the member", good[:18] + struct.pack("<L", 5) + good[22:]
    yield (
        "MalformedWeightsError another size in the directory",
        good[: directory + 20] + struct.pack("<LL", 5, 5) + good[directory + 28 :],
    )
    yield (
        "MalformedWeightsError another offset in the directory",
        good[: directory + 42] + struct.pack("<L", 7) + good[directory + 46 :],
    )
    yield "MalformedWeightsError members over each other", _overlapping()
    yield "MalformedWeightsError encrypted", _flagged(good, 1)
    yield "MalformedWeightsError hidden directory", _flagged(good, 1 << 13)
    yield "MalformedWeightsError something after the end", good + b"PK\3\4 and more"
    yield "MalformedWeightsError comment", good[:-2] + struct.pack("<H", 4) + b"more"
    yield "MalformedWeightsError something before the beginning", b"PK\3\4" + bytes(60) + good
    yield "MalformedWeightsError another archive before it", archive(GOOD) + good
    yield (
        "MalformedWeightsError gap before the directory",
        good[:directory] + bytes(20) + good[directory:-6] + struct.pack("<L", directory + 20) + good[-2:],
    )
    yield (
        "MalformedWeightsError more entries than members",
        good[: end + 8] + struct.pack("<HH", 9, 9) + good[end + 12 :],
    )
    yield "MalformedWeightsError 64-bit directory that differs", _zip64(good, end, count=1)
    yield "MalformedWeightsError 64-bit directory elsewhere", _zip64(good, end, where=8)
    yield "MalformedWeightsError in several disks", good[: end + 4] + struct.pack("<HH", 1, 1) + good[end + 8 :]
    for which, name in enumerate(["pickle", "storage"]):
        yield f"MalformedWeightsError {name} that is a folder by its attributes", _as_folder(good, which)
    yield "MalformedWeightsError unknown compression", archive(GOOD, method=zipfile.ZIP_BZIP2)
    yield "MalformedWeightsError wrong checksum", good.replace(struct.pack("<L", zlib.crc32(GOOD)), b"\1\2\3\4")


def _members() -> Iterator[tuple[str, bytes]]:
    good = archive(GOOD)
    yield "MalformedWeightsError path that leads out", archive(GOOD, {"data/0": FOUR, "../../evil": b"x"})
    yield (
        "MalformedWeightsError storage whose name leads out",
        archive(whole(table(w=tensor(storage("../../etc/passwd")))), {"data/../../etc/passwd": FOUR}),
    )
    yield "MalformedWeightsError absolute path", packed({"/archive/data.pkl": GOOD, "/archive/data/0": FOUR})
    yield "MalformedWeightsError path of Windows", packed({"C:\\archive/data.pkl": GOOD, "C:\\archive/data/0": FOUR})
    yield "MalformedWeightsError name that is no text", packed({"archive/data.pkl": GOOD, "archive/data/\u202e0": FOUR})
    yield (
        "MalformedWeightsError two folders",
        packed({"a/data.pkl": GOOD, "a/data/0": FOUR, "b/data.pkl": whole(GADGETS["os.system"])}),
    )
    yield "MalformedWeightsError no pickle", packed({"a/data/0": FOUR, "a/version": b"3"})
    yield "MalformedWeightsError two pickles in one member", archive(GOOD + whole(GADGETS["os.system"]))
    yield "MalformedWeightsError zip in a zip", packed({"x.zip": packed({"y.pt": archive(GOOD)})})
    yield "MalformedWeightsError unknown order of bytes", archive(GOOD, {"data/0": FOUR, "byteorder": b"middle"})
    yield "MalformedWeightsError cut off", good[: len(good) // 2]
    yield (
        "UnsafeWeightsError TorchScript",
        packed({"m/data.pkl": GOOD, "m/constants.pkl": GOOD, "m/code/__torch__.py": b"def __setstate__(self): ..."}),
    )
    yield (
        "UnsafeWeightsError exported program",
        packed({"m/archive_format": b"pt2", "m/data/sample_inputs/model.pt": archive(whole(GADGETS["os.system"]))}),
    )
    yield (
        "UnsafeWeightsError native library in a pt2",
        packed({"m/data/aotinductor/model/x.so": b"\x7fELF", "m/version": b"3"}),
    )
    yield (
        "UnsafeWeightsError torch.package",
        packed({"m/.data/extern_modules": b"os", "m/data.pkl": GOOD, "m/x/y.py": b"import os"}),
    )


def _flagged(good: bytes, flag: int) -> bytes:
    directory = good.index(b"PK\1\2")
    return (
        good[:6] + struct.pack("<H", flag) + good[8 : directory + 8] + struct.pack("<H", flag) + good[directory + 10 :]
    )


def _as_folder(good: bytes, which: int) -> bytes:
    """Have the directory say of a member that it is a folder: torch would give memory that nobody has written to."""
    at = -1
    for _ in range(which + 1):
        at = good.index(b"PK\1\2", at + 1)
    return good[: at + 38] + bytes([good[at + 38] | 0x10]) + good[at + 39 :]


def _zip64(good: bytes, end: int, *, count: int | None = None, where: int = 0) -> bytes:
    said = struct.unpack("<4s4H2LH", good[end:])
    n = said[4] if count is None else count
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, n, n, said[5], said[6])
    return good[:end] + wide + struct.pack("<4sLQL", b"PK\6\7", 0, end + where, 1) + good[end:]


def _overlapping() -> bytes:
    good = archive(GOOD)
    directory = good.index(b"PK\1\2")
    second = good.index(b"PK\1\2", directory + 4)
    return good[: second + 42] + struct.pack("<L", 0) + good[second + 46 :]


def _storages() -> Iterator[tuple[str, bytes]]:
    def zipped(value: bytes) -> bytes:
        return archive(whole(table(w=value)))

    yield "MalformedWeightsError storage larger than its member", zipped(tensor(storage(numel=1 << 40)))
    yield "MalformedWeightsError storage of 2^63 elements", zipped(tensor(storage(numel=(1 << 63) - 1)))
    yield "MalformedWeightsError storage of a negative size", zipped(tensor(storage(numel=-4)))
    yield "MalformedWeightsError storage that is not there", zipped(tensor(storage("1")))
    yield (
        "MalformedWeightsError storage with two types",
        archive(whole(listed(tensor(), tensor(storage(kind="torch.IntStorage"))))),
    )
    yield (
        "MalformedWeightsError storage on a strange device",
        archive(
            whole(group(text("storage"), named("torch.FloatStorage"), text("0"), text("meta/../x"), number(4)) + b"Q")
        ),
    )
    yield "MalformedWeightsError tensor outside its storage", zipped(tensor(size=(5,)))
    yield "MalformedWeightsError tensor far outside, by its offset", zipped(tensor(offset=1 << 40))
    yield "MalformedWeightsError tensor outside, by its stride", zipped(tensor(stride=(2,)))
    yield "MalformedWeightsError tensor with a negative offset", zipped(tensor(offset=-1))
    yield "MalformedWeightsError tensor with a negative stride", zipped(tensor(offset=3, stride=(-1,)))
    yield "MalformedWeightsError tensor whose size overflows", zipped(tensor(size=(1 << 32, 1 << 32), stride=(0, 0)))
    yield "MalformedWeightsError tensor of 4 TB in four bytes", zipped(tensor(size=(1 << 40,), stride=(0,)))
    yield "MalformedWeightsError tensor with more strides than sizes", zipped(tensor(stride=(1, 1)))
    yield "MalformedWeightsError tensor that is no view", zipped(tensor(EMPTY))
    yield "MalformedWeightsError tensor with hooks", zipped(tensor(hooks=listed(text("x"))))
    yield (
        "MalformedWeightsError parameter that becomes another class",
        zipped(
            call(
                "torch._utils._rebuild_parameter_with_state",
                tensor(),
                b"\x88",
                EMPTY,
                table(__class__=named("torch.Size")),
            )
        ),
    )
    yield (
        "MalformedWeightsError dictionary whose methods are replaced",
        zipped(EMPTY + table(items=named("torch.device")) + b"b"),
    )
    yield (
        "MalformedWeightsError sparse tensor of other things",
        zipped(
            call(
                "torch._utils._rebuild_sparse_tensor",
                call("torch.serialization._get_layout", text("torch.sparse_coo")),
                group(EMPTY, EMPTY, group(number(4))),
            )
        ),
    )
    yield "MalformedWeightsError sparse tensor with indices outside", zipped(_sparse())
    yield "MalformedWeightsError codec that would be imported", zipped(call("_codecs.encode", text("x"), text("rot13")))
    yield "MalformedWeightsError memo that is empty", zipped(b"h\x07")


def _streams() -> Iterator[tuple[str, bytes]]:
    yield "MalformedWeightsError stream with another size", stream(whole(table(w=tensor(in_stream(5)))))
    yield (
        "MalformedWeightsError stream with a storage too many",
        stream(whole(table(w=tensor(in_stream()))), keys=whole(listed(text("0"), text("1")))),
    )
    yield (
        "MalformedWeightsError stream without its storage",
        stream(whole(table(w=tensor(in_stream()))), keys=whole(b"]"), tail=b""),
    )
    yield "MalformedWeightsError stream with something behind it", stream(whole(table(w=tensor(in_stream())))) + b"x"
    yield (
        "MalformedWeightsError stream with a view outside",
        stream(whole(table(w=tensor(in_stream(4, group(text("v"), number(2), number(3))))))),
    )
    taken = in_stream(4, group(text("0"), number(0), number(4)))
    yield "MalformedWeightsError stream with a view named like a storage", stream(whole(table(w=tensor(taken))))
    yield "MalformedWeightsError stream cut off", stream(whole(table(w=tensor(in_stream()))))[:-5]
    yield "MalformedWeightsError stream of another protocol", MAGIC + whole(number(1002)) + whole(b"}") + whole(b"}")


def _sparse() -> bytes:
    """Give a sparse tensor whose one index is far outside: who reads it reads foreign memory."""
    indices = call(
        "torch._utils._rebuild_tensor_v2",
        storage("0", 2, "torch.LongStorage"),
        number(0),
        group(number(1), number(1)),
        group(number(1), number(1)),
        b"\x89",
        EMPTY,
    )
    values = call(
        "torch._utils._rebuild_tensor_v2",
        storage("0", 2, "torch.LongStorage"),
        number(1),
        group(number(1)),
        group(number(1)),
        b"\x89",
        EMPTY,
    )
    layout = call("torch.serialization._get_layout", text("torch.sparse_coo"))
    return call("torch._utils._rebuild_sparse_tensor", layout, group(indices, values, group(number(1))))


def _safetensors() -> Iterator[tuple[str, bytes]]:
    def row(begin: int = 0, end: int = 16, dtype: str = "F32", shape: tuple[int, ...] = (4,)) -> dict[str, object]:
        return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}

    def made(**rows: object) -> bytes:
        return safetensors(json.dumps(rows).encode())

    one = json.dumps(row())
    yield "MalformedWeightsError safetensors name twice", safetensors(f'{{"a": {one}, "a": {one}}}'.encode())
    for name in ("../../x", "/etc/passwd", "a/../b", "C:x", "a\\b", "a\0b", ""):
        yield f"MalformedWeightsError safetensors name {name!r}".replace("/", "|"), made(**{name: row()})
    yield "MalformedWeightsError safetensors overlap", made(a=row(0, 16), b=row(8, 16, shape=(2,)))
    yield "MalformedWeightsError safetensors hole", made(a=row(0, 4, shape=(1,)), b=row(8, 16, shape=(2,)))
    yield "MalformedWeightsError safetensors more bytes", safetensors(json.dumps({"a": row()}).encode(), FOUR + b"x")
    yield "MalformedWeightsError safetensors fewer bytes", safetensors(json.dumps({"a": row()}).encode(), FOUR[:-1])
    yield "MalformedWeightsError safetensors other shape", made(a=row(shape=(5,)))
    yield "MalformedWeightsError safetensors shape that overflows", made(a=row(shape=(1 << 62, 4)))
    yield "MalformedWeightsError safetensors negative shape", made(a=row(shape=(-2, -2)))
    yield "MalformedWeightsError safetensors unknown dtype", made(a=row(dtype="PICKLE"))
    yield "MalformedWeightsError safetensors header of 2^63 bytes", struct.pack("<Q", 1 << 63) + b"{}" + FOUR
    yield "MalformedWeightsError safetensors header of 90 MB", struct.pack("<Q", 90_000_000) + b"{" + b" " * 90_000_000
    yield "MalformedWeightsError safetensors deep header", safetensors(b'{"a":' + b"[" * 200_000)
    yield "MalformedWeightsError safetensors NaN", safetensors(b'{"a": NaN}')
    yield "MalformedWeightsError safetensors header that is no text", safetensors(b"{\xff\xfe}")
    yield "MalformedWeightsError safetensors metadata that is no text", made(__metadata__={"a": 1}, a=row())


def _others() -> Iterator[tuple[str, bytes]]:
    yield "MalformedWeightsError HTML", b"<!DOCTYPE html><html><body>Log in</body></html>"
    yield (
        "MalformedWeightsError LFS pointer",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
    )
    yield "MalformedWeightsError npy", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}" + bytes(100)
    yield "MalformedWeightsError HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100)
    yield "MalformedWeightsError GGUF", b"GGUF\x03\x00\x00\x00" + bytes(100)
    yield "MalformedWeightsError ONNX", b"\x08\x07\x12\x04onnx" + bytes(100)
    yield "MalformedWeightsError gzip", gzip.compress(archive(GOOD))
    yield "MalformedWeightsError library", b"\x7fELF" + bytes(100)
    yield "MalformedWeightsError nothing", b""
    yield "MalformedWeightsError text", b"404: Not Found"
    yield "MalformedWeightsError plain pickle without gadgets", whole(table(a=number(1)))
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        for name in ("storages", "tensors", "../../pickle"):
            info = tarfile.TarInfo(name)
            info.size = len(whole(GADGETS["os.system"]))
            made.addfile(info, io.BytesIO(whole(GADGETS["os.system"])))
    yield "UnsafeWeightsError tar of 2016", tar.getvalue()


@functools.cache
def files() -> dict[str, bytes]:
    """Give each file's bytes, by its name."""
    makers = (_gadgets, _instructions, _bombs, _zips, _members, _storages, _streams, _safetensors, _others)
    return dict(itertools.chain.from_iterable(make() for make in makers))


def place(folder: Path) -> list[str]:
    """Write all of them into a folder, with what is no regular file; give their names."""
    made = files()
    for name, data in made.items():
        (folder / name).write_bytes(data)
    os.mkfifo(folder / "MalformedWeightsError FIFO")
    (folder / "MalformedWeightsError folder").mkdir()
    (folder / "MalformedWeightsError link to a FIFO").symlink_to("MalformedWeightsError FIFO")
    (folder / "MalformedWeightsError device").symlink_to("/dev/zero")
    return [*made, *(f"MalformedWeightsError {name}" for name in ("FIFO", "folder", "link to a FIFO", "device"))]
