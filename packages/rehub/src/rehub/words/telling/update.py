"""What has happened upstream, line by line: what moved, what that breaks for the calls of a lock, what to type next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from rehub.words.text import clean, cut, line, plural
from rehub.words.update import Change, Changes, Code, EntryChange, Listed, LockedCall, Log, Move, Moved, News, Update

_SHOWN = 12  # rows of one list
_WIDEST = 100  # characters of a text from elsewhere
_WHOLE = 400  # characters of a signature that is to be compared with another
_DIGITS = 12  # of a commit


class Tone(Enum):
    """How a line is meant, for a terminal that has colors."""

    TITLE = auto()
    PLAIN = auto()
    NEW = auto()
    GONE = auto()
    BAD = auto()
    FAINT = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """A line, and how it is meant."""

    text: str = ""
    tone: Tone = Tone.PLAIN


def told(found: Update) -> Iterator[Said]:
    """Tell all of it; a blank line follows each ref that has moved."""
    still = [each for each in found.news if each.moved.move is Move.NONE and not each.moved.note]
    for news in found.news:
        if news not in still:
            yield from _news(news)
            yield Said()
    for news in still:
        yield Said(f"{clean(news.moved.ref)} has not moved ({news.moved.old.commit[:_DIGITS]})", Tone.FAINT)
    for name in found.folders:
        yield Said(f"{line(name)} is a folder of yours: it is what lies there", Tone.FAINT)
    if not found.news and not found.folders:
        yield Said(f"{found.lock} has no models: there is nothing to look for", Tone.FAINT)
    if (still or found.folders) and len(still) < len(found.news):
        yield Said()


def _news(news: News) -> Iterator[Said]:
    moved = news.moved
    yield Said(f"{clean(moved.ref)} {_headline(moved)}", Tone.TITLE if moved.move.is_ordinary else Tone.BAD)
    if moved.new:
        yield Said(f"  {moved.old.commit[:_DIGITS]} → {moved.new.commit[:_DIGITS]}")
    yield from (Said(f"  {line(each)}") for each in moved.note.splitlines())
    yield from _log("new in its history", moved.added, Tone.PLAIN)
    yield from _log(_lost(moved), moved.lost, Tone.GONE)
    if news.refused:
        yield Said("  what is there now cannot be taken", Tone.BAD)
        yield from (Said(f"    {line(each)}") for each in news.refused.splitlines())
    yield from _changes(news.changes) if news.changes else ()
    yield from _calls(news)


def _headline(moved: Moved) -> str:
    """Say what has become of a ref, in a few words."""
    if moved.move is Move.REWRITTEN and moved.new and moved.base == moved.new.commit:
        return f"had its history rewritten: it was set back by {plural(moved.lost.count, 'commit')}"
    return {
        Move.NONE: "has not moved",
        Move.FORWARD: f"moved on, by {plural(moved.added.count, 'commit')}",
        Move.TAG: "is a tag that was moved",
        Move.REWRITTEN: "had its history rewritten",
        Move.GONE: "is gone upstream",
        Move.UNKNOWN: "moved, and its history cannot be looked at" if moved.new else "could not be asked for",
    }[moved.move]


def _lost(moved: Moved) -> str:
    since = f" since {moved.base[:_DIGITS]}" if moved.base else ""
    return f"no longer in its history{since}"


def _log(title: str, log: Log, tone: Tone) -> Iterator[Said]:
    """Show the newest commits of a log."""
    if not log.count:
        return
    yield Said()
    yield Said(f"  {title}", Tone.TITLE)
    for each in log.commits[:_SHOWN]:
        who = f" ({_short(each.author, 30)})" if each.author else ""
        yield Said(f"    {each.day} {each.id[:_DIGITS]} {_short(each.subject)}{who}", tone)
    yield from _more(log.count - min(len(log.commits), _SHOWN), "commit")


def _changes(changes: Changes) -> Iterator[Said]:
    yield Said()
    if changes.entries:
        yield Said("  entry points", Tone.TITLE)
        yield from _entries(changes.entries)
    for each in changes.lists:
        yield Said(f"  {line(each.title)}", Tone.TITLE)
        yield from _listed(each)
    for unknown in changes.unknown:
        yield Said(f"  not compared: {line(unknown)}", Tone.FAINT)
    yield from _code(changes.code)


def _entries(found: tuple[EntryChange, ...]) -> Iterator[Said]:
    """Show entries: those that can break a call first."""
    order = {Change.GONE: 0, Change.CHANGED: 1, Change.NEW: 3}
    ordered = sorted(found, key=lambda each: order[each.change] + (each.change is Change.CHANGED and not each.breaks))
    for each in ordered[:_SHOWN]:
        most = _WHOLE if each.change is Change.CHANGED else _WIDEST
        if each.change is not Change.NEW:
            gone = "  is gone" if each.change is Change.GONE else ""
            yield Said(f"    - {line(each.name)}{_short(each.old or '(…)', most)}{gone}", Tone.GONE)
        if each.change is not Change.GONE:
            yield Said(f"    + {line(each.name)}{_short(each.new or '(…)', most)}", Tone.NEW)
        yield from (Said(f"        {line(text)}") for text in each.breaks)
    left = [each.change for each in ordered[_SHOWN:]]
    counts = ", ".join(f"{left.count(each):,} {each}" for each in Change if each in left)
    if left:
        yield Said(f"    … {plural(len(left), 'entry')} more: {counts}", Tone.FAINT)


def _listed(found: Listed) -> Iterator[Said]:
    yield from (Said(f"    - {_short(each, 300)}", Tone.GONE) for each in found.gone[:_SHOWN])
    yield from (Said(f"    + {_short(each, 300)}", Tone.NEW) for each in found.new[:_SHOWN])
    yield from _more(max(0, len(found.gone) - _SHOWN) + max(0, len(found.new) - _SHOWN), "line")


def _code(code: Code) -> Iterator[Said]:
    """Say how much of the code differs; show it, if that was asked for."""
    yield Said("  code", Tone.TITLE)
    if code.fault:
        yield Said(f"    not compared: {line(code.fault)}", Tone.FAINT)
    elif not code.files:
        yield Said("    the same")
    else:
        amount = f"{plural(code.files, 'file')}, {plural(code.new, 'line')} new and {code.gone:,} gone"
        yield Said(f"    {amount}" + ("" if code.text else "; --diff shows them"))
    tones = {"+": Tone.NEW, "-": Tone.GONE, "@": Tone.FAINT, "d": Tone.TITLE}
    for each in ["", *code.text.split("\n")] if code.text else []:
        yield Said(clean(each), tones.get(each[:1], Tone.PLAIN))


def _calls(news: News) -> Iterator[Said]:
    """Say how each call fares; where nothing can be taken there is nothing to say."""
    if news.moved.new is None or news.refused:
        yield Said(f"  still locked: {clean(', '.join(each.model for each in news.calls))}")
        return
    yield Said()
    yield Said("  your calls", Tone.TITLE)
    for each in news.calls:
        yield from _call(each)


def _call(call: LockedCall) -> Iterator[Said]:
    shown = f"{clean(call.model)}: {line(call.call)}"
    if call.inner:
        yield Said(f"    ? {shown}: its own code loads this; only loading it tells")
    elif call.breaks:
        yield Said(f"    ✗ {shown}: breaks", Tone.BAD)
    elif call.differs:
        yield Said(f"    ~ {shown}: works, but look", Tone.PLAIN)
    else:
        yield Said(f"    ✓ {shown}: works as before, as far as reading tells", Tone.NEW)
    yield from (Said(f"        {line(text)}") for text in (*call.breaks, *call.differs))


def next_steps(found: Update, command: str) -> Iterator[str]:
    """Say what to type next.

    Args:
        found: what has happened.
        command: with which this was asked: ``rehub update`` and its options.
    """
    broken = [*dict.fromkeys(clean(each.model) for news in found.moved for each in news.calls if each.breaks)]
    if any(news.moved.move is Move.GONE for news in found.news):
        yield "What is gone upstream still loads from your store. Keep a copy for others:"
        yield "  rehub mirror DIR"
    if found.moved:
        yield "Nothing was written. To load what is upstream now, and lock it:"
        yield f"  {command} --accept"
    if broken:
        out = "take it out" if len(broken) == 1 else "take them out"
        yield f"Before that, give {listed(broken)} another entry or other arguments in {found.lock}, or {out}."


def listed(names: Sequence[str]) -> str:
    """Give names as a sentence has them.

    Example:
        >>> listed(["moons"]), listed(["moons", "rings", "spirals"])
        ('moons', 'moons, rings and spirals')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _short(text: str, most: int = _WIDEST) -> str:
    return cut(line(text), most)


def _more(count: int, word: str) -> Iterator[Said]:
    if count > 0:
        yield Said(f"    … {plural(count, word)} more", Tone.FAINT)
