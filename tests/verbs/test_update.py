"""What has happened upstream: asked of real servers, by a lock that names what was there before."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from rehub._version import __version__
from rehub.verbs.update import Asking, update
from rehub.verbs.update.accept import accept, taking
from rehub.verbs.update.moves import moved
from rehub.words.errors import LockConflictError, MalformedSettingError, OfflineError
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.update import Change, Changes, Move, Moved, Update
from rehub.world.lockfile import read, write
from tests.client import Client, listing
from tests.world import Repo, World, git

FILES = {
    "hubconf.py": """
dependencies = ["json"]
from torch.hub import load_state_dict_from_url

URL = "https://example.org/net-1234abcd.pth"


def net(width=8, pretrained=False):
    return load_state_dict_from_url(URL)


def old_net(width):
    return 1
""",
    "requirements.txt": "numpy<2\n",
}
NEXT = {
    "hubconf.py": """
dependencies = ["json", "nosuch_package"]
from torch.hub import load_state_dict_from_url

URL = "https://example.org/net-9876fedc.pth"


def net(features=8, pretrained=True):
    return load_state_dict_from_url(URL)


def big_net(depth):
    return 1
""",
    "requirements.txt": "numpy\ntqdm>=4  # bars\n",
}


@pytest.fixture
def client(world: World, tmp_path: Path) -> Client:
    """Give a machine with an empty store."""
    return Client(tmp_path / "hub", world.hub.url)


@pytest.fixture
def repo(world: World) -> Repo:
    """Give a repository with a branch and a tag at its second commit."""
    repo = world.repo({"README": "a model"})
    repo.commit(FILES, message="Add a model")
    repo.tag("v1")
    return repo


def locked(client: Client, ref: str) -> LockedRepository:
    """Fetch a ref, and lock it."""
    pin = client.fetch(ref).pin
    assert pin
    return LockedRepository(ref, pin)


def ask(client: Client, lock: Lock, *, name: str = "", code: bool = False) -> Update:
    """Look upstream."""
    return update(lock, "rehub.lock", Asking(client.world, __version__, code=code), name=name)


def changes_of(found: Update) -> Changes:
    """Give the only ref's changes."""
    (news,) = found.news
    assert news.changes
    return news.changes


def unrelated(repo: Repo, branch: str = "main") -> str:
    """Put a commit that comes from nothing in a branch's place."""
    sha = repo._commit_files(FILES, {}, [], "Start again")
    git("update-ref", f"refs/heads/{branch}", sha, cwd=repo.path)
    return sha


# Moves.


@pytest.mark.parametrize("ref", ["acme/toy", "acme/toy@main", "acme/toy@v1", "acme/toy@refs/heads/main"])
def test_what_has_not_moved(repo: Repo, client: Client, ref: str) -> None:
    """A ref that is where it was is said to be, and its history is not even asked for."""
    known = locked(client, ref)
    found = moved(known, client.world)
    assert (found.move, found.new) == (Move.NONE, None)
    assert not client.store.commits_dir(known.pin.remote).exists()


def test_branch_that_moves_on(repo: Repo, client: Client) -> None:
    """A branch that got new commits has moved on; its log is that between the two commits."""
    known = locked(client, "acme/toy@main")
    repo.commit({"x": "1"}, message="First")
    new = repo.commit({"x": "2"}, message="Second\n\nWith a body.")
    found = moved(known, client.world)
    assert found.move is Move.FORWARD
    assert (found.new.commit if found.new else "", found.base) == (new, known.pin.commit)
    assert [each.subject for each in found.added.commits] == ["Second", "First"]
    assert (found.added.count, found.lost.count) == (2, 0)
    assert (found.added.commits[0].author, found.added.commits[0].day) == ("Ada Owner", "2023-11-14")


def test_default_branch_that_is_another_one(repo: Repo, client: Client) -> None:
    """A default branch that was renamed is followed, if its history goes on."""
    known = locked(client, "acme/toy")
    repo.branch("stable")
    repo.head("stable")
    new = repo.commit({"x": "1"})
    found = moved(known, client.world)
    assert (found.move, found.name, found.new and found.new.commit) == (Move.FORWARD, "refs/heads/stable", new)


