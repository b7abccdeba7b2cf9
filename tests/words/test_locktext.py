"""The text of a lock: written, read back, edited by people, refused."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words import locktext
from rehub.words.errors import MalformedLockError
from rehub.words.lock import Lock, LockedModel
from rehub.words.text import clean
from tests.words.locks import MODEL, REPOSITORY, WEIGHTS, locks

TEXT = """\
# Which bytes this project's models are made of. rehub writes it; comments and edits are kept.
version = 1

[[model]]
name = "net"
ref = "acme/toy@v1"
entry = "net"
arguments = ["3", "pretrained=True"]
complete = true

[[model.repository]]
ref = "acme/toy@v1"
remote = "https://github.com/acme/toy"
gitCommit = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
gitTree = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
dirHash = "h1:D1MTPOV8qOiTe7SxwVoz75WUcE4cEavVjlmLuDYvc4U="

[[model.weights]]
url = "https://example.org/net.pth"
size = 3
sha256 = "a08a0fcbdeafd3c1b3a4b495b9a9c9d96850f08946b52bc0622347d3b6e73b78"

[model.environment]
python = "3.11.7"
torch = "2.13.0+cpu"

[[weights]]
url = "https://example.org/words.txt"
size = 9
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

[pylock]
file = "pylock.toml"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
"""
LOCK = Lock((MODEL,), (replace(WEIGHTS, url="https://example.org/words.txt", size=9, sha256="0" * 64),), "pylock.toml", "1" * 64)  # fmt: skip


@given(locks())
def test_written_and_read_back(lock: Lock) -> None:
    """Whatever a lock says, its text says the same, and is the only text that says it."""
    text = locktext.format(lock)
    assert locktext.parse(text) == lock
    assert locktext.format(locktext.parse(text), text) == text
    assert clean(text) == text


@given(locks(), st.randoms(use_true_random=False))
def test_order_is_the_locks_own(lock: Lock, chance: random.Random) -> None:
    """In whatever order a lock was put together, its text is the same."""

    def mixed(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(values, len(values)))

    models = tuple(
        replace(each, kwargs=mixed(each.kwargs), environment=mixed(each.environment)) for each in lock.models
    )  # type: ignore[arg-type]
    other = replace(lock, models=mixed(models), weights=mixed(lock.weights))  # type: ignore[arg-type]
    assert locktext.format(other) == locktext.format(lock)


@given(locks(), locks(), st.randoms(use_true_random=False))
def test_comments_outlive_what_is_added(old: Lock, new: Lock, chance: random.Random) -> None:
    """When a lock grows, each comment that people wrote is there afterwards, once, and nothing else is changed."""
    names, taken = {each.name for each in old.models}, {each.url for each in old.files()}
    grown = tuple(
        replace(each, repositories=(), ref="./other", weights=()) for each in new.models if each.name not in names
    )
    more = tuple(each for each in new.weights if each.url not in taken)
    wanted = replace(old, models=(*old.models, *grown), weights=(*old.weights, *more))
    edited = commented(locktext.format(old), chance)
    assert locktext.parse(edited) == old
    text = locktext.format(wanted, edited)
    assert locktext.parse(text) == wanted
    assert comments(text) == comments(edited)
    assert locktext.format(wanted, text) == text


@given(locks(), locks(), st.randoms(use_true_random=False))
def test_any_lock_may_replace_any_other(old: Lock, new: Lock, chance: random.Random) -> None:
    """Whatever the old text had, the new one says what it should, and no comment is there that was not."""
    edited = commented(locktext.format(old), chance)
    text = locktext.format(new, edited)
    assert locktext.parse(text) == new
    assert set(comments(text)) <= set(comments(edited))


def commented(text: str, chance: random.Random) -> str:
    """Put comments and empty lines where people could, and other ends of lines now and then."""
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        notes = ["", "  ", f"# above {number} '\"[", f"\t# under {number - 1} ]"]
        lines += chance.choices(notes, k=chance.choice([0, 0, 0, 1, 2]))
        beside = bool(line) and not line.startswith("#") and chance.random() < 0.2
        lines.append(f'{line} # beside {number} """' if beside else line)
    return chance.choice(["\n", "\r\n"]).join([*lines, chance.choice(["", "# the end"])])


def comments(text: str) -> list[str]:
    """Give every comment that :func:`commented` made, sorted; and the first line, which rehub makes."""
    made = [line[line.index(mark) :].strip() for line in text.splitlines() for mark in MARKS if mark in line]
    return sorted(made)


