"""Several ranks on one machine, as torchrun starts them: real processes, talking by gloo on loopback."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed

from tests.world import World

pytestmark = pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="needs torch's gloo")

SCRIPT = """
import os, sys
import torch, torch.distributed as dist
from rehub import compat

url, how = sys.argv[1:3]
rank = int(os.environ["LOCAL_RANK"])
dist.init_process_group("gloo")
if how == "first":
    if rank == 0:
        compat.load_state_dict_from_url(url)
    dist.barrier()
dist.barrier()  # all begin at once
mine = ("cpu", "meta")[rank]  # as cuda:0 and cuda:1 would be, on a machine without either
where = {"table": {"cpu": mine}, "text": mine, "device": torch.device(mine)}.get(how, "cpu")
found = compat.load_state_dict_from_url(url, map_location=where, check_hash=True)
assert found["w"].device.type == ("cpu" if how == "first" else mine)
total = torch.tensor(float(found["w"].numel()))
dist.all_reduce(total)
print(f"rank {rank}: {float(total)}")
dist.destroy_process_group()
"""


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def put(world: World) -> str:
    """Put a file with its hash in its name on the server; give its URL."""
    import hashlib

    file = io.BytesIO()
    torch.save({"w": torch.ones(1_000_000)}, file)
    path = f"/net-{hashlib.sha256(file.getvalue()).hexdigest()[:8]}.pt"
    world.hub.files[path] = file.getvalue()
    return f"{world.hub.url}{path}"


@pytest.mark.parametrize("how", ["first", "table", "text", "device"])
def test_two_ranks_bring_a_file_once(world: World, tmp_path: Path, how: str) -> None:
    """One fetches and the other waits, and both read the same file; only the first one says so."""
    url = put(world)
    (tmp_path / "script.py").write_text(SCRIPT)
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "GLOO_SOCKET_IFNAME": "lo"}
    common = os.environ | group
    ranks = [
        subprocess.Popen(
            [sys.executable, str(tmp_path / "script.py"), url, how],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        for rank in range(2)
    ]
    try:
        said = [rank.communicate(timeout=100) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    for number, (out, error) in enumerate(said):
        assert f"rank {number}: 2000000.0" in out, error
    assert [each.path for each in world.hub.log] == [url.removeprefix(world.hub.url)]
    assert world.hub.bytes_out() == len(next(iter(world.hub.files.values())))
    assert "100.0%" in said[0][1] or how != "first"  # else it may come when all is there
    assert "%" not in said[1][1]
    assert len(list((Path(os.environ["TORCH_HOME"]) / "hub/rehub/blobs/sha256").glob("*/*"))) == 2  # and its record
