"""Weights by URL: brought once, kept once, checked each time; and what happens when something goes wrong."""

import hashlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import rehub
from rehub.verbs.weights import fetch_weights
from rehub.words.weightfile import file_name
from rehub.words.weights import Promise, Weights, promised
from tests.world import World
from tests.world.scripted import Asked, Scripted, head

Bring = Callable[..., Weights]


def saved(number: float = 1.0) -> bytes:
    """Give a file of weights."""
    file = io.BytesIO()
    torch.save({"w": torch.full((1000,), number)}, file)
    return file.getvalue()


DATA = saved()
HEX = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> rehub.Hub:
    """Give a hub with a folder of its own."""
    return rehub.Hub(dir=tmp_path / "hub")


def bring(hub: rehub.Hub, url: str, **options: Any) -> Weights:
    """Give the weights of a URL."""
    name = file_name(url)
    with hub.transferring(name, shown=False) as transfer:
        return fetch_weights(url, transfer, name=name, **{"promise": promised(url, name), **options})


def put(world: World, path: str, data: bytes = DATA) -> str:
    """Put a file on the server; give its URL."""
    world.hub.files[path] = data
    return f"{world.hub.url}{path}"


def test_urls_with_the_same_bytes_have_one_file(world: World, hub: rehub.Hub) -> None:
    """Which is in the store, read-only; what it is known by has no secrets."""
    first, second = (bring(hub, put(world, path) + "?token=s3cret") for path in ("/a.pt", "/b.pt"))
    assert first.file == second.file == hub.store.blobs.path(first.digest)
    assert (first.url, first.size) == (f"{world.hub.url}/a.pt", len(DATA))
    assert not (hub.settings.dir / "checkpoints").exists()
    world.hub.stop()
    assert bring(hub, f"{world.hub.url}/a.pt?token=s3cret") == first


@pytest.mark.parametrize(
    ("path", "right"),
    [
        (f"/net-{HEX[:8]}.pt", True),
        ("/net-1234abcd.pt", False),
        ("/net-20240131.pt", True),  # a date
        (f"/{HEX}/ViT-B-32.pt", True),
        (f"/{'ab' * 32}/ViT-B-32.pt", False),
        (f"/raw/{'ab' * 32}/ViT-B-32.pt", True),  # a commit
        (f"/{'ab' * 32}/{HEX}", True),  # Hugging Face's storage
    ],
)
def test_a_hash_in_a_url_is_checked_unasked(world: World, hub: rehub.Hub, path: str, right: bool) -> None:
    """Eight digits with a letter in the name, as torch.hub has them, or CLIP's whole digest before it."""
    url = put(world, path)
    if right:
        assert bring(hub, url).digest.hex == HEX
    else:
        with pytest.raises(rehub.WrongHashError, match=r"invalid hash value \(expected"):
            bring(hub, url)
        assert hub.store.blobs.digests() == []
        assert not list((hub.store.root / "parts").iterdir())


def test_a_page_is_never_kept(world: World, hub: rehub.Hub) -> None:
    """Nothing of it is in the store."""
    with pytest.raises(rehub.DownloadError, match="HTML page"):
        bring(hub, put(world, "/a.pt", b"<!doctype html><title>Log in</title>"))
    assert hub.store.blobs.digests() == []
    assert list(hub.store.urls.all()) == []


def damage(path: Path) -> None:
    """Change a byte."""
    path.chmod(0o644)
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def test_a_damaged_file_comes_anew(world: World, hub: rehub.Hub, caplog: pytest.LogCaptureFixture) -> None:
    """With a warning; offline it is an error, and never used."""
    url = put(world, "/a.pt")
    found = bring(hub, url)
    damage(found.file)
    with caplog.at_level(logging.WARNING, "rehub"):
        assert bring(hub, url) == found
    assert "was damaged; it is fetched anew" in caplog.text
    assert hashlib.sha256(found.file.read_bytes()).hexdigest() == HEX
    damage(found.file)
    offline = rehub.Hub(dir=hub.settings.dir, offline=True)
    with pytest.raises(rehub.DigestMismatchError):
        bring(offline, url)
    with pytest.raises(rehub.OfflineError):
        bring(offline, url)


