"""What a ref means: the remote's own answer, never a guess."""

import re
import shutil
import warnings
from pathlib import Path

import pytest

from rehub.verbs.resolve import AmbiguousRefWarning, HistoryLimits, Resolved, resolve
from rehub.words.errors import RefNotFoundError, RemoteRefusedError
from rehub.words.ref import Ref
from tests.client import Client
from tests.world import World

FILES = {"hubconf.py": "def net():\n    return 1\n"}
FORK = "If it's a commit from a forked repo"


def ask(client: Client, text: str, limits: HistoryLimits | None = None) -> Resolved:
    """Resolve a ref."""
    source = client.source(text)
    return resolve(Ref.parse(text), source, store=client.store, git=client.git, limits=limits or HistoryLimits())


@pytest.fixture
def client(world: World, tmp_path: Path) -> Client:
    """Give a machine with an empty store."""
    return Client(tmp_path / "hub", world.hub.url)


def test_default_branch_is_the_remotes_own(world: World, client: Client) -> None:
    """No ref means what HEAD says, whatever else there is, and neither main nor master is guessed."""
    repo = world.repo(FILES, branch="develop")
    develop = repo.rev()
    repo.commit({"x": "1"}, branch="main")
    repo.commit({"x": "2"}, branch="master")
    assert ask(client, "acme/toy") == Resolved(develop, "refs/heads/develop")
    assert ask(client, "acme/toy@HEAD") == Resolved(develop, "refs/heads/develop")
    repo.head("main")
    assert ask(client, "acme/toy").name == "refs/heads/main"


def test_detached_head(world: World, client: Client) -> None:
    """A HEAD that names a commit means that commit."""
    repo = world.repo(FILES)
    first = repo.detach()
    repo.commit({"x": "1"}, branch="main")
    assert ask(client, "acme/toy").commit == first