def test_tag_that_is_moved(repo: Repo, client: Client) -> None:
    """A tag is to stay: moved, it is called that, also if it was moved forward."""
    known = locked(client, "acme/toy@v1")
    new = repo.commit({"x": "1"})
    repo.tag("v1", annotated=True)
    found = moved(known, client.world)
    assert (found.move, found.new and found.new.commit) == (Move.TAG, new)


@pytest.mark.parametrize("fresh", [False, True])
def test_history_that_is_rewritten(repo: Repo, client: Client, tmp_path: Path, fresh: bool, world: World) -> None:
    """A force-push is called that, with the commits that went and came, on a machine that never saw the old ones too."""
    known = locked(client, "acme/toy@main")
    repo.delete("refs/tags/v1")
    base = repo.rev("HEAD~1")
    repo.branch("main", base)
    repo.commit({"hubconf.py": "x = 1\n"}, message="Another second commit")
    client = Client(tmp_path / "other", world.hub.url) if fresh else client
    found = moved(known, client.world)
    assert (found.move, found.base) == (Move.REWRITTEN, base)
    assert [each.subject for each in found.added.commits] == ["Another second commit"]
    assert [each.subject for each in found.lost.commits] == ["Add a model"]


def test_branch_that_is_set_back(repo: Repo, client: Client) -> None:
    """A branch that points at an older commit has lost history, and gained none."""
    known = locked(client, "acme/toy@main")
    base = repo.branch("main", repo.rev("HEAD~1"))
    found = moved(known, client.world)
    assert (found.move, found.base, found.added.count, found.lost.count) == (Move.REWRITTEN, base, 0, 1)


def test_another_repository_under_the_same_name(repo: Repo, client: Client) -> None:
    """A history without a commit in common is said to be one: a name can be taken by somebody else."""
    known = locked(client, "acme/toy@main")
    unrelated(repo)
    found = moved(known, client.world)
    assert (found.move, found.base) == (Move.REWRITTEN, "")
    assert "another repository under the same name" in found.note


def test_old_commit_that_its_server_has_forgotten(repo: Repo, client: Client, world: World, tmp_path: Path) -> None:
    """After a force-push and a ``git gc``, what is gone is said to be gone, and no common commit is made up."""
    known = locked(client, "acme/toy@main")
    repo.delete("refs/tags/v1")
    unrelated(repo)
    git("gc", "--quiet", "--prune=now", cwd=repo.path)
    found = moved(known, Client(tmp_path / "other", world.hub.url).world)
    assert (found.move, found.lost.count) == (Move.REWRITTEN, 0)
    assert "does not give out the old commit" in found.note


@pytest.mark.parametrize("digits", [7, 12, 40])
def test_commit_that_nothing_reaches_any_more(repo: Repo, client: Client, digits: int) -> None:
    """A ref that is a commit cannot move; that its branch was rewritten is noticed, by what is upstream now."""
    known = locked(client, f"acme/toy@{repo.rev()[:digits]}")
    repo.commit({"x": "1"})
    assert moved(known, client.world).move is Move.NONE
    repo.delete("refs/tags/v1")
    unrelated(repo)
    found = moved(known, client.world)
    assert (found.move, found.new) == (Move.REWRITTEN, None)
    assert "no branch or tag reaches this commit" in found.note


def test_branch_that_is_gone(repo: Repo, client: Client) -> None:
    """A branch that was deleted is gone; what leads to its commit now is named, as it may have been renamed."""
    repo.branch("feature")
    known = locked(client, "acme/toy@feature")
    repo.delete("refs/heads/feature")
    found = moved(known, client.world)
    assert (found.move, found.new) == (Move.GONE, None)
    assert "main leads to its commit now" in found.note
    unrelated(repo)
    repo.delete("refs/tags/v1")
    assert "no branch or tag leads to its commit any more" in moved(known, client.world).note


