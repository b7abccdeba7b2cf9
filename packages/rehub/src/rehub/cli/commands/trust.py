"""``rehub trust``: which repositories may run here.

JSON: ``{"grants": [Grant]}``, ``{"added": Grant}`` or ``{"removed": [Grant]}``, where a grant is ``{"remote", "commit",
"added"}``; a commit of ``null`` stands for any.
"""

import click

from rehub.cli.command import command as make
from rehub.cli.command import force_reload, ref
from rehub.cli.output import Output
from rehub.hub import Hub
from rehub.words.errors import MalformedRefError
from rehub.words.ref import Ref
from rehub.words.trust import Grant


@click.group("trust", epilog="\b\nExample:\n  rehub trust add pytorch/vision:v0.20.1", no_args_is_help=True)
def command() -> None:
    """Decide which repositories may run here.

    Decisions are kept by repository and commit, in rehub/trust.json of your configuration folder.
    """


@make("list", group=command, example="rehub trust list")
def show(hub: Hub, out: Output) -> None:
    """Show what was allowed, one a line, as 'rehub trust remove' takes it."""
    grants = hub.grants.all()
    if out.as_json:
        out.data({"grants": grants})
        return
    for grant in grants:
        out.line(f"{_ref(hub, grant)}\t{_what(grant)}\t{grant.added}")
    if not grants:
        out.note("nothing was allowed to run here")


@make("add", group=command, example="rehub trust add pytorch/vision:v0.20.1\nrehub trust add pytorch/vision")
@ref
@force_reload
def add(hub: Hub, out: Output, *, ref: str, force_reload: bool) -> None:
    """Allow a repository to run here.

    With a branch, tag or commit: at the commit that it names, as this machine knows it; --force-reload asks again.
    With none: at any commit, now and later.
    """
    if force_reload and Ref.parse(ref).rev is not None:
        hub.fetch(ref, force_reload=True)
    grant = hub.allow(ref)
    if out.as_json:
        out.data({"added": grant})
    else:
        out.line(f"{_ref(hub, grant)} may run here ({_what(grant)})")


@make("remove", group=command, example="rehub trust remove pytorch/vision")
@ref
def remove(hub: Hub, out: Output, *, ref: str) -> None:
    """Take back what was allowed: about one commit, or all about a repository."""
    gone = list(hub.disallow(ref))
    if out.as_json:
        out.data({"removed": gone})
    for grant in [] if out.as_json else gone:
        out.line(f"{_ref(hub, grant)} may no longer run here ({_what(grant)})")
    if not gone:
        msg = f"nothing was allowed about {ref}; 'rehub trust list' shows what was"
        raise click.ClickException(msg)


def _ref(hub: Hub, grant: Grant) -> str:
    try:
        place = str(hub.settings.meant(Ref.parse(grant.remote)).place)
    except MalformedRefError:  # written by another version
        place = grant.remote
    return f"{place}@{grant.commit}" if grant.commit else place


def _what(grant: Grant) -> str:
    return "this commit" if grant.commit else "any commit"
