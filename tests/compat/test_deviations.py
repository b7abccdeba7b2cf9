"""Each difference between torch.hub and rehub.compat: both are run, and the difference is shown.

The table of docs/from-torch-hub.md names a test of this file in each of its rows.
"""

import hashlib
import inspect
import os
import pickle
import re
import socket
import stat
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
import torch

import rehub
from rehub import compat as ours
from rehub.world.memory import untouched
from tests.compat.conftest import Answers, saved
from tests.compat.github import refused
from tests.stories import ROOT
from tests.world import World

TOY = {"hubconf.py": "def net(): return 'toy'\n"}


def says(text: str) -> dict[str, str]:
    """Give a repository whose entry says something."""
    return {"hubconf.py": f"def net(): return {text!r}\n"}


def both(theirs: Any, call: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Call torch.hub, then rehub.compat."""
    return call(theirs), call(ours)


# Whether it may run.


@pytest.mark.parametrize("value", ["Check", "no", 0, "true", []])
def test_unknown_trust_repo_is_no_yes(theirs: Any, github: World, answers: Answers, value: object) -> None:
    """torch.hub takes any value that it does not know for a yes; here it is an error."""
    github.repo(TOY)
    assert theirs.load("acme/toy", "net", trust_repo=value) == "toy"
    with pytest.raises(ValueError, match="trust_repo cannot be"):
        ours.load("acme/toy", "net", trust_repo=value)
    assert answers.questions == []


def test_none_is_no_yes(theirs: Any, github: World, answers: Answers) -> None:
    """torch.hub trusts whatever is loaded with trust_repo=None; here it means 'check'."""
    github.repo(TOY)
    assert theirs.load("acme/toy", "net", trust_repo=None) == "toy"
    answers.answer = "n"
    with pytest.raises(rehub.UntrustedError, match=r"Untrusted repository\."):
        ours.load("acme/toy", "net", trust_repo=None)
    assert len(answers.questions) == 1


@pytest.mark.parametrize("failure", [EOFError("EOF"), RuntimeError("input(): lost sys.stdin"), OSError("no tty")])
def test_nobody_to_ask(theirs: Any, github: World, answers: Answers, failure: Exception) -> None:
    """Where nobody answers, torch.hub fails as input() does; here the error says what would help."""
    github.repo(TOY)
    answers.answer = failure
    with pytest.raises(type(failure)):
        theirs.load("acme/toy", "net")
    with pytest.raises(rehub.UntrustedError) as caught:
        ours.load("acme/toy", "net")
    assert "rehub trust add acme/toy" in str(caught.value)
    assert "trust_repo=True" in str(caught.value)


def test_what_was_never_fetched_is_not_trusted(theirs: Any, github: World, hub_dir: Path) -> None:
    """torch.hub writes down that a repository is trusted before it looks whether there is one."""
    github.repo(TOY)
    with pytest.raises(KeyError):
        theirs.load("acme/ghost:main", "net", trust_repo=True)
    assert Path(theirs.get_dir(), "trusted_list").read_text() == "acme_ghost\n"
    with pytest.raises(rehub.RepositoryNotFoundError):
        ours.load("acme/ghost:main", "net", trust_repo=True)
    assert (hub_dir / "trusted_list").read_text() == ""


def test_a_list_that_cannot_be_used(theirs: Any, github: World, hub_dir: Path) -> None:
    """torch.hub cannot load what is there if it cannot read or write its list; here that is no reason."""
    github.repo(TOY)
    for hub in (theirs, ours):
        hub.load("acme/toy:main", "net", trust_repo=True)
        Path(hub.get_dir(), "trusted_list").unlink()
        Path(hub.get_dir(), "trusted_list").mkdir()  # nobody can, not even root
    with pytest.raises(IsADirectoryError):
        theirs.load("acme/toy:main", "net")
    assert ours.load("acme/toy:main", "net") == "toy"
    github.repo(TOY, name="acme/other")
    assert ours.load("acme/other:main", "net", trust_repo=True) == "toy"


def test_a_line_means_one_repository(theirs: Any, github: World, hub_dir: Path, answers: Answers) -> None:
    """Trusting a/b_c makes torch.hub trust a_b/c too; here each is asked for, and keeps its own permission."""
    github.repo(says("wanted"), name="a/b_c")
    github.repo(says("evil"), name="a_b/c", branch="trunk").branch("main")
    for hub in (theirs, ours):
        assert hub.load("a/b_c:main", "net", trust_repo=True) == "wanted"
        assert Path(hub.get_dir(), "trusted_list").read_text() == "a_b_c\n"
    answers.answer = "n"
    assert theirs.load("a_b/c:trunk", "net") == "evil"
    with pytest.raises(rehub.UntrustedError):
        ours.load("a_b/c:trunk", "net")
    answers.answer = "y"
    assert ours.load("a_b/c:trunk", "net") == "evil"
    assert (ours.load("a_b/c:main", "net"), ours.load("a/b_c:main", "net")) == ("evil", "wanted")
    assert len(answers.questions) == 2
    assert (hub_dir / "trusted_list").read_text() == "a_b_c\n"


def test_a_line_of_torch_hub_counts_if_it_means_one(
    theirs: Any, github: World, hub_dir: Path, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    """A line that torch.hub wrote is enough for it; here, only if no other repository can be meant."""
    for name in ("acme/toy", "a/b_c"):
        github.repo(says(name), name=name)
    theirs.set_dir(hub_dir)
    hub_dir.mkdir(parents=True)
    (hub_dir / "trusted_list").write_text("acme_toy\na_b_c")
    assert [theirs.load(f"{name}:main", "net") for name in ("acme/toy", "a/b_c")] == ["acme/toy", "a/b_c"]
    ours.set_dir(hub_dir.parent / "other")
    Path(ours.get_dir()).mkdir()
    Path(ours.get_dir(), "trusted_list").write_text("acme_toy\na_b_c")
    assert ours.load("acme/toy:main", "net") == "acme/toy"
    with pytest.raises(rehub.UntrustedError, match="the line a_b_c of trusted_list does not count"):
        ours.load("a/b_c:main", "net")
    answers.answer = "y"
    assert ours.load("a/b_c:main", "net") == "a/b_c"
    assert "does not count" in caplog.text


# torch.hub's folder.


def test_a_folder_means_one_repository(theirs: Any, github: World, hub_dir: Path) -> None:
    """torch.hub takes the files of a/b_c for those of a_b/c; here the second gets a name of its own."""
    github.repo(says("first"), name="a/b_c")
    github.repo(says("second"), name="a_b/c")
    assert [theirs.load(f"{name}:main", "net", trust_repo=True) for name in ("a/b_c", "a_b/c")] == ["first", "first"]
    assert [ours.load(f"{name}:main", "net", trust_repo=True) for name in ("a/b_c", "a_b/c")] == ["first", "second"]
    links = sorted(path.name for path in hub_dir.iterdir() if path.is_symlink())
    assert links[0] == "a_b_c_main"
    assert re.fullmatch(r"a_b_c_main~[0-9a-f]{12}", links[1])
    assert "first" in (hub_dir / links[0] / "hubconf.py").read_text()
    assert "second" in (hub_dir / links[1] / "hubconf.py").read_text()


def test_refs_of_one_name(theirs: Any, github: World) -> None:
    """torch.hub takes the files of the branch f/x for those of f_x; here they are two."""
    repo = github.repo(says("main"))
    repo.commit(says("slash"), branch="f/x")
    repo.commit(says("line"), branch="f_x")
    assert [theirs.load(f"acme/toy:{ref}", "net", trust_repo=True) for ref in ("f/x", "f_x")] == ["slash", "slash"]
    assert [ours.load(f"acme/toy:{ref}", "net", trust_repo=True) for ref in ("f/x", "f_x")] == ["slash", "line"]


def test_a_folder_of_torch_hub_stays(
    theirs: Any, github: World, hub_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What torch.hub once brought it uses for ever; here it is left where it is, and used only without a connection."""
    repo = github.repo(says("old"))
    theirs.set_dir(hub_dir)
    theirs.load("acme/toy:main", "net", trust_repo=True)
    (hub_dir / "trusted_list").unlink()
    repo.commit(says("new"))
    github.hub.stop()
    assert theirs.load("acme/toy:main", "net") == "old"
    assert ours.load("acme/toy:main", "net") == "old"
    monkeypatch.setenv("REHUB_TRUST", "never")
    rehub.Hub().allow("acme/toy")
    with pytest.raises(URLError):
        ours.load("acme/toy:main", "net")
    monkeypatch.delenv("REHUB_TRUST")
    github.hub.start()
    assert theirs.load("acme/toy:main", "net") == "old"
    assert ours.load("acme/toy:main", "net") == "new"
    assert not (hub_dir / "acme_toy_main").is_symlink()
    assert "old" in (hub_dir / "acme_toy_main/hubconf.py").read_text()


# Getting code.


def test_no_token_is_needed(theirs: Any, github: World) -> None:
    """Where GitHub's limit is reached, torch.hub fails, without a token with a KeyError; git has no such limit."""
    github.repo(TOY)

    def limit(url: str) -> None:
        if "api.github.com" in url:
            raise refused(url, 403)

    theirs.github.fails = limit
    with pytest.raises(KeyError, match="Authorization"):
        theirs.load("acme/toy:main", "net", trust_repo=True)
    assert ours.load("acme/toy:main", "net", trust_repo=True) == "toy"


def test_the_default_branch_is_the_remotes_own(theirs: Any, github: World, hub_dir: Path) -> None:
    """torch.hub knows main and master, and takes a main that is not the default; here the remote says it."""
    repo = github.repo(says("develop"), branch="develop")
    with pytest.raises(ValueError, match="Cannot find master"):
        theirs.load("acme/toy", "net", trust_repo=True)
    assert ours.load("acme/toy", "net", trust_repo=True) == "develop"
    assert (hub_dir / "acme_toy_develop").is_symlink()
    repo.commit(says("stale"), branch="main")
    assert theirs.load("acme/toy", "net", trust_repo=True) == "stale"
    assert ours.load("acme/toy", "net", force_reload=True) == "develop"


def test_what_is_cached_asks_nobody(theirs: Any, github: World) -> None:
    """Without a ref torch.hub asks GitHub each time, and fails if that fails; here the cache answers."""
    github.repo(TOY)
    assert both(theirs, lambda hub: hub.load("acme/toy", "net", trust_repo=True)) == ("toy", "toy")

    def fail(url: str) -> None:
        raise refused(url, 502)

    theirs.github.fails = fail
    github.hub.reset()
    with pytest.raises(HTTPError):
        theirs.load("acme/toy", "net")
    assert ours.load("acme/toy", "net") == "toy"
    assert github.hub.log == []


def test_any_commit_of_a_branch_can_be_named(theirs: Any, github: World) -> None:
    """torch.hub refuses a commit as soon as its branch has moved on; here it has to be reached by one."""
    repo = github.repo(says("old"))
    old = repo.rev()
    repo.commit(says("new"))
    with pytest.raises(ValueError, match=f"Cannot find {old}"):
        theirs.load(f"acme/toy:{old}", "net", trust_repo=True)
    assert [ours.load(f"acme/toy:{ref}", "net", trust_repo=True) for ref in (old, old[:7])] == ["old", "old"]


def test_one_letter_is_no_commit(theirs: Any, github: World) -> None:
    """One letter is enough for torch.hub's check of commits; here it takes seven."""
    letter = github.repo(TOY).rev()[0]
    theirs._validate_not_a_forked_repo("acme", "toy", letter)
    with pytest.raises(ValueError, match="Cannot find"):
        ours._validate_not_a_forked_repo("acme", "toy", letter)


def test_full_names_of_refs(theirs: Any, github: World) -> None:
    """torch.hub takes refs/heads/main for a fork's, if it is not told to skip the check."""
    github.repo(TOY)
    with pytest.raises(ValueError, match="Cannot find refs/heads/main"):
        theirs.load("acme/toy:refs/heads/main", "net", trust_repo=True)
    assert ours.load("acme/toy:refs/heads/main", "net", trust_repo=True) == "toy"


def test_a_tag_and_a_branch_of_one_name(theirs: Any, github: World) -> None:
    """Where a name is both, torch.hub takes the branch and git the tag; so does rehub, and both say it."""
    repo = github.repo(says("tag"), tag="v1")
    repo.commit(says("branch"), branch="v1")
    with pytest.warns(UserWarning, match="ambiguous"):
        assert theirs.load("acme/toy:v1", "net", trust_repo=True) == "branch"
    with pytest.warns(UserWarning, match="both a tag and a branch"):
        assert ours.load("acme/toy:v1", "net", trust_repo=True) == "tag"


def test_other_hosts_can_be_named(theirs: Any, github: World, hub_dir: Path) -> None:
    """torch.hub knows GitHub alone; here any git remote will do, under a name that torch.hub cannot take for another."""
    url = github.repo(TOY).url
    with pytest.raises(ValueError, match="unpack"):
        theirs.load(url, "net", trust_repo=True)
    assert ours.load(url, "net", trust_repo=True) == "toy"
    assert ours.load(url, "net") == "toy"
    (link,) = (path.name for path in hub_dir.iterdir() if path.is_symlink())
    assert re.fullmatch(r"acme_toy_main~[0-9a-f]{12}", link)
    with pytest.raises(ValueError, match="source='local'"):
        ours.load("./here", "net", trust_repo=True)


def test_two_repositories_at_one_ref_name(theirs: Any, github: World) -> None:
    """All archives of one ref name are one file for torch.hub; whoever comes second takes it away from the first."""
    for name in ("acme/one", "acme/two"):
        github.repo(says(name), name=name)
    download = theirs.download_url_to_file
    second: list[object] = []

    def interrupted(*args: Any, **kwargs: Any) -> None:
        download(*args, **kwargs)
        if not second:
            second.append(None)
            second[0] = theirs.load("acme/two:main", "net", trust_repo=True)

    theirs.download_url_to_file = interrupted
    with pytest.raises(FileNotFoundError):
        theirs.load("acme/one:main", "net", trust_repo=True)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda name: ours.load(f"{name}:main", "net", trust_repo=True), ["acme/one", "acme/two"])
        assert list(found) == ["acme/one", "acme/two"]


