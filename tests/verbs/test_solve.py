"""Solving as of a day, by uv, against an index on this machine that says when each file was uploaded."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from rehub.verbs.environment import Wish, is_solved, solve
from rehub.verbs.environment.asof import read_time
from rehub.words.errors import SolverError
from rehub.words.needs import Need, Needs, Solution, Use
from rehub.words.requirement import Requirement
from rehub.world import uv
from tests.world import PackageIndex

HERE = "3.11"
LATER, EARLIER = "2024-01-01T00:00:00Z", "2021-01-01T00:00:00Z"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    """Give an index with nothing in it."""
    with PackageIndex() as index:
        yield index


def needs(*requirements: str, use: Use = Use.LOAD) -> Needs:
    """Give needs as reading would."""
    read = [Requirement.parse(each) for each in requirements]
    return Needs(tuple(Need(each.name, use, (each,)) for each in read if each))


def solved(index: PackageIndex, wanted: Needs, time: str = LATER, **more: object) -> Solution:
    """Solve something as ``rehub env`` does."""
    wish = Wish(time, str(more.pop("python", HERE)), **more)  # type: ignore[arg-type]
    with uv.started({**os.environ, "UV_DEFAULT_INDEX": index.url}) as solver:
        return solve(wanted, wish, solver)


def toy(index: PackageIndex) -> None:
    """Fill the index with a package and what it needs, in two versions each."""
    index.wheel("toy", "1.0", uploaded="2020-05-01", needs=["dep>=1"])
    index.wheel("toy", "2.0", uploaded="2023-05-01", needs=["dep>=2"])
    index.wheel("dep", "1.0", uploaded="2020-01-01")
    index.wheel("dep", "2.0", uploaded="2022-01-01")


def test_the_versions_of_that_day(index: PackageIndex) -> None:
    """What was uploaded later does not exist, for what is required and for what that needs."""
    toy(index)
    assert solved(index, needs("toy"), EARLIER).packages == (("dep", "1.0"), ("toy", "1.0"))
    assert solved(index, needs("toy"), LATER).packages == (("dep", "2.0"), ("toy", "2.0"))


def test_each_file_has_its_hash(index: PackageIndex) -> None:
    """The text is a PEP 751 file in which each wheel has its SHA-256, and our table says where it comes from."""
    toy(index)
    origin = (("repository", "https://example.org/acme/toy"), ("commit", "1" * 40))
    found = tomllib.loads(solved(index, needs("toy"), EARLIER, origin=origin).pylock)
    read = Pylock.from_dict(found)
    hashes = {wheel.url: wheel.hashes["sha256"] for each in read.packages for wheel in each.wheels or ()}
    assert len(hashes) == 2
    assert all(len(each) == 64 for each in hashes.values())
    assert found["tool"]["rehub"] == {
        "repository": "https://example.org/acme/toy",
        "commit": "1" * 40,
        "as-of": EARLIER,
        "python": HERE,
        "solver": f"uv {version('uv')}",
        "installed": {"torch": found["tool"]["rehub"]["installed"]["torch"]},
    }


def test_the_same_day_gives_the_same_text(index: PackageIndex) -> None:
    """Whatever is uploaded afterwards, the text stays the same to the byte."""
    toy(index)
    before = solved(index, needs("toy"), EARLIER).pylock
    index.wheel("toy", "1.1", uploaded="2021-06-01")
    index.wheel("dep", "1.0", uploaded="2022-06-01", tag="cp311-none-any")
    assert solved(index, needs("toy"), EARLIER).pylock == before


def test_torch_is_taken_as_installed(index: PackageIndex) -> None:
    """torch, its family and what comes with torch are neither solved nor asked for, whoever needs them; it is recorded."""
    index.wheel("toy", "1.0", needs=["torch>=99", "torchvision", "typing-extensions<1", "dep"])
    index.wheel("dep", "1.0")
    index.wheel("torch", "99")
    found = solved(index, needs("toy", "torch==1.9.0", "torchvision"))
    assert found.packages == (("dep", "1.0"), ("toy", "1.0"))
    assert dict(found.installed)["torch"].startswith("2.")
    assert dict(found.installed)["torchvision"] == ""
    assert not any("torch" in path or "typing" in path for path in index.log)


def native(index: PackageIndex) -> None:
    """Fill the index with a package that has wheels for two old Pythons only, and one that has none at all."""
    for python in ("cp38", "cp39"):
        index.wheel("native", "1.0", uploaded="2020-05-01", tag=f"{python}-none-any")
    index.source("old", "1.0")
    index.wheel("needy", "1.0", needs=["native"])
    index.wheel("plain", "1.0")


def test_a_package_without_a_wheel_is_told_with_the_newest_python_that_has_one(index: PackageIndex) -> None:
    """It is named, and so is the Python for which all can be had."""
    native(index)
    found = solved(index, needs("plain", "native"))
    assert (found.pylock, found.packages) == ("", ())
    assert [(each.requirement, each.python) for each in found.blame.wanting] == [("native", "3.9")]
    assert (found.blame.python, found.blame.rest) == ("3.9", True)
    assert solved(index, needs("plain", "native"), python="3.9").packages == (("native", "1.0"), ("plain", "1.0"))


def test_what_is_needed_by_what_is_needed_is_told_with_that(index: PackageIndex) -> None:
    """The package without a wheel is named, not only the one that needs it."""
    native(index)
    [wanting] = solved(index, needs("needy")).blame.wanting
    assert (wanting.requirement, wanting.python, wanting.needed_by) == ("native==1.0", "3.9", "needy")


def test_a_source_distribution_is_never_opened(index: PackageIndex) -> None:
    """Its metadata may only be had by running it: it counts as not there, and is not even downloaded."""
    native(index)
    found = solved(index, needs("old", "plain"))
    assert [(each.requirement, each.python) for each in found.blame.wanting] == [("old", "")]
    assert (found.blame.rest, found.blame.hopeless) == (True, found.blame.wanting)
    assert not any(path.endswith(".tar.gz") for path in index.log)


def test_what_was_left_out_is_left_out(index: PackageIndex) -> None:
    """``without`` holds for what needs it, too, and stands in the file."""
    native(index)
    found = solved(index, needs("needy", "old"), without=("Native", "old"))
    assert (found.packages, found.left_out) == ((("needy", "1.0"),), ("native", "old"))
    assert tomllib.loads(found.pylock)["tool"]["rehub"]["left-out"] == ["native", "old"]


def test_what_cannot_be_had_together(index: PackageIndex) -> None:
    """If each can be had by itself, nobody is blamed, and the solver's own words say why."""
    index.wheel("a", "1.0", needs=["x==1"])
    index.wheel("b", "1.0", needs=["x==2"])
    index.wheel("x", "1")
    index.wheel("x", "2")
    found = solved(index, needs("a", "b"))
    assert (found.pylock, found.blame.wanting, found.blame.rest) == ("", (), False)
    assert "x" in found.said


