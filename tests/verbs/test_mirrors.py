"""Static mirrors that are asked: what they have that nobody else has any more, and what they lie about."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import rehub
from rehub.verbs.fetch import fetch_pin
from rehub.words.digest import Digest, tree_digest
from rehub.words.errors import (
    AuthenticationError,
    DownloadError,
    OfflineError,
    RefNotFoundError,
    RehubError,
    RepositoryNotFoundError,
)
from rehub.words.gitproof import object_id
from rehub.words.pin import Checkout, Pin
from rehub.words.ref import Ref, Remote
from rehub.words.tree import Limits
from tests.client import content, listing
from tests.verbs.mirrors import FILES, HEX, LARGE, WEIGHTS, Mirrored, saved, tarred
from tests.world import GitServer, World, lfs_pointer
from tests.world.scripted import Asked, Scripted

GONE = (RepositoryNotFoundError, AuthenticationError)
TREE = {**FILES, "large.bin": lfs_pointer(LARGE)}
BYTES = {path: data if isinstance(data, bytes) else data.encode() for path, data in TREE.items()}


@pytest.fixture
def made(world: World, tmp_path: Path) -> Mirrored:
    """Give a mirror of one repository and one file of weights."""
    return Mirrored.make(world, tmp_path)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirrored]:
    """Give one for many lies: each test serves it anew."""
    folder = tmp_path_factory.mktemp("lasting")
    with World(folder / "world") as world:
        yield Mirrored.make(world, folder)


def pin_of(made: Mirrored, *, known: bool = True) -> Pin:
    """Give the pin that a lock would have."""
    remote = Ref.parse("acme/toy").place
    assert isinstance(remote, Remote)
    return Pin(remote, made.commit, Digest(made.tree) if known else None)


def fetch_locked(hub: rehub.Hub, pin: Pin) -> Checkout:
    """Bring what a lock names."""
    world = hub._fetching
    with world.store.locked(pin.remote):
        return fetch_pin(pin, world.source(pin.remote), world)


@pytest.mark.parametrize("ref", ["acme/toy:v1", "acme/toy", "acme/toy:main", "acme/toy@refs/tags/v1", "commit"])
def test_a_repository_that_was_deleted_upstream_loads_from_a_mirror(made: Mirrored, ref: str) -> None:
    """By any ref that the mirror was asked for, by the branch that HEAD was, and by its commit; with all that it is."""
    made.world.remove(made.repo)
    hub = made.machine(made.served())
    ref = f"acme/toy@{made.commit}" if ref == "commit" else ref
    assert hub.load(ref, "net") == "a net"
    checkout = hub.fetch(ref)
    assert checkout.pin == pin_of(made)
    assert checkout.pin is not None
    assert checkout.pin.git_tree == made.git_tree
    assert (checkout.root / "large.bin").read_bytes() == LARGE
    assert made.machine(dir=hub.settings.dir, offline=True).load(ref, "net") == "a net"


def test_weights_that_are_gone_come_from_a_mirror(made: Mirrored, tmp_path: Path) -> None:
    """Into the store, into a folder, and to a file, with the ETag that the server had given them."""
    made.world.hub.files.clear()
    hub = made.machine(made.served())
    for url in made.urls:
        assert float(hub.load_state_dict_from_url(url)["w"][0]) == 1.0
        hub.load_state_dict_from_url(url, model_dir=tmp_path / "mine")
        hub.download_url_to_file(url, tmp_path / "file.pt")
        assert (tmp_path / "file.pt").read_bytes() == WEIGHTS
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [f"net-{HEX[:8]}.pt", "net.pt"]
    with pytest.raises(DownloadError) as caught:
        hub.load_state_dict_from_url(f"{made.world.hub.url}/other.pt")
    assert "it does not have" in caught.value.__notes__[0]


def test_a_mirror_in_a_folder_opens_no_socket(made: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is asked offline, too; one by http is not."""
    import socket

    hub = made.machine(made.folder, made.served(), offline=True)
    monkeypatch.setattr(socket, "socket", None)
    assert hub.load("acme/toy:v1", "net") == "a net"
    assert float(hub.load_state_dict_from_url(made.urls[0])["w"][0]) == 1.0
    assert made.servers[0].log == []
    with pytest.raises(OfflineError) as caught:
        hub.load("acme/toy:v2", "net")
    assert str(made.folder) in caught.value.__notes__[0]
    with pytest.raises(OfflineError):
        hub.load_state_dict_from_url(f"{made.world.hub.url}/other.pt")


