"""rehub.compat and torch.hub side by side where nothing differs: names, signatures, messages, prints, folders."""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
import torch.hub

import rehub
from rehub import compat as ours
from rehub import takeover
from tests.compat.conftest import Answers
from tests.world import Repo, World

TOY = {"hubconf.py": 'def net(a=1, **kwargs):\n    """\n    A net.\n        Indented.\n    """\n    return a, kwargs\n'}
# What compat does not have: parts of torch.hub's own transport and unpacking, which nobody was seen to use.
INSIDES = {
    *("_Faketqdm", "tqdm", "_hub_dir", "_remove_if_exists", "_safe_extract_zip"),
    *("_is_legacy_zip_format", "_legacy_zip_load"),
}


@pytest.fixture
def toy(github: World) -> Repo:
    """Give a small repository."""
    return github.repo(TOY)


def own_names(module: Any) -> set[str]:
    """Give the names that a module defines, without those that it imports."""
    return {
        name
        for name, found in vars(module).items()
        if not inspect.ismodule(found)
        and not name.startswith("__")
        and getattr(found, "__module__", module.__name__) == module.__name__
    }


def test_the_names_are_the_same() -> None:
    """Everything that torch.hub defines is there, but for its own transport."""
    assert ours.__all__ == torch.hub.__all__
    assert {name for name in own_names(torch.hub) if not hasattr(ours, name)} == INSIDES
    assert {*takeover.FUNCTIONS} == {*torch.hub.__all__}
    assert {*takeover.INNER} <= own_names(torch.hub)


@pytest.mark.parametrize(
    "name",
    sorted(
        {
            *torch.hub.__all__,
            *takeover.INNER,
            "_add_to_sys_path",
            "_import_module",
            "_load_entry_from_hubconf",
            "_read_url",
        }
    ),
)
def test_the_signatures_are_the_same(theirs: Any, name: str) -> None:
    """Names, order, kinds and defaults of parameters are torch.hub's."""

    def shape(function: Any) -> list[tuple[object, ...]]:
        parameters = inspect.signature(function).parameters.values()
        return [(each.name, each.kind, each.default) for each in parameters]

    assert shape(getattr(ours, name)) == shape(getattr(theirs, name))


def test_the_constants_are_the_same() -> None:
    """Also those that are not public."""
    names = [name for name in own_names(torch.hub) if isinstance(vars(torch.hub)[name], str | int | tuple)]
    assert len(names) > 6
    assert {name: getattr(ours, name) for name in names} == {name: getattr(torch.hub, name) for name in names}
    assert ours.HASH_REGEX.pattern == torch.hub.HASH_REGEX.pattern


def test_importing_it_costs_little() -> None:
    """Neither torch nor git nor a network is touched."""
    code = "import sys; from rehub import compat; print([n for n in ('torch', 'numpy', 'click', 'rich', 'griffe', 'ssl', 'urllib.request') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
    code = "import rehub; print(rehub.compat.load is rehub.compat.repositories.load)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"


# Messages.

Call = Callable[[Any], Any]
SAME: dict[str, tuple[type[Exception], Call]] = {
    "unknown source": (ValueError, lambda hub: hub.load("acme/toy", "net", source="Gitlab")),
    "no source": (AttributeError, lambda hub: hub.load("acme/toy", "net", source=None)),
    "no such entry": (RuntimeError, lambda hub: hub.load("acme/toy:main", "nte", trust_repo=True)),
    "no such entry to help with": (RuntimeError, lambda hub: hub.help("acme/toy:main", "nte", trust_repo=True)),
    "an entry that is no string": (ValueError, lambda hub: hub.load("acme/toy:main", 3, trust_repo=True)),
    "no such branch": (ValueError, lambda hub: hub.load("acme/toy:nosuch", "net", trust_repo=True)),
    "a fork's commit": (ValueError, lambda hub: hub.load("acme/toy:" + "1" * 40, "net", trust_repo=True)),
    "no such folder": (FileNotFoundError, lambda hub: hub.load("/nothing/here", "net", source="local")),
    "no path": (TypeError, lambda hub: hub.set_dir(3)),
    "a wrong hash": (RuntimeError, lambda hub: hub.download_url_to_file("data:,x", "x", "00", progress=False)),
    "no folder for a file": (FileNotFoundError, lambda hub: hub.download_url_to_file("data:,x", "no/x", None, False)),
}
OTHER_WORDS = {"no such folder", "no path", "no folder for a file"}  # of Python's own, with a file's name in them


