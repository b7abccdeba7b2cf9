"""Many processes that want one file of weights at once: ``python bench/ranks.py TOOL URL COUNT``.

They are forked after torch was imported, so that the figures are those of the transfer and of reading the weights.
"""

import os
import sys
import time
from collections.abc import Callable

from bench.bringing import timed


def together(act: Callable[[], object], count: int) -> None:
    """Do something in so many processes, begun at one moment."""
    start, children = time.monotonic() + 0.1, []
    for _ in range(count):
        if (child := os.fork()) == 0:
            try:
                time.sleep(max(0.0, start - time.monotonic()))
                act()
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    if any([os.waitpid(child, 0)[1] for child in children]):  # noqa: C419 - all are waited for
        raise SystemExit("a process failed")


def main() -> None:
    """Measure one tool."""
    tool, url, count = sys.argv[1:]
    import torch.hub

    import rehub

    ask = {"rehub": rehub.load_state_dict_from_url, "torch.hub": torch.hub.load_state_dict_from_url}[tool]
    timed(lambda: together(lambda: ask(url, progress=False), int(count)))


if __name__ == "__main__":
    main()
