"""``rehub verify``: everything in the store that a lock names, hashed again.

JSON: ``{"repositories": count, "weights": count, "wrong": [{"what", "expected", "found"}], "missing": [{"what",
"bytes"}]}``; ``bytes`` is ``null`` where the lock does not know it.
"""

import click

from rehub.cli.command import command as make
from rehub.cli.command import lock
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.text import line, plural, size
from rehub.hub import Hub
from rehub.verbs.verifylock import VerifiedLock


@make("verify", example="rehub verify\nrehub verify --lock models/rehub.lock --json")
@lock
def command(hub: Hub, out: Output, *, lock: str | None) -> None:
    """Hash everything that a lock names again.

    Every file of every commit, what git LFS keeps for it, and all weights: against the lock, whatever the store's
    own records say. Nothing is fetched, changed or run.
    """
    found = hub.verify(lock)
    if out.as_json:
        missing = [{"what": what, "bytes": count} for what, count in found.missing]
        counts = {"repositories": found.repositories, "weights": found.weights}
        out.data({**counts, "wrong": found.wrong, "missing": missing})
    else:
        _print(out, found)
    if not found.good:
        raise click.exceptions.Exit(REFUSED)


def _print(out: Output, found: VerifiedLock) -> None:
    for each in found.wrong:
        out.line(f"{line(each.what)}\n  expected {line(each.expected)}\n  found    {line(each.found)}")
    for what, count in found.missing:
        out.line(line(f"missing {what}" + ("" if count is None else f", {size(count)}")))
    named = f"{plural(found.repositories, 'commit')} and {plural(found.weights, 'file')} of weights"
    amiss = [f"{len(found.wrong)} wrong"] * bool(found.wrong) + [f"{len(found.missing)} missing"] * bool(found.missing)
    out.line(f"{named} hashed, " + (", ".join(amiss) or "all as the lock says"))
    if found.wrong:
        out.note("'rehub cache verify --repair' removes what is damaged, and 'rehub sync' brings it again")
    elif found.missing:
        out.note("'rehub sync' brings what is missing")