def test_a_mirror_with_other_bytes_is_left(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If something says which bytes are right: a hash in the name, or what came from the URL before."""
    mirror = world.server()
    names = (f"/net-{HEX[:8]}.pt", "/known.pt")
    for name in names:
        put(world, name)
        mirror.files[name] = saved(2.0)
    plain = rehub.Hub(dir=tmp_path / "hub")
    hub = rehub.Hub(dir=tmp_path / "hub", mirrors={f"{world.hub.url}/": f"{mirror.url}/"})
    plain.store.blobs.remove(bring(plain, f"{world.hub.url}/known.pt").digest)
    for name in names:
        with caplog.at_level(logging.WARNING, "rehub"):
            assert bring(hub, world.hub.url + name).digest.hex == HEX
        assert "the mirror's bytes" in caplog.text
        hub.store.blobs.remove(bring(hub, world.hub.url + name).digest)
    mirror.files["/unknown.pt"] = saved(3.0)
    assert bring(hub, f"{world.hub.url}/unknown.pt").digest.hex == hashlib.sha256(saved(3.0)).hexdigest()


def test_a_folder_of_the_users_own_gets_a_real_file(world: World, hub: rehub.Hub, tmp_path: Path) -> None:
    """With the permissions of any new file; what the store has is not fetched again."""
    url = put(world, "/a.pt")
    bring(hub, url)
    world.hub.reset()
    found = bring(hub, url, folder=tmp_path / "mine")
    assert found.file == tmp_path / "mine/a.pt"
    assert not found.file.is_symlink()
    (tmp_path / "plain").touch()
    assert found.file.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert world.hub.log == []
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["a.pt"]


@pytest.mark.parametrize("name", ["x" * 250, "é" * 125, "模" * 83])
def test_a_name_may_be_as_long_as_the_disk_allows(name: str, world: World, hub: rehub.Hub, tmp_path: Path) -> None:
    """Whatever it is called until it is whole, in bytes and not in letters."""
    url = put(world, "/net.pth")
    for number in range(2):
        hub.load_state_dict_from_url(url, model_dir=tmp_path / "mine", file_name=f"{name}.pth")
        hub.download_url_to_file(url, tmp_path / f"{name}.{number}")
    assert len(list(tmp_path.glob(f"{name[:50]}*"))) == 2
    assert len(list((tmp_path / "mine").iterdir())) == 1


def test_torch_hubs_name_leads_to_the_file(world: World, hub: rehub.Hub, tmp_path: Path) -> None:
    """By a relative link, which is made again where it is gone; what torch.hub has left there is used."""
    url = put(world, "/a.pt")
    checkpoints = hub.settings.dir / "checkpoints"
    for _ in range(2):
        found = bring(hub, url, folder=checkpoints, linked=True)
        assert (checkpoints / "a.pt").resolve() == found.file.resolve()
        assert not (checkpoints / "a.pt").readlink().is_absolute()
        (checkpoints / "a.pt").unlink()
    hub.settings.dir.rename(tmp_path / "moved")
    moved = rehub.Hub(dir=tmp_path / "moved", offline=True)
    assert bring(moved, url).file.read_bytes() == DATA
    theirs = moved.settings.dir / "checkpoints/b.pt"
    theirs.write_bytes(saved(4.0))
    assert bring(moved, f"{world.hub.url}/b.pt").file == theirs


def test_a_read_only_store_works_for_what_is_in_it(world: World, hub: rehub.Hub) -> None:
    """And what is not in it is one error that says so."""
    url = put(world, "/a.pt")
    found = bring(hub, url)
    code = (
        "import sys, os, json, rehub\n"
        "from tests.verbs.test_weights import bring\n"
        "hub = rehub.Hub(dir=sys.argv[1])\n"
        "print(bring(hub, sys.argv[2]).digest.hex)\n"
        "try: bring(hub, sys.argv[3])\n"
        "except rehub.StoreError as error: print('StoreError', 'TORCH_HOME' in str(error))\n"
    )
    other = put(world, "/b.pt", saved(2.0))
    with read_only(hub.settings.dir):
        ran = as_nobody([sys.executable, "-c", code, str(hub.settings.dir), url, other])
    assert ran.stdout.split() == [found.digest.hex, "StoreError", "True"], ran.stderr


class read_only:  # noqa: N801
    """Takes away the right to write in a folder, for a while."""

    def __init__(self, folder: Path) -> None:
        self._paths = [folder, *(path for path in folder.rglob("*") if path.is_dir())]

    def __enter__(self) -> None:
        for path in self._paths:
            path.chmod(0o555)

    def __exit__(self, *_: object) -> None:
        for path in self._paths:
            path.chmod(0o755)


def as_nobody(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run something without root's power to write anywhere."""
    if os.geteuid() == 0:
        if not Path("/usr/bin/setpriv").exists():
            pytest.skip("needs setpriv to give up root's rights")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", *command]
        command[1:1] = []
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
    )


