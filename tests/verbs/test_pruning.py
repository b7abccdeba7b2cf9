"""Making room while others load: whoever is at it finds what it needs, or brings it again."""

import io
import subprocess
import sys
from pathlib import Path

import torch

import rehub
from rehub.world.store import leases
from tests.client import content
from tests.world import World

PRUNES = """
import sys
from pathlib import Path
from rehub.verbs.pruning import prune
from rehub.world.store import Store
while True:
    prune(Store(Path(sys.argv[1])), older_than=-1.0)
"""


def test_somebody_removes_everything_all_the_time(world: World, tmp_path: Path) -> None:
    """Each load gets all of its files, as long as it is at it; none fails."""
    files = {
        "hubconf.py": "",
        "test.txt": str(tmp_path),
        **{f"part/{number}.py": "x = 1\n" * number for number in range(30)},
    }
    world.repo(files, tag="v1")
    weights = io.BytesIO()
    torch.save({"w": torch.ones(1000)}, weights)
    world.hub.files["/net.pt"] = weights.getvalue()
    hub = rehub.Hub(dir=tmp_path / "hub", mirrors=world.mirrors)
    with subprocess.Popen([sys.executable, "-c", PRUNES, hub.store.root]) as process:
        try:
            for _ in range(25):
                leases.end()  # as if each were a process of its own
                checkout = hub.fetch("acme/toy:v1")
                assert content(checkout) == {path: text.encode() for path, text in files.items()}
                assert hub.load_state_dict_from_url(f"{world.hub.url}/net.pt", progress=False)["w"].sum() == 1000
            assert process.poll() is None
        finally:
            process.kill()
