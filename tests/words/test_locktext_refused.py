"""Texts that are no lock: what is wrong with them is told, with its line, and nothing is written over."""

import random
from dataclasses import replace

import pytest

from rehub.words import locktext
from rehub.words.errors import MalformedLockError
from rehub.words.lock import Lock, LockedModel
from tests.words.locks import LOCK, MODEL, REPOSITORY, TEXT

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
    "a ref that is another commit": ('v1"\nremote', f'{"c" * 40}"\nremote', 14, "is another commit than aaaa"),
    "a ref of another repository": ('"https://github.com/acme/toy"', '"https://github.com/evil/toy"', 13, "is at https://github.com/acme/toy, and not at https://github.com/evil/toy"),
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
    "a URL that is none": ("https://example.org/net.pth", "https://[example.org/", 19, "which is no URL"),
    "a URL of two lines": ("example.org/net.pth", "example.org/\\nerror: x", 19, "holds no control characters"),
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
        'x = "' + '\\"' * 400_000,
        'x = """' + '""\\"' * 200_000,
        "'" * 500_001,
    ],
    ids=range(14),
)
def test_garbage_is_refused(text: str) -> None:
    """A text that is made to break who reads it is refused like any other that is no lock."""
    with pytest.raises(MalformedLockError):
        locktext.parse(text)


_BITS = [
    *"[]{}\"'#=.,\\\n\r\0é",
    '"""',
    "'''",
    "[[model]]",
    "0x",
    "1e999",
    "\ufeff",
    "\u2028",
    "1979-05-27",
    "<<<<<<< x\n",
]


def test_whatever_is_changed_in_it() -> None:
    """A lock into which anything was typed is refused as no lock, or is read, kept as it is, and written over."""
    chance, read = random.Random(20261124), 0
    for _ in range(600):
        text = changed(TEXT, chance)
        try:
            lock = locktext.parse(text)
        except MalformedLockError:
            continue
        read += 1
        assert locktext.format(lock, text) == text
        assert locktext.parse(locktext.format(lock)) == lock
        assert locktext.parse(locktext.format(LOCK, text)) == LOCK
    assert read > 20


def changed(text: str, chance: random.Random) -> str:
    """Type into a text, cut out of it, and move its lines, here and there."""
    for _ in range(chance.choice([1, 1, 2, 4])):
        at, lines = chance.randrange(len(text)), text.splitlines(keepends=True)
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(_BITS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.choice([1, 2, 40]) :]
            case 2:
                text = "".join([*lines[: len(lines) // 2], chance.choice(lines), *lines[len(lines) // 2 :]])
            case _:
                lines.insert(chance.randrange(len(lines)), lines.pop(chance.randrange(len(lines))))
                text = "".join(lines)
    return text


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
