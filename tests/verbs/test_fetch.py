"""From a ref to a folder: hostile repositories, faults of the network, many processes at once."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehub.words.errors import (
    AuthenticationError,
    DigestMismatchError,
    MalformedRefError,
    NotFoundError,
    OfflineError,
    RefNotFoundError,
    RefusedTreeError,
    RehubError,
    RemoteRefusedError,
    RepositoryNotFoundError,
    StoreError,
    UnreachableError,
)
from rehub.words.tree import Limits
from tests.client import Client, content, listing
from tests.world import BROKEN, HOSTILE, Link, Submodule, World, lfs_pointer
from tests.world.hostile import many
from tests.world.repo import Repo

FILES = {"hubconf.py": "def net():\n    return 1\n", "pkg/mod.py": "x = 1\n"}
BYTES = {path: text.encode() for path, text in FILES.items()}

# What is no danger where rehub runs: the name says what becomes of it.
HARMLESS = {
    **dict.fromkeys(
        ("drive", "stream", "device-name", "device-name-extension", "trailing-dot", "trailing-space"), "kept"
    ),
    **dict.fromkeys(("right-to-left", "zero-width", "unordered", "case", "case-hubconf"), "kept"),
    **dict.fromkeys(("link-dangling", "link-home", "link-into-git", "link-nul", "link-newline"), "left out"),
    **dict.fromkeys(("hubconf-is-folder", "hubconf-is-submodule"), "empty"),
}
NOT_SENT = {"mode-file-but-tree"}  # git itself ends such a fetch


@pytest.fixture
def client(world: World, tmp_path: Path) -> Client:
    """Give a machine with an empty store."""
    return Client(tmp_path / "hub", world.hub.url)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repo, Client]]:
    """Give a repository that is in a store already, for all hostile commits on top of it."""
    folder = tmp_path_factory.mktemp("shared")
    with World(folder / "world") as world:
        client = Client(folder / "hub", world.hub.url)
        repo = world.repo(FILES, tag="good")
        client.fetch("acme/toy@good")
        yield repo, client


@pytest.mark.parametrize("kind", [*HOSTILE, *BROKEN])
def test_hostile_repository(shared: tuple[Repo, Client], tmp_path: Path, kind: str) -> None:
    """A hostile tree is refused with its file's name and leaves nothing behind; what was good still is."""
    repo, client = shared
    repo.commit_tree((HOSTILE | BROKEN)[kind](repo), branch=kind)
    before = listing(client.store.root)
    start = time.monotonic()
    if kind in HARMLESS:
        assert "hubconf.py" in content(client.fetch(f"acme/toy@{kind}")) or HARMLESS[kind] == "empty"
        return
    with pytest.raises(RehubError) as caught:
        client.fetch(f"acme/toy@{kind}")
    assert time.monotonic() - start < 5
    if kind in HOSTILE and kind not in NOT_SENT:
        assert isinstance(caught.value, RefusedTreeError), caught.value
        assert caught.value.path
    assert listing(client.store.root) == before
    assert not (tmp_path / "evil.py").exists()
    assert content(client.but(offline=True).fetch("acme/toy@good")) == BYTES


def test_benign_commit_after_a_hostile_one(world: World, client: Client) -> None:
    """A branch that was hostile for a while loads again, before and after, and its hostile commit never."""
    repo = world.repo(FILES)
    first = client.fetch()
    bad = repo.commit_tree(HOSTILE["climbing"](repo))
    with pytest.raises(RefusedTreeError, match=r"\.\./evil\.py"):
        client.fetch(force=True)
    assert client.fetch() == first
    repo.commit({**FILES, "new.py": "y = 1\n"}, fresh=True)
    assert content(client.fetch(force=True)) == {**BYTES, "new.py": b"y = 1\n"}
    with pytest.raises(RefusedTreeError):
        client.fetch(f"acme/toy@{bad}")


def test_numbers_of_hostile_cases() -> None:
    """The tables hold what is promised: 60 hostile repositories of which at most 17 are harmless here."""
    assert len(HOSTILE) + len(BROKEN) >= 60
    assert HARMLESS.keys() < HOSTILE.keys()
    assert len(HARMLESS) <= 18


