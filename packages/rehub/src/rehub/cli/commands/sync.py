"""``rehub sync``: everything that a lock names, into the store.

JSON: ``{"repositories": [{"what", "came", "error"}], "weights": [the same]}``; ``what`` is a commit as a ref, or a URL,
``came`` says whether it was not there before, and ``error``, what is there only in part or not at all; else it is
``null``.
"""

from collections.abc import Iterable
from typing import Any

import click

from rehub.cli.command import command as make
from rehub.cli.command import lock
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.text import line, plural
from rehub.hub import Hub
from rehub.verbs.sync import JOBS, Outcome, Synced


@make("sync", example="rehub sync\nrehub sync --lock models/rehub.lock --jobs 8")
@lock
@click.option("--jobs", type=click.IntRange(1, 64), default=JOBS, show_default=True, help="How many at a time.")
def command(hub: Hub, out: Output, *, lock: str | None, jobs: int) -> None:
    """Bring everything that a lock names into the store.

    Commits are fetched by their id, with what git LFS keeps for them, and held against the lock, as are the weights.
    Nothing of a repository is run, and torch is not imported. What has come is not asked for again.
    """
    done = hub.sync(lock, jobs=jobs)
    if out.as_json:
        out.data({"repositories": _rows(done.repositories), "weights": _rows(done.weights)})
    else:
        _print(out, done)
    for each in done.failed:
        out.error("\n".join([str(each.error), *getattr(each.error, "__notes__", ())]))
    if done.failed:
        raise click.exceptions.Exit(REFUSED)


def _rows(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    return [{"what": e.what, "came": e.came, "error": str(e.error) if e.error else None} for e in outcomes]


def _print(out: Output, done: Synced) -> None:
    for each in (*done.repositories, *done.weights):
        if each.came:
            out.line(line(f"brought {each.what}"))
    named = f"{plural(len(done.repositories), 'commit')} and {plural(len(done.weights), 'file')} of weights"
    there = f"{len(done.failed)} missing" if done.failed else "all there"
    out.line(f"{named}, {there}")
