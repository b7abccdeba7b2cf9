"""One download by one tool, measured around the call: ``python bench/bringing.py TOOL URL TARGET SHA256``.

It prints the seconds that the call took, and by how much the process grew, in bytes, beyond what it was after importing
the tool.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Bring = Callable[[], object]


def rehub(url: str, target: str, sha256: str) -> Bring:
    """Download and verify."""
    import rehub

    return lambda: rehub.download_url_to_file(url, target, sha256, progress=False)


def torch_hub(url: str, target: str, sha256: str) -> Bring:
    """Download, and verify if there is a hash."""
    import torch.hub

    return lambda: torch.hub.download_url_to_file(url, target, sha256 or None, progress=False)


def huggingface_hub(url: str, target: str, _sha256: str) -> Bring:
    """Download by the path that is used for plain URLs; it looks at the size only."""
    from huggingface_hub.file_download import http_get

    def bring() -> None:
        with open(target, "wb") as file:  # noqa: PTH123 - as a user would
            http_get(url, file)

    return bring


def pooch(url: str, target: str, sha256: str) -> Bring:
    """Download, and verify if there is a hash."""
    import pooch

    place = Path(target)
    return lambda: pooch.retrieve(url, f"sha256:{sha256}" if sha256 else None, fname=place.name, path=place.parent)


TOOLS = {"rehub": rehub, "torch.hub": torch_hub, "huggingface_hub": huggingface_hub, "pooch": pooch}


def resident(name: str) -> int:
    """Give VmRSS or VmHWM in bytes; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


def forget_the_peak() -> None:
    """Let the largest resident size be that of now (proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def timed(act: Callable[[], object]) -> object:
    """Do something, and print what it cost; give what it gave."""
    before = resident("VmRSS")
    forget_the_peak()
    began = time.perf_counter()
    made = act()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "memory": resident("VmHWM") - before}), flush=True)
    return made


if __name__ == "__main__":
    tool, url, target, sha256 = sys.argv[1:]
    timed(TOOLS[tool](url, target, sha256))