LIMITED = {
    "files": ({f"f{number}": "x" for number in range(30)}, Limits(files=20), "more than 20 files"),
    "copies": ({**{f"d/{n}": "x" for n in range(15)}, "l": Link("d")}, Limits(files=20), "more than 20 files"),
    "bytes": ({"a": "x" * 3000, "b": "x" * 3000}, Limits(bytes=5000), "larger than 5000 bytes together"),
    "depth": ({"a/b/c/d/e": "x"}, Limits(depth=3), "nested deeper than 3"),
    "name": ({"n" * 60: "x"}, Limits(name=50), "longer than 50 bytes"),
    "path": ({"a/" * 10 + "b": "x"}, Limits(path=15), "longer than 15 bytes"),
}


@pytest.mark.parametrize("kind", LIMITED)
def test_limits(world: World, tmp_path: Path, kind: str) -> None:
    """Each limit is named when it is passed, before anything is written; without it the repository loads."""
    files, limits, message = LIMITED[kind]
    world.repo({**FILES, **files})
    small = Client(tmp_path / "hub", world.hub.url, limits=limits)
    with pytest.raises(RefusedTreeError, match=message):
        small.fetch()
    assert listing(small.store.root) == {}
    assert Client(tmp_path / "hub", world.hub.url).fetch().pin


def test_hundred_thousands_of_files(world: World, client: Client) -> None:
    """A folder of 300,000 names is refused in seconds."""
    repo = world.repo(name="acme/toy")
    repo.commit_tree(many()(repo))
    start = time.monotonic()
    with pytest.raises(RefusedTreeError, match="more than 100000 files"):
        client.fetch()
    assert time.monotonic() - start < 5
    assert listing(client.store.root) == {}


def test_transfer_is_stopped_at_its_limit(world: World, tmp_path: Path) -> None:
    """What arrives is limited too: a pack that grows too large is ended while it grows, and removed."""
    world.repo({**FILES, "big.bin": os.urandom(20_000_000)})
    small = Client(tmp_path / "hub", world.hub.url, limits=Limits(bytes=200_000))
    with pytest.raises((RemoteRefusedError, RefusedTreeError), match="larger than 200000 bytes"):
        small.fetch()
    assert listing(small.store.root) == {}


def test_benign_oddities(world: World, client: Client) -> None:
    """Links become copies, submodules are left out and told, LFS pointers are told, an empty tree is empty."""
    world.repo(
        {
            **FILES,
            "alias": Link("pkg"),
            "one.py": Link("pkg/mod.py"),
            "dep": Submodule(),
            "w.pt": lfs_pointer(b"weights"),
        }
    )
    found = client.fetch()
    assert content(found) == {
        **BYTES,
        "alias/mod.py": b"x = 1\n",
        "one.py": b"x = 1\n",
        "w.pt": lfs_pointer(b"weights"),
    }
    assert found.submodules == ("dep",)
    assert [(each.path, each.size) for each in found.lfs] == [("w.pt", 7)]
    assert client.fetch() == found, "the same from the store"
    empty = world.repo(name="acme/empty")
    empty.commit_tree(empty.write_tree([]))
    assert content(client.fetch("acme/empty")) == {}


def test_cached_ref_asks_nobody(world: World, client: Client) -> None:
    """A ref that is cached, by name, default or commit, makes no request; force asks again."""
    repo = world.repo(FILES, tag="v1")
    sha = repo.rev()
    found = [client.fetch(text) for text in ("acme/toy", "acme/toy@v1", f"acme/toy@{sha}")]
    world.hub.reset()
    repo.commit({"x": "1"})
    assert [client.fetch(text) for text in ("acme/toy", "acme/toy@v1", f"acme/toy@{sha}")] == found
    assert client.fetch(f"acme/toy@{sha}", force=True) == found[0]
    assert world.hub.log == []
    assert client.fetch(force=True) != found[0]


