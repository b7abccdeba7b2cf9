"""Whether anybody could tell that a tensor's memory was exchanged for other memory with the same values.

Each function errs to one side: what is not known to be plain is not.
"""

import sys
from functools import cache
from typing import Any


def can_tell() -> bool:
    """Say whether this torch answers all that is asked of it here; some of it has no public name."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return False  # counts of references say nothing there
    try:
        import torch
        from torch.autograd.graph import increment_version

        tensor = torch.zeros(1)
        increment_version(tensor)
        return (
            is_plain(tensor)
            and fits(tensor, tensor)
            and is_alone(tensor)
            and isinstance(is_watched() or is_recorded(), bool)
        )
    except (AttributeError, ImportError, TypeError, RuntimeError):
        return False


def is_plain(tensor: Any) -> bool:
    """Say whether it is dense memory of the processor and nothing else.

    No subclass, and nothing that torch treats in a way of its own: sparse, quantized, fake, wrapped by a transform,
    lazily conjugated, made in inference mode. torch tells all these apart by the keys that it dispatches by.
    """
    import torch

    return type(tensor) in {torch.Tensor, torch.nn.Parameter} and (
        torch._C._dispatch_keys(tensor).raw_repr() == _plain_keys()  # noqa: SLF001
    )


def fits(target: Any, source: Any) -> bool:
    """Say whether a copy would be one of bytes, in their order; of truth values it is not, as it makes each 0 or 1."""
    import torch

    return (
        is_plain(target)
        and target.dtype == source.dtype != torch.bool
        and target.shape == source.shape
        and target.is_contiguous()
        and source.is_contiguous()
    )


def is_alone(tensor: Any) -> bool:
    """Say whether a tensor's memory is its own from the first byte to the last, and nobody else's.

    A view, a detached tensor, a graph that waits for ``backward``, a storage that somebody holds, an exported array:
    all of them would go on with the old memory. What numpy has seen once is never alone again, nor what came from it,
    nor what is shared between processes or mapped.
    """
    storage = tensor.untyped_storage()
    return bool(
        _users(tensor, storage) == _no_users()
        and storage.resizable()
        and not storage.is_shared()
        and storage.nbytes() == tensor.nbytes
        and tensor.storage_offset() == 0
        and not tensor._is_view()  # noqa: SLF001
        and not tensor.is_pinned()
    )


def is_watched() -> bool:
    """Say whether somebody sees each operation: a mode, a transform, a tracer."""
    import torch
    from torch.autograd import forward_ad

    core = torch._C  # noqa: SLF001
    return (
        core._len_torch_function_stack() > 0  # noqa: SLF001
        or core._len_torch_dispatch_stack() > 0  # noqa: SLF001
        or core._functorch.peek_interpreter_stack() is not None  # noqa: SLF001
        or core._get_tracing_state() is not None  # noqa: SLF001
        or forward_ad._current_level >= 0  # noqa: SLF001
    )


def is_recorded() -> bool:
    """Say whether a copy would leave more behind than its values: a step of a graph, or none of a tensor's version."""
    import torch

    return torch.is_grad_enabled() or torch.is_inference_mode_enabled()


def _users(tensor: Any, storage: Any) -> tuple[int, int, int]:
    """Count who refers to a tensor inside torch, to its storage there, and to the storage in Python."""
    import torch

    return tensor._use_count(), torch._C._storage_Use_Count(storage._cdata), sys.getrefcount(storage)  # noqa: SLF001


@cache
def _no_users() -> tuple[int, int, int]:
    """Give the counts for a tensor that only its caller has; they differ between versions of torch and Python."""
    import torch

    tensor = torch.zeros(1)
    storage = tensor.untyped_storage()
    return _users(tensor, storage)


@cache
def _plain_keys() -> int:
    import torch

    return int(torch._C._dispatch_keys(torch.zeros(1)).raw_repr())  # noqa: SLF001