def test_repository_that_is_gone(repo: Repo, client: Client, world: World) -> None:
    """A repository that was deleted is gone: that is said of it, and the rest of the lock is looked at."""
    other = world.repo(FILES, name="acme/other")
    lock = Lock(
        tuple(
            LockedModel(name, name, "net", repositories=(locked(client, name),)) for name in ("acme/other", "acme/toy")
        )
    )
    world.remove(other)
    repo.commit({"x": "1"})
    assert [each.moved.move for each in ask(client, lock).news] == [Move.GONE, Move.FORWARD]


def test_server_that_does_not_answer(repo: Repo, client: Client, world: World) -> None:
    """Who cannot be asked has not said that all is well."""
    known = locked(client, "acme/toy@main")
    world.hub.stop()
    found = moved(known, client.world)
    assert (found.move, found.new) == (Move.UNKNOWN, None)
    assert "could not be reached" in found.note


def test_server_without_filters(repo: Repo, world: World, tmp_path: Path) -> None:
    """Where no history can be had, a branch that moved may have been rewritten: that is not known, and said so."""
    client = Client(tmp_path / "hub", world.server(allow_filter=False).url)
    known, tag = locked(client, "acme/toy@main"), locked(client, "acme/toy@v1")
    new = repo.commit({"x": "1"})
    repo.tag("v1")
    found = moved(known, client.world)
    assert (found.move, found.new and found.new.commit) == (Move.UNKNOWN, new)
    assert moved(tag, client.world).move is Move.TAG


def test_damaged_history_is_fetched_anew(repo: Repo, client: Client) -> None:
    """What a crash left of the kept history does not stand in the way."""
    known = locked(client, "acme/toy@main")
    repo.commit({"x": "1"})
    moved(known, client.world)
    for pack in client.store.commits_dir(known.pin.remote).glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"PACK")
    repo.commit({"x": "2"})
    assert moved(known, client.world).added.count == 2


# What that means.


@pytest.fixture
def lock(repo: Repo, client: Client) -> Lock:
    """Give a lock with calls of all kinds."""
    known = locked(client, "acme/toy@main")
    weights = LockedWeights("https://example.org/net-1234abcd.pth", "1234abcd" + "0" * 56, 2048)
    return Lock(
        (
            LockedModel("moons", "acme/toy@main", "net", (), (), (known,), (weights,)),
            LockedModel("old", "acme/toy@main", "old_net", (3,), (), (known,)),
            LockedModel("spirals", "acme/toy@main", "net", (), (("width", 4),), (known,)),
            LockedModel("whole", "./whole", "net"),
        )
    )


def test_entries_that_vanished_or_changed(repo: Repo, client: Client, lock: Lock) -> None:
    """Of each entry it is said what became of it, and what of that can break a call."""
    repo.commit(NEXT)
    found = {each.name: each for each in changes_of(ask(client, lock)).entries}
    assert {name: each.change for name, each in found.items()} == {
        "big_net": Change.NEW,
        "net": Change.CHANGED,
        "old_net": Change.GONE,
    }
    assert (found["net"].old, found["net"].new) == (
        "(width=8, pretrained=False)",
        "(features=8, pretrained=True)",
    )
    assert found["net"].breaks == ("width is gone", "pretrained was False if left out, and is True")


def test_lists_that_changed(repo: Repo, client: Client, lock: Lock) -> None:
    """Weights, dependencies and files of requirements are compared, line by line."""
    repo.commit(NEXT)
    found = {each.title: (each.gone, each.new) for each in changes_of(ask(client, lock)).lists}
    missing = "nosuch_package (not installed: pip install nosuch_package)"
    assert found == {
        "weights": (("https://example.org/net-1234abcd.pth",), ("https://example.org/net-9876fedc.pth",)),
        "dependencies": ((), (missing,)),
        "requirements.txt": (("numpy<2",), ("numpy", "tqdm>=4")),
    }


@pytest.mark.parametrize("deep", ["x = " + "[" * 100_000, "x = " + "9" * 5_000], ids=["lists", "digits"])
def test_project_files_are_read_as_for_the_environment(repo: Repo, client: Client, lock: Lock, deep: str) -> None:
    """What a setup script asks for is compared, too; a file that cannot be read is told, and ends nothing."""
    setup = "from setuptools import setup\nsetup(install_requires=['einops'], python_requires='>=3.9')\n"
    repo.commit({"setup.py": setup, "pyproject.toml": deep})
    found = {each.title: each for each in changes_of(ask(client, lock)).lists}
    assert (found["setup.py"].new, found["Python"].new) == (("einops",), (">=3.9",))
    assert found["pyproject.toml"].new[0].startswith("cannot be read")