def test_clock_that_went_back(world: World, client: Client) -> None:
    """A record from the future does not keep force from asking."""
    repo = world.repo(FILES)
    client.fetch()
    remote = client.source().remote
    record = client.store.records.find_ref(remote, None)
    assert record
    future = type(record)(record.commit, record.name, time.time() + 3e8)
    client.store.records.save_ref(remote, None, future)
    new = repo.commit({"x": "1"})
    found = client.fetch(force=True)
    assert found.pin
    assert found.pin.commit == new


def test_pin_that_the_store_knows_is_not_asked_again(world: World, client: Client) -> None:
    """A commit that was admitted once loads after its branch is gone, and after the tree was lost, with one fetch."""
    repo = world.repo(FILES)
    old = repo.rev()
    found = client.fetch()
    repo.commit({"x": "1"}, fresh=True)
    repo.delete("refs/heads/main")
    assert client.fetch(f"acme/toy@{old}").root == found.root
    assert found.pin
    assert found.pin.tree
    client.store.trees.remove(found.pin.tree)
    world.hub.reset()
    assert client.fetch(f"acme/toy@{old}").root == found.root
    assert world.hub.log == []


def test_promised_tree_must_be_found(world: World, client: Client) -> None:
    """A pin whose tree is known is refused with other files, and nothing of them is kept."""
    from dataclasses import replace

    from rehub.verbs.fetch import fetch_pin
    from rehub.words.digest import Digest

    world.repo(FILES)
    pin = client.fetch().pin
    assert pin
    other = Client(client.settings.dir / "other", world.hub.url)
    with pytest.raises(DigestMismatchError):
        fetch_pin(replace(pin, tree=Digest.of(b"")), other.source(), other.world)
    assert listing(other.store.root) == {}
    assert fetch_pin(pin, other.source(), other.world).pin == pin


def test_one_changed_file_of_five_thousand(world: World, client: Client) -> None:
    """Asking again transfers about the one file that changed; not asking transfers nothing."""
    files = {f"data/{n % 50}/{n:04}.txt": os.urandom(300) for n in range(5000)}
    repo = world.repo({**FILES, **files})
    client.fetch()
    first = world.hub.bytes_out()
    world.hub.reset()
    repo.commit({"data/7/0007.txt": os.urandom(300)})
    client.fetch()
    assert world.hub.log == []
    client.fetch(force=True)
    second = world.hub.bytes_out()
    print(f"5,000 files: {first:,} bytes; then one changed file: {second:,} bytes")  # noqa: T201
    assert second < 0.05 * first
    assert second < 10_000


# Faults of the network.

ANSWERS = {401: AuthenticationError, 403: AuthenticationError, 404: RepositoryNotFoundError, 500: UnreachableError}


@pytest.mark.parametrize("status", ANSWERS)
@pytest.mark.parametrize("part", ["info/refs", "git-upload-pack"])
def test_server_that_fails(world: World, client: Client, status: int, part: str) -> None:
    """Each answer is an error of its own kind that names the repository, and leaves nothing; then it works."""
    world.repo(FILES)
    world.hub.fail(part, status)
    with pytest.raises(ANSWERS[status], match="acme/toy") as caught:
        client.fetch()
    assert isinstance(caught.value, OSError) or status == 404
    assert listing(client.store.root) == {}
    world.hub.heal()
    assert content(client.fetch()) == BYTES


@pytest.mark.parametrize("part", ["info/refs", "git-upload-pack"])
def test_server_that_stalls(world: World, tmp_path: Path, part: str) -> None:
    """A server that says nothing is given up after the timeout."""
    world.repo(FILES)
    client = Client(tmp_path / "hub", world.hub.url, timeout=1)
    world.hub.stall(part)
    start = time.monotonic()
    with pytest.raises(UnreachableError):
        client.fetch()
    assert time.monotonic() - start < 6
    assert listing(client.store.root) == {}


@pytest.mark.parametrize("after", [0, 30, 500, 20_000])
def test_answer_that_is_cut(world: World, client: Client, after: int) -> None:
    """An answer cut anywhere is an error, never half a repository."""
    world.repo({**FILES, "big.bin": os.urandom(100_000)})
    world.hub.truncate("git-upload-pack", after=after)
    with pytest.raises((UnreachableError, StoreError)):
        client.fetch()
    assert listing(client.store.root) == {}
    world.hub.heal()
    assert client.fetch().pin


