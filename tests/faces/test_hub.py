"""A Hub: settings of its own, the verbs as methods, and torch.hub's calling habits."""

import warnings
from pathlib import Path

import pytest

import rehub
from rehub import Hub
from tests.world import World

TOY = {
    "hubconf.py": "dependencies = []\nfrom nets import made as _made\n\ndef net(width=2, source='none'):\n"
    "    '''A net.'''\n    return _made(width), source\n",
    "nets.py": "def made(width):\n    return ['net'] * width\n",
}


@pytest.fixture
def hub(world: World, clean_home: Path) -> Hub:
    """Give a hub to which github.com is the world's server."""
    return Hub(dir=clean_home / "hub", mirrors=world.mirrors)


def test_list_help_load(hub: Hub, world: World) -> None:
    """The main job: names, documentation, and what the entry returns."""
    world.repo(TOY, name="acme/toy")
    assert hub.list("acme/toy") == ["net"]
    assert hub.help("acme/toy", "net") == "net(width=2, source='none')\n\nA net."
    assert hub.load("acme/toy", "net", 1, trust_repo=True) == (["net"], "none")


def test_entry_takes_names_that_load_keeps_for_itself(hub: Hub, world: World) -> None:
    """`source=` reaches the entry's own parameter through `entry`."""
    world.repo(TOY, name="acme/toy")
    assert hub.entry("acme/toy", "net", trust_repo=True)(width=0, source="mine") == ([], "mine")


def test_untrusted_load_is_a_typed_error_and_runs_nothing(hub: Hub, world: World, tmp_path: Path) -> None:
    """What nobody allowed does not run, and the error names the command."""
    canary = tmp_path / "canary"
    files = {"hubconf.py": f"open({str(canary)!r}, 'w').close()\ndef net(): ...\n"}
    repo = world.repo(files, name="acme/evil")
    hub.list("acme/evil")
    hub.help("acme/evil", "net")
    hub.inspect("acme/evil")
    with pytest.raises(rehub.UntrustedError) as caught:
        hub.load("acme/evil", "net")
    assert caught.value.command == f"rehub trust add acme/evil@{repo.rev()}"
    assert not canary.exists()


@pytest.mark.parametrize("value", ["yes", "Check", 1, 0, "no", [], "true"])
def test_unknown_trust_repo_is_refused(hub: Hub, world: World, value: object) -> None:
    """A value that torch.hub would take for a yes is an error."""
    world.repo(TOY, name="acme/toy")
    with pytest.raises(rehub.MalformedSettingError, match="trust_repo"):
        hub.load("acme/toy", "net", trust_repo=value)


def test_allowed_commit_runs_and_another_does_not(hub: Hub, world: World) -> None:
    """A permission is for one commit, or for any if it names none."""
    repo = world.repo(TOY, name="acme/toy")
    hub.allow(f"acme/toy@{repo.rev()}")
    assert hub.load("acme/toy", "net")
    repo.commit({"new.py": ""})
    with pytest.raises(rehub.UntrustedError):
        hub.load("acme/toy", "net", force_reload=True)
    hub.allow("acme/toy")
    assert hub.load("acme/toy", "net")
    assert len(list(hub.disallow("acme/toy"))) == 2
    with pytest.raises(rehub.UntrustedError):
        hub.load("acme/toy", "net")


def test_false_asks_for_a_permission_whatever_the_policy(hub: Hub, world: World, clean_home: Path) -> None:
    """`trust_repo=False` is never looser than the policy."""
    world.repo(TOY, name="acme/toy")
    open_hub = Hub(dir=clean_home / "hub", mirrors=world.mirrors, trust="always")
    assert open_hub.load("acme/toy", "net")
    with pytest.raises(rehub.UntrustedError):
        open_hub.load("acme/toy", "net", trust_repo=False)


def test_missing_entry_is_told_before_anything_runs(hub: Hub, world: World) -> None:
    """The error knows the entries that there are, and is torch.hub's RuntimeError too."""
    world.repo({"hubconf.py": "raise SystemExit\ndef net(): ...\n"}, name="acme/toy")
    with pytest.raises(RuntimeError, match="Cannot find callable nte in hubconf") as caught:
        hub.load("acme/toy", "nte", trust_repo=True)
    assert isinstance(caught.value, rehub.EntryNotFoundError)
    assert caught.value.known == ("net",)


def test_missing_dependency_is_told_before_anything_runs(hub: Hub, world: World, tmp_path: Path) -> None:
    """The error names the import, and the pip line that most likely helps."""
    canary = tmp_path / "canary"
    text = f"dependencies = ['cv2', 'json', 'no_such_package']\nopen({str(canary)!r}, 'w').close()\ndef net(): ...\n"
    world.repo({"hubconf.py": text}, name="acme/toy")
    with pytest.raises(RuntimeError, match="Missing dependencies") as caught:
        hub.load("acme/toy", "net", trust_repo=True)
    assert isinstance(caught.value, rehub.MissingDependencyError)
    assert caught.value.missing == ("cv2", "no_such_package")
    assert caught.value.command == "pip install opencv-python no_such_package"
    assert not canary.exists()


def test_cached_ref_asks_nobody(hub: Hub, world: World) -> None:
    """After the first time a ref is answered by the store alone; `force_reload` asks."""
    repo = world.repo(TOY, name="acme/toy")
    hub.list("acme/toy")
    world.hub.reset()
    assert hub.list("acme/toy") == ["net"]
    assert hub.load("acme/toy", "net", trust_repo=True)
    assert world.hub.log == []
    repo.commit({"hubconf.py": "def other(): ...\n"})
    assert hub.list("acme/toy") == ["net"]
    assert hub.list("acme/toy", force_reload=True) == ["other"]