def test_mirrors_are_tried_in_order_and_then_the_origin(made: Mirrored) -> None:
    """What the first has, nobody else is asked for; what none has, the origin is."""
    first, second = made.served(), made.served()
    first.files.clear()
    hub = made.machine(first, second)
    hub.load("acme/toy:v1", "net")
    assert first.log
    assert second.log
    assert made.world.hub.log == []
    made.repo.commit({"hubconf.py": "def net(): return 'newer'"})
    made.repo.tag("v2")
    assert hub.load("acme/toy:v2", "net") == "newer"
    assert made.world.hub.log


def test_nobody_is_asked_twice(made: Mirrored) -> None:
    """What came from a mirror is in the store as if it had come from anywhere."""
    hub = made.machine(server := made.served())
    for _ in range(2):
        hub.load("acme/toy:v1", "net")
        hub.load_state_dict_from_url(made.urls[1])
        asked = len(server.log)
    assert len([each for each in server.log if each.path == made.path("tree")]) == 1
    assert len(server.log) == asked
    assert made.world.hub.log == []


def test_what_a_mirror_says_of_a_ref_has_a_date(made: Mirrored, caplog: pytest.LogCaptureFixture) -> None:
    """It is as old as the mirror, which is said; the clock of its maker may have been wrong."""
    server = made.served()
    made.says(server, "refs", refs={"v1": {"commit": made.commit, "name": "", "asked": 86_400.0}})
    with caplog.at_level(logging.INFO, "rehub"):
        made.machine(server).fetch("acme/toy:v1")
    assert "as the mirror" in caplog.text
    assert "1970-01-02" in caplog.text
    made.says(server, "refs", refs={"v1": {"commit": made.commit, "name": "", "asked": 1e12}})
    hub = made.machine(server)
    hub.fetch("acme/toy:v1")
    record = hub.store.records.find_ref(pin_of(made).remote, "v1")
    assert record is not None
    assert record.asked <= time.time()


def other_tree(made: Mirrored, server: GitServer) -> None:
    """Give other files out, under the digest of the right ones."""
    server.files[made.path("tree")] = tarred({**TREE, "hubconf.py": "def net(): return 'evil'\n"})


def another_digest(made: Mirrored, server: GitServer) -> None:
    """Give other files out, under their own digest, and say that they are the commit's."""
    evil = {**TREE, "hubconf.py": "def net(): return 'evil'\n"}
    rows = [(path, Digest.of(data if isinstance(data, bytes) else data.encode())) for path, data in evil.items()]
    digest = tree_digest(rows)
    server.files[f"/trees/{digest.hex}.tar"] = tarred(evil)
    server.files.pop(made.path("tree"))
    made.says(server, "pin", tree=digest.h1)


def no_commit(made: Mirrored, server: GitServer) -> None:
    """Say that the tag is at a commit that names no tree, and prove it."""
    commit = object_id("commit", 0, [])
    made.says(server, "refs", refs={"v1": {"commit": commit, "name": "refs/tags/v1", "asked": 1.0}})
    made.says(server, "pin", commit=commit)
    server.files[made.path("pin").replace(made.commit, commit)] = server.files[made.path("pin")]
    server.files[made.path("proof").replace(made.commit, commit)] = tarred({f"commit/{commit}": ""})


def replaced(what: str, data: bytes) -> Callable[[Mirrored, GitServer], None]:
    """Make a lie: other bytes at a path."""

    def lie(made: Mirrored, server: GitServer) -> None:
        server.files[made.path(what)] = data

    return lie