def test_server_that_is_not_there(world: World, client: Client) -> None:
    """A refused connection is UnreachableError, and what is cached works all the same."""
    world.repo(FILES)
    found = client.fetch()
    world.hub.stop()
    assert client.fetch() == found
    with pytest.raises(UnreachableError, match="could not be reached"):
        client.fetch(force=True)


def test_missing_things_are_told_apart(world: World, client: Client, tmp_path: Path) -> None:
    """No repository, no ref, no folder, no hub: each is its own error."""
    world.repo(FILES)
    with pytest.raises(RepositoryNotFoundError):
        client.fetch("acme/none")
    with pytest.raises(RefNotFoundError):
        client.fetch("acme/toy@none")
    with pytest.raises(NotFoundError, match="not a folder"):
        client.fetch(str(tmp_path / "none"))
    with pytest.raises(MalformedRefError):
        client.fetch("hub:toy")
    assert client.fetch(str(tmp_path)).pin is None


@pytest.mark.parametrize("suffix", ["git", "bare", "both"])
def test_mirror_with_or_without_suffix(world: World, tmp_path: Path, suffix: str) -> None:
    """A mirror may know the repository as owner/repo.git, owner/repo or both."""
    world.repo(FILES)
    server = world.server(suffix=suffix)
    assert content(Client(tmp_path / "hub", server.url).fetch()) == BYTES


def test_every_transport_gives_the_same_tree(world: World, client: Client) -> None:
    """By file, by loopback http and by a mirror the digest is one, and so is the folder."""
    repo = world.repo(FILES)
    found = [client.fetch(text) for text in ("acme/toy", repo.url, repo.file_url)]
    assert len({each.root for each in found}) == 1
    assert len({each.pin.remote.url for each in found if each.pin}) == 3


def test_older_protocols(world: World, tmp_path: Path) -> None:
    """A server that knows only git's first protocol is fetched from."""
    world.repo(FILES)
    assert content(Client(tmp_path / "hub", world.server(protocol=0).url).fetch()) == BYTES


@pytest.mark.parametrize("elsewhere", [True, False])
def test_redirect_to_another_place_is_refused_without_credentials(
    world: World, tmp_path: Path, elsewhere: bool
) -> None:
    """A name that leads to another owner or server is no longer the same: it is told, and the place gets no password."""
    world.repo(FILES, name="acme/new")
    other = world.server() if elsewhere else world.hub
    world.hub.redirect("/acme/old", f"{other.url}/acme/new")
    netrc = Path(os.environ["HOME"], ".netrc")
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    netrc.chmod(0o600)
    if elsewhere:
        other.private("acme/new", "ada", "secret")
    client = Client(tmp_path / "hub", world.hub.url)
    if elsewhere:
        with pytest.raises(AuthenticationError):
            client.fetch(f"{world.hub.url}/acme/old")
        assert other.credentials == []
        other._private.clear()
    with pytest.raises(RemoteRefusedError, match=f"it has moved to {other.url}/acme/new") as caught:
        client.fetch(f"{world.hub.url}/acme/old")
    assert "Name the new place" in str(caught.value)
    assert other.credentials == []
    assert content(client.fetch(f"{other.url}/acme/new")) == BYTES


def test_redirect_that_only_adds_git_is_followed(world: World, tmp_path: Path) -> None:
    """Some servers know a repository by its name with ``.git`` only, and say so by a redirect."""
    world.repo(FILES, name="acme/toy")
    server = world.server()
    server.redirect("/acme/toy/", f"{server.url}/acme/toy.git/")
    client = Client(tmp_path / "hub", server.url)
    assert content(client.fetch()) == BYTES


# Offline.


