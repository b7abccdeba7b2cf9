"""``rehub trust``: which repositories may run here, and which files of weights may be read in full.

JSON: ``{"grants": [Grant], "weights": [WeightsGrant]}``, ``{"added": Grant}`` or ``{"removed": [Grant]}``, where a
grant is ``{"remote", "commit", "added"}``, and a commit of ``null`` stands for any; one about weights is ``{"digest",
"added"}``, and a digest is ``sha256:<hex>``.
"""

from collections.abc import Callable, Iterable
from typing import Any

import click

from rehub.cli.command import command as make
from rehub.cli.command import force_reload
from rehub.cli.complete import RefText
from rehub.cli.output import Output
from rehub.hub import Hub
from rehub.words.errors import MalformedRefError
from rehub.words.ref import Ref
from rehub.words.trust import Grant, WeightsGrant

weights = click.option("--weights", "is_weights", is_flag=True, help="A file of weights: sha256:… or its path.")


@click.group("trust", epilog="\b\nExample:\n  rehub trust add pytorch/vision:v0.20.1", no_args_is_help=True)
def command() -> None:
    """Decide which repositories may run here.

    And which files of weights may be read in full, where reading runs what is in them. Decisions are kept by repository
    and commit, and by the file's SHA-256, in rehub/trust.json of your configuration folder.
    """


@make("list", group=command, example="rehub trust list")
def show(hub: Hub, out: Output) -> None:
    """Show what was allowed, one a line, as 'rehub trust remove' takes it."""
    grants, files = hub.grants.all(), hub.grants.weights()
    if out.as_json:
        out.data({"grants": grants, "weights": [_row(each) for each in files]})
        return
    for grant in grants:
        out.line(f"{_ref(hub, grant)}\t{_what(grant)}\t{grant.added}")
    for each in files:
        out.line(f"--weights {each.digest}\tread in full\t{each.added}")
    if not grants and not files:
        out.note("nothing was allowed to run here")


@make(
    "add",
    group=command,
    example="rehub trust add pytorch/vision:v0.20.1\nrehub trust add acme/toy\nrehub trust add --weights model.pt",
)
@click.argument("ref", metavar="REF|WEIGHTS", type=RefText())
@weights
@force_reload
def add(hub: Hub, out: Output, *, ref: str, is_weights: bool, force_reload: bool) -> None:
    """Allow a repository to run here.

    With a branch, tag or commit: at the commit that it names, as this machine knows it; --force-reload asks again.
    With none: at any commit, now and later.

    With --weights, allow a file of weights to be read in full, which runs what is in it: by its digest (sha256:…), or
    by its path if it is here. Whoever loads it still has to trust the repository that does.
    """
    if is_weights:
        _say(out, "added", hub.allow_weights(ref))
        return
    if force_reload and Ref.parse(ref).rev is not None:
        hub.fetch(ref, force_reload=True)
    grant = hub.allow(ref)
    if out.as_json:
        out.data({"added": grant})
    else:
        out.line(f"{_ref(hub, grant)} may run here ({_what(grant)})")


def _say(out: Output, key: str, grant: WeightsGrant) -> None:
    if out.as_json:
        out.data({key: _row(grant)})
    else:
        out.line(f"{grant.digest} may be read in full here")


@make("remove", group=command, example="rehub trust remove pytorch/vision")
@click.argument("ref", metavar="REF|WEIGHTS", type=RefText())
@weights
def remove(hub: Hub, out: Output, *, ref: str, is_weights: bool) -> None:
    """Take back what was allowed: about one commit, all about a repository, or, with --weights, about a file."""
    if is_weights:
        _say_removed(
            out, ref, hub.disallow_weights(ref), lambda each: f"{each.digest} may no longer be read in full here"
        )
        return

    def told(grant: Grant) -> str:
        return f"{_ref(hub, grant)} may no longer run here ({_what(grant)})"

    _say_removed(out, ref, hub.disallow(ref), told)


def _say_removed(out: Output, asked: str, gone: Iterable[Any], told: Callable[[Any], str]) -> None:
    gone = list(gone)
    if out.as_json:
        out.data({"removed": [_row(each) if isinstance(each, WeightsGrant) else each for each in gone]})
    for grant in [] if out.as_json else gone:
        out.line(told(grant))
    if not gone:
        msg = f"nothing was allowed about {asked}; 'rehub trust list' shows what was"
        raise click.ClickException(msg)


def _row(grant: WeightsGrant) -> dict[str, str]:
    return {"digest": str(grant.digest), "added": grant.added}


def _ref(hub: Hub, grant: Grant) -> str:
    try:
        place = str(hub.settings.meant(Ref.parse(grant.remote)).place)
    except MalformedRefError:  # written by another version
        place = grant.remote
    return f"{place}@{grant.commit}" if grant.commit else place


def _what(grant: Grant) -> str:
    return "this commit" if grant.commit else "any commit"
