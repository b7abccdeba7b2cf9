"""A warm load, measured around the call: ``python bench/loading.py WHAT TOOL URL LAYERS [FOLDER]``.

``weights``: from the URL to a dictionary of tensors of which every page was touched. ``again``: the same in a process
that has read weights before. ``forward``: from a repository's entry to the end of the first forward; the entry builds
the network and gives it the weights, as torch.hub's users do.
"""

import gc
import sys
from collections.abc import Callable
from types import ModuleType

import torch
import torch.hub

from bench.bringing import timed
from bench.network import WIDTH

PAGE = 1024  # numbers of four bytes


def tool(name: str) -> ModuleType:
    """Give torch.hub, or rehub."""
    import rehub

    return {"rehub": rehub, "torch.hub": torch.hub}[name]


def weights(name: str, url: str) -> Callable[[], object]:
    """Read a file that is there already, and one number of each page."""
    hub = tool(name)

    def read() -> float:
        found = hub.load_state_dict_from_url(url, progress=False)
        return sum(float(each.flatten()[::PAGE].sum()) for each in found.values())

    return read


def again(name: str, url: str) -> Callable[[], object]:
    """Read a file when what reads it has been imported."""
    read = weights(name, url)
    read()
    gc.collect()  # it would come at some call or other, and looks at all that torch has made
    return read


def mapped(_name: str, url: str) -> Callable[[], object]:
    """Read the same by ``torch.load(mmap=True)``: what a peer could do at best."""
    place = f"{torch.hub.get_dir()}/checkpoints/{url.rpartition('/')[2]}"

    def read() -> float:
        found = torch.load(place, mmap=True, weights_only=True)
        return sum(float(each.flatten()[::PAGE].sum()) for each in found.values())

    return read


def forward(name: str, url: str, layers: int, folder: str) -> Callable[[], object]:
    """Load a network through its repository, and use it once."""
    hub = tool(name)

    def use() -> torch.Tensor:
        torch.manual_seed(0)
        network = hub.load(folder, "net", url, layers, source="local").eval()
        with torch.no_grad():
            result: torch.Tensor = network(torch.ones(1, 8, WIDTH))
        return result

    return use


if __name__ == "__main__":
    what, which, address, count, *rest = sys.argv[1:]
    act = {"weights": weights, "again": again, "mapped": mapped}.get(what)
    torch.ones(1)  # its first tensor makes torch load what everybody needs
    timed(act(which, address) if act else forward(which, address, int(count), rest[0]))