def test_a_reload_takes_nothing_away(theirs: Any, github: World, hub_dir: Path) -> None:
    """torch.hub deletes the folder that others are using; here a link is turned, and the old files stay."""
    repo = github.repo(says("old"))
    both(theirs, lambda hub: hub.load("acme/toy:main", "net", trust_repo=True))
    folder, seen = Path(theirs.get_dir(), "acme_toy_main"), []
    old = (hub_dir / "acme_toy_main").resolve()
    repo.commit(says("new"))
    move = theirs.shutil.move
    theirs.shutil = type(
        "shutil", (), {**vars(theirs.shutil), "move": staticmethod(lambda *args: _noted(seen, folder, move, args))}
    )
    theirs.load("acme/toy:main", "net", force_reload=True)
    assert seen[-1] is False
    assert ours.load("acme/toy:main", "net", force_reload=True) == "new"
    assert (old / "hubconf.py").is_file()
    assert "new" in (hub_dir / "acme_toy_main/hubconf.py").read_text()


def _noted(seen: list[bool], folder: Path, move: Callable[..., Any], args: Any) -> Any:
    seen.append(folder.exists())
    return move(*args)


def test_the_line_about_a_download(
    theirs: Any, github: World, capsys: pytest.CaptureFixture[str], hub_dir: Path
) -> None:
    """Both say on standard output what they download; torch.hub an archive, rehub a repository."""
    github.repo(TOY)
    theirs.load("acme/toy:main", "net", trust_repo=True, verbose=False)
    archive = "https://github.com/acme/toy/zipball/main"
    assert capsys.readouterr().out == f'Downloading: "{archive}" to {theirs.get_dir()}/main.zip\n'
    ours.load("acme/toy:main", "net", trust_repo=True, verbose=False)
    assert capsys.readouterr().out == f'Downloading: "https://github.com/acme/toy" to {hub_dir}/acme_toy_main\n'


