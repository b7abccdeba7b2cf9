"""What has happened upstream, as text: every kind of it in words of its own, and nothing that a terminal would obey."""

import pytest

from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.words.telling.update import next_steps, told
from rehub.words.update import (
    Change,
    Changes,
    Code,
    Commit,
    EntryChange,
    Listed,
    LockedCall,
    Log,
    Move,
    Moved,
    News,
    Update,
)

REMOTE = Remote("https", "github.com", "acme/toy")
OLD, NEW = Pin(REMOTE, "1" * 40), Pin(REMOTE, "2" * 40)


def text(*news: News, folders: tuple[str, ...] = ()) -> str:
    """Give what is told, and the next steps."""
    found = Update("rehub.lock", "", news, folders)
    return "\n".join([*(each.text for each in told(found)), *next_steps(found, "rehub update")])


def log(count: int) -> Log:
    """Give a log of so many commits, of which 20 are known."""
    return Log(tuple(Commit(f"{n:040x}", "2026-11-24", "Ada", f"Change {n}") for n in range(min(count, 20))), count)


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        (Moved("a/b", OLD, None, Move.NONE), "a/b has not moved (111111111111)"),
        (Moved("a/b", OLD, NEW, Move.FORWARD, added=log(1)), "a/b moved on, by 1 commit"),
        (Moved("a/b@v1", OLD, NEW, Move.TAG), "a/b@v1 is a tag that was moved"),
        (Moved("a/b", OLD, NEW, Move.REWRITTEN), "a/b had its history rewritten"),
        (Moved("a/b", OLD, NEW, Move.REWRITTEN, base="2" * 40, lost=log(3)), "it was set back by 3 commits"),
        (Moved("a/b", OLD, None, Move.GONE), "a/b is gone upstream"),
        (Moved("a/b", OLD, None, Move.UNKNOWN), "a/b could not be asked for"),
        (Moved("a/b", OLD, NEW, Move.UNKNOWN), "a/b moved, and its history cannot be looked at"),
    ],
)
def test_each_move_has_its_words(moved: Moved, said: str) -> None:
    """What has become of a ref is said in its first line, and what can be taken has a command."""
    shown = text(News(moved))
    assert said in shown.splitlines()[0]
    assert ("--accept" in shown) is (moved.new is not None)
    assert ("rehub mirror" in shown) is (moved.move is Move.GONE)


def test_long_lists_are_cut_and_counted() -> None:
    """Of what is long the start is shown, and how much more there is."""
    entries = [EntryChange(f"net{n}", Change.NEW, new="()") for n in range(15)]
    entries += [EntryChange(f"old{n}", Change.GONE, old="(" + "x" * 1000 + ")") for n in range(2)]
    changes = Changes(
        tuple(entries), (Listed("weights", (), tuple(f"https://x/{n}" for n in range(40))),), Code(1, 2, 3)
    )
    shown = text(News(Moved("a/b", OLD, NEW, Move.FORWARD, added=log(300)), changes=changes))
    assert "… 288 commits more" in shown
    assert "… 5 entries more: 5 new" in shown
    assert "… 28 lines more" in shown
    assert shown.index("old0") < shown.index("net0")
    assert max(map(len, shown.splitlines())) < 150


def test_what_cannot_be_taken() -> None:
    """A commit that is refused is shown with its reason, and no command takes it."""
    calls = (LockedCall("net", "net()"), LockedCall("deep", "net(3)"))
    shown = text(News(Moved("a/b", OLD, NEW, Move.FORWARD), calls, refused="It holds\n  a bad name"))
    assert "what is there now cannot be taken\n    It holds\n    a bad name\n  still locked: net, deep" in shown
    assert "--accept" not in shown


def test_calls_that_break_come_with_advice() -> None:
    """Those that break are named once more at the end, in a sentence."""
    calls = [LockedCall(name, "net()", breaks=("no",)) for name in ("a", "b", "c")] + [LockedCall("d", "net()")]
    found = text(News(Moved("a/b", OLD, NEW, Move.FORWARD), tuple(calls)))
    assert found.endswith(
        "Before that, give a, b and c another entry or other arguments in rehub.lock, or take them out."
    )


def test_folders_and_code_that_could_not_be_compared() -> None:
    """What was not looked at is said."""
    shown = text(
        News(Moved("a/b", OLD, NEW, Move.FORWARD), changes=Changes(code=Code(fault="it took long"))), folders=("mine",)
    )
    assert "not compared: it took long" in shown
    assert "mine is a folder of yours" in shown


def test_foreign_text_moves_no_cursor() -> None:
    """Whatever a repository calls its commits, entries, files and weights: what a terminal would obey is written out."""
    evil = "x\x1b[2J\r\u202ey"
    changes = Changes(
        (EntryChange(evil, Change.GONE, evil, evil, (evil,)),), (Listed(evil, (evil,), (evil,)),), Code(1, 1, 1, f"+{evil}\n"), (evil,)
    )  # fmt: skip
    moved = Moved(evil, OLD, NEW, Move.FORWARD, note=evil, added=Log((Commit("3" * 40, "2026-11-24", evil, evil),), 1))
    shown = text(News(moved, (LockedCall(evil, evil, (evil,), (evil,)),), changes, ""))
    assert not {"\x1b", "\r", "\u202e"} & set(shown)
