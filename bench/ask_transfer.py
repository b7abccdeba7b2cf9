"""One large file over loopback: plain, under TLS, from a server that limits each connection, and by many at once."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.ask_loading import weights_of
from bench.asking import PEERS, ROOT, Question, Side, Stage
from bench.served import sent, served
from tests.faults.certificates import certificate

RATE = 20e6  # bytes a second on each connection
RANKS = 8
MEMORY = 64e6  # bytes, of the transfer itself
PROGRAM = str(ROOT / "bench/bringing.py")
NOT_INSTALLED = "not installed"


def file_of(stage: Stage, size: int) -> tuple[Path, str]:
    """Make a file of noise; give its SHA-256, too."""
    file, total = stage.fresh() / "weights.bin", hashlib.sha256()
    with file.open("wb") as opened:
        for start in range(0, size, 1 << 22):
            block = os.urandom(min(1 << 22, size - start))
            total.update(block)
            opened.write(block)
    return file, total.hexdigest()


@dataclass(frozen=True, slots=True)
class Origin:
    """A server, and the file that it has.

    Attributes:
        url: of the file.
        sha256: of its bytes, in hex.
        trusted: the certificate to believe; empty for a server without one.
    """

    url: str
    sha256: str
    trusted: str = ""


def programs(origin: Origin, target: Path) -> Iterator[tuple[str, list[str], str]]:
    """Give each tool's name and command, and why it is missing if it is."""
    own, peers = [sys.executable, PROGRAM], "" if PEERS.exists() else NOT_INSTALLED
    yield "rehub, verified", [*own, "rehub", origin.url, str(target), origin.sha256], ""
    yield "torch.hub", [*own, "torch.hub", origin.url, str(target), ""], ""
    yield "torch.hub with hash_prefix", [*own, "torch.hub", origin.url, str(target), origin.sha256], ""
    trust = ["--cacert", origin.trusted] if origin.trusted else []
    curl = ["curl", "--silent", "--show-error", "--fail", *trust, "--output", str(target), origin.url]
    yield "curl", curl, "" if shutil.which("curl") else NOT_INSTALLED
    aria = ["aria2c", "--quiet", "--allow-overwrite", "--file-allocation=none", "--min-split-size=1M"]
    aria += [f"--ca-certificate={origin.trusted}"] if origin.trusted else []
    for count in (8, 16):
        parts = [f"-x{count}", f"-s{count}", f"--dir={target.parent}", f"--out={target.name}", origin.url]
        yield f"aria2c -x{count}", [*aria, *parts], "" if shutil.which("aria2c") else NOT_INSTALLED
    for tool in ("huggingface_hub", "pooch"):
        yield tool, [str(PEERS), PROGRAM, tool, origin.url, str(target), ""], peers


def transfer(name: str, stage: Stage, origin: Origin, goals: Mapping[tuple[str, str], float]) -> Question:
    """Ask how long a transfer takes, and how much memory; the target is removed before each."""
    target, home = stage.fresh() / "target.bin", stage.fresh()
    env = {"HOME": str(home), "TORCH_HOME": str(home / "torch"), "PYTHONPATH": str(ROOT)}
    env |= {"SSL_CERT_FILE": origin.trusted, "REQUESTS_CA_BUNDLE": origin.trusted} if origin.trusted else {}

    def remove() -> None:
        for path in target.parent.iterdir():
            path.unlink()
        os.sync()  # nobody pays for what was written before

    sides = [
        Side(tool, command, env, before=remove, missing=missing) for tool, command, missing in programs(origin, target)
    ]
    note = "Python's tools around the call, curl and aria2c as a whole process"
    return Question(name, sides, ("seconds", "memory"), goals, {"memory": MEMORY}, 3, note)


def ranks(stage: Stage, size: int) -> Question:
    """Ask what goes over the wire when all processes of a node want the same file."""
    file, _ = weights_of(stage, size)
    origin = stage.stack.enter_context(served(file))
    sides = []
    for tool in ("rehub", "torch.hub"):
        home = stage.fresh()
        env = {"HOME": str(home), "TORCH_HOME": str(home / "torch"), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(ROOT / "bench/ranks.py"), tool, f"{origin}/network.pth", str(RANKS)]

        def forget(home: Path = home) -> None:
            shutil.rmtree(home / "torch", ignore_errors=True)
            sent(origin)

        sides.append(Side(tool, command, env, before=forget, after=lambda: {"wire": sent(origin)}))
    goals = {("wire", "torch.hub"): float(RANKS)}
    size = file.stat().st_size
    note = f"{size / 1e6:.0f} MB by load_state_dict_from_url, in processes that have imported torch"
    return Question(f"{RANKS} ranks", sides, ("wire", "seconds"), goals, {"wire": size * 1.01}, 3, note)


def questions(stage: Stage) -> Iterator[Question]:
    """Ask about all three servers, and about ranks."""
    file, sha256 = file_of(stage, stage.size)
    plain = Origin(f"{stage.stack.enter_context(served(file))}/file", sha256)
    goals = {("seconds", "torch.hub"): 0.8, ("seconds", "torch.hub with hash_prefix"): 1.4}
    yield transfer("transfer, plain", stage, plain, goals)
    made = certificate(stage.fresh() / "tls")
    url = stage.stack.enter_context(served(file, certificate=made))
    yield transfer("transfer, TLS", stage, Origin(f"{url}/file", sha256, str(made)), {})
    small = stage.size if stage.long else stage.size // 4  # 12 s instead of 50 s by one connection
    file, sha256 = file_of(stage, small)
    limited = Origin(f"{stage.stack.enter_context(served(file, rate=RATE))}/file", sha256)
    goals = {("seconds", "torch.hub"): 6.0, ("seconds", "aria2c -x8"): 0.95}
    name = f"transfer, {RATE / 1e6:.0f} MB/s for each connection, {small / 1e6:.0f} MB"
    yield transfer(name, stage, limited, goals)
    yield ranks(stage, stage.size // 4)