# Running it.


def test_two_repositories_with_a_utils(theirs: Any, github: World) -> None:
    """torch.hub gives the second repository the first one's modules; here each has its own."""
    for name in ("one", "two"):
        files = {"hubconf.py": "from utils import who\ndef net(): return who\n", "utils.py": f"who = {name!r}\n"}
        github.repo(files, name=f"acme/{name}")
    refs = ("acme/one:main", "acme/two:main")
    assert [theirs.load(ref, "net", trust_repo=True) for ref in refs] == ["one", "one"]
    del sys.modules["utils"]
    assert [ours.load(ref, "net", trust_repo=True) for ref in refs] == ["one", "two"]
    assert "utils" not in sys.modules


def test_new_code_is_new_throughout(theirs: Any, github: World) -> None:
    """After a reload torch.hub runs a new hubconf with old modules; here all of them are new."""
    repo = github.repo({"hubconf.py": "from part import who\ndef net(): return who\n", "part.py": "who = 'old'\n"})
    assert both(theirs, lambda hub: hub.load("acme/toy:main", "net", trust_repo=True)) == ("old", "old")
    repo.commit({"part.py": "who = 'new'\n"})
    assert theirs.load("acme/toy:main", "net", force_reload=True) == "old"
    assert ours.load("acme/toy:main", "net", force_reload=True) == "new"


