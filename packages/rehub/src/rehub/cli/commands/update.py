"""``rehub update``: what has happened upstream since a lock was made, and taking it.

JSON: ``{"lock", "name", "refs": [{"ref", "move", "name", "old": pin, "new": pin or null, "base", "added": Log, "lost":
Log, "note", "refused", "calls": [LockedCall], "changes": Changes or null}], "folders": [name], "accepted": [name]}``,
where a pin is ``{"remote", "commit", "tree"}``, and the rest are the fields of these classes in ``rehub.words.update``.
"""

import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from rehub.cli import running
from rehub.cli.command import command as make
from rehub.cli.command import lock
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output, plain
from rehub.cli.shapes import pin_json
from rehub.cli.text import clean
from rehub.hub import Hub
from rehub.verbs.locked import DEFAULT
from rehub.verbs.update.accept import Taking, taking
from rehub.verbs.update.accept import accept as take_over
from rehub.words.lock import LockedModel
from rehub.words.telling.update import Tone, listed, next_steps, told
from rehub.words.update import News, Update
from rehub.world import lockfile

_STYLES = {
    Tone.TITLE: "bold",
    Tone.PLAIN: "",
    Tone.NEW: "green",
    Tone.GONE: "red",
    Tone.BAD: "bold red",
    Tone.FAINT: "dim",
}


@make("update", example="rehub update\nrehub update spirals --diff\nrehub update spirals --accept", unlocked=True)
@click.argument("name", default="", metavar="[NAME]")
@lock
@click.option("--diff", is_flag=True, help="Show how the code differs, too.")
@click.option("--accept", is_flag=True, help="Load it once at the new commits, and lock that.")
@click.option("--trust", is_flag=True, help="With --accept: let it run this once, unless the policy is never.")
def command(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, *, name: str, lock: str | None, diff: bool, accept: bool, trust: bool
) -> None:
    """Say what has happened upstream since rehub.lock was made.

    Which refs have moved and how, what is new in their log, which entry points, weights and requirements changed, and
    what that means for the calls of the lock. Nothing of it is run, and nothing is written without --accept. The exit
    code is 1 if a tag was moved, a history rewritten, something is gone, or a locked call would break.
    """
    if trust and not accept:
        raise click.UsageError("--trust is for --accept: nothing is run without it", click.get_current_context())
    path = Path(lock) if lock else hub.settings.lock or Path(DEFAULT)
    known, before = lockfile.read(path)
    found = hub.update(name, lock=path, code=diff)
    if not out.as_json:
        _print(out, found)
    take = taking(known, found) if accept else None
    if take and take.models:
        try:
            take_over(path, known, before, take, partial(_load, hub, out, trust=trust))
        except BaseException:
            out.note(f"{path} was not changed")
            raise
    _end(out, found, take, command=_command(name, lock))


def _load(hub: Hub, out: Output, model: LockedModel, lock: Path, *, trust: bool) -> None:
    """Load a model once, with a lock that answers its refs and records it."""
    out.progress(f"loading {model.name}")
    recorder = Hub(dir=hub.settings.dir, locked=False, progress=out.progress)
    try:
        with recorder.recording(lock):
            running.again(recorder, out, model, lock.parent, trust=trust).run(out, lambda _: None)
    except Exception:
        out.note(f"{model.name} could not be loaded as it is upstream now")
        raise


def _end(out: Output, found: Update, take: Taking | None, *, command: str) -> None:
    """Say what was done, or is to be done; the exit code says whether somebody should look."""
    taken = [each.name for each in take.models] if take else []
    left = [each for each in found.news if each.is_bad and (take is None or each not in found.moved)]
    if out.as_json:
        out.data(_document(found, taken))
    elif take:
        out.line(f"{found.lock} has {listed(taken)} as upstream now" if taken else f"{found.lock} is as it was")
    else:
        for step in next_steps(found, command):
            out.line(step)
    if left:
        raise click.exceptions.Exit(REFUSED)


def _print(out: Output, found: Update) -> None:
    from rich.text import Text

    said = tuple(told(found))
    if out.terminal:
        out.show(*(Text(clean(each.text), _STYLES[each.tone]) for each in said), wrap=False)
    else:
        for each in said:
            out.line(each.text)


def _command(name: str, lock: str | None) -> str:
    return shlex.join(["rehub", "update", *([name] if name else []), *(["--lock", lock] if lock else [])])


def _document(found: Update, taken: list[str]) -> dict[str, Any]:
    refs = [_ref(each) for each in found.news]
    return {"lock": found.lock, "name": found.name, "refs": refs, "folders": found.folders, "accepted": taken}


def _ref(news: News) -> dict[str, Any]:
    moved = plain(news.moved) | {"old": pin_json(news.moved.old), "new": pin_json(news.moved.new)}
    return {**moved, "refused": news.refused, "calls": news.calls, "changes": news.changes}
