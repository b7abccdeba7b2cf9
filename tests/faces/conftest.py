"""A small repository that the command line is tried on, at github.com as far as the command knows."""

import pytest

from tests.world import Repo, World

TOY = {
    "hubconf.py": '''
import os
from parts.net import Net, helper

dependencies = ["json"]


def net(width=8, pretrained=False, **kwargs):
    """Make a small net.

    Args:
        width: how wide it is.
        pretrained: load its weights.
    """
    print("printed by the repository")
    os.system("echo printed by a child")
    os.write(1, b"written to the descriptor\\n")
    return Net(width)


def clash(source="s", model="m", trust=None, json=None, self=None):
    """Have parameters that are named like rehub's own."""
    return [source, model, trust, json, self]


def echo(*args, **kwargs):
    return {"args": args, "kwargs": kwargs}


def fails(times=1):
    """Fail, deep down."""
    return helper(times)


def leaves():
    raise SystemExit(0)


def needs():
    import yamllike_nosuch


def waits():
    import time
    print("waiting", flush=True)
    time.sleep(60)
''',
    "parts/net.py": """
class Net:
    def __init__(self, width):
        self.width = width

    def __repr__(self):
        return f"Net({self.width})" + "." * 1000


def helper(times):
    try:
        return 1 // 0
    except ZeroDivisionError as error:
        raise RuntimeError("the deepest line") from error
""",
}


@pytest.fixture
def toy(world: World, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Give ``acme/toy`` with a tag v1; github.com is the world's own server."""
    repo = world.repo(TOY, tag="v1")
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    return repo