def test_imports_after_load(theirs: Any, github: World) -> None:
    """A function that imports when it is called fails once torch.hub has returned; here it works."""
    files = {"hubconf.py": "def net():\n    def run():\n        import late_part\n        return 1\n    return run\n"}
    github.repo({**files, "late_part.py": ""})
    with pytest.raises(ModuleNotFoundError):
        theirs.load("acme/toy:main", "net", trust_repo=True)()
    assert ours.load("acme/toy:main", "net", trust_repo=True)() == 1


def test_models_can_be_pickled(theirs: Any, github: World) -> None:
    """A class of hubconf.py cannot be pickled by torch.hub's users; here it can."""
    github.repo({"hubconf.py": "class Net: pass\ndef net(): return Net()\n"})
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(theirs.load("acme/toy:main", "net", trust_repo=True))
    made = ours.load("acme/toy:main", "net", trust_repo=True)
    assert type(pickle.loads(pickle.dumps(made))) is type(made)
    assert re.fullmatch(r"rehub\.repos\.acme_toy_[0-9a-f]{12}\.hubconf", type(made).__module__)


def test_hubconf_is_a_module_like_others(theirs: Any, github: World) -> None:
    """A dataclass with future annotations fails under torch.hub, as its hubconf is no module; here it is one."""
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass Net:\n    x: int = 3\n"
    github.repo({"hubconf.py": text})
    with pytest.raises(AttributeError):
        theirs.load("acme/toy:main", "Net", trust_repo=True)
    assert ours.load("acme/toy:main", "Net", trust_repo=True).x == 3


def test_hubconf_runs_once_a_process(theirs: Any, github: World) -> None:
    """torch.hub runs hubconf.py at each load; here its modules are imported once, as all modules are."""
    github.repo({"hubconf.py": "made = []\ndef net():\n    made.append(1)\n    return len(made)\n"})
    assert [theirs.load("acme/toy:main", "net", trust_repo=True) for _ in range(2)] == [1, 1]
    assert [ours.load("acme/toy:main", "net", trust_repo=True) for _ in range(2)] == [1, 2]