def test_offline_opens_no_socket(world: World, clean_home: Path) -> None:
    """Offline, the store answers what it can, and says what it cannot."""
    world.repo(TOY, name="acme/toy")
    Hub(dir=clean_home / "hub", mirrors=world.mirrors).list("acme/toy")
    world.hub.stop()
    offline = Hub(dir=clean_home / "hub", mirrors=world.mirrors, offline=True)
    assert offline.list("acme/toy") == ["net"]
    with pytest.raises(rehub.OfflineError, match="acme/toy@v2 is not in the store"):
        offline.list("acme/toy@v2")


def test_local_folder_needs_no_permission(hub: Hub, tmp_path: Path) -> None:
    """A folder of the user's own runs, by path or by `source='local'`."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, text in TOY.items():
        (folder / name).write_text(text)
    assert hub.load(str(folder), "net") == (["net", "net"], "none")
    assert hub.entry(str(folder), "net", source="LOCAL")(width=1) == (["net"], "none")


def test_source_that_is_none_is_refused(hub: Hub) -> None:
    """torch.hub's other sources do not exist, and nothing is guessed."""
    with pytest.raises(ValueError, match="source cannot be 'gitlab'"):
        hub.load("acme/toy", "net", source="gitlab")


def test_set_dir_takes_a_home_and_refuses_what_is_no_path(clean_home: Path) -> None:
    """As torch.hub: `~` is the home, and a number is a TypeError."""
    hub = Hub()
    hub.set_dir("~/models")
    assert hub.get_dir() == str(clean_home / "models")
    with pytest.raises(TypeError):
        hub.set_dir(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), [("trust", "maybe"), ("verify", "never"), ("mirrors", "nonsense")])
def test_settings_that_cannot_be_are_refused(name: str, value: str) -> None:
    """A hub with a misspelt setting is not made."""
    with pytest.raises(rehub.MalformedSettingError):
        Hub(**{name: value})  # type: ignore[arg-type]


def test_tag_wins_over_branch_and_both_are_named(hub: Hub, world: World) -> None:
    """A name that is both is the tag, with a warning."""
    repo = world.repo({"hubconf.py": "def tagged(): ...\n"}, name="acme/toy", tag="v1")
    repo.commit({"hubconf.py": "def branched(): ...\n"})
    repo.branch("v1")
    with pytest.warns(UserWarning, match=r"refs/tags/v1 .*refs/heads/v1"):
        assert hub.list("acme/toy:v1") == ["tagged"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hub.list("acme/toy@refs/heads/v1") == ["branched"]


def test_commit_of_a_fork_is_refused(hub: Hub, world: World) -> None:
    """What the server would give, but no branch or tag reaches, is not this repository's."""
    repo = world.repo(TOY, name="acme/toy")
    impostor = repo.impostor({"hubconf.py": "def evil(): ...\n"})
    with pytest.raises(ValueError, match="If it's a commit from a forked repo"):
        hub.list(f"acme/toy:{impostor}")
    assert hub.list(f"acme/toy:{impostor}", skip_validation=True) == ["evil"]


def test_dependencies_cannot_write_the_command_that_is_suggested(hub: Hub, world: World) -> None:
    """What a repository lists reaches the pip line only if it is an import name."""
    evil = ["no_such_package", "x; touch y", "--index-url=http://h/ pkg", "$(id)", "-r/etc/passwd"]
    world.repo({"hubconf.py": f"dependencies = {evil!r}\ndef net(): ...\n"}, name="acme/toy")
    with pytest.raises(rehub.MissingDependencyError) as caught:
        hub.load("acme/toy", "net", trust_repo=True)
    assert caught.value.command == "pip install no_such_package"
    assert len(hub.inspect("acme/toy").hubconf.problems) == len(evil) - 1


@pytest.mark.parametrize(
    "setting",
    [{"timeout": value} for value in ("x", "30", -1, 0, float("nan"), True)]
    + [{"offline": "0"}, {"offline": 1}, {"mirrors": 5}, {"mirrors": {"https://h/": 3}}, {"dir": ""}, {"dir": 3}],
)
def test_settings_of_another_kind_are_refused_at_once(setting: dict[str, object]) -> None:
    """A hub is not made with a setting that would fail later, or mean something else."""
    with pytest.raises((rehub.MalformedSettingError, TypeError)):
        Hub(**setting)  # type: ignore[arg-type]


def test_parameters_named_self_reach_the_entry(hub: Hub, world: World) -> None:
    """No name of ours stands in an entry's way that torch.hub would let pass."""
    world.repo({"hubconf.py": "dependencies = []\ndef net(**options): return options\n"}, name="acme/toy")
    assert hub.load("acme/toy", "net", trust_repo=True, self=1, ref=2, name=3) == {"self": 1, "ref": 2, "name": 3}


def test_misspelt_trust_repo_is_told_before_anything_is_asked(hub: Hub, world: World) -> None:
    """The remote need not answer for that."""
    world.repo(TOY, name="acme/toy")
    world.hub.reset()
    with pytest.raises(rehub.MalformedSettingError, match="trust_repo"):
        hub.load("acme/toy", "net", trust_repo="yes")
    assert world.hub.log == []


def test_asking_again_while_offline_is_not_passed_over(
    hub: Hub, world: World, clean_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Who forces a reload offline is answered from the store, and told that nobody was asked."""
    world.repo(TOY, name="acme/toy")
    hub.list("acme/toy")
    assert Hub(dir=clean_home / "hub", offline=True).list("acme/toy", force_reload=True) == ["net"]
    assert "rehub is offline" in caplog.text
