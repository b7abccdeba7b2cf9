"""What a pickle of weights may call, each with the arguments that weights have: nothing is ever called here.

torch would call these with whatever a file says; some of them then allocate, import or look outside a storage.
"""

from collections.abc import Callable
from typing import Any

from rehub.words.weightfiles.allowed import ITEM_SIZES, SCHEMES
from rehub.words.weightfiles.faults import RunsCode, Unsound
from rehub.words.weightfiles.keys import Keys
from rehub.words.weightfiles.values import (
    Global,
    Table,
    Tensor,
    Thing,
    dtype_of,
    elements,
    number,
    numbers,
    view,
)

_LATIN_1 = {"latin1", "latin-1"}  # what pickle writes for bytes; another codec would be imported by its name
_LAYOUTS = {
    f"torch.{name}" for name in ("strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")
}
_PIECE = 64  # bytes that count as one value
_MAX_WORD = 64  # letters of a device's or a layout's name


def called(name: str, args: tuple[Any, ...], keys: Keys) -> Any:
    """Give what a call would make.

    Raises:
        Unsound: no writer of weights writes such arguments.
        RunsCode: it is nothing that weights may call.
    """
    if name not in _CALLS:
        raise RunsCode([name], "it calls what weights have no need to call")
    try:
        return _CALLS[name](args, keys)
    except (TypeError, ValueError) as error:
        raise _strange(name) from error


def built(target: Any, state: Any) -> None:
    """Judge what an object is given as its state; only an ordered dictionary has some: ``_metadata`` of a state_dict.

    Raises:
        Unsound: the state is not of that kind.
        RunsCode: another object has some.
    """
    if not isinstance(target, Table) or target.name != "collections.OrderedDict":
        raise RunsCode([target.name if isinstance(target, Thing | Table) else "__setstate__"], "it sets up an object")
    _check_attributes(state, set(dir({})) | {"move_to_end"})


def _check_attributes(state: Any, taken: set[str]) -> None:
    """Refuse attributes that would stand in for an object's own."""
    if state is None:
        return
    if not isinstance(state, Table) or state.name != "dict":
        raise Unsound("in its pickle, an object's attributes are no dictionary")
    for name, _ in state.rows:
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("__") or name in taken:
            raise Unsound(f"in its pickle, an object would be given the attribute {str(name)[:40]!a}")


# What torch.Tensor itself understands; attributes that libraries put on parameters have other names.
_TENSORS_OWN = {"data", "grad", "requires_grad", "names", "real", "imag", "T", "mT", "H", "mH", "_backward_hooks"} | {
    "_base",
    "_grad",
    "_grad_fn",
}


def _tensor(args: tuple[Any, ...], _: Keys) -> Tensor:
    storage, offset, size, stride, *rest = args
    _check_extras(*rest)
    return view(storage, offset, size, stride)


def _tensor_v3(args: tuple[Any, ...], _: Keys) -> Tensor:
    storage, offset, size, stride, requires_grad, hooks, dtype, *rest = args
    _check_extras(requires_grad, hooks, *rest)
    return view(storage, offset, size, stride, dtype)


def _check_extras(requires_grad: Any = False, hooks: Any = None, metadata: Any = None) -> None:  # noqa: FBT002
    if not isinstance(requires_grad, bool) or (hooks is not None and not _is_empty(hooks)):
        raise Unsound("in its pickle, a tensor has hooks, or something else where requires_grad belongs")
    bits = metadata.rows if isinstance(metadata, Table) else [] if metadata is None else [(None, None)]
    if any(name not in ("conj", "neg") or not isinstance(bit, bool) for name, bit in bits):
        raise Unsound("in its pickle, a tensor has metadata that is not its conj or neg bit")


def _is_empty(hooks: Any) -> bool:
    return isinstance(hooks, Table) and not hooks.rows


def _qtensor(args: tuple[Any, ...], _: Keys) -> Tensor:
    storage, offset, size, stride, params, requires_grad, hooks = args
    _check_extras(requires_grad, hooks)
    found = view(storage, offset, size, stride)
    if not isinstance(params, tuple) or not isinstance(params[0], Global) or params[0].name not in SCHEMES:
        raise Unsound("in its pickle, a quantized tensor has no scheme")
    _check_dense(found)  # torch allocates what its shape says
    return Tensor(found.dtype, found.shape, found.storage, "quantized")


def _check_dense(tensor: Tensor) -> None:
    if tensor.storage and elements(tensor.shape) * ITEM_SIZES[tensor.dtype] > tensor.storage.size:
        raise Unsound("in its pickle, a tensor that torch would copy is larger than its storage")


def _parameter(args: tuple[Any, ...], _: Keys) -> Tensor:
    data, requires_grad, hooks = args
    _check_extras(requires_grad, hooks)
    return _as(data, "parameter")


def _parameter_with_state(args: tuple[Any, ...], keys: Keys) -> Tensor:
    data, requires_grad, hooks, state = args
    _check_state(state)
    return _parameter((data, requires_grad, hooks), keys)


def _check_state(state: Any) -> None:
    for each in state if isinstance(state, tuple) else (state,):
        _check_attributes(each, _TENSORS_OWN)


def _as(data: Any, kind: str) -> Tensor:
    if not isinstance(data, Tensor):
        raise Unsound(f"in its pickle, a {kind} is made of something that is no tensor")
    return Tensor(data.dtype, data.shape, data.storage, data.kind or kind)


