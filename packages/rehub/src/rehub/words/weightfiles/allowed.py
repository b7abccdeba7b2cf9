"""The functions and classes that weights need, and no others.

This is what ``torch.load(weights_only=True)`` of torch 2.13 knows by itself, less what allocates, imports or looks into
memory as its arguments say: those names are told apart from their uses in ``calls.py``.
Source: torch/_weights_only_unpickler.py, ``_get_allowed_globals``.
"""

ITEM_SIZES = {
    **dict.fromkeys(("uint8", "int8", "bool", "quint8", "qint8", "quint4x2", "quint2x4"), 1),
    **dict.fromkeys(("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"), 1),
    **dict.fromkeys(("bits8", "bits1x8", "bits2x4", "bits4x2", "float4_e2m1fn_x2"), 1),
    **{f"{sign}int{bits}": 1 for sign in ("", "u") for bits in range(1, 8)},
    **dict.fromkeys(("int16", "uint16", "float16", "bfloat16", "bits16"), 2),
    **dict.fromkeys(("int32", "uint32", "float32", "complex32", "qint32"), 4),
    **dict.fromkeys(("int64", "uint64", "float64", "complex64"), 8),
    "complex128": 16,
}
"""Bytes of one element, by torch's names of its dtypes."""

_STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "BFloat16": "bfloat16",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "QUInt8": "quint8",
    "QInt8": "qint8",
    "QInt32": "qint32",
    "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4",
}
STORAGES = {
    **{f"{module}.{name}Storage": dtype for name, dtype in _STORAGES.items() for module in ("torch", "torch.cuda")},
    "torch.storage.UntypedStorage": "uint8",
}
"""What a storage's class says of its elements."""

DTYPES = {f"torch.{name}": name for name in ITEM_SIZES}
SCHEMES = {
    f"torch.per_{how}"
    for how in (
        "tensor_affine",
        "tensor_symmetric",
        "channel_affine",
        "channel_symmetric",
        "channel_affine_float_qparams",
    )
}
CALLED = {
    "_codecs.encode",
    "builtins.bytearray",
    "builtins.complex",
    "builtins.set",
    "collections.Counter",
    "collections.OrderedDict",
    "torch.Size",
    "torch._tensor._rebuild_from_type_v2",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor",
    "torch._utils._rebuild_meta_tensor_no_storage",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_sparse_tensor",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch.device",
    "torch.serialization._get_layout",
}
"""What may be called, each with arguments that ``calls.py`` has looked at."""

# Names that are only handed on: the class that a tensor with attributes is of.
_MERELY_NAMED = {"torch.Tensor", "torch.nn.parameter.Parameter"}
_ALLOWED = CALLED | _MERELY_NAMED | STORAGES.keys() | DTYPES.keys() | SCHEMES


def modern(module: str, name: str) -> str:
    """Give a name as Python 3 writes it: torch.save writes Python 2's, which pickle's protocol 2 is made for."""
    return f"{'builtins' if module == '__builtin__' else module}.{name}"


def is_allowed(name: str) -> bool:
    """Say whether weights need what has this name."""
    return name in _ALLOWED