LOAD = (
    "import sys, rehub\n"
    "from tests.verbs.test_weights import bring\n"
    "hub = rehub.Hub(dir=sys.argv[1], timeout=float(sys.argv[3]))\n"
    "print('began', flush=True)\n"
    "print(bring(hub, sys.argv[2]).digest.hex, flush=True)\n"
)


def start(hub: rehub.Hub, url: str, timeout: float = 30.0) -> "subprocess.Popen[str]":
    """Start a process that brings a file."""
    command = [sys.executable, "-c", LOAD, str(hub.settings.dir), url, str(timeout)]
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), os.environ["PYTHONPATH"]])
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
    )


def until(condition: Callable[[], object], limit: float = 30.0) -> None:
    """Wait for something, for so many seconds at most."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_many_processes_bring_a_file_once(world: World, hub: rehub.Hub) -> None:
    """The first one does, and the others have it from the store."""
    url = put(world, "/a.pt")
    running = [start(hub, url) for _ in range(8)]
    assert {process.communicate(timeout=100)[0].split()[-1] for process in running} == {HEX}
    assert [each.path for each in world.hub.log] == ["/a.pt"]


def test_many_threads_bring_a_file_once(world: World, hub: rehub.Hub) -> None:
    """As processes do."""
    from concurrent.futures import ThreadPoolExecutor

    url = put(world, "/a.pt")
    with ThreadPoolExecutor(64) as pool:
        assert {each.digest.hex for each in pool.map(lambda _: bring(hub, url), range(64))} == {HEX}
    assert len(world.hub.log) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_holder_that_dies_or_stands_still_is_replaced(world: World, hub: rehub.Hub, how: signal.Signals) -> None:
    """The kernel lets go of a dead one's lock; for one that is stopped nobody waits longer than the time limit."""
    url = put(world, "/a.pt")
    world.hub.stall("/a.pt", times=1)
    holder = start(hub, url)
    until(lambda: world.hub.log)
    waiting = start(hub, url, timeout=2.0)
    assert waiting.stdout is not None
    waiting.stdout.readline()
    holder.send_signal(how)
    try:
        assert waiting.communicate(timeout=60)[0].split()[-1] == HEX
    finally:
        holder.kill()
        holder.communicate()


def test_whoever_waits_tells_how_far_the_holder_is(world: World, hub: rehub.Hub) -> None:
    """To its own watch."""
    from rehub.verbs.weights.turns import Waiting, key_of, turn

    seen: list[int] = []
    part, key = hub.store.part("k"), key_of("k")
    nothing = Waiting("a file", 10.0, lambda _received, _size: None, lambda: False)
    holding, over = threading.Event(), threading.Event()

    def hold() -> None:
        with turn(key, part, hub.store, nothing) as here:
            here.write_bytes(b"x" * 20)
            journal = {"version": 1, "size": 20, "validator": '"v"', "done": [[0, 10]]}
            here.with_name(f"{here.name}.json").write_text(json.dumps(journal))
            holding.set()
            over.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(10)
    watching = Waiting("a file", 10.0, lambda received, _size: (seen.append(received), over.set())[0], lambda: False)
    with turn(key, part, hub.store, watching):
        pass
    thread.join()
    assert 10 in seen