def _sparse(args: tuple[Any, ...], _: Keys) -> Tensor:
    layout, data = args
    if not isinstance(layout, Thing) or layout.name not in _LAYOUTS or layout.name == "torch.strided":
        raise Unsound("in its pickle, a sparse tensor has no sparse layout")
    coo = layout.name == "torch.sparse_coo"
    count = 2 if coo else 3
    parts, size, rest = data[:count], data[count], data[count + 1 :]
    if len(data) - count not in {1, 2} or (rest and not (coo and isinstance(rest[0], bool | None))):
        raise Unsound("in its pickle, a sparse tensor has other parts than it should")
    values = [_as(each, "sparse") for each in parts][-1]
    return Tensor(values.dtype, numbers(size), None, "sparse")


def _meta(args: tuple[Any, ...], _: Keys) -> Tensor:
    dtype, size, stride, requires_grad = args
    _check_extras(requires_grad)
    if len(numbers(size)) != len(numbers(stride)) or elements(numbers(size)) < 0:
        raise Unsound("in its pickle, a tensor has other strides than dimensions")
    return Tensor(dtype_of(dtype), numbers(size), None, "meta")


def _from_cpu(args: tuple[Any, ...], _: Keys) -> Tensor:
    data, dtype, device, requires_grad = args
    _check_extras(requires_grad)
    _word(device)
    found = _as(data, "")
    _check_dense(found)
    return Tensor(dtype_of(dtype), found.shape, found.storage, found.kind)


def _from_type(args: tuple[Any, ...], keys: Keys) -> Tensor:
    """Judge a tensor with attributes: a rebuilding function, the class, the function's arguments, and they."""
    function, kind, inner, state = args
    if not isinstance(function, Global) or not function.name.startswith("torch._utils._rebuild_"):
        raise Unsound("in its pickle, a tensor is rebuilt by something else than torch's functions for it")
    if not isinstance(kind, Global) or kind.name not in {"torch.Tensor", "torch.nn.parameter.Parameter"}:
        raise RunsCode([kind.name if isinstance(kind, Global) else "a class"], "a tensor is of a class of its own")
    _check_state(state)
    return _as(called(function.name, inner, keys), "")


def _size(args: tuple[Any, ...], _: Keys) -> Thing:
    (sizes,) = args
    return Thing("torch.Size", numbers(sizes))


def _device(args: tuple[Any, ...], _: Keys) -> Thing:
    kind, *index = args
    for each in index:
        number(each)
    return Thing(_word(kind))


def _layout(args: tuple[Any, ...], _: Keys) -> Thing:
    (name,) = args
    if name not in _LAYOUTS:
        raise Unsound("in its pickle, a layout is none of torch's")
    return Thing(name)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or len(value) > _MAX_WORD:
        raise Unsound("in its pickle, a device has no name")
    return value


def _encode(args: tuple[Any, ...], keys: Keys) -> Thing:
    text, codec = args
    if not isinstance(text, str) or codec not in _LATIN_1:
        raise Unsound("in its pickle, bytes are written in another way than pickle writes them")
    keys.copy(len(text) // _PIECE)
    return Thing("bytes", (len(text),))


def _bytearray(args: tuple[Any, ...], keys: Keys) -> Thing:
    match args:
        case ():
            return Thing("bytearray")
        case (Thing(name="bytes", holds=(length,)),):
            keys.copy(length // _PIECE)
            return Thing("bytearray")
        case (str() as text, codec) if codec in _LATIN_1:
            keys.copy(len(text) // _PIECE)
            return Thing("bytearray")
    raise Unsound("in its pickle, a bytearray is made of something else than bytes")


def _complex(args: tuple[Any, ...], _: Keys) -> complex:
    real, imaginary = args
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise Unsound("in its pickle, a complex number is not made of two others")
    return complex(real, imaginary)


def _set(args: tuple[Any, ...], keys: Keys) -> Thing:
    members = args[0] if args else []
    if len(args) > 1 or not isinstance(members, list):
        raise Unsound("in its pickle, a set is not made of a list")
    keys.copy(len(members))
    for each in members:
        keys.check(each)
    return Thing("set", tuple(members))


def _ordered(args: tuple[Any, ...], keys: Keys) -> Table:
    rows = args[0] if args else []
    if len(args) > 1 or not isinstance(rows, list):
        raise Unsound("in its pickle, an ordered dictionary is not made of a list")
    keys.copy(len(rows))
    found = Table("collections.OrderedDict")
    for row in rows:
        key, value = row
        keys.check(key)
        found.rows.append((key, value))
    return found


def _counter(args: tuple[Any, ...], keys: Keys) -> Table:
    rows = args[0] if args else Table()
    if len(args) > 1 or not isinstance(rows, Table):
        raise Unsound("in its pickle, a counter is not made of a dictionary")
    keys.copy(len(rows.rows))
    return Table("collections.Counter", list(rows.rows))


_CALLS: dict[str, Callable[[tuple[Any, ...], Keys], Any]] = {
    "_codecs.encode": _encode,
    "builtins.bytearray": _bytearray,
    "builtins.complex": _complex,
    "builtins.set": _set,
    "collections.Counter": _counter,
    "collections.OrderedDict": _ordered,
    "torch.Size": _size,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _from_cpu,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
    "torch._utils._rebuild_qtensor": _qtensor,
    "torch._utils._rebuild_sparse_tensor": _sparse,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch.device": _device,
    "torch.serialization._get_layout": _layout,
}


def _strange(name: str) -> Unsound:
    return Unsound(f"in its pickle, {name} is called with arguments that torch.save does not write")
