"""A sound file of weights as tensors over its own pages."""

from typing import Any

from rehub.world.scope import original


def load_mapped(path: str, *, map_location: Any = None, fd: int) -> Any:  # noqa: ARG001
    """Read a zip file of ``torch.save`` with its tensors mapped.

    Args:
        path: the file; its bytes must never change again.
        map_location: as :func:`torch.load` takes it.
        fd: the same file, open.

    Raises:
        Exception: whatever :func:`torch.load` raises.
    """
    import torch

    return original(torch.load)(path, map_location=map_location, weights_only=True, mmap=True)
