"""What a type checker knows of what was loaded: read by mypy in ``make check``, never run."""

from typing import Any, assert_type

import torch
from torch import nn

import rehub
from rehub import BoundEntry, Exploration, Hub


def nothing_is_expected(hub: Hub) -> None:
    """Without ``expect`` the result may be anything, as with torch.hub."""
    assert_type(rehub.load("acme/toy", "net"), Any)
    assert_type(rehub.load("acme/toy", "net", 1, trust_repo=True, width=2), Any)
    assert_type(hub.load("acme/toy", "net", source="local"), Any)
    assert_type(rehub.entry("acme/toy", "net")(1), Any)
    assert_type(hub.entry("acme/toy", "net"), BoundEntry[Any])


def one_class_is_expected(hub: Hub) -> None:
    """The result is of that class, whichever way the entry is called."""
    assert_type(rehub.load("acme/toy", "net", expect=nn.Module), nn.Module)
    assert_type(rehub.load("acme/toy", "net", 1, expect=nn.Module, trust_repo=True, width=2), nn.Module)
    assert_type(hub.load("acme/toy", "net", expect=nn.Linear), nn.Linear)
    assert_type(rehub.entry("acme/toy", "net", expect=nn.Module)(1, width=2), nn.Module)
    assert_type(hub.entry("acme/toy", "net", expect=nn.Module), BoundEntry[nn.Module])
    model: nn.Module = rehub.load("acme/toy", "net", expect=nn.Linear)
    assert_type(model.eval(), nn.Module)


def several_classes_are_expected(hub: Hub) -> None:
    """The result is of their union."""
    assert_type(rehub.load("acme/toy", "net", expect=(nn.Module,)), nn.Module)
    assert_type(rehub.load("acme/toy", "net", expect=(nn.Module, str)), nn.Module | str)
    assert_type(hub.load("acme/toy", "net", expect=(nn.Module, str, torch.Tensor)), nn.Module | str | torch.Tensor)
    assert_type(hub.entry("acme/toy", "net", expect=(nn.Module, str))(), nn.Module | str)


def what_is_no_class_is_refused(hub: Hub) -> None:
    """A type checker says so before the first run."""
    rehub.load("acme/toy", "net", expect=3)  # type: ignore[call-overload]
    hub.entry("acme/toy", "net", expect="nn.Module")  # type: ignore[call-overload]


def exploring_is_typed(model: nn.Module) -> None:
    """What exploring tells has types of its own."""
    found = rehub.explore(model, depth=2)
    assert_type(found, Exploration)
    assert found.sizes
    assert_type(found.sizes.parameters.numbers, int)