def test_how_the_calls_of_the_lock_fare(repo: Repo, client: Client, lock: Lock) -> None:
    """Each locked call is told what it would break on, or get otherwise than before."""
    repo.commit(NEXT)
    found = ask(client, lock)
    calls = {each.model: each for each in found.news[0].calls}
    assert calls["old"].breaks == ("there is no entry old_net any more",)
    assert calls["spirals"].breaks == ("it has no parameter width any more",)
    assert calls["moons"].breaks == ()
    assert calls["moons"].differs == (
        "pretrained, which it leaves out, was False and is True",
        "it used https://example.org/net-1234abcd.pth (2.0 KiB), which its code does not name any more",
    )
    assert found.is_bad
    assert found.folders == ("whole",)


def test_ordinary_update_is_nothing_bad(repo: Repo, client: Client, lock: Lock) -> None:
    """A branch that moved on, and breaks no call, is what one expects."""
    repo.commit({"README": "another"})
    found = ask(client, lock)
    assert not found.is_bad
    assert [each.moved.ref for each in found.moved] == ["acme/toy@main"]
    changes = changes_of(found)
    assert (changes.entries, changes.lists, changes.code.files, changes.code.text) == ((), (), 1, "")


def test_one_model_brings_those_that_share_its_ref(repo: Repo, client: Client, lock: Lock) -> None:
    """Asked about one model, every call of its ref is told of: one ref means one commit in all of a lock."""
    repo.commit(NEXT)
    (news,) = ask(client, lock, name="moons").news
    assert [each.model for each in news.calls] == ["moons", "old", "spirals"]
    assert ask(client, lock, name="whole").news == ()


def test_unknown_name(client: Client, lock: Lock) -> None:
    """A name that the lock does not have is answered by those that it has."""
    with pytest.raises(MalformedSettingError, match="moons, old, spirals, whole"):
        ask(client, lock, name="rings")


def test_nested_repository(repo: Repo, client: Client, world: World) -> None:
    """Of a repository that only the code loads, a lock does not know which entry was called: that is said."""
    part = world.repo({"hubconf.py": "def part(): ...\n"}, name="acme/part")
    inner, outer = locked(client, "acme/part"), locked(client, "acme/toy@main")
    part.commit({"hubconf.py": "def other(): ...\n"})
    lock = Lock((LockedModel("net", "acme/toy@main", "net", repositories=(outer, inner)),))
    still, news = ask(client, lock).news
    assert (still.moved.move, news.moved.move) == (Move.NONE, Move.FORWARD)
    assert [(each.inner, each.breaks) for each in news.calls] == [(True, ())]
    assert news.changes
    assert [each.change for each in news.changes.entries] == [Change.NEW, Change.GONE]


def test_names_made_at_run_time(repo: Repo, client: Client, lock: Lock) -> None:
    """Where reading cannot know the entries, none is said to be gone, and that is said."""
    repo.commit({"hubconf.py": "import os\nfor name in os.listdir('.'):\n    globals()[name] = print\n"})
    found = ask(client, lock)
    assert [each for each in changes_of(found).entries if each.change is Change.GONE] == []
    assert "names at run time" in changes_of(found).unknown[0]
    assert all("reading cannot know" in each.differs[0] for each in found.news[0].calls)


def test_hubconf_that_cannot_be_read(repo: Repo, client: Client, lock: Lock) -> None:
    """A hubconf with a fault in it has not lost its entries; what is wrong is shown."""
    repo.commit({"hubconf.py": "def net(:\n"})
    found = ask(client, lock)
    assert changes_of(found).entries == ()
    assert "hubconf.py:1" in changes_of(found).unknown[0]