def test_tag_and_branch_of_one_name(world: World, client: Client) -> None:
    """The tag is taken, and a warning names both; said in full, either is taken silently."""
    repo = world.repo(FILES, tag="v1")
    tagged = repo.rev("refs/tags/v1")
    branch = repo.commit({"x": "1"}, branch="v1")
    with pytest.warns(AmbiguousRefWarning, match=r"acme/toy@refs/tags/v1 or acme/toy@refs/heads/v1"):
        assert ask(client, "acme/toy@v1") == Resolved(tagged, "refs/tags/v1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask(client, "acme/toy@refs/heads/v1").commit == branch
        assert ask(client, "acme/toy@refs/tags/v1").commit == tagged


def test_annotated_tag_means_its_commit(world: World, client: Client) -> None:
    """A tag object is followed to the commit, also when its name is said in full."""
    repo = world.repo(FILES)
    sha = repo.tag("v2", annotated=True)
    assert ask(client, "acme/toy@v2") == Resolved(sha, "refs/tags/v2")
    assert ask(client, "acme/toy@refs/tags/v2") == Resolved(sha, "refs/tags/v2")


@pytest.mark.parametrize("name", ["feat/x/y", "release-1.0", "caf\u00e9", "a@b", "v1+cu12"])
def test_names_of_all_kinds(world: World, client: Client, name: str) -> None:
    """Slashes, signs and letters of any language are part of a branch's name."""
    repo = world.repo(FILES)
    sha = repo.commit({"x": "1"}, branch=name)
    assert ask(client, f"acme/toy:{name}") == Resolved(sha, f"refs/heads/{name}")


def test_end_of_a_name_is_not_the_name(world: World, client: Client) -> None:
    """git's ls-remote matches the end of a name: team/main is not main."""
    repo = world.repo(FILES, branch="develop")
    repo.branch("team/main")
    with pytest.raises(RefNotFoundError, match="Cannot find main in acme/toy"):
        ask(client, "acme/toy@main")
    assert ask(client, "acme/toy@team/main").name == "refs/heads/team/main"


def test_hex_looking_branch(world: World, client: Client) -> None:
    """A branch named like a short commit id is the branch."""
    repo = world.repo(FILES)
    sha = repo.commit({"x": "1"}, branch="deadbeef")
    assert ask(client, "acme/toy@deadbeef") == Resolved(sha, "refs/heads/deadbeef")


def test_branch_named_like_a_commit_takes_nobodys_place(world: World, client: Client) -> None:
    """40 digits are always the commit: a branch or tag of that name is not even looked at."""
    repo = world.repo(FILES)
    old = repo.rev()
    repo.commit({"hubconf.py": "evil = 1\n"})
    repo.commit({"hubconf.py": "worse = 1\n"}, branch="evil")
    (repo.path / "refs/heads" / old).write_text(repo.rev("evil") + "\n")
    (repo.path / "refs/tags" / old).write_text(repo.rev("evil") + "\n")
    assert ask(client, f"acme/toy@{old}").commit == old


def test_tip_needs_no_history(world: World, client: Client) -> None:
    """A full or short id of a branch's or tag's own commit is answered by what the remote advertises."""
    repo = world.repo(FILES, tag="v1")
    sha = repo.rev()
    assert ask(client, f"acme/toy@{sha}").commit == ask(client, f"acme/toy@{sha[:7].upper()}").commit == sha
    assert not client.store.commits_dir(client.source().remote).exists()


def test_older_commit_is_found_in_the_history(world: World, client: Client) -> None:
    """A commit below a tip is found by its full and its short id, and no file is transferred for that."""
    repo = world.repo({**FILES, "big.bin": bytes(range(256)) * 4000})
    old = repo.rev()
    repo.commit({"x": "1"})
    assert ask(client, f"acme/toy@{old}") == ask(client, f"acme/toy@{old[:8]}") == Resolved(old, "refs/heads/main")
    history = client.store.commits_dir(client.source().remote)
    listed = client.git.run(["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"], repo=history)
    assert set(listed.out.decode().split()) == {"commit"}
    assert world.hub.bytes_out() < 6000


def test_history_is_asked_once_and_grows(world: World, client: Client) -> None:
    """A second question about the same history asks for names only; new commits come as they are needed."""
    repo = world.repo(FILES)
    old = repo.rev()
    second = repo.commit({"x": "1"})
    repo.commit({"x": "2"})
    ask(client, f"acme/toy@{old}")
    world.hub.reset()
    ask(client, f"acme/toy@{second}")
    assert len(world.hub.log) == 2
    third = repo.commit({"x": "3"})
    repo.commit({"x": "4"})
    assert ask(client, f"acme/toy@{third[:10]}").commit == third


@pytest.mark.parametrize("digits", [40, 12])
def test_impostor_is_refused_before_its_content_moves(world: World, client: Client, digits: int) -> None:
    """A commit that only a pull request's ref reaches is no commit of this repository, and nothing of it is fetched."""
    repo = world.repo(FILES)
    impostor = repo.impostor({"hubconf.py": "evil = 1\n"})
    with pytest.raises(ValueError, match=re.escape(FORK)) as caught:
        client.fetch(f"acme/toy@{impostor[:digits]}")
    assert isinstance(caught.value, RefNotFoundError)
    for place in (client.git_dir(), client.store.commits_dir(client.source().remote)):
        if place.exists():
            assert client.git.run(["cat-file", "-e", impostor], repo=place).code
    assert not any((client.store.root / "trees").glob("*"))
    repo.branch("contrib", at=impostor)
    assert ask(client, f"acme/toy@{impostor[:digits]}").commit == impostor


def test_commit_that_is_nowhere(world: World, client: Client) -> None:
    """An id of nothing is not found, and the text says what could be meant."""
    world.repo(FILES)
    with pytest.raises(RefNotFoundError, match=re.escape(FORK)):
        ask(client, "acme/toy@" + "1" * 40)


def test_pull_request_is_no_branch(world: World, client: Client) -> None:
    """refs/pull/1/head is not a branch or tag, so it names nothing here."""
    repo = world.repo(FILES)
    repo.impostor({"x": "1"})
    with pytest.raises(RefNotFoundError):
        ask(client, "acme/toy@refs/pull/1/head")


def test_short_id_of_two_commits(world: World, client: Client) -> None:
    """A short id that two commits share is refused, naming both; one digit more finds each."""
    repo = world.repo(FILES)
    seen: dict[str, str] = {}
    tree = repo.rev("HEAD")
    files = repo.write_files(FILES)
    pair: tuple[str, str] | None = None
    parent = tree
    # A birthday search over 7 digits: some 20,000 commits; written in one pack.
    for number in range(200_000):
        sha = repo._commit(files, [parent], f"{number}")
        if sha[:7] in seen:
            pair = (seen[sha[:7]], sha)
            break
        seen[sha[:7]] = sha
    assert pair
    wanted = {sha: repo._pending[sha] for sha in pair}
    repo._pending.clear()
    repo._pending.update(wanted)
    repo._flush()
    for number, sha in enumerate(pair):
        repo.branch(f"b{number}", at=sha)
        repo.commit({"x": str(number)}, branch=f"b{number}")
    with pytest.raises(RefNotFoundError, match="2 commits start with it") as caught:
        ask(client, f"acme/toy@{pair[0][:7]}")
    assert all(sha[:12] in str(caught.value) for sha in pair)
    assert ask(client, f"acme/toy@{pair[0][:20]}").commit == pair[0]


@pytest.mark.parametrize("protocol", [0, 2])
def test_server_without_filters_sends_no_content(world: World, tmp_path: Path, protocol: int) -> None:
    """Where a history cannot be had without its files, that is said, and nothing is cloned."""
    repo = world.repo({**FILES, "big.bin": bytes(range(256)) * 20_000})
    old = repo.rev()
    repo.commit({"x": "1"})
    server = world.server(allow_filter=False, protocol=protocol)
    client = Client(tmp_path / "hub", server.url)
    with pytest.raises(RemoteRefusedError, match=r"uploadpack\.allowFilter"):
        ask(client, f"acme/toy@{old}")
    assert server.bytes_out() < 3000
    assert not list((client.store.root / "commits").glob("*"))
    willing = Client(tmp_path / "hub", world.server(protocol=protocol).url)
    assert ask(willing, f"acme/toy@{old}").commit == old


def test_history_over_its_limits(world: World, client: Client) -> None:
    """A history larger or slower than allowed is given up with advice, and nothing of it stays."""
    repo = world.repo(FILES)
    old = repo.rev()
    repo.commit({"x": "1"})
    with pytest.raises(RemoteRefusedError, match="larger than 100 bytes"):
        ask(client, f"acme/toy@{old}", HistoryLimits(bytes=100))
    with pytest.raises(RemoteRefusedError, match="Name a branch or a tag"):
        ask(client, f"acme/toy@{old}", HistoryLimits(seconds=0.001))
    assert not list((client.store.root / "commits").glob("*"))
    assert ask(client, f"acme/toy@{old}").commit == old


def test_no_promise_is_left_behind(world: World, client: Client) -> None:
    """After a filtered fetch git is told of no remote, and asking for an object that is not there asks nobody."""
    repo = world.repo(FILES)
    old = repo.rev()
    repo.commit({"x": "1"})
    ask(client, f"acme/toy@{old}")
    history = client.store.commits_dir(client.source().remote)
    config = (history / "config").read_text()
    assert "promisor" not in config.lower()
    assert "partialclone" not in config.lower()
    world.hub.reset()
    tree = client.git.run(["rev-parse", f"{old}^{{tree}}"], repo=history).out.decode().strip()
    assert client.git.run(["cat-file", "-p", tree or f"{old}^{{tree}}"], repo=history).code
    assert world.hub.log == []


def test_empty_repository(world: World, client: Client) -> None:
    """A repository without commits has no default branch, and that is what the error says."""
    world.repo(name="acme/toy")
    with pytest.raises(RefNotFoundError, match="Cannot find HEAD in acme/toy"):
        ask(client, "acme/toy")
    with pytest.raises(RefNotFoundError, match="Cannot find main"):
        ask(client, "acme/toy@main")


def test_sha256_repository(world: World, client: Client) -> None:
    """A repository with SHA-256 ids is refused by name."""
    from tests.world import git

    path = world.root / "acme/sha256.git"
    git("init", "--quiet", "--bare", "--object-format=sha256", path)
    tree = git("mktree", cwd=path, stdin=b"")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    sha = git(*who, "commit-tree", "-m", "x", tree, cwd=path)
    git("update-ref", "HEAD", sha, cwd=path)
    with pytest.raises(RemoteRefusedError, match="SHA-256"):
        ask(client, "acme/sha256")


@pytest.mark.parametrize("kind", ["blob", "tree"])
def test_tag_of_something_that_is_no_commit(world: World, client: Client, kind: str) -> None:
    """A tag may name a file or a folder; there is nothing to load then."""
    from tests.world import git

    repo = world.repo(FILES)
    oid = git("rev-parse", "HEAD:hubconf.py" if kind == "blob" else "HEAD^{tree}", cwd=repo.path)
    git("update-ref", "refs/tags/odd", oid, cwd=repo.path)
    with pytest.raises(RefNotFoundError, match="no commit"):
        client.fetch("acme/toy@odd")


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("part", ["config", "HEAD", "objects/pack/*.idx", "objects/pack/*.pack", "packed-refs", "refs"])
def test_damaged_history_is_fetched_anew(world: World, client: Client, part: str) -> None:
    """A history that a crash or a disk has spoilt neither blocks the next question nor answers it wrongly."""
    repo = world.repo({"a.txt": "1"}, name="acme/toy")
    old = repo.rev()
    repo.commit({"a.txt": "2"})
    older = repo.rev()
    repo.commit({"a.txt": "3"})
    assert ask(client, f"acme/toy@{old[:12]}").commit == old
    history = client.store.commits_dir(client.source().remote)
    for path in history.glob(part):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix in {".idx", ".pack"}:
            _flip(path)
        else:
            path.write_bytes(b"\xff\xfe garbage")
    assert ask(client, f"acme/toy@{older[:12]}").commit == older
    assert ask(client, f"acme/toy@{old[:12]}").commit == old