@pytest.mark.parametrize("case", SAME)
def test_the_errors_are_the_same(
    case: str, theirs: Any, toy: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind and words are torch.hub's; rehub may say more after them."""
    monkeypatch.chdir(tmp_path)
    kind, call = SAME[case]
    with pytest.raises(kind) as expected:
        call(theirs)
    with pytest.raises(kind) as found:
        call(ours)
    said = str(expected.value)
    assert case in OTHER_WORDS or str(found.value).startswith(said.removesuffix(" in hubconf"))
    assert list(tmp_path.glob("x*")) == []


@pytest.mark.parametrize("ref", ["a", "a/b/c", "a/b:c:d", "git@github.com:a/b:c:d", "", "a/"])
def test_what_is_no_ref_is_a_value_error(ref: str) -> None:
    """As torch.hub's own errors are, though these say what is wrong."""
    for call in (ours.list, ours._parse_repo_info):
        with pytest.raises(ValueError, match="is not a ref"):
            call(ref)


def test_an_http_error_is_urllibs_own(theirs: Any, world: World, tmp_path: Path) -> None:
    """Its code can be asked for."""
    for hub in (theirs, ours):
        with pytest.raises(HTTPError) as caught:
            hub.download_url_to_file(f"{world.hub.url}/nothing", str(tmp_path / "x"), progress=False)
        assert caught.value.code == 404
        assert (str(caught.value), caught.value.reason) == ("HTTP Error 404: Not Found", "Not Found")
    with pytest.raises(rehub.DownloadError, match="the server answered 404") as typed:
        rehub.download_url_to_file(f"{world.hub.url}/nothing?secret=1", str(tmp_path / "x"))
    assert typed.value.status == 404
    assert "secret" not in str(typed.value)


@pytest.mark.parametrize("kind", [RuntimeError, URLError, OSError, rehub.UnreachableError, rehub.WorldError])
def test_without_a_connection(kind: type[Exception], toy: Repo, github: World) -> None:
    """One error is whatever torch.hub may raise, in its words, and rehub's own."""
    github.hub.stop()
    with pytest.raises(kind, match=r"It looks like there is no internet connection and the repo could not be found"):
        ours.load("acme/toy", "net", trust_repo=True)


def test_offline(toy: Repo, github: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """REHUB_OFFLINE opens no socket, not for files either."""
    ours.load("acme/toy", "net", trust_repo=True)
    github.hub.reset()
    monkeypatch.setenv("REHUB_OFFLINE", "1")
    assert ours.load("acme/toy", "net") == (1, {})
    with pytest.raises(rehub.OfflineError, match="no internet connection"):
        ours.load("acme/toy:v9", "net")
    for call in (ours.download_url_to_file, rehub.download_url_to_file):
        with pytest.raises(rehub.OfflineError):
            call(f"{github.hub.url}/x", str(tmp_path / "x"))
    ours.download_url_to_file("data:,x", str(tmp_path / "x"), progress=False)
    assert github.hub.log == []


# Prints and questions.


def test_the_question_is_the_same(theirs: Any, toy: Repo, answers: Answers) -> None:
    """It is asked by the builtin, so that notebooks and tests can answer."""
    answers.answer = "perhaps"
    for hub in (theirs, ours):
        with pytest.raises(ValueError, match=r"^Unrecognized response perhaps\.$"):
            hub.load("acme/toy:main", "net")
    assert answers.questions[0] == answers.questions[1]
    assert len(answers.questions) == 2


def test_prints(theirs: Any, toy: Repo, answers: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed, and where, is torch.hub's."""
    answers.answer = "YES"
    for hub in (theirs, ours):
        hub.load("acme/toy:main", "net", trust_repo=True, verbose=False)
        capsys.readouterr()
        hub.load("acme/toy:main", "net")
        assert capsys.readouterr() == ("", f"Using cache found in {hub.get_dir()}/acme_toy_main\n")
        hub.load("acme/toy:main", "net", verbose=False, trust_repo=False)
        assert capsys.readouterr() == ("The repository is already trusted.\n", "")


def test_the_bar(theirs: Any, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """What a download shows while it runs, and that it is announced, is torch.hub's."""
    data = b"\x80\x02}q\x00."  # an empty dictionary, pickled
    world.hub.files["/n.pth"] = data
    world.hub.files["/big.bin"] = b"x" * 300_000
    shown = []
    for hub in (theirs, ours):
        for progress in (True, False):
            hub.download_url_to_file(f"{world.hub.url}/big.bin", f"{Path.home()}/b", progress=progress)
            hub.download_url_to_file("data:,x", f"{Path.home()}/b", progress=progress)
        shown.append(capsys.readouterr())
    assert shown[0] == shown[1]
    assert "100.0%" in shown[0].err


def test_a_download_of_weights_is_announced(theirs: Any, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, and not again when it is there."""
    import io

    file = io.BytesIO()
    torch.save({}, file)
    world.hub.files["/n.pth"] = file.getvalue()
    url = f"{world.hub.url}/n.pth"
    for hub in (theirs, ours):
        for said in (f'Downloading: "{url}" to {hub.get_dir()}/checkpoints/n.pth\n', ""):
            assert hub.load_state_dict_from_url(url, progress=False) == {}
            assert capsys.readouterr() == (said, "")


def test_nobody_at_a_real_keyboard(toy: Repo, github: World, tmp_path: Path) -> None:
    """A pipe can answer; a closed or empty one is nobody."""
    code = "from rehub import compat; print(compat.load('acme/toy', 'net', a=2))"

    def run(**stdin: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60, **stdin
        )

    assert "UntrustedError" in run(stdin=subprocess.DEVNULL).stderr
    assert "UntrustedError" in run(input="").stderr
    assert "Untrusted repository." in run(input="n\n").stderr
    assert run(input="y\n").stdout.endswith("(2, {})\n")
    assert run(stdin=subprocess.DEVNULL).stdout == "(2, {})\n"


# Folders.


def test_the_folder_is_said_as_it_was_given(theirs: Any, clean_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative, with ``~``, from the environment: what torch.hub would say, and what rehub goes by."""
    monkeypatch.chdir(clean_home)
    monkeypatch.setattr(theirs, "_hub_dir", None)
    environments = [
        {"TORCH_HOME": "~/t"},
        {"TORCH_HOME": "rel//t/"},
        {"TORCH_HOME": "", "XDG_CACHE_HOME": "/x/y"},
        {"TORCH_HOME": "", "XDG_CACHE_HOME": ""},
    ]
    for environment in environments:
        for name, value in environment.items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
        assert ours.get_dir() == theirs.get_dir()
        assert ours._get_torch_home() == theirs._get_torch_home()
        assert rehub.get_dir() == str(Path(ours.get_dir()).absolute())
    for given in ("models", "~/models", Path("a/../b"), "/abs/"):
        for hub in (theirs, ours):
            hub.set_dir(given)
        assert ours.get_dir() == theirs.get_dir()
        assert rehub.get_dir() == str(Path(ours.get_dir()).absolute())


def test_the_folder_is_one_for_both_faces(clean_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What rehub.set_dir says holds for torch.hub's face, too; and a relative one goes on meaning the same place."""
    rehub.set_dir(clean_home / "one")
    assert ours.get_dir() == str(clean_home / "one")
    monkeypatch.chdir(clean_home)
    ours.set_dir("two")
    (clean_home / "deeper").mkdir()
    monkeypatch.chdir(clean_home / "deeper")
    assert ours.get_dir() == rehub.get_dir() == str(clean_home / "two")


def test_old_variables_are_warned_of(theirs: Any, toy: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In torch.hub's words; they have no other effect."""
    torch.save({}, tmp_path / "n.pth")
    url = (tmp_path / "n.pth").as_uri()
    monkeypatch.setenv("TORCH_MODEL_ZOO", "x")
    for hub in (theirs, ours):
        with pytest.warns(UserWarning, match="^TORCH_MODEL_ZOO is deprecated, please use env TORCH_HOME instead$"):
            hub.load_state_dict_from_url(url, progress=False)
    monkeypatch.setenv("TORCH_HUB", "x")
    for hub in (theirs, ours):
        with pytest.warns(UserWarning, match="^TORCH_HUB is deprecated, please use env TORCH_HOME instead$"):
            assert "x" not in hub.get_dir()[-1:]


def test_weights_in_several_folders(world: World, tmp_path: Path) -> None:
    """Each file is known by itself, however its folder is called; equal names of other URLs do not take it."""
    import io

    urls = []
    for number in (1.0, 2.0):
        file = io.BytesIO()
        torch.save({"w": torch.tensor(number)}, file)
        world.hub.files[f"/{number}/n.pth"] = file.getvalue()
        urls.append(f"{world.hub.url}/{number}/n.pth")
    (tmp_path / "link").symlink_to("a", target_is_directory=True)
    for url, folder, found in (
        *((urls[0], "a", 1.0), (urls[0], "b", 1.0), (urls[1], "a", 2.0), (urls[1], "link", 2.0)),
        *((urls[1], "b", 2.0), (urls[0], "a", 1.0), (urls[0], "link", 1.0)),
    ):
        told = ours.load_state_dict_from_url(url, str(tmp_path / folder), progress=False)
        assert told == {"w": torch.tensor(found)}
    assert len(world.hub.log) == 4


class Runs:
    """Says something when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return print, ("run by a file",)


def test_rehubs_own_function_reads_weights_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """torch.hub's face runs what a file says, as torch.hub does; rehub's own does so only if it is told to."""
    torch.save({"w": torch.ones(1)}, tmp_path / "weights.pth")
    torch.save(Runs(), tmp_path / "runs.pth")
    url = (tmp_path / "runs.pth").as_uri()
    for weights_only in (None, True):
        with pytest.raises(rehub.UnsafeWeightsError, match=r"builtins\.print"):
            rehub.load_state_dict_from_url(url, weights_only=weights_only)
    assert "run by a file" not in capsys.readouterr().out
    rehub.load_state_dict_from_url(url, weights_only=False)
    ours.load_state_dict_from_url(url, progress=False)
    assert capsys.readouterr().out.splitlines().count("run by a file") == 2
    found = rehub.load_state_dict_from_url((tmp_path / "weights.pth").as_uri(), map_location="cpu")
    assert found == {"w": torch.ones(1)}


def test_a_signed_url_is_downloaded_once(world: World) -> None:
    """Another signature means the same bytes, and is written down nowhere."""
    import io

    file = io.BytesIO()
    torch.save({}, file)
    world.hub.files["/n.pth"] = file.getvalue()
    for signature in ("s3cret1", "s3cret2"):
        url = f"{world.hub.url}/n.pth?Policy=p{signature}&Signature={signature}"
        assert ours.load_state_dict_from_url(url, progress=False) == {}
    assert len(world.hub.log) == 1
    kept = [path.read_text() for path in Path(ours.get_dir(), "rehub").rglob("*.json")]
    assert kept
    assert "s3cret" not in "".join(kept)


# The functions.


def test_help_gives_the_docstring_as_it_is(theirs: Any, toy: Repo) -> None:
    """With its indentation."""
    found = [hub.help("acme/toy:main", "net", trust_repo=True) for hub in (theirs, ours)]
    assert found[0] == found[1] == "\n    A net.\n        Indented.\n    "


def test_list_gives_what_is_imported_too(theirs: Any, github: World) -> None:
    """Names that reading knows and names that only running tells are listed as torch.hub lists them."""
    files = {
        "hubconf.py": "import os\nfrom json import loads, JSONDecoder\nfrom parts import *\nfrom parts import two as _two\n"
        "def net(): return helper()\ndef helper(): ...\nNUMBER = 3\ntry:\n    import nosuch\nexcept ImportError:\n    nosuch = None\n",
        "parts.py": "def one(): ...\ndef two(): ...\nclass Three: ...\n",
    }
    github.repo(files)
    names = theirs.list("acme/toy:main", trust_repo=True)
    assert ours.list("acme/toy:main", trust_repo=True) == names
    assert {"loads", "JSONDecoder", "one", "helper"} <= set(names)


def test_an_entrys_own_arguments_reach_it(toy: Repo) -> None:
    """By position and by name."""
    assert ours.load("acme/toy", "net", 7, width=2, trust_repo=True) == (7, {"width": 2})


def test_names_that_are_no_identifiers(theirs: Any, github: World) -> None:
    """Dots, underscores, objects that can be called: what torch.hub loads is loaded."""
    text = "import functools\nglobals()['a.b'] = lambda: 'dots'\ndef _c(): return 'private'\nd = functools.partial(int, '4')\n"
    github.repo({"hubconf.py": text})
    for name, found in (("a.b", "dots"), ("_c", "private"), ("d", 4)):
        assert [hub.load("acme/toy:main", name, trust_repo=True) for hub in (theirs, ours)] == [found, found]


def test_force_reload_asks_again(toy: Repo, github: World, hub_dir: Path) -> None:
    """Only then; and torch.hub's name leads to the new files."""
    ours.load("acme/toy", "net", trust_repo=True)
    toy.commit({"hubconf.py": "def net(): return 'new'\n"})
    assert ours.load("acme/toy", "net") == (1, {})
    assert ours.load("acme/toy", "net", force_reload=True) == "new"
    assert "new" in (hub_dir / "acme_toy_main/hubconf.py").read_text()
    target = (hub_dir / "acme_toy_main").readlink()
    assert not target.is_absolute()


def test_a_repository_that_looks_for_itself_in_the_cache(github: World, hub_dir: Path) -> None:
    """Files are found by torch.hub's name for the folder while the entry runs."""
    place = f"{hub_dir}/acme_vad_master/files/a.txt"
    text = f"from pathlib import Path\ndef net(): return Path({place!r}).read_text()\n"
    github.repo({"hubconf.py": text, "files/a.txt": "found"}, name="acme/vad", branch="master")
    assert ours.load("acme/vad", "net", trust_repo=True) == "found"


def test_links_are_not_needed(
    toy: Repo, hub_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the system makes none, everything else works."""
    caplog.set_level("INFO", "rehub")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert ours.load("acme/toy", "net", trust_repo=True) == (1, {})
    assert "has no name in" in caplog.text
    assert Path(ours._get_cache_or_reload("acme/toy", False, True, verbose=False), "hubconf.py").is_file()
    assert {path.name for path in hub_dir.iterdir()} == {"trusted_list", "rehub"}


def test_links_for_rehubs_own_face(toy: Repo, github: World, hub_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rehub.load makes them if REHUB_LEGACY_LINKS says so, or the hub."""
    rehub.load("acme/toy", "net", trust_repo=True)
    assert not (hub_dir / "acme_toy_main").is_symlink()
    monkeypatch.setenv("REHUB_LEGACY_LINKS", "1")
    rehub.load("acme/toy", "net", trust_repo=True)
    assert (hub_dir / "acme_toy_main/hubconf.py").is_file()
    other = rehub.Hub(dir=hub_dir.parent / "other", legacy_links=True)
    other.load("acme/toy:main", "net", trust_repo=True)
    assert (hub_dir.parent / "other/acme_toy_main/hubconf.py").is_file()
    with pytest.raises(rehub.MalformedSettingError):
        rehub.Hub(legacy_links="yes")  # type: ignore[arg-type]


def test_links_that_lead_nowhere_are_pruned(toy: Repo, hub_dir: Path) -> None:
    """torch.hub would stumble over them."""
    from rehub.verbs.pruning import prune
    from rehub.world.store import leases

    ours.load("acme/toy", "net", trust_repo=True)
    (hub_dir / "mine").symlink_to("nowhere")
    leases.end()  # as if another process had loaded it
    prune(rehub.Hub().store, older_than=-1)
    assert not os.path.lexists(hub_dir / "acme_toy_main")
    assert os.path.lexists(hub_dir / "mine")
    assert ours.load("acme/toy", "net") == (1, {})  # its line is still there
    assert (hub_dir / "acme_toy_main").exists()


def test_a_store_that_was_deleted(toy: Repo, github: World, hub_dir: Path) -> None:
    """Links that are left behind are turned to the new checkout, whoever had them."""
    import shutil
    import stat

    ours.load("acme/toy", "net", trust_repo=True)
    for folder in (hub_dir / "rehub").rglob("*"):
        if folder.is_dir():
            folder.chmod(stat.S_IRWXU)
    shutil.rmtree(hub_dir / "rehub")
    assert os.path.lexists(hub_dir / "acme_toy_main")
    assert ours.load("acme/toy", "net") == (1, {})
    (hub_dir / "rehub/names.json").unlink()
    assert ours.load("acme/toy", "net") == (1, {})
    assert (hub_dir / "acme_toy_main/hubconf.py").is_file()
    assert len([path for path in hub_dir.iterdir() if path.is_symlink()]) == 1


# The policy.


def test_never_wins(toy: Repo, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under REHUB_TRUST=never only a permission by name counts: no list, no owner, no answer, no argument."""
    ours.load("acme/toy", "net", trust_repo=True)
    monkeypatch.setenv("REHUB_TRUST", "never")
    answers.answer = "y"
    for trust_repo in (True, "check", None, False):
        with pytest.raises(rehub.UntrustedError, match="never"):
            ours.load("acme/toy", "net", trust_repo=trust_repo)
    assert answers.questions == []
    rehub.Hub().allow(f"acme/toy@{toy.rev()}")
    assert ours.load("acme/toy", "net") == (1, {})
    toy.commit({"new.py": ""})
    with pytest.raises(rehub.UntrustedError):
        ours.load("acme/toy", "net", force_reload=True)
    rehub.Hub().allow("acme/toy")
    assert ours.load("acme/toy", "net", force_reload=True) == (1, {})


def test_always_asks_nobody(toy: Repo, hub_dir: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """And writes nothing down: nobody has decided about this repository."""
    monkeypatch.setenv("REHUB_TRUST", "always")
    assert ours.load("acme/toy", "net") == (1, {})
    assert (answers.questions, (hub_dir / "trusted_list").read_text()) == ([], "")


@pytest.mark.parametrize("what", ["acme/toy", "the commit"])
def test_what_rehub_was_told_counts(toy: Repo, answers: Answers, what: str) -> None:
    """``rehub trust add`` is enough, for any commit or for the one that runs."""
    rehub.Hub().allow(what if what == "acme/toy" else f"acme/toy@{toy.rev()}")
    assert ours.load("acme/toy", "net") == (1, {})
    assert answers.questions == []


def test_a_link_does_not_outlive_the_permission(
    toy: Repo, github: World, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What rehub's own permission or policy let run leaves a link, and that is no sign of trust afterwards."""
    github.repo(TOY, name="acme/other")
    rehub.Hub().allow("acme/toy")
    monkeypatch.setenv("REHUB_TRUST", "always")
    for name in ("toy", "other"):
        assert ours.load(f"acme/{name}", "net") == (1, {})
    monkeypatch.delenv("REHUB_TRUST")
    list(rehub.Hub().disallow("acme/toy"))
    for name in ("toy", "other"):
        with pytest.raises(rehub.UntrustedError):
            ours.load(f"acme/{name}", "net")
    answers.answer = "y"
    assert ours.load("acme/toy", "net") == (1, {})
    Path(ours.get_dir(), "trusted_list").unlink()
    assert ours.load("acme/toy", "net") == (1, {})
    assert len(answers.questions) == 3


# Many at once.

EACH = """
import json, sys
from rehub import compat
name = sys.argv[1]
print(json.dumps([compat.load(f"acme/{name}:main", "net", trust_repo=True, verbose=False)]))
"""


@pytest.mark.parametrize("names", [[f"r{n}" for n in range(8)], ["r0"] * 8], ids=["eight repositories", "one"])
def test_eight_processes_at_once(github: World, hub_dir: Path, names: list[str]) -> None:
    """All of them cold, at one ref name, in one cache: each gets its own repository, and the list is whole."""
    for name in set(names):
        github.repo(
            {"hubconf.py": "from utils import who\ndef net(): return who\n", "utils.py": f"who = {name!r}\n"},
            name=f"acme/{name}",
        )
    command = [sys.executable, "-c", EACH]
    started = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for name in names
    ]
    ended = [each.communicate(timeout=120) for each in started]
    assert [json.loads(out.splitlines()[-1]) for out, _ in ended] == [[name] for name in names], ended
    assert sorted((hub_dir / "trusted_list").read_text().split()) == sorted(f"acme_{name}" for name in set(names))
    links = {path.name: (path / "utils.py").read_text() for path in hub_dir.iterdir() if path.is_symlink()}
    assert links == {f"acme_{name}_main": f"who = {name!r}\n" for name in set(names)}
    assert not re.search("Traceback", "".join(err for _, err in ended))
