"""Functions that projects put in the place of torch.hub's own have the effect that they are meant to have."""

import functools
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
import torch
import torch.hub

import rehub
from rehub import compat
from tests.compat.conftest import saved
from tests.world import Repo, World

TOY = {"hubconf.py": "def net(): return 'toy'\n"}


@pytest.fixture(params=["rehub.compat", "torch.hub"])
def place(request: pytest.FixtureRequest, installed: ModuleType) -> Any:
    """Give the module on which something is patched."""
    return compat if request.param == "rehub.compat" else installed


@pytest.fixture
def toy(github: World) -> Repo:
    """Give a small repository."""
    return github.repo(TOY)


def test_the_check_for_forks_can_be_left_out(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """``_validate_not_a_forked_repo = lambda a, b, c: True`` takes a commit of a fork."""
    fork = toy.impostor({"hubconf.py": "def net(): return 'fork'\n"})
    with pytest.raises(ValueError, match="Cannot find"):
        torch.hub.load(f"acme/toy:{fork}", "net", trust_repo=True)
    monkeypatch.setattr(place, "_validate_not_a_forked_repo", lambda a, b, c: True)
    for hub in (compat, torch.hub):
        assert hub.load(f"acme/toy:{fork}", "net", trust_repo=True) == "fork"


def test_another_check_for_forks_is_asked(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets owner, name and ref, and what it raises is raised; skip_validation leaves it out."""
    check = mock.Mock(side_effect=ValueError("not mine"))
    monkeypatch.setattr(place, "_validate_not_a_forked_repo", check)
    with pytest.raises(ValueError, match="not mine"):
        compat.load("acme/toy:main", "net", trust_repo=True)
    check.assert_called_once_with("acme", "toy", "main")
    assert compat.load("acme/toy:main", "net", trust_repo=True, skip_validation=True) == "toy"


@pytest.mark.parametrize(
    "link",
    [
        "{hub}/https://github.com/{owner}/{name}/zipball/{ref}",
        "{hub}/https://github.com/{owner}/{name}/archive/{ref}.zip",
        "{hub}/https://github.com/{owner}/{name}/archive/refs/heads/{ref}.zip",
        "{hub}/{owner}/{name}/zipball/{ref}",
    ],
)
def test_a_proxy_is_a_mirror(place: Any, world: World, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """A link to another place for archives names the place from which repositories are fetched."""
    world.repo(TOY, name="https:/github.com/acme/toy" if "github.com" in link else "acme/toy")

    def proxy(owner: str, name: str, ref: str) -> str:
        return link.format(hub=world.hub.url, owner=owner, name=name, ref=ref)

    monkeypatch.setattr(place, "_git_archive_link", proxy)
    assert compat.load("acme/toy:main", "net", trust_repo=True) == "toy"


def test_the_usual_link_is_no_mirror(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that gives GitHub's own links, or its API's, changes nothing."""
    for link in ("https://github.com/{}/{}/archive/{}.zip", "https://api.github.com/repos/{}/{}/zipball/{}"):
        monkeypatch.setattr(place, "_git_archive_link", link.format)
        assert compat.load("acme/toy:main", "net", trust_repo=True, force_reload=True) == "toy"


@pytest.mark.parametrize("link", ["https://codeload.example.org/x.zip", "no link", None])
def test_a_link_that_is_no_mirror_is_refused(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch, link: Any) -> None:
    """The error names the setting that does it."""
    monkeypatch.setattr(place, "_git_archive_link", lambda *_: link)
    with pytest.raises(rehub.MalformedSettingError, match="REHUB_MIRRORS"):
        compat.load("acme/toy:main", "net", trust_repo=True)


def test_another_transfer_brings_files(place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``download_url_to_file`` is what load_state_dict_from_url downloads with, and its files are looked at as well."""
    asked = []

    def bring(url: str, dst: str, hash_prefix: object = None, progress: bool = True) -> None:
        asked.append((url, dst))
        Path(dst).write_bytes(saved({"w": torch.tensor(1.0)}) if url.endswith("net.pth") else b"<html>")

    monkeypatch.setattr(place, "download_url_to_file", bring)
    for hub in (compat, torch.hub, compat):
        assert hub.load_state_dict_from_url("https://weights.example.org/net.pth") == {"w": torch.tensor(1.0)}
    assert asked == [("https://weights.example.org/net.pth", f"{compat.get_dir()}/checkpoints/net.pth")]
    with pytest.raises(OSError, match="HTML page"):
        compat.load_state_dict_from_url("https://weights.example.org/page")
    assert not Path(compat.get_dir(), "checkpoints/page").exists()
    monkeypatch.setenv("REHUB_OFFLINE", "1")
    assert compat.load_state_dict_from_url("https://weights.example.org/net.pth")
    with pytest.raises(rehub.OfflineError):
        compat.load_state_dict_from_url("https://weights.example.org/other.pth")


def test_another_cache_is_asked(place: Any, toy: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``_get_cache_or_reload`` may give a folder of the user's own, or wrap ours."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/hubconf.py").write_text("def net(): return 'own'\n")
    ours = compat._get_cache_or_reload
    monkeypatch.setattr(place, "_get_cache_or_reload", lambda *_, **__: str(tmp_path / "own"))
    assert torch.hub.load("acme/toy", "net") == "own"
    assert torch.hub.list("acme/toy") == ["net"]
    calls = []

    @functools.wraps(ours)
    def wrapped(*args: Any, **kwargs: Any) -> str:
        calls.append(args)
        return ours(*args, **kwargs)

    monkeypatch.setattr(place, "_get_cache_or_reload", wrapped)
    assert torch.hub.load("acme/toy", "net", trust_repo=True) == "toy"
    assert calls == [("acme/toy", False, True)]


def test_another_way_to_run_a_folder(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """``_load_local`` gets the folder by torch.hub's name."""
    own = mock.Mock(return_value="own")
    monkeypatch.setattr(place, "_load_local", own)
    assert compat.load("acme/toy", "net", 1, trust_repo=True, b=2) == "own"
    own.assert_called_once_with(f"{compat.get_dir()}/acme_toy_main", "net", 1, b=2)


def test_another_default_branch(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """``_parse_repo_info`` says which ref is meant."""
    toy.commit({"hubconf.py": "def net(): return 'dev'\n"}, branch="dev")
    monkeypatch.setattr(place, "_parse_repo_info", lambda github: (*github.split("/"), "dev"))
    assert compat.load("acme/toy", "net", trust_repo=True) == "dev"


def test_another_question(place: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """``_check_repo_is_trusted`` decides, under the policy."""
    decide = mock.Mock()
    monkeypatch.setattr(place, "_check_repo_is_trusted", decide)
    assert compat.load("acme/toy:main", "net") == "toy"
    decide.assert_called_once_with("acme", "toy", "acme_toy_main", trust_repo="check")
    decide.side_effect = PermissionError("no")
    with pytest.raises(PermissionError, match="no"):
        compat.load("acme/toy:main", "net", trust_repo=True)
    monkeypatch.setenv("REHUB_TRUST", "never")
    decide.side_effect = None
    with pytest.raises(rehub.UntrustedError):
        compat.load("acme/toy:main", "net")


def test_the_inner_functions_do_what_torch_hubs_do(theirs: Any, toy: Repo, tmp_path: Path) -> None:
    """Programs that import them get what they always got."""
    import sys

    for hub in (theirs, compat):
        assert hub._git_archive_link("a", "b", "c/d") == "https://github.com/a/b/zipball/c/d"
        assert hub._parse_repo_info("a/b:c/d") == ("a", "b", "c/d")
        assert hub._validate_not_a_forked_repo("acme", "toy", "main") is None
        with pytest.raises(ValueError, match=r"Cannot find nosuch in https://github\.com/acme/toy"):
            hub._validate_not_a_forked_repo("acme", "toy", "nosuch")
        folder = hub._get_cache_or_reload("acme/toy:main", False, True, verbose=False)
        assert folder == f"{hub.get_dir()}/acme_toy_main"
        with hub._add_to_sys_path(folder):
            assert sys.path[0] == folder
            module = hub._import_module("hubconf.py", f"{folder}/hubconf.py")
        assert folder not in sys.path
        assert hub._load_entry_from_hubconf(module, "net")() == "toy"
        assert hub._load_local(folder, "net") == "toy"
        with pytest.raises(RuntimeError, match="Cannot find callable nte in hubconf"):
            hub._load_entry_from_hubconf(module, "nte")
        module.dependencies = ["json", "nosuch"]
        with pytest.raises(RuntimeError, match="Missing dependencies: nosuch"):
            hub._load_entry_from_hubconf(module, "net")
        hub._check_repo_is_trusted("acme", "other", "acme_other_main", True)
        assert "acme_other" in Path(hub.get_dir(), "trusted_list").read_text().split()
    (tmp_path / "text").write_text("é", "utf-8")
    assert compat._read_url((tmp_path / "text").as_uri()) == "é"