def test_offline_opens_no_socket_and_starts_no_git(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, what is cached loads and what is not is an error, without a socket or a process."""
    world.repo(FILES, tag="v1")
    found = client.fetch()
    world.hub.reset()
    seen: list[str] = []
    watching = [True]

    def hook(event: str, _: object) -> None:
        if watching[0] and event.startswith(("socket.", "subprocess.", "os.posix_spawn", "os.fork", "os.exec")):
            seen.append(event)

    sys.addaudithook(hook)
    offline = client.but(offline=True)
    assert offline.fetch() == offline.fetch(force=True) == found
    for text in ("acme/toy@v1", "acme/toy@v2", "acme/other", "acme/toy@" + "1" * 40):
        with pytest.raises(OfflineError, match="REHUB_OFFLINE"):
            offline.fetch(text)
    watching[0] = False
    assert seen == []
    assert world.hub.log == []
    assert socket.socket


# Many at once.

PROCESS = """
import sys, os
from pathlib import Path
from tests.client import Client, content
client = Client(Path(sys.argv[1]), sys.argv[2])
sys.stdin.readline()
for text in sys.argv[3:]:
    found = client.fetch(text)
    print(found.pin.commit, found.root.name, content(found)["hubconf.py"].decode().strip().replace("\\n", ";"))
"""


def processes(folder: Path, url: str, asked: list[list[str]]) -> list[str]:
    """Let processes fetch at once, each what it is told; give what each printed."""
    env = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{Path(__file__).parents[2]}"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(folder), url, *texts],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for texts in asked
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0] * len(started), ended
    return [out for out, _ in ended]


def test_sixteen_processes_fetch_once(world: World, client: Client) -> None:
    """Sixteen processes that want one cold repository make one fetch, and all have the right files."""
    repo = world.repo({**FILES, "big.bin": os.urandom(300_000)})
    found = processes(client.settings.dir, world.hub.url, [["acme/toy"]] * 16)
    assert len(set(found)) == 1
    assert found[0].startswith(repo.rev())
    assert len(world.hub.log) == 4, "names (2 requests), then the content (2)"
    assert world.hub.bytes_out() < 320_000


def test_eight_repositories_at_one_ref_name(world: World, client: Client) -> None:
    """Eight processes load eight repositories at main: each has its own code."""
    for number in range(8):
        world.repo({"hubconf.py": f"NUMBER = {number}"}, name=f"acme/toy{number}")
    asked = [[f"acme/toy{(first + number) % 8}@main" for number in range(8)] for first in range(8)]
    for first, out in enumerate(processes(client.settings.dir, world.hub.url, asked)):
        got = [line.split(" ", 2)[2] for line in out.splitlines()]
        assert got == [f"NUMBER = {(first + number) % 8}" for number in range(8)]


def test_names_that_torch_hub_confuses(world: World, client: Client) -> None:
    """x/y_z@a and x/y@z_a, feat/x and feat_x: one folder of torch.hub each, four here."""
    one = world.repo({"hubconf.py": "A = 1"}, name="x/y_z")
    one.branch("a")
    two = world.repo({"hubconf.py": "A = 2"}, name="x/y")
    two.branch("z_a")
    two.commit({"hubconf.py": "A = 3"}, branch="feat/x")
    two.commit({"hubconf.py": "A = 4"}, branch="feat_x")
    texts = ["x/y_z@a", "x/y@z_a", "x/y@feat/x", "x/y@feat_x"]
    assert [content(client.fetch(text))["hubconf.py"] for text in texts] == [b"A = 1", b"A = 2", b"A = 3", b"A = 4"]


def test_identical_trees_of_two_remotes_at_once(world: World, client: Client) -> None:
    """Repositories with the same files share one folder, also if they are fetched at one moment."""
    names = [f"acme/twin{number}" for number in range(6)]
    for name in names:
        world.repo(FILES, name=name)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(client.fetch, names))
    assert len({each.root for each in found}) == 1
    assert {each.pin.remote.path for each in found if each.pin} == set(names)
    assert [content(client.fetch(name)) for name in names] == [BYTES] * 6
    assert not any((client.store.root / "tmp").iterdir())


# Logs.


def test_damage_is_told_in_one_line(world: World, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A checkout that has to be made again is said so, naming the pin."""
    world.repo(FILES)
    root = client.fetch().root
    (root / "hubconf.py").chmod(0o644)
    (root / "hubconf.py").write_text("evil\n")
    with caplog.at_level(logging.WARNING, "rehub"):
        assert content(client.fetch()) == BYTES
    assert "acme/toy@" in caplog.text
    assert "made again" in caplog.text