def test_missing_packages_are_told_first(theirs: Any, github: World, tmp_path: Path) -> None:
    """torch.hub looks for a hubconf's dependencies after running it; here it is not run at all."""
    canary = tmp_path / "canary"
    text = f"open({str(canary)!r}, 'a').close()\ndependencies = ['json', 'no_such_package']\ndef net(): ...\n"
    github.repo({"hubconf.py": text})
    for hub, ran in ((theirs, True), (ours, False)):
        with pytest.raises(RuntimeError, match="Missing dependencies: no_such_package"):
            hub.load("acme/toy:main", "net", trust_repo=True)
        assert canary.exists() is ran
        canary.unlink(missing_ok=True)


def test_dependencies_as_one_word(theirs: Any, github: World) -> None:
    """A string instead of a list is read letter by letter by torch.hub, and as the one name that it is here."""
    github.repo({"hubconf.py": "dependencies = 'json'\ndef net(): return 'toy'\n"})
    with pytest.raises(RuntimeError, match="Missing dependencies: j, s, o, n"):
        theirs.load("acme/toy:main", "net", trust_repo=True)
    assert ours.load("acme/toy:main", "net", trust_repo=True) == "toy"


def test_list_runs_nothing_where_reading_is_enough(theirs: Any, github: World, tmp_path: Path) -> None:
    """torch.hub runs a repository to list it; here only one whose names cannot be known by reading."""
    canary = tmp_path / "canary"
    start = f"open({str(canary)!r}, 'a').close()\n"
    github.repo({"hubconf.py": f"{start}def a(): ...\nclass B: ...\n_c = a\nd = 4\n"}, name="acme/read")
    made = f"{start}for name in 'ab':\n    globals()[name] = print\n"
    github.repo({"hubconf.py": made}, name="acme/made")
    for name, names, our_run in (("acme/read", ["B", "a"], False), ("acme/made", ["a", "b"], True)):
        for hub, ran in ((theirs, True), (ours, our_run)):
            assert hub.list(f"{name}:main", trust_repo=True) == names
            assert canary.exists() is ran
            canary.unlink(missing_ok=True)


def test_a_local_folder_as_a_path(theirs: Any, tmp_path: Path) -> None:
    """torch.hub does not find the modules of a folder that is given as a Path; here it does."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text("from own_part import x\ndef net(): return x\n")
    (tmp_path / "mine/own_part.py").write_text("x = 5\n")
    with pytest.raises(ModuleNotFoundError):
        theirs.load(tmp_path / "mine", "net", source="local")
    assert ours.load(tmp_path / "mine", "net", source="local") == 5


# Files.


@pytest.fixture
def served(world: World) -> Callable[[str, bytes], str]:
    """Give a function that puts a file on the server, and gives its URL."""

    def put(name: str, data: bytes) -> str:
        world.hub.files[f"/{name}"] = data
        return f"{world.hub.url}/{name}"

    return put


Served = Callable[[str, bytes], str]


def weights(number: float) -> bytes:
    """Give a file of weights."""
    return saved({"w": torch.tensor(number)})


def test_a_download_that_ends_early(theirs: Any, served: Served, world: World, tmp_path: Path) -> None:
    """torch.hub keeps what has arrived, for ever; here nothing stays, and the error says what is missing."""
    url = served("net.pth", b"x" * 400_000)
    world.hub.truncate("net.pth", 300_000)
    theirs.download_url_to_file(url, str(tmp_path / "theirs.pth"), progress=False)
    assert (tmp_path / "theirs.pth").stat().st_size == 300_000
    with pytest.raises(URLError, match="after 300000 of 400000 bytes"):
        ours.download_url_to_file(url, str(tmp_path / "ours.pth"), progress=False)
    assert not list(tmp_path.glob("ours.pth*"))


def test_a_silent_server_is_given_up(
    theirs: Any, served: Served, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch.hub asks without any limit of time; here REHUB_TIMEOUT ends it."""
    url = served("net.pth", b"x")
    asked: list[tuple[object, ...]] = []

    def spy(*args: object, **kwargs: object) -> Any:
        asked.append((args[1:], kwargs, socket.getdefaulttimeout()))
        return urllib.request.urlopen(*args, **kwargs)  # type: ignore[arg-type]

    theirs.urlopen = spy
    theirs.download_url_to_file(url, str(tmp_path / "theirs.pth"), progress=False)
    assert asked == [((), {}, None)]
    world.hub.stall("net.pth")
    monkeypatch.setenv("REHUB_TIMEOUT", "0.2")
    with pytest.raises(URLError, match="timed out"):
        ours.download_url_to_file(url, str(tmp_path / "ours.pth"), progress=False)


