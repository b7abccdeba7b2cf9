"""The two READMEs keep step, and nothing that can be set, typed or caught is left out of the documentation."""

import re
from pathlib import Path

import pytest

import rehub
from rehub.world.config import read_settings
from tests.stories import ROOT

READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
SOURCES = sorted((ROOT / "packages/rehub/src").rglob("*.py"))
INTERNAL = {
    "REHUB_ASKPASS_",
    "REHUB_COMPLETE",
    "REHUB_HOME",
    "REHUB_OPENED",
    "REHUB_RUN",
}  # between rehub and processes that it starts


def outline(path: Path) -> list[str]:
    """Give a document's skeleton: the level of each heading, the language of each block, the rows of each table."""
    found, inside = [], False
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
            found += [line] if inside else []
        elif not inside and (heading := re.match(r"#+ ", line)):
            found.append(heading[0])
        elif not inside and line.startswith(("|", "- ")):
            found.append(line[:1])
    return found


def blocks(path: Path, language: str) -> list[str]:
    """Give the blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_readmes_have_the_same_outline() -> None:
    """Headings, blocks, tables and lists follow one another in both languages alike."""
    english, chinese = map(outline, READMES)
    assert english == chinese
    assert len(english) > 30


def test_readmes_run_the_same_python() -> None:
    """The code is the same, whatever the language around it."""
    english, chinese = (blocks(path, "python") for path in READMES)
    assert english == chinese


def test_every_variable_is_documented() -> None:
    """What rehub reads from the environment stands in both READMEs."""
    read = {
        name
        for path in SOURCES
        for name in re.findall(r"REHUB_(?:ASKPASS_|[A-Z]+(?:_[A-Z]+)*)", path.read_text("utf-8"))
    }
    assert len(read) > 5
    for path in READMES:
        text = path.read_text("utf-8")
        missing = {name for name in read - INTERNAL if not re.search(rf"\b{name}\b", text)}
        assert missing == set(), path


@pytest.mark.parametrize("name", sorted(name for name in rehub.__all__ if name.endswith("Error")))
def test_every_error_is_documented(name: str) -> None:
    """docs/errors.md says of each error when it comes and what to do."""
    assert f"`{name}`" in (ROOT / "docs/errors.md").read_text("utf-8")


def test_every_link_within_the_documentation_leads_somewhere() -> None:
    """No page of ours sends readers to one that is not there."""
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}"


def test_settings_of_the_file_are_those_of_the_readme(clean_home: Path) -> None:
    """Each name that the README allows in the file is allowed."""
    row = next(line for line in READMES[0].read_text("utf-8").splitlines() if "REHUB_CONFIG" in line)
    names = re.findall(r"`(\w+)`", row.split("|")[2])
    assert len(names) == 12
    values = {
        "offline": "true",
        "mirrors": "[]",
        "trust": '"never"',
        "verify": '"always"',
        "timeout": "5",
        "legacy_links": "true",
        "lock": '"/x/rehub.lock"',
        "locked": "true",
        "shared": '["/y"]',
        "dir": '"/x"',
        "hosts": '{"a.org" = {kind = "git"}}',
        "default_host": '"a.org"',
    }
    file = clean_home / "rehub.toml"
    file.write_text("".join(f"{name} = {values[name]}\n" for name in names))
    found = read_settings({"REHUB_CONFIG": str(file), "HOME": str(clean_home)})
    assert (found.offline, found.trust, found.verify, found.timeout, found.dir) == (
        True,
        "never",
        "always",
        5,
        Path("/x"),
    )
    assert ([host.name for host in found.hosts], found.default_host) == (["a.org"], "a.org")
    assert found.legacy_links
    assert found.locked
