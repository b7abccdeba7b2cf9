"""Every story holds, and a story that does not hold says where and why."""

import re
from pathlib import Path

import pytest

from tests.stories import ROOT, WORDS, Story, StoryError
from tests.world import World

STORIES = sorted((ROOT / "stories").rglob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path, tmp_path: Path, world: World) -> None:
    """The story holds."""
    Story(path.name, tmp_path / "work", world).tell(path.read_text(encoding="utf-8"))


def test_there_are_stories() -> None:
    """The folder was found."""
    assert STORIES


WRONG = {
    "exec python -c 'raise SystemExit(3)'": "it ended with 3",
    "! exec python -c pass": "it ended with 0",
    "exec python -c 'print(1)'\nstdout 2": "stdout matches '2'",
    "exec python -c 'print(1)'\n! stdout 1": "should not be: stdout matches '1'",
    "exec python -c 'print(1)'\nstdout -count=2 1": "it does 1 times",
    "exec no-such-program": "there is a program no-such-program",
    "exists nothing": "nothing exists",
    "status 1": "it is 0",
    "cmp a b": "a and b are the same",
    "cd nowhere": "nowhere",
    "dance": "'dance' is no word of stories",
    "repo acme/toy dance x": "repo knows dance",
    "repo acme/toy from nowhere/": "there are files",
    "repo acme/toy from a": "there are files",
    "repo acme/toy from d/\nrequests 3": "(0)",
    "repo acme/toy from d/ move v9": "no branch or tag v9",
    "server dance": "a server can start and stop",
}


@pytest.mark.parametrize("script", WRONG)
def test_wrong_story_fails(script: str, tmp_path: Path, world: World) -> None:
    """A line that is not so ends the story, naming the line and showing what was printed before."""
    story = Story("wrong.txt", tmp_path / "work", world)
    text = f"# first\nexec python -c 'print(\"before\")'\n{script}\n-- a --\na\n-- b --\nb\n-- d/f --\nf\n"
    with pytest.raises(StoryError) as caught:
        story.tell(text)
    message = str(caught.value)
    assert WRONG[script] in message
    number = 2 + len(script.splitlines())
    assert message.startswith(f"wrong.txt:{number}: {script.splitlines()[-1]}\n")
    assert "out| before" in message


def test_every_word_is_documented() -> None:
    """The table in stories/README.md has every word, and no other."""
    table = re.findall(r"^\| (`.*?) \|", (ROOT / "stories/README.md").read_text(), re.MULTILINE)
    documented = {word for row in table for word in re.findall(r"`(\w+)", row)}
    assert documented == set(WORDS)