def test_a_url_that_is_none_is_an_error(hub: rehub.Hub) -> None:
    """One that says what it should be, through every face."""
    from rehub import compat

    for load in (rehub.load_state_dict_from_url, compat.load_state_dict_from_url, hub.load_state_dict_from_url):
        for url in (None, 3, b"http://x/y.pt", "no url", ""):
            with pytest.raises(rehub.MalformedSettingError, match="url cannot be"):
                load(url)  # type: ignore[operator]


def test_a_hub_has_its_own_files(world: World, tmp_path: Path) -> None:
    """Its folder, its progress, its offline; nothing of the process's own hub."""
    told: list[str] = []
    hub = rehub.Hub(dir=tmp_path / "one", progress=told.append)
    url = put(world, "/a.pt")
    assert torch.equal(hub.load_state_dict_from_url(url)["w"], torch.ones(1000))
    assert told[-1].startswith("a.pt 100%")
    told.clear()
    hub.load_state_dict_from_url(put(world, "/b.pt"), progress=False)
    hub.download_url_to_file(url, tmp_path / "x", progress=False)
    assert told == []
    assert (tmp_path / "x").read_bytes() == DATA
    assert not Path(rehub.get_dir()).exists()
    with pytest.raises(rehub.OfflineError):
        rehub.Hub(dir=tmp_path / "two", offline=True).load_state_dict_from_url(url)


def test_what_a_killed_process_left_is_swept_after_a_day(world: World, hub: rehub.Hub, tmp_path: Path) -> None:
    """In the store, and beside a file of the user's own: what belongs to that very file, and nothing else."""
    url = put(world, "/a.pt")
    folder = tmp_path / "mine"
    folder.mkdir()
    old = [folder / "a.pt.0123456789ab.partial", folder / "a.pt.0123456789ab.partial.json"]
    old += [folder / "a.pt.0123456789ab.partial.json.ba9876543210.partial", folder / "a.pt.0123456789ab.1.partial"]
    new = [folder / "a.pt.ba9876543210.partial", folder / "other.pt.0123456789ab.partial", folder / "a.pt.partial"]
    for path in (*old, *new):
        path.write_text("x")
    for path in (*old, *new[1:]):
        os.utime(path, (1, 1))
    hub.download_url_to_file(url, folder / "a.pt")
    assert {path.name for path in folder.iterdir()} == {"a.pt", *(path.name for path in new)}


