"""What other programs have downloaded already is taken over, and does not come a second time."""

import hashlib
import io
import os
from pathlib import Path

import pytest
import torch

import rehub
from rehub.verbs.weights import fetch_weights
from rehub.words.weights import Promise, Weights, promised
from tests.world import World, lfs_pointer

COMMIT = "0123456789abcdef" * 2 + "01234567"


def saved() -> bytes:
    """Give a file of weights."""
    file = io.BytesIO()
    torch.save({"w": torch.ones(1000)}, file)
    return file.getvalue()


DATA = saved()
HEX = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def cache(clean_home: Path) -> Path:
    """Give Hugging Face's cache with a model of one file, laid out as huggingface_hub does."""
    model = clean_home / ".cache/huggingface/hub/models--acme--net"
    (model / "blobs").mkdir(parents=True)
    (model / "blobs" / HEX).write_bytes(DATA)
    (model / "snapshots" / COMMIT).mkdir(parents=True)
    (model / "snapshots" / COMMIT / "net.pt").symlink_to(f"../../blobs/{HEX}")
    return model


@pytest.fixture
def hub(tmp_path: Path) -> rehub.Hub:
    """Give a hub that may open no socket."""
    return rehub.Hub(dir=tmp_path / "hub", offline=True)


def bring(hub: rehub.Hub, url: str, promise: Promise | None = None) -> Weights:
    """Give the weights of a URL."""
    name = url.rpartition("/")[2]
    with hub.transferring(name, shown=False) as transfer:
        return fetch_weights(url, transfer, name=name, promise=promise or promised(url, name))


def test_a_promised_digest_is_looked_for(cache: Path, hub: rehub.Hub) -> None:
    """Whatever the URL; it is a file of the store's own from then on, and the other one stays as it was."""
    found = bring(hub, "https://example.org/any.pt", Promise(HEX))
    assert found.file == hub.store.blobs.path(found.digest)
    assert found.file.read_bytes() == DATA
    assert found.file.stat().st_mode & 0o777 == 0o444
    assert not found.file.samefile(cache / "blobs" / HEX)
    assert not list((hub.store.root / "parts").iterdir())
    (cache / "blobs" / HEX).unlink()
    assert bring(hub, "https://example.org/any.pt") == found


def test_a_url_of_a_commit_is_that_file(cache: Path, hub: rehub.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing need be promised; a branch's URL may mean other bytes by now."""
    url = f"https://huggingface.co/acme/net/resolve/{COMMIT}/net.pt"
    for other in (url.replace(COMMIT, "main"), url.replace("huggingface.co", "example.org"), f"{url}/../net.pt"):
        with pytest.raises(rehub.OfflineError):
            bring(hub, other)
    assert bring(hub, f"{url}?download=true").digest.hex == HEX
    assert list(torch.load(hub.store.blobs.path(bring(hub, f"{url}?download=true").digest))) == ["w"]


@pytest.mark.parametrize("damage", ["other bytes", "a folder", "a FIFO", "a link to nothing"])
def test_what_is_not_what_it_is_called_is_not_taken(damage: str, cache: Path, hub: rehub.Hub) -> None:
    """Nothing of it is kept, and nobody waits for it."""
    place = cache / "blobs" / HEX
    place.unlink()
    if damage == "other bytes":
        place.write_bytes(DATA[:-1] + b"x")
    elif damage == "a folder":
        place.mkdir()
    elif damage == "a FIFO":
        os.mkfifo(place)
    else:
        place.symlink_to("nowhere")
    with pytest.raises(rehub.OfflineError):
        bring(hub, "https://example.org/any.pt", Promise(HEX))
    assert not hub.store.blobs.digests()
    assert not list(hub.store.root.glob("parts/*"))


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_it_is_where_its_variables_say(
    variable: str, cache: Path, hub: rehub.Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As for huggingface_hub itself."""
    inside = {"HF_HUB_CACHE": "", "HF_HOME": "hub", "XDG_CACHE_HOME": "huggingface/hub"}[variable]
    (tmp_path / "moved" / inside).parent.mkdir(parents=True, exist_ok=True)
    cache.parent.rename(tmp_path / "moved" / inside)
    monkeypatch.setenv(variable, str(tmp_path / "moved"))
    assert bring(hub, "https://example.org/any.pt", Promise(HEX)).digest.hex == HEX


def test_torch_hubs_usual_folder_counts_too(hub: rehub.Hub, clean_home: Path) -> None:
    """If rehub's is another one: a file whose name has the hash that its bytes have."""
    folder = clean_home / ".cache/torch/hub/checkpoints"
    folder.mkdir(parents=True)
    for name in (f"net-{HEX[:8]}.pt", "net-12ab34cd.pt", "plain.pt"):
        (folder / name).write_bytes(DATA)
    assert bring(hub, f"https://example.org/net-{HEX[:8]}.pt").digest.hex == HEX
    for name in ("net-12ab34cd.pt", "plain.pt"):
        with pytest.raises(rehub.OfflineError):
            bring(hub, f"https://example.org/{name}")


def test_git_lfs_finds_its_files_there(cache: Path, world: World, tmp_path: Path) -> None:
    """Hugging Face's cache calls them by the same SHA-256."""
    world.repo({"hubconf.py": "", "net.pt": lfs_pointer(DATA), "test.txt": str(tmp_path)}, tag="v1")
    hub = rehub.Hub(dir=tmp_path / "hub", mirrors=world.mirrors)
    root = hub.complete(hub.fetch("acme/toy:v1")).root
    assert (root / "net.pt").read_bytes() == DATA
    assert world.hub.lfs.batches == []