MARKS = ("# above ", "# under ", "# beside ", "# the end", "# Which bytes")


def test_what_it_looks_like() -> None:
    """The text that people read in a review is exactly this."""
    assert locktext.format(LOCK) == TEXT


_WEIGHTS = TEXT.partition("[[model.weights]]\n")[2].partition("\n\n")[0]
_ENVIRONMENT = '[model.environment]\npython = "3.11.7"\ntorch = "2.13.0+cpu"\n\n'
EDITS = {
    "a table in one line": [
        (f"[[model.weights]]\n{_WEIGHTS}\n\n", ""),
        (
            "complete = true",
            "complete = true\nweights = [{" + _WEIGHTS.replace("\n", ", ").replace("= 3", "= 0x3") + "}]",
        ),
    ],
    "dotted keys": [
        (_ENVIRONMENT, ""),
        ("complete = true", "complete = true\nenvironment . \"python\" = '3.11.7'\nenvironment.torch = '2.13.0+cpu'"),
    ],
    "other quotes": [('entry = "net"', "entry = '''net'''")],
    "a list over lines": [('["3", "pretrained=True"]', '[\n  "3", # three\n  "pretrained=True",\n]')],
    "arguments in other words": [('"3", "pretrained=True"', '" 3 ", "pretrained= True"')],
    "a remote as a ref": [('"https://github.com/acme/toy"', '"acme/toy"')],
    "a mark of the order of bytes": [("# Which", "\ufeff# Which")],
    "other ends of lines": [("\n", "\r\n")],
}


@pytest.mark.parametrize("name", EDITS)
def test_other_spellings_of_the_same(name: str) -> None:
    """Whatever TOML allows is read; as long as the lock says the same, all of the text stays as it was edited."""
    edited = TEXT
    for old, new in EDITS[name]:
        assert old in edited
        edited = edited.replace(old, new)
    assert locktext.parse(edited) == LOCK
    assert locktext.format(LOCK, edited) == edited


def test_hand_written_layout_is_laid_out_anew_when_something_changes() -> None:
    """What changes is written in the one order again, and the comments stay with what they are about."""
    edited = """\
# the models of our paper

version = 1  # the only one there is

# teachers

# the one in table 2
[[model]] # see issue 7
ref = "./model"
arguments = [
  "3", # three layers
  "'a # b'" # and its name
]
entry = 'net' # not net2
name = "net"
environment.torch = "2.13.0+cpu" # the newest

# bye
"""
    model = replace(locktext.parse(edited).models[0], environment=(("torch", "2.14.0"),))
    assert locktext.format(Lock((model,)), edited) == """\
# the models of our paper

version = 1  # the only one there is

# teachers

# the one in table 2
[[model]]  # see issue 7
name = "net"
ref = "./model"
entry = "net"  # not net2
# three layers
# and its name
arguments = ["3", "'a # b'"]
complete = false

[model.environment]
torch = "2.14.0"  # the newest

# bye
"""  # fmt: skip


def test_comments_of_what_is_gone() -> None:
    """A comment of a part that is gone goes to the table that it was in; a model's own goes with the model."""
    text = TEXT.replace("[[model.weights]]", "# of the weights\n[[model.weights]]").replace(
        "[[model]]", "# a paragraph\n\n# of the model\n[[model]]", 1
    )
    without = replace(LOCK, models=(replace(MODEL, weights=()),))
    assert "# a paragraph\n\n# of the model\n# of the weights\n[[model]]" in locktext.format(without, text)
    assert "# a paragraph\n\n[[weights]]" in locktext.format(replace(LOCK, models=()), text)
    assert "# of" not in locktext.format(replace(LOCK, models=()), text)


def test_small_diffs() -> None:
    """A model more is one block more, and another commit is the lines that say it: nothing else moves."""
    more = replace(LOCK, models=(MODEL, replace(MODEL, name="aaa")))
    before, after = TEXT.splitlines(), locktext.format(more, TEXT).splitlines()
    at = next(index for index, line in enumerate(before) if line != after[index])
    count = len(after) - len(before)
    assert before == after[:at] + after[at + count :]
    moved = replace(REPOSITORY, pin=replace(REPOSITORY.pin, commit="d" * 40))
    changed = locktext.format(replace(LOCK, models=(replace(MODEL, repositories=(moved,)),)), TEXT).splitlines()
    assert [(old, new) for old, new in zip(before, changed, strict=True) if old != new] == [
        (f'gitCommit = "{"a" * 40}"', f'gitCommit = "{"d" * 40}"')
    ]