def test_a_file_that_only_some_may_have(world: World, tmp_path: Path) -> None:
    """The user's own login for exactly that host is tried, and that in the URL; neither is written down."""
    url = put(world, "/private/a.pt")
    world.hub.private("/private", "me", "s3cret")
    with pytest.raises(rehub.DownloadError, match="401"):
        bring(rehub.Hub(dir=tmp_path / "a"), url)
    bring(rehub.Hub(dir=tmp_path / "b"), url.replace("://", "://me:s3cret@"))
    (Path.home() / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    bring(rehub.Hub(dir=tmp_path / "c"), url)
    kept = [path.read_text() for path in tmp_path.glob("[abc]/rehub/**/*.json")]
    assert kept
    assert "s3cret" not in "".join(kept)


def test_a_described_hosts_token_goes_to_it_alone(world: World, tmp_path: Path) -> None:
    """And only after it has refused to give the file to anybody."""
    url = put(world, "/private/a.pt")
    put(world, "/open.pt", saved(2.0))
    world.hub.private("/private", "oauth2", "s3cret")
    environ = {"TOKEN": "s3cret", "HOME": str(tmp_path)}
    hub = rehub.Hub(dir=tmp_path / "a", hosts=f"127.0.0.1=gitea,{world.hub.url}/,TOKEN", environ=environ)
    bring(hub, f"{world.hub.url}/open.pt")
    assert world.hub.authorizations == []
    assert bring(hub, url).digest.hex == HEX
    other = world.server()
    other.files["/private/a.pt"] = DATA
    other.private("/private", "oauth2", "s3cret")
    with pytest.raises(rehub.DownloadError):
        bring(hub, f"{other.url}/private/a.pt")
    assert other.authorizations == []


def test_what_is_promised_is_read_from_the_name() -> None:
    """With check_hash the caller says that digits are a hash; without, decimal ones alone are none."""
    url = "https://example.org/net-20240131.pth"
    assert promised(url, "net-20240131.pth") == Promise()
    assert promised(url, "net-20240131.pth", check_hash=True) == Promise("20240131", asked=True)
    assert json.dumps(promised(url, "net-12ab.pth").prefix) == '""'


@pytest.mark.parametrize("face", ["rehub", "hub", "compat"])
def test_what_was_cut_off_without_a_word_is_asked_for_anew(hub: rehub.Hub, face: str) -> None:
    """By every face: a file that came without a length is maybe half of one, whatever the server calls it."""
    from rehub import compat

    faces: dict[str, Any] = {"rehub": rehub, "hub": hub, "compat": compat}

    def answer(asked: Asked) -> Iterator[bytes]:
        yield head("200 OK", "Connection: close", 'ETag: "1"')
        yield DATA[: len(DATA) // 2] if asked.number == 0 else DATA
        raise EOFError

    with Scripted(answer) as server:
        load = partial(faces[face].load_state_dict_from_url, f"{server.url}/a.pt", progress=False)
        with pytest.raises((rehub.MalformedWeightsError, RuntimeError)):  # torch's own, where it reads in full
            load()
        assert torch.equal(load()["w"], torch.full((1000,), 1.0))
        assert torch.equal(load()["w"], torch.full((1000,), 1.0))
        assert len(server.log) == 2


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
def test_no_regular_file_is_waited_for(
    world: World, hub: rehub.Hub, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """A FIFO or a folder under a file's name, in a folder of the user's own, is said to be none, and left there."""
    url, folder = put(world, "/a.pt"), tmp_path / "own"
    folder.mkdir()
    make(folder / "a.pt")
    with pytest.raises(rehub.StoreError, match="no regular file"):
        bring(hub, url, folder=folder)
    assert [path.name for path in folder.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("quiet", [True, False])
def test_torch_hubs_face_asks_as_the_hub_that_acts(world: World, tmp_path: Path, quiet: bool) -> None:
    """With that hub's own home and logins, not the process's."""
    from rehub import api, compat

    url = put(world, "/private/a.pt")
    world.hub.private("/private", "me", "s3cret")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/.netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    hub = rehub.Hub(dir=tmp_path / "hub", environ={"HOME": str(tmp_path / "theirs")})
    with api.acting_as(hub, quiet=quiet):
        assert set(compat.load_state_dict_from_url(url, progress=False)) == {"w"}


def test_an_error_about_a_hash_shows_no_secret(world: World, hub: rehub.Hub) -> None:
    """Nor does any of its fields: errors are logged, and sent between processes."""
    with pytest.raises(rehub.WrongHashError) as caught:
        bring(hub, put(world, "/net-1234abcd.pt") + "?token=s3cret")
    assert "s3cret" not in repr((caught.value, vars(caught.value)))


def test_weights_that_are_pruned_before_they_are_read_are_an_error_of_the_store(world: World, hub: rehub.Hub) -> None:
    """Another process may remove what was just found; the next call brings it anew."""
    from rehub.verbs.weights import read_brought

    url = put(world, "/a.pt")
    found = bring(hub, url)
    hub.store.blobs.remove(found.digest)
    with pytest.raises(rehub.StoreError, match="another process has removed it"):
        read_brought(url, found, hub.store)
    assert hub.load_state_dict_from_url(url)["w"].shape == (1000,)