@pytest.mark.parametrize(
    ("wanted", "said"), [("nosuch", "was not found"), ("toy>5", "toy"), ("untimed", "no versions of untimed")]
)
def test_what_the_index_does_not_have(wanted: str, said: str, index: PackageIndex) -> None:
    """An unknown name, a version of later days, and a file whose day the index does not tell are said to be missing."""
    toy(index)
    index.wheel("untimed", "1.0", uploaded="")
    [wanting] = solved(index, needs(wanted)).blame.wanting
    assert (wanting.requirement, wanting.python) == (wanted, "")
    assert said in wanting.said


def test_declared_versions_hold_for_what_others_need(index: PackageIndex) -> None:
    """What is declared but never imported is left out with ``imported``, and its versions are still the author's."""
    toy(index)
    index.wheel("idle", "1.0")
    both = Needs((*needs("toy").needs, *needs("dep[x]==1.0", "idle", use=Use.DECLARED).needs))
    assert solved(index, both, imported=True).packages == (("dep", "1.0"), ("toy", "1.0"))
    assert ("idle", "1.0") in solved(index, both).packages


def test_what_is_only_imported_later_is_not_solved() -> None:
    """An import that may fail, and that no file declares, is nobody's promise."""
    assert not is_solved(Need("wandb", Use.LATER))
    assert is_solved(Need("wandb", Use.LATER, (Requirement("wandb"),)))
    assert is_solved(Need("einops", Use.LOAD))


def test_an_index_that_does_not_answer(tmp_path: Path) -> None:
    """It is an error of the world with uv's words, without the password of the index."""
    environ = {**os.environ, "UV_DEFAULT_INDEX": "http://me:s3cret@127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    with uv.started(environ) as solver, pytest.raises(SolverError, match=r"127\.0\.0\.1") as raised:
        solve(needs("toy"), Wish(LATER, HERE), solver)
    assert "s3cret" not in str(raised.value) + repr(vars(raised.value))


def test_there_is_a_time_limit(index: PackageIndex) -> None:
    """All questions together end in time."""
    toy(index)
    environ = {**os.environ, "UV_DEFAULT_INDEX": index.url}
    with uv.started(environ, limit=0.0) as solver, pytest.raises(SolverError, match="longer than 0 s"):
        solver.ask(uv.Question(("toy",), HERE, LATER))


def test_nothing_of_the_users_configuration_is_read(
    index: PackageIndex, clean_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither uv.toml nor a project's pyproject.toml has a say, and nothing is left behind in the home."""
    toy(index)
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\nexclude-newer = '2000-01-01'\nno-index = true\n")
    settings = clean_home / ".config/uv/uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("no-index = true\n")
    monkeypatch.chdir(tmp_path)
    before = files(clean_home)
    assert solved(index, needs("toy"), EARLIER).packages == (("dep", "1.0"), ("toy", "1.0"))
    assert files(clean_home) == before


def files(folder: Path) -> set[str]:
    """Name everything below a folder."""
    return {str(path) for path in folder.rglob("*")}


def test_without_uv_the_command_that_helps_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No uv is a typed error."""
    monkeypatch.setitem(__import__("sys").modules, "uv", None)
    with pytest.raises(SolverError, match=r"pip install 'rehub\[env\]'"), uv.started({"PATH": "/nonexistent"}):
        pass


TIMES: Mapping[str, str | None] = {
    "2021-03-01": "2021-03-02T00:00:00Z",
    "2021-03-01T12:00:00": "2021-03-01T12:00:00Z",
    "2021-03-01T12:00:00Z": "2021-03-01T12:00:00Z",
    "2021-03-01T12:00:00+02:00": "2021-03-01T10:00:00Z",
    "2021-13-01": None,
    "commit": None,
    "abcdef1": None,
    "9999-12-31": None,
    "20210301": None,
}


@pytest.mark.parametrize("text", TIMES)
def test_times(text: str) -> None:
    """A day counts whole; a time without a zone is in UTC; what is neither is none."""
    assert read_time(text) == TIMES[text]


def test_what_an_index_says_brings_in_no_file_of_this_machine(index: PackageIndex) -> None:
    """A package whose metadata names a path has no solution; nothing is read or built from there."""
    index.wheel("toy", "1.0", needs=["dep @ file:///etc/passwd"])
    found = solved(index, needs("toy"))
    assert found.pylock == ""