def test_redirects_stay_as_safe(served: Served, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.hub follows from https to http; here that ends the download, as any other scheme does."""
    request = urllib.request.Request("https://example.org/net.pth")
    headers: Any = {}
    asked = (request, None, 302, "Found", headers, "http://example.org/net.pth")
    assert urllib.request.HTTPRedirectHandler().redirect_request(*asked)  # type: ignore[arg-type]
    url = served("net.pth", b"x")
    safe = world.tls()
    monkeypatch.setenv("SSL_CERT_FILE", str(safe.certificate))
    safe.redirect("net.pth", url, status=302)
    with pytest.raises(HTTPError, match="less safe"):
        ours.download_url_to_file(f"{safe.url}/net.pth", str(tmp_path / "x"), progress=False)
    world.hub.redirect("net.pth", "ftp://127.0.0.1/net.pth", status=302)
    with pytest.raises(HTTPError, match="less safe"):
        ours.download_url_to_file(url, str(tmp_path / "x"), progress=False)


def test_check_hash_without_a_hash(theirs: Any, served: Served, recwarn: pytest.WarningsRecorder) -> None:
    """torch.hub checks nothing if a name has no hash, and does not say it; here it is said."""
    url = served("net.pth", weights(1))
    theirs.load_state_dict_from_url(url, check_hash=True, progress=False)
    assert [str(each.message) for each in recwarn] == []
    with pytest.warns(UserWarning, match=r"net\.pth has no hash"):
        ours.load_state_dict_from_url(url, check_hash=True, progress=False)
    with pytest.raises(ValueError, match="check_hash cannot be True"):
        rehub.load_state_dict_from_url(url, check_hash=True)


def test_which_digits_are_the_hash(theirs: Any, served: Served) -> None:
    """torch.hub takes the first digits of a name for its hash; here it is the most that there are."""
    data = weights(1)
    url = served(f"net-50.v2-{hashlib.sha256(data).hexdigest()[:8]}.pth", data)
    with pytest.raises(RuntimeError, match='invalid hash value \\(expected "50"'):
        theirs.load_state_dict_from_url(url, check_hash=True, progress=False)
    assert ours.load_state_dict_from_url(url, check_hash=True, progress=False) == {"w": torch.tensor(1.0)}


def test_a_hash_counts_for_what_is_there(theirs: Any, served: Served, world: World) -> None:
    """torch.hub never looks again at a file that is there; here a wrong one is downloaded anew."""
    data = weights(1)
    url = served(f"net-{hashlib.sha256(data).hexdigest()[:8]}.pth", data)
    for hub, found in ((theirs, 2.0), (ours, 1.0)):
        place = Path(hub.get_dir(), "checkpoints", url.rpartition("/")[2])
        place.parent.mkdir(parents=True)
        place.write_bytes(weights(2))
        assert hub.load_state_dict_from_url(url, check_hash=True, progress=False) == {"w": torch.tensor(found)}


def test_two_urls_with_one_name(theirs: Any, served: Served) -> None:
    """The second of two URLs whose files have one name gets the first one's weights; here, its own."""
    urls = [served(f"{size}/weights.pth", weights(number)) for number, size in enumerate(["small", "large"])]
    assert [float(theirs.load_state_dict_from_url(url, progress=False)["w"]) for url in urls] == [0, 0]
    for _ in range(2):
        assert [float(ours.load_state_dict_from_url(url, progress=False)["w"]) for url in urls] == [0, 1]
    names = sorted(path.name for path in Path(ours.get_dir(), "checkpoints").iterdir())
    assert names[0] == "weights.pth"
    assert re.fullmatch(r"weights~[0-9a-f]{12}\.pth", names[1])


def test_a_changed_file_is_noticed(theirs: Any, served: Served, tmp_path: Path) -> None:
    """torch.hub loads whatever lies there by now; here only what came from the URL: anew, or not at all."""
    url = served("net.pth", weights(1))
    for hub in (theirs, ours):
        hub.load_state_dict_from_url(url, progress=False)
        hub.load_state_dict_from_url(url, str(tmp_path / hub.__name__), progress=False)
        for folder in (Path(hub.get_dir(), "checkpoints"), tmp_path / hub.__name__):
            (folder / "net.pth").resolve().chmod(0o644)
            (folder / "net.pth").write_bytes(weights(2))
    assert theirs.load_state_dict_from_url(url, progress=False) == {"w": torch.tensor(2.0)}
    assert ours.load_state_dict_from_url(url, progress=False) == {"w": torch.tensor(1.0)}
    with pytest.raises(rehub.DigestMismatchError, match="has changed since it was downloaded"):
        ours.load_state_dict_from_url(url, str(tmp_path / ours.__name__), progress=False)
    (tmp_path / ours.__name__ / "net.pth").unlink()
    found = ours.load_state_dict_from_url(url, str(tmp_path / ours.__name__), progress=False)
    assert found == {"w": torch.tensor(1.0)}


def test_checkpoints_are_links(theirs: Any, served: Served, tmp_path: Path) -> None:
    """Where torch.hub has a file, here a link leads to the one that all URLs with these bytes share."""
    for name in ("one.pth", "two.pth"):
        url = served(name, weights(1))
        for hub in (theirs, ours):
            hub.load_state_dict_from_url(url, progress=False)
            hub.load_state_dict_from_url(url, str(tmp_path / hub.__name__), progress=False)
            assert Path(hub.get_dir(), "checkpoints", name).is_symlink() is (hub is ours)
            assert not (tmp_path / hub.__name__ / name).is_symlink()
    assert len({Path(ours.get_dir(), "checkpoints", name).resolve() for name in ("one.pth", "two.pth")}) == 1


def test_a_hash_in_a_name_counts_unasked(theirs: Any, served: Served) -> None:
    """torch.hub looks at it with check_hash only; here it always counts, and so does CLIP's whole digest."""
    for name in ("net-1234abcd.pth", f"{'ab' * 32}/net.pth"):
        url = served(name, weights(1))
        assert theirs.load_state_dict_from_url(url, progress=False) == {"w": torch.tensor(1.0)}
        with pytest.raises(RuntimeError, match="invalid hash value"):
            ours.load_state_dict_from_url(url, progress=False)
    url = served("net-1234abcd.pth", weights(1))
    assert ours.load_state_dict_from_url(url, file_name="net.pth", progress=False) == {"w": torch.tensor(1.0)}


def test_a_url_that_is_none(theirs: Any) -> None:
    """torch.hub fails somewhere inside; here the error says what a URL looks like."""
    for url in (None, 3):
        with pytest.raises((AttributeError, TypeError)):
            theirs.load_state_dict_from_url(url)
        with pytest.raises(ValueError, match="url cannot be"):
            ours.load_state_dict_from_url(url)  # type: ignore[arg-type]


def test_the_first_rank_shows_the_bar(
    theirs: Any, served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each process of torch.hub's shows a bar of its own; here the first one of a machine does."""
    for rank, hub, shown in (("0", theirs, True), ("1", theirs, True), ("0", ours, True), ("1", ours, False)):
        monkeypatch.setenv("LOCAL_RANK", rank)
        hub.load_state_dict_from_url(served(f"{hub.__name__}-{rank}.pth", weights(1)), progress=True)
        assert ("100.0%" in capsys.readouterr().err) is shown


def test_a_page_is_no_weights(theirs: Any, served: Served) -> None:
    """torch.hub keeps a login page as weights, and fails on it from then on; here it is not kept."""
    url = served("net.pth", b"\n<!DOCTYPE html>\n<html>Log in</html>")
    with pytest.raises(pickle.UnpicklingError):
        theirs.load_state_dict_from_url(url, progress=False)
    assert Path(theirs.get_dir(), "checkpoints/net.pth").exists()
    with pytest.raises(URLError, match="HTML page"):
        ours.load_state_dict_from_url(url, progress=False)
    assert list(Path(ours.get_dir(), "checkpoints").iterdir()) == []


def test_a_name_stays_in_its_folder(theirs: Any, served: Served) -> None:
    """torch.hub writes where file_name leads; here it names a file in the folder."""
    url = served("net.pth", weights(1))
    theirs.load_state_dict_from_url(url, file_name="../out.pth", progress=False)
    assert Path(theirs.get_dir(), "out.pth").exists()
    for name in ("../out.pth", "/out.pth", "..", "a/../../out.pth", ""):
        with pytest.raises(ValueError, match="file_name cannot be"):
            ours.load_state_dict_from_url(url, file_name=name, progress=False)


def test_a_zip_writes_over_nothing(theirs: Any, served: Served, tmp_path: Path) -> None:
    """torch.hub unpacks an old zip over whatever has its member's name; here it is only read."""
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as archive:
        archive.writestr("other.pth", saved({"w": torch.tensor(1.0)}, zipped=False))
    url = served("old.zip", (tmp_path / "old.zip").read_bytes())
    for hub, kept in ((theirs, False), (ours, True)):
        other = Path(hub.get_dir(), "checkpoints/other.pth")
        other.parent.mkdir(parents=True)
        other.write_bytes(b"mine")
        with pytest.warns(FutureWarning, match="Falling back to the old format < 1.6"):
            assert hub.load_state_dict_from_url(url, progress=False) == {"w": torch.tensor(1.0)}
        assert (other.read_bytes() == b"mine") is kept


def test_a_folder_is_no_target(theirs: Any, served: Served, tmp_path: Path) -> None:
    """torch.hub puts a file of a random name into a folder that it takes for one; here that is an error."""
    url = served("net.pth", b"x")
    (tmp_path / "folder").mkdir()
    theirs.download_url_to_file(url, str(tmp_path / "folder"), progress=False)
    (left,) = (tmp_path / "folder").iterdir()
    left.unlink()
    with pytest.raises(IsADirectoryError):
        ours.download_url_to_file(url, str(tmp_path / "folder"), progress=False)
    assert not list((tmp_path / "folder").iterdir())


def test_a_device_is_no_target(theirs: Any, served: Served, tmp_path: Path) -> None:
    """torch.hub puts a file in a device's place, which root may do to /dev/null; here that is an error."""
    url, device = served("net.pth", b"x"), tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make a device")
    with pytest.raises(FileExistsError, match="device"):
        ours.download_url_to_file(url, str(device), progress=False)
    assert device.is_char_device()
    theirs.download_url_to_file(url, str(device), progress=False)
    assert device.is_file()


def test_secrets_are_not_announced(theirs: Any, served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """torch.hub prints a URL with its password and signature; here they are left out, and are in no error."""
    url = served("net-deadbeef.pth", weights(1)) + "?v=1&X-Amz-Signature=s3cret"
    with pytest.raises(RuntimeError, match="invalid hash value"):
        theirs.load_state_dict_from_url(url, progress=False, check_hash=True)
    assert f'"{url}"' in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="invalid hash value") as caught:
        ours.load_state_dict_from_url(url.replace("://", "://ada:s3cret@"), progress=False, check_hash=True)
    assert capsys.readouterr().out.startswith(f'Downloading: "{url.partition("&")[0]}" to ')
    assert "s3cret" not in repr(caught.value) + repr(vars(caught.value))


def test_four_schemes(theirs: Any, tmp_path: Path) -> None:
    """torch.hub asks for whatever urllib can; here that is http, https, file and data, and no opener of others."""
    asked: list[str] = []
    theirs.urlopen = lambda request: asked.append(request.full_url) or urllib.request.urlopen("data:,x")
    theirs.download_url_to_file("ftp://127.0.0.1/net.pth", str(tmp_path / "a"), progress=False)
    assert asked == ["ftp://127.0.0.1/net.pth"]
    with pytest.raises(URLError, match="ftp"):
        ours.download_url_to_file("ftp://127.0.0.1/net.pth", str(tmp_path / "b"), progress=False)
    for url in ("data:,x", (tmp_path / "a").as_uri()):
        ours.download_url_to_file(url, str(tmp_path / "c"), progress=False)
        assert (tmp_path / "c").read_text() == "x"


def test_one_download_for_all(theirs: Any, served: Served, world: World) -> None:
    """Each of several processes downloads a file for itself with torch.hub; here the first one does."""
    url = served("net.pth", weights(1))
    open_url, inner = urllib.request.urlopen, []

    def meanwhile(request: Any) -> Any:
        if not inner:  # another process, that starts just now
            inner.append(1)
            theirs.load_state_dict_from_url(url, progress=False)
        return open_url(request)

    theirs.urlopen = meanwhile
    theirs.load_state_dict_from_url(url, progress=False)
    assert len(world.hub.log) == 2
    world.hub.reset()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ours.load_state_dict_from_url(url, progress=False), range(4)))
    assert len(world.hub.log) == 1