def test_hubconf_that_is_gone(repo: Repo, client: Client, lock: Lock) -> None:
    """A commit without hubconf.py cannot be taken."""
    repo.commit({"hubconf.py": None})
    found = ask(client, lock)
    assert "no hubconf.py" in found.news[0].refused
    assert (found.moved, found.is_bad) == ((), True)


def test_files_that_must_not_be_written(repo: Repo, client: Client, lock: Lock, world: World) -> None:
    """A commit whose files are refused cannot be taken; the reason is shown."""
    repo.commit_tree(repo.write_tree([("100644", b"..", repo.write_blob(b"x"))]))
    found = ask(client, lock)
    assert found.news[0].refused
    assert found.is_bad


def test_old_files_that_cannot_be_had(repo: Repo, client: Client, lock: Lock, world: World, tmp_path: Path) -> None:
    """On a machine without the old files, after they are gone upstream, calls are held against what is there now."""
    repo.delete("refs/tags/v1")
    sha = repo._commit_files(NEXT, {}, [], "Start again")
    git("update-ref", "refs/heads/main", sha, cwd=repo.path)
    git("gc", "--quiet", "--prune=now", cwd=repo.path)
    (news,) = ask(Client(tmp_path / "other", world.hub.url), lock, name="spirals").news
    assert news.changes is None
    assert "cannot be compared" in news.moved.note
    assert [each.breaks for each in news.calls if each.model == "old"] == [("there is no entry old_net any more",)]


def test_old_files_are_fetched_where_they_are_missing(
    repo: Repo, client: Client, lock: Lock, world: World, tmp_path: Path
) -> None:
    """A machine that has nothing but the lock can compare: what is locked is fetched by its commit."""
    repo.commit(NEXT)
    assert changes_of(ask(Client(tmp_path / "other", world.hub.url), lock)).entries


def test_what_refs_mean_in_the_store_stays(repo: Repo, client: Client, lock: Lock) -> None:
    """Looking upstream moves no ref: what is loaded without a lock afterwards is what was loaded before."""
    before = client.fetch("acme/toy@main")
    repo.commit(NEXT)
    ask(client, lock)
    assert client.fetch("acme/toy@main") == before


def test_offline(client: Client, lock: Lock) -> None:
    """Offline nobody can be asked, and that is an error, no news."""
    store = listing(client.store.root)
    with pytest.raises(OfflineError, match="acme/toy@main"):
        ask(client.but(offline=True), lock)
    assert listing(client.store.root) == store


def test_code_shows_names_as_they_are_in_the_repository(repo: Repo, client: Client, lock: Lock) -> None:
    """The difference is of the repository's own names, whatever the store calls its folders; it can be applied."""
    repo.commit(NEXT)
    code = changes_of(ask(client, lock, code=True)).code.text
    assert "--- a/hubconf.py\n+++ b/hubconf.py\n" in code
    assert "-def old_net(width):" in code
    assert str(client.store.root) not in code


@pytest.mark.parametrize("attributes", ["*.py -diff\n", "*.py binary\n", "*.py diff=evil\n"])
def test_repository_cannot_hide_its_code(repo: Repo, client: Client, lock: Lock, attributes: str) -> None:
    """What .gitattributes say has no say: every changed line is shown."""
    repo.commit({**NEXT, ".gitattributes": attributes})
    assert "+def big_net(depth):" in changes_of(ask(client, lock, code=True)).code.text


def test_code_of_odd_names_and_bytes(repo: Repo, client: Client, lock: Lock) -> None:
    """Names of any letters, binary files and moved ones are shown, and none of it fails."""
    repo.commit({"é a 'b'.py": "x = 1\n", "weights.bin": bytes(range(256)), "README": None, "READ ME": "a model"})
    code = changes_of(ask(client, lock, code=True)).code.text
    assert "weights.bin" in code
    assert "b/READ ME" in code


# Taking it.


def recorded(model: LockedModel, path: Path) -> None:
    """Record a model as a load would, at what the lock that is loaded with says of its ref."""
    found, before = read(path)
    known = found.repository(model.ref)
    assert known
    write(path, replace(found, models=(*found.models, replace(model, repositories=(known,), weights=()))), before)


