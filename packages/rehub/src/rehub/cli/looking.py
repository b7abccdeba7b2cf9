"""How ``list``, ``help`` and ``inspect`` look at a repository: by reading it, and, if asked for, by running it too."""

import click

from rehub.cli.ask import ask, may_ask
from rehub.cli.output import Output
from rehub.hub import Hub
from rehub.words.errors import UntrustedError
from rehub.words.inspection import Inspection

dynamic = click.option(
    "--dynamic",
    is_flag=True,
    help="Where names cannot be known by reading, run hubconf.py in a process of its own, and remember what it makes.",
)
trust = click.option("--trust", is_flag=True, help="With --dynamic: let it run this once, unless the policy is never.")


def look(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, ref: str, *, source: str, force_reload: bool, dynamic: bool, trust: bool
) -> Inspection:
    """Give what there is to know of a repository; ask first, if something must run and somebody is there.

    Raises:
        ClickException: the answer was no.
        RehubError: as :meth:`Hub.inspect`.
    """
    if trust and not dynamic:
        raise click.UsageError("--trust is for --dynamic: nothing is run without it", click.get_current_context())
    try:
        return hub.inspect(ref, source=source, force_reload=force_reload, dynamic=dynamic, trust_repo=trust or None)
    except UntrustedError as error:
        error.add_note("or, for this time only, run it with --trust")
        if not may_ask(hub):
            raise
        if not ask(hub, out, hub.inspect(ref, source=source)):
            msg = "not allowed: you said no\n  nothing of it was run"
            raise click.ClickException(msg) from None
    # Nothing is asked of the remote again: what was asked about is what will run, or nothing.
    return hub.inspect(ref, source=source, dynamic=True)
