"""The text of a lock: written, read back, and edited by people."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words import locktext
from rehub.words.lock import Lock
from rehub.words.text import clean
from tests.words.locks import LOCK, MODEL, REPOSITORY, TEXT, locks


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
[[model]] # see table 7
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
[[model]]  # see table 7
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