def test_taking_while_somebody_else_writes(repo: Repo, client: Client, lock: Lock, tmp_path: Path) -> None:
    """A lock that another process has changed meanwhile stays as that one wrote it, and this one is told."""
    path = tmp_path / "rehub.lock"
    write(path, lock, "")
    known, before = read(path)
    repo.commit(NEXT)

    def load(model: LockedModel, other: Path) -> None:
        recorded(model, other)
        path.write_text(before + "# by somebody else\n")

    with pytest.raises(LockConflictError):
        accept(path, known, before, taking(known, ask(client, known)), load)
    assert path.read_text() == before + "# by somebody else\n"
    assert [each.name for each in tmp_path.glob(".rehub*")] == []


def test_taking_moves_all_calls_of_a_ref_or_none(repo: Repo, client: Client, lock: Lock, tmp_path: Path) -> None:
    """Each call of a ref is loaded once, and all become the lock together; one that fails leaves it as it was."""
    path = tmp_path / "rehub.lock"
    write(path, lock, "")
    known, before = read(path)
    new = repo.commit(NEXT)
    take = taking(known, ask(client, known, name="moons"))
    assert [each.name for each in take.models] == ["moons", "old", "spirals"]

    def fail(model: LockedModel, other: Path) -> None:
        recorded(model, other)
        if model.name == "spirals":
            raise TypeError

    with pytest.raises(TypeError):
        accept(path, known, before, take, fail)
    assert path.read_text() == before
    accept(path, known, before, take, recorded)
    assert {each.pin.commit for each in read(path)[0].repositories()} == {new}
    assert [each.name for each in read(path)[0].models] == ["moons", "old", "spirals", "whole"]


# Real shapes of hubconfs.


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def net(a, b=1): ...", "def net(b=1, a=None): ...", ["a has another place", "b has another place"]),
        ("def net(a): ...", "def net(*, a): ...", ["a was positional or keyword, and is keyword-only"]),
        ("def net(a=1): ...", "def net(a): ...", ["a must be given now"]),
        ("def net(): ...", "def net(a): ...", ["a is new, and must be given"]),
        ("def net(a: int): ...", "def net(a: float): ...", []),
        ("def net(a): ...", "def net(a, b=2): ...", []),
        (
            "from functools import partial\ndef _net(a, b=1): ...\nnet = partial(_net, 2)",
            "from functools import partial\ndef _net(a, c=1): ...\nnet = partial(_net, 2)",
            ["b is gone"],
        ),
        ("def _net(a): ...\nglobals()['net.v2'] = _net", "def _net(b): ...\nglobals()['net.v2'] = _net", None),
        (
            "class net:\n    def __init__(self, a): ...",
            "class net:\n    def __init__(self, b): ...",
            ["a is gone", "b is new, and must be given"],
        ),
        (
            "def make(n):\n    def f(width=n): ...\n    return f\nfor n in (1, 2):\n    globals()[f'net{n}'] = make(n)\nnet = make(3)",
            "def make(n):\n    def f(depth=n): ...\n    return f\nfor n in (1, 2):\n    globals()[f'net{n}'] = make(n)\nnet = make(3)",
            ["width is gone"],
        ),
    ],
)
def test_what_breaks_callers(old: str, new: str, said: list[str] | None, repo: Repo, client: Client) -> None:
    """However an entry is made, and whatever it is called, its signature is compared by the same rules."""
    name, said = ("net", said) if said is not None else ("net.v2", ["a is gone", "b is new, and must be given"])
    ast.parse(old), ast.parse(new)
    repo.commit({"hubconf.py": old})
    known = locked(client, "acme/toy@main")
    repo.commit({"hubconf.py": new})
    found = ask(client, Lock((LockedModel("net", "acme/toy@main", name, repositories=(known,)),)))
    assert [list(each.breaks) for each in changes_of(found).entries if each.name == name] == [said]


def test_moved_is_a_value() -> None:
    """Every move has a word of its own, which programs may go by."""
    assert [str(each) for each in Move] == ["none", "forward", "tag", "rewritten", "gone", "unknown"]
    assert set(Moved.__slots__) >= {"ref", "old", "new", "move"}
