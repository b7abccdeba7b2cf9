"""Every python and console block of every document runs and prints what it shows."""

import os
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import Blocks
from tests.stories import ROOT, Story
from tests.world import World

PLACES = ("*.md", "docs/**/*.md", "packages/*/README.md", "stories/*.md", "zoo/**/*.md")
DOCUMENTS = sorted({path for place in PLACES for path in ROOT.glob(place)})


@pytest.fixture
def blocks(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Blocks:
    """Give what runs one document."""
    return Blocks(Story("document", tmp_path / "work", world), monkeypatch)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document(path: Path, blocks: Blocks) -> None:
    """The document's blocks do what it says."""
    blocks.run(path)


def test_documents_are_found() -> None:
    """The places are right."""
    assert ROOT / "stories/README.md" in DOCUMENTS


RIGHT = """\
# A document

<!-- story:
repo acme/toy tag v1 from toy/
-- toy/hubconf.py --
def net() -> int: return 1
-->

```console
$ git clone --quiet $HUB/acme/toy copy  # nothing is shown: it must only succeed
$ ls copy
hubconf.py
$ cd copy
$ export WHO="Ada
> Lovelace"
```

```python
import os
from pathlib import Path

x = len(os.environ["WHO"].split())
assert Path("hubconf.py").exists()
```

```console
$ echo $WHO; echo to stderr >&2
Ada Lovelace
to ...
$ python -c 'raise SystemExit(3)'  # exit 3
$ basename "$(command -v python)"
python
```

```python
>>> x
2
>>> print("a", os.environ["HUB"])
a http://127...
```

```sh
exit 1   # a language that is not run
```
"""


def write(folder: Path, text: str) -> Path:
    """Write a document."""
    path = folder / "document.md"
    path.write_text(text)
    return path


def test_right_document(tmp_path: Path, blocks: Blocks) -> None:
    """Blocks share names, folder, environment and servers, in the document's order."""
    assert blocks.run(write(tmp_path, RIGHT)) == 6
    assert os.fspath(Path(sys.executable).parent) in os.environ["PATH"]


WRONG = {
    "```console\n$ echo a\nb\n```\n": "printed:\na\n\nbut the document shows:\nb",
    "```console\n$ false\n```\n": "ended with 1, not with 0",
    "```console\n$ true  # exit 1\n```\n": "ended with 0, not with 1",
    "```console\nls\n```\n": "starts with a line '\\$ command'",
    "```python\nassert 1 == 2\n```\n": "assert",
    "```python\n>>> 1 + 1\n3\n```\n": "Expected:\n    3\nGot:\n    2",
    "<!-- story:\nexists nothing\n-->\n": "nothing exists",
    "<!-- story: stories/nothing.txt -->\n": "nothing.txt",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_document(text: str, tmp_path: Path, blocks: Blocks) -> None:
    """A block that does not do what it shows fails."""
    with pytest.raises((AssertionError, FileNotFoundError), match=WRONG[text] if "assert" not in text else None):
        blocks.run(write(tmp_path, "# Text\n\n" + text))


def test_story_in_a_file(tmp_path: Path, blocks: Blocks) -> None:
    """A story can be shared by documents as a file."""
    text = "<!-- story: stories/the-runner-itself.txt -->\n\n```console\n$ cat toy/pkg/mod.py\nx = 1\n```\n"
    assert blocks.run(write(tmp_path, text)) == 2