def test_nothing_is_said_in_an_empty_file() -> None:
    """An empty file, and one of comments alone, are locks of nothing; they get their version with the first model."""
    assert locktext.parse("") == locktext.parse("\n# later\n") == locktext.parse("version = 1\n") == Lock()
    assert locktext.format(Lock((MODEL,)), "\n# later\n").startswith("version = 1\n\n[[model]]\n")
    assert locktext.format(Lock((MODEL,)), "\n# later\n").endswith('torch = "2.13.0+cpu"\n\n# later\n')


REFUSED = {
    "no TOML": ("complete = true", "complete = yes", 9, "Invalid value"),
    "a key twice": ("complete = true", "complete = true\ncomplete = true", 10, "Cannot overwrite a value"),
    "a text without an end": ('entry = "net"', 'entry = "net', 7, "Illegal character"),
    "cut off": ('file = "pylock.toml"', 'file = "pylo', 33, ""),
    "a newer version": ("version = 1", "version = 2", 2, "it is of version 2, and this rehub knows 1"),
    "a far newer version": ("version = 1", "version = 99\nnew = { a = 1 }", 2, "pip install --upgrade rehub"),
    "no version": ("version = 1\n", "", 0, "it does not say its version"),
    "a version that is none": ("version = 1", "version = true", 2, "version is true or false"),
    "a version in words": ("version = 1", 'version = "1"', 2, "version is a text"),
    "an unknown key": ("size = 3", "size = 3\nsha1 = 3", 21, "'sha1' is nothing that [model.weights] says"),
    "an unknown table": ("[pylock]", "[pylocks]", 32, "'pylocks' is nothing that a lock says"),
    "no name": ('name = "net"\n', "", 4, "[model] has no name"),
    "an empty name": ('name = "net"', 'name = ""', 5, "name is empty"),
    "a name that is a number": ('name = "net"', "name = 3", 5, "name is a whole number\n  expected a text"),
    "a model that is a text": ("\n[[model]]", 'model = ["net"]\n[x]', None, ""),

    "a model that is no list": ("[[model]]", "[model]", None, ""),
    "a ref that is none": ('ref = "acme/toy@v1"\nentry', 'ref = "acme toy"\nentry', 6, "'acme toy' is not a ref"),
    "an option of git": ('ref = "acme/toy@v1"\nremote', 'ref = "--upload-pack=x"\nremote', 12, "starts with '-'"),
    "a remote that is a folder": ('"https://github.com/acme/toy"', '"./toy"', 13, "expected a repository's URL"),
    "a remote with a revision": ('"https://github.com/acme/toy"', '"acme/toy@v1"', 13, "expected a repository's URL"),
    "a remote by http": ('"https://github.com/acme/toy"', '"http://host.org/toy"', 13, "plain http"),
    "a short commit": ('gitCommit = "aaaa', 'gitCommit = "', 14, "expected 40 lower-case hex digits"),
    "a commit in capitals": ('gitCommit = "a', 'gitCommit = "A', 14, "expected 40 lower-case hex digits"),
    "a short tree": ('gitTree = "bbbb', 'gitTree = "', 15, "expected 40 lower-case hex digits"),
    "a dirHash without h1": ('dirHash = "h1:', 'dirHash = "', 16, "expected h1: and 44 characters"),
    "a dirHash cut off": ('c4U="', '"', 16, "expected h1: and 44 characters"),
    "no dirHash": ('dirHash = "h1:D1MTPOV8qOiTe7SxwVoz75WUcE4cEavVjlmLuDYvc4U="\n', "", 11, "has no dirHash"),
    "a size below nothing": ("size = 3", "size = -3", 20, "size cannot be less than 0"),
    "a size that is true": ("size = 3", "size = true", 20, "expected a whole number"),
    "a size with a fraction": ("size = 3", "size = 3.0", 20, "expected a whole number"),
    "a short digest": ('sha256 = "a08a', 'sha256 = "', 21, "expected 64 lower-case hex digits"),
    "a size that no disk has": ("size = 3", f"size = 0x{'f' * 99}", 20, "or more than 9223372036854775807"),
    "version 0": ("version = 1", "version = 0", 2, "there is no version 0"),
    "a date": ("size = 3", "size = 1979-05-27", 20, "size is a date\n  expected a whole number"),
    "arguments that are a text": ('["3", "pretrained=True"]', '"3"', 8, "expected a list"),
    "an argument that is a number": ('"3", ', "3, ", 8, "arguments holds a whole number\n  expected texts"),
    "named before positional": ('"3", "pre', '"a=1", "3", "pre', 8, "'3' follows a named argument"),
    "a version as a number": ('python = "3.11.7"', "python = 3.11", 24, "expected a text"),
    "a model twice": ("[[weights]]", '[[model]]\nname = "net"\nref = "./x"\nentry = "y"\n[[weights]]', 28, "also in line 5"),
    "a URL with two digests": ("words.txt", "net.pth", 30, "has another sha256 here than in line 21"),
    "git's marks": ("version = 1", "<<<<<<< HEAD\nversion = 1", 2, "git has left a conflict there"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What is no lock is refused, with what is wrong and the line that it is in."""
    old, new, line, words = REFUSED[name]
    assert old in TEXT
    with pytest.raises(MalformedLockError) as caught:
        locktext.parse(TEXT.replace(old, new, 1), "my.lock")
    assert words in str(caught.value)
    assert caught.value.where == (f"my.lock, line {line}" if line else "my.lock") or line is None
    assert "It was not touched." in str(caught.value)


@pytest.mark.parametrize("number", ["9" * 9_000, "0x" + "f" * 9_000], ids=["decimal", "hexadecimal"])
@pytest.mark.parametrize("key", ["version = 1", "size = 3", 'python = "3.11.7"', '"3"', 'name = "net"'])
def test_numbers_that_python_does_not_write(key: str, number: str) -> None:
    """Numbers of so many digits that Python refuses to write them are refused like others."""
    with pytest.raises(MalformedLockError):
        locktext.parse(TEXT.replace(key, f"{key.partition(' = ')[0]} = {number}" if " = " in key else number, 1))


def test_one_ref_is_one_commit() -> None:
    """One ref with two commits, and one commit with two trees, are refused: who made the lock has to decide."""
    other = REFUSING.replace('name = "net"', 'name = "net2"')
    for old, new, words in [
        ('gitCommit = "a', 'gitCommit = "c', "'acme/toy@v1' has another gitCommit here than in line 13"),
        ('ref = "acme/toy@v1"\nremote', 'ref = "https://github.com/acme/toy.git@v1"\nremote', None),
        ("h1:D", "h1:E", "another dirHash here than in line 15"),
        ('gitTree = "b', 'gitTree = "c', "another gitTree here than in line 14"),
        ('gitTree = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"\n', "", None),
    ]:
        assert old in other
        text = "version = 1\n" + REFUSING + other.replace(old, new)
        if words is None:
            assert len(locktext.parse(text).models) == 2
        else:
            with pytest.raises(MalformedLockError, match=words):
                locktext.parse(text)


REFUSING = TEXT.partition("version = 1\n")[2].partition("\n[[model.weights]]")[0]


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000,
        "a" + ".a" * 50_000,
        "a = " + "{a=" * 5_000,
        "\0",
        "[" * 9,
        '"""',
        "=" * 9_000,
        "a.\n",
        "a" * 1_000_000,
        '"a".' * 1_000_000,
        "'a . " * 500_000,
    ],
    ids=range(11),
)
def test_garbage_is_refused(text: str) -> None:
    """A text that is made to break who reads it is refused like any other that is no lock."""
    with pytest.raises(MalformedLockError):
        locktext.parse(text)


def test_a_newer_lock_is_not_written_over() -> None:
    """Who does not know what a lock says does not write into it."""
    with pytest.raises(MalformedLockError, match="it is of version 2"):
        locktext.format(LOCK, TEXT.replace("version = 1", "version = 2"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (replace(MODEL, repositories=(replace(REPOSITORY, pin=replace(REPOSITORY.pin, tree=None)),)), "has no dirHash"),
        (replace(MODEL, entry="\udc80"), "line 7"),
        (replace(MODEL, args=(object(),)), "would be read as something else"),
        (replace(MODEL, name=""), "name is empty"),
    ],
)
def test_what_could_not_be_read_is_not_written(model: LockedModel, words: str) -> None:
    """A lock that nobody could read again is refused before anything is written."""
    with pytest.raises(MalformedLockError, match=words):
        locktext.format(Lock((model,)))