def half(what: str) -> Callable[[Mirrored, GitServer], None]:
    """Make a lie: only the first half of a file, as if that were all."""

    def lie(made: Mirrored, server: GitServer) -> None:
        server.files[made.path(what)] = server.files[made.path(what)][: len(server.files[made.path(what)]) // 2]

    return lie


def said(what: str, **change: object) -> Callable[[Mirrored, GitServer], None]:
    """Make a lie: a record that says something else."""
    return lambda made, server: made.says(server, what, **change)


def failing(kind: str, what: str) -> Callable[[Mirrored, GitServer], None]:
    """Make a fault of the server's, for one of its files."""

    def fault(made: Mirrored, server: GitServer) -> None:
        part = made.path(what)
        match kind:
            case "stall":
                server.stall(part)
            case "cut":
                server.truncate(part, 100)
            case "error":
                server.fail(part, 500)
            case "loop":
                server.redirect(part, part)

    return fault


PAGE = b"<!doctype html><html><body>404 not found</body></html>"
LIES: dict[str, Callable[[Mirrored, GitServer], None]] = {
    "other files": other_tree,
    "other files under their own digest": another_digest,
    "a commit that names no tree": no_commit,
    "one file more": replaced("tree", tarred({**TREE, "z.py": ""})),
    "one file less": replaced("tree", tarred(FILES)),
    "a proof of another commit": replaced("proof", tarred({f"commit/{'0' * 40}": "tree "})),
    "an empty proof": replaced("proof", tarred({})),
    **{f"a page for the {what}": replaced(what, PAGE) for what in ("refs", "pin", "proof", "tree")},
    **{f"nothing for the {what}": replaced(what, b"") for what in ("refs", "pin", "proof", "tree")},
    **{f"half of the {what}": half(what) for what in ("refs", "pin", "proof", "tree")},
    **{f"deep brackets for the {what}": replaced(what, b"[" * 1_000_000) for what in ("refs", "pin")},
    "a record larger than any": replaced("refs", b" " * (5 << 20)),
    "refs of another repository": said("refs", remote="https://github.com/evil/toy"),
    "a pin of another commit": said("pin", commit="0" * 40),
    "a pin of another form": said("pin", format=2),
    "a digest that is none": said("pin", tree="h1:../../../etc/passwd"),
    "a ref that is a path": said("refs", refs={"v1": {"commit": "../../x", "name": "", "asked": 1}}),
    **{
        f"{kind} at the {what}": failing(kind, what)
        for kind in ("error", "cut", "loop")
        for what in ("refs", "proof", "tree")
    },
    "silence": failing("stall", "tree"),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_mirror_that_lies_is_named_and_the_next_source_is_tried(
    kind: str, lasting: Mirrored, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a lock: its ref is believed, and what it says of the commit must prove itself."""
    made = lasting
    made.world.hub.reset()
    liar = made.served()
    LIES[kind](made, liar)
    settings = {"timeout": 1.0} if kind == "silence" else {}
    hub = made.machine(liar, **settings)
    with caplog.at_level(logging.WARNING, "rehub"):
        checkout = hub.fetch("acme/toy:v1")
    assert content(checkout) == BYTES
    assert checkout.pin == pin_of(made)
    assert f"the mirror {liar.url}/ " in caplog.text
    assert made.world.hub.log
    made.world.hub.reset()
    assert content(made.machine(liar, made.served(), **settings).fetch("acme/toy:v1")) == BYTES
    assert made.world.hub.log == []


@pytest.mark.parametrize("kind", LIES)
def test_a_mirror_that_lies_is_refused_where_nobody_else_is(kind: str, lasting: Mirrored) -> None:
    """The error is that of the origin, and names the mirror; nothing of what it gave stays."""
    made = lasting
    liar = made.served()
    LIES[kind](made, liar)
    hub = made.machine(liar, **({"timeout": 1.0} if kind == "silence" else {}))
    made.world.hub.fail("acme/toy", 404)
    try:
        with pytest.raises(GONE) as caught:
            hub.fetch("acme/toy:v1")
    finally:
        made.world.hub.heal()
    assert caught.value.__notes__[0].startswith(f"The mirror {liar.url}/ was asked before: ")
    assert [name for name in listing(hub.store.root) if name.partition("/")[0] != "parts"] == []


def test_with_a_lock_the_digest_decides(made: Mirrored, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the mirror says of refs and pins; without records, too."""
    bare, liar = made.served(), made.served()
    for what in ("refs", "pin"):
        bare.files.pop(made.path(what))
    other_tree(made, liar)
    made.world.remove(made.repo)
    assert content(fetch_locked(made.machine(bare), pin_of(made))) == BYTES
    with caplog.at_level(logging.WARNING, "rehub"):
        assert content(fetch_locked(made.machine(liar, bare), pin_of(made))) == BYTES
    assert f"the mirror {liar.url}/ was refused for acme/toy@{made.commit[:12]}" in caplog.text
    with pytest.raises(GONE) as caught:
        fetch_locked(made.machine(liar), pin_of(made))
    assert liar.url in caught.value.__notes__[0]


def test_a_project_with_a_lock_loads_from_mirrors_only(
    made: Mirrored, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With everything gone upstream: what a mirror gives instead of what the lock names is refused, and it is named."""
    lock = tmp_path / "rehub.lock"
    recording = made.machine(lock=lock)
    recording.load("acme/toy:v1", "net")
    recording.load_state_dict_from_url(made.urls[1])
    liar, evil = made.served(), saved(2.0)
    other_tree(made, liar)
    digest = hashlib.sha256(evil).hexdigest()
    liar.files[f"/blobs/sha256/{digest[:2]}/{digest}"] = liar.files[made.path("blob")] = evil
    made.says(liar, "url", sha256=digest, size=len(evil))
    made.world.remove(made.repo)
    made.world.hub.files.clear()
    hub = made.machine(liar, made.served(), lock=lock, locked=True)
    with caplog.at_level(logging.WARNING, "rehub"):
        assert hub.load("acme/toy:v1", "net") == "a net"
        assert float(hub.load_state_dict_from_url(made.urls[1])["w"][0]) == 1.0
    assert caplog.text.count(f"the mirror {liar.url}/ was refused for ") == 2
    liar.files[made.path("blob")] = bytes(1 << 20)  # no more of it is taken than the lock says
    alone = made.machine(liar, lock=lock, locked=True)
    for load in (lambda: alone.load("acme/toy:v1", "net"), lambda: alone.load_state_dict_from_url(made.urls[1])):
        with pytest.raises(RehubError) as caught:
            load()
        assert any(liar.url in note for note in caught.value.__notes__)
    assert f"larger than {len(WEIGHTS)} bytes" in caught.value.__notes__[0]


def test_a_lock_that_gives_a_commit_another_tree_is_refused(made: Mirrored, world: World, tmp_path: Path) -> None:
    """A permission is for what a commit brings: that a mirror has the tree that a lock names is not enough."""
    evil = world.repo({"hubconf.py": "def net(): return 'evil'"}, tag="v1", name="evil/toy")
    theirs = rehub.Hub(dir=tmp_path / "theirs", mirrors=world.mirrors)
    tree = theirs.fetch("evil/toy:v1").pin
    assert tree is not None
    theirs.mirror(made.folder)
    hub = made.machine(made.folder)
    hub.fetch("evil/toy:v1")  # so that the store has it, too
    world.remove(evil)
    world.remove(made.repo)
    with pytest.raises(GONE) as caught:
        fetch_locked(hub, replace(pin_of(made), tree=tree.tree))
    assert "only in one of its files and the commit" in caught.value.__notes__[0]
    assert hub.load("acme/toy:v1", "net") == "a net"


def test_without_a_lock_a_commit_needs_its_proof(made: Mirrored) -> None:
    """A commit's id is a promise, too: no mirror's word for its files is taken."""
    unproved = made.served()
    unproved.files.pop(made.path("proof"))
    hub = made.machine(unproved)
    assert content(hub.fetch(f"acme/toy@{made.commit}")) == BYTES
    assert made.world.hub.log
    made.world.remove(made.repo)
    with pytest.raises(GONE) as caught:
        made.machine(unproved).fetch(f"acme/toy@{made.commit}")
    assert "no proof" in caught.value.__notes__[0]


def test_what_the_origin_says_is_proved_by_the_origin(made: Mirrored) -> None:
    """A mirror is not asked for a commit that only the origin has named, and nobody knows the digest of."""
    server = made.served()
    server.files.pop(made.path("refs"))
    other_tree(made, server)
    assert content(made.machine(server).fetch("acme/toy:v1")) == BYTES


def test_a_locked_tree_that_the_store_has_is_not_asked_for(made: Mirrored) -> None:
    """Nor is its proof."""
    hub = made.machine(server := made.served())
    fetch_locked(hub, pin_of(made))
    server.reset()
    fetch_locked(hub, pin_of(made))
    assert server.log == []


def test_what_git_still_has_is_not_asked_for(made: Mirrored) -> None:
    """A checkout that was damaged is made again from the store's own git repository."""
    hub = made.machine()
    place = hub.fetch("acme/toy:v1").root / "hubconf.py"
    place.chmod(0o644)
    place.write_text("def net(): return 'evil'\n")
    hub = made.machine(server := made.served(), dir=hub.settings.dir)
    assert content(fetch_locked(hub, pin_of(made))) == BYTES
    assert server.log == []


BLOB_LIES: dict[str, Callable[[Mirrored, GitServer], None]] = {
    "other bytes": replaced("blob", saved(2.0)),
    "other bytes of the same size": replaced("blob", bytes(len(WEIGHTS))),
    "a page": replaced("blob", PAGE),
    "nothing": replaced("blob", b""),
    "half": half("blob"),
    "silence": failing("stall", "blob"),
    **{f"{kind} of the server": failing(kind, "blob") for kind in ("error", "cut", "loop")},
}
URL_LIES: dict[str, Callable[[Mirrored, GitServer], None]] = {
    "a page for the record": replaced("url", PAGE),
    "another size": said("url", size=7),
    "a size that no disk has": said("url", size=1 << 49),
    "a size below nothing": said("url", size=-1),
    "no digest": said("url", sha256="../../x"),
}


@pytest.mark.parametrize("kind", [*BLOB_LIES, *URL_LIES])
def test_weights_that_are_not_what_they_should_be_are_refused(
    kind: str, made: Mirrored, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The next mirror is asked, then the server; the liar is named, also where it is the last."""
    liar = made.served()
    (BLOB_LIES | URL_LIES)[kind](made, liar)
    settings = {"timeout": 1.0} if kind == "silence" else {}
    with caplog.at_level(logging.WARNING, "rehub"):
        made.machine(liar, **settings).download_url_to_file(made.urls[1], tmp_path / "a.pt")
    assert (tmp_path / "a.pt").read_bytes() == WEIGHTS
    assert f"the mirror {liar.url}/ " in caplog.text
    hub = made.machine(liar, made.served(), **settings)
    made.world.hub.files.clear()
    assert float(hub.load_state_dict_from_url(made.urls[1])["w"][0]) == 1.0
    with pytest.raises(DownloadError) as caught:
        made.machine(liar, **settings).load_state_dict_from_url(made.urls[1])
    assert liar.url in caught.value.__notes__[0]


def test_a_mirror_that_says_another_digest_than_is_promised_is_left(
    made: Mirrored, caplog: pytest.LogCaptureFixture
) -> None:
    """By a hash in the name, or by what the URL gave before; where nothing is known, the mirror is believed."""
    liar, evil = made.served(), saved(2.0)
    digest = hashlib.sha256(evil).hexdigest()
    liar.files[f"/blobs/sha256/{digest[:2]}/{digest}"] = evil
    record = json.dumps({"format": 1, "sha256": digest, "size": len(evil), "etag": "", "fetched": 1.0}).encode()
    for url in made.urls:
        liar.files[f"/urls/{hashlib.sha256(url.encode()).hexdigest()}.json"] = record
    hub = made.machine(liar)
    with caplog.at_level(logging.WARNING, "rehub"):
        assert float(hub.load_state_dict_from_url(made.urls[0])["w"][0]) == 1.0
    assert liar.url in caplog.text
    assert float(hub.load_state_dict_from_url(made.urls[1])["w"][0]) == 2.0
    before = made.machine()
    before.load_state_dict_from_url(made.urls[1])
    before.store.blobs.remove(Digest(HEX))
    again = made.machine(liar, dir=before.settings.dir)
    assert float(again.load_state_dict_from_url(made.urls[1])["w"][0]) == 1.0


def test_git_lfs_goes_by_its_pointers(made: Mirrored, caplog: pytest.LogCaptureFixture) -> None:
    """What a mirror gives in their place is refused, and the repository's server asked."""
    liar, digest = made.served(), hashlib.sha256(LARGE).hexdigest()
    liar.files[f"/blobs/sha256/{digest[:2]}/{digest}"] = bytes(len(LARGE))
    hub = made.machine(liar)
    with caplog.at_level(logging.WARNING, "rehub"):
        hub.load("acme/toy:v1", "net")
    assert (hub.fetch("acme/toy:v1").root / "large.bin").read_bytes() == LARGE
    assert "was refused for large.bin" in caplog.text


def test_a_size_that_is_a_lie_takes_no_disk_for_long(made: Mirrored) -> None:
    """A server that announces more than the disk has is one that failed, and the next one is asked."""

    def script(asked: Asked) -> list[bytes]:
        if asked.target.endswith(".json"):
            return [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
        return [b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627775\r\n\r\n", b"x"]

    with Scripted(script) as liar:
        mirrors = f"https://=static+http://127.0.0.1:{liar.port}/ {made.world.mirrors}"
        hub = made.machine(mirrors=mirrors)
        assert content(fetch_locked(hub, pin_of(made))) == BYTES
        assert liar.log
    assert sum(path.stat().st_size for path in (hub.store.root / "parts").glob("*")) < 1 << 20


def test_limits_hold_for_what_comes_from_a_mirror(made: Mirrored) -> None:
    """As for what comes from git."""
    hub = made.machine(made.served())
    world = replace(hub._fetching, limits=Limits(files=2))
    made.world.remove(made.repo)
    with world.store.locked(pin_of(made).remote), pytest.raises(GONE) as caught:
        fetch_pin(pin_of(made), world.source(pin_of(made).remote), world)
    assert "more than 2 files" in caught.value.__notes__[0]


@pytest.mark.parametrize("what", ["refs", "tree"])
def test_what_is_no_file_in_a_mirrors_folder_is_not_waited_for(made: Mirrored, what: str) -> None:
    """A FIFO, or a folder, in a file's place is nothing."""
    place = made.folder / made.path(what)[1:]
    place.unlink()
    os.mkfifo(place)
    assert content(made.machine(made.folder).fetch("acme/toy:v1")) == BYTES
    place.unlink()
    place.mkdir()
    assert content(made.machine(made.folder).fetch("acme/toy:v1")) == BYTES


def test_a_damaged_checkout_is_made_again_from_a_mirror(made: Mirrored) -> None:
    """Its digest is known: nobody needs to be believed."""
    hub = made.machine(made.served())
    place = hub.fetch("acme/toy:v1").root / "hubconf.py"
    made.world.remove(made.repo)
    place.chmod(0o644)
    place.write_text("def net(): return 'evil'\n")
    assert hub.load("acme/toy:v1", "net") == "a net"


def test_other_refs_of_a_mirrored_repository_are_the_origins(made: Mirrored) -> None:
    """And one that nobody has is not found, by the origin's word."""
    with pytest.raises(RefNotFoundError) as caught:
        made.machine(made.served()).fetch("acme/toy:v9")
    assert "it does not have acme/toy@v9" in caught.value.__notes__[0]


def test_mirrors_are_for_their_prefix(made: Mirrored) -> None:
    """Nobody else is asked for what was meant for one."""
    server = made.served()
    hub = made.machine(mirrors=f"https://gitlab.com/=static+{server.url} {made.world.mirrors}")
    hub.fetch("acme/toy:v1")
    hub.load_state_dict_from_url(made.urls[0])
    assert server.log == []


def test_a_mirror_is_told_no_secret(made: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a token nor what signs a URL."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    hub = made.machine(server := made.served())
    hub.load("acme/toy:v1", "net")
    hub.load_state_dict_from_url(f"{made.urls[1].replace('://', '://ada:s3cret@')}?Signature=s3cret&Expires=1")
    assert server.authorizations == []
    assert "s3cret" not in "".join(each.path for each in server.log)