def test_an_empty_variable_counts_as_none(theirs: Any, clean_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty TORCH_HOME makes torch.hub use the folder that the process is in; here it counts as not set."""
    monkeypatch.setattr(theirs, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", "")
    assert theirs.get_dir() == "hub"
    assert ours.get_dir() == str(clean_home / ".cache/torch/hub")


def loaded(hub: Any, url: str) -> torch.nn.Linear:
    """Give a module that has taken what a hub gives, large enough that it is mapped where that can be."""
    net = torch.nn.Linear(256, 256, bias=False)
    net.load_state_dict(hub.load_state_dict_from_url(url, progress=False))
    return net


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is mapped")
def test_mapped_parameters_cannot_grow(theirs: Any, served: Served) -> None:
    """A parameter that has its file's pages cannot be made larger in place by its data; it says so."""
    url = served("net.pth", saved({"weight": torch.ones(256, 256)}))
    loaded(theirs, url).weight.data.resize_(300, 300)
    with pytest.raises(RuntimeError, match="not resizable"):
        loaded(ours, url).weight.data.resize_(300, 300)


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is mapped")
def test_the_first_step_copies_pages(theirs: Any, served: Served) -> None:
    """A parameter has the pages of its file until an optimizer writes to them; torch.hub has copied them long before."""
    url = served("net.pth", saved({"weight": torch.ones(256, 256)}))
    found = []
    for hub in (theirs, ours):
        net = loaded(hub, url)
        before = untouched(net.weight.data_ptr(), net.weight.nbytes)
        net(torch.ones(256)).sum().backward()
        torch.optim.SGD(net.parameters(), lr=1.0).step()
        assert torch.equal(net.weight, torch.zeros(256, 256))
        found.append((before, untouched(net.weight.data_ptr(), net.weight.nbytes)))
    assert found == [(False, False), (True, False)]


# The table.


def rows() -> list[str]:
    """Give the tests that the table of deviations names, in its order."""
    text = (ROOT / "docs/from-torch-hub.md").read_text("utf-8")
    return re.findall(r"^\|.*\| `(test_\w+)` \|$", text, re.MULTILINE)


def test_each_row_of_the_table_has_its_test() -> None:
    """The table and this file name the same differences."""
    here = [name for name, found in globals().items() if name.startswith("test_") and inspect.isfunction(found)]
    assert sorted(rows()) == sorted(name for name in here if name != "test_each_row_of_the_table_has_its_test")
