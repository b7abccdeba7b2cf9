"""What the commands that call an entry have in common: arguments, permission, and how the call is made."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from rehub.bound import BoundEntry
from rehub.cli import arguments as given
from rehub.cli import foreign
from rehub.cli.ask import ask, may_ask
from rehub.cli.output import Output
from rehub.cli.text import clean, size
from rehub.hub import Hub
from rehub.verbs.load import Loaded
from rehub.words.errors import UntrustedError
from rehub.words.lock import LockedModel
from rehub.words.provenance import Provenance
from rehub.words.ref import Folder, Ref

arguments = click.argument("arguments", nargs=-1, metavar="[VALUE]... [NAME=VALUE]...")
trust = click.option("--trust", is_flag=True, help="Let it run this once, unless the policy is never.")


@dataclass(frozen=True, slots=True)
class Call:
    """An entry that may run, and what it is called with.

    Attributes:
        bound: the entry.
        args: values without a name.
        kwargs: values with one.
        usage: how the entry is called, for a call that it does not take.
    """

    bound: BoundEntry[Any]
    args: list[Any]
    kwargs: dict[str, Any]
    usage: str

    def run(self, out: Output, look: Callable[[Loaded], Any]) -> Any:
        """Call the entry, and look at what it made; both run foreign code, whose output is kept from the result.

        Args:
            out: standard output is its own from here on.
            look: what to do with the entry's result and its provenance.
        """
        foreign.set_aside_stdout(out)
        root = self.bound.checkout.root
        return foreign.call(
            lambda: look(self.bound.run(*self.args, **self.kwargs)), root=root, usage=self.usage, out=out
        )

    @property
    def origin(self) -> dict[str, str]:
        """Where the entry comes from, for people."""
        pin = self.bound.checkout.pin
        if pin is None:
            return {"folder": str(self.bound.checkout.root)}
        return {"remote": pin.remote.url, "commit": pin.commit}

    def as_dict(self) -> dict[str, Any]:
        """Give what was called, for JSON."""
        return {"entry": self.bound.name, "arguments": {"args": self.args, "kwargs": self.kwargs}}


def prepare(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    ref: str,
    entry: str,
    words: tuple[str, ...],
    *,
    trust: bool,
    force_reload: bool,
    source: str,
) -> Call:
    """Read the arguments, and give the call if it may be made."""
    args, kwargs = given.parse(words)
    for doubt in given.doubts(args, kwargs):
        out.note(doubt, kind="warning")
    bound = _admitted(hub, out, ref, entry, source=source, force_reload=force_reload, trust=trust)
    return Call(bound, args, kwargs, _usage(hub, bound, ref, source))


def again(hub: Hub, out: Output, model: LockedModel, base: Path, *, trust: bool) -> Call:
    """Give the call that a lock names, if it may be made.

    Args:
        base: the lock's folder, from which it names others.
    """
    ref = os.path.join(base, model.ref) if isinstance(Ref.parse(model.ref).place, Folder) else model.ref  # noqa: PTH118
    bound = _admitted(hub, out, ref, model.entry, source="github", force_reload=False, trust=trust)
    return Call(bound, list(model.args), dict(model.kwargs), _usage(hub, bound, ref, "github"))


def _admitted(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, ref: str, entry: str, *, source: str, force_reload: bool, trust: bool
) -> BoundEntry[Any]:
    """Give the entry if it may run; ask first, if that is what it takes and somebody is there."""
    try:
        return hub.entry(ref, entry, source=source, force_reload=force_reload, trust_repo=trust or None)
    except UntrustedError as error:
        error.add_note("or, for this time only, add --trust")
        if not may_ask(hub):
            raise
        if not ask(hub, out, hub.inspect(ref, source=source)):
            msg = "not allowed: you said no\n  nothing of it was run"
            raise click.ClickException(msg) from None
    # Nothing is forced again: what was asked about is what will run, or nothing.
    return hub.entry(ref, entry, source=source)


def _usage(hub: Hub, bound: BoundEntry[Any], ref: str, source: str) -> str:
    known = hub.inspect(ref, source=source).hubconf.find(bound.name)
    return f"{bound.name}{(known.signature if known else '') or '(…)'}"


def print_used(out: Output, provenance: Provenance) -> None:
    """Say what an entry itself loaded and used, for people."""
    for each in provenance.nested:
        for text in str(each).split("\n"):
            out.line(f"{'loaded':<11} {clean(text)}")
    for weights in provenance.weights:
        out.line(f"{'weights':<11} {clean(weights.url)} {size(weights.size)} sha256:{weights.sha256}")
    for unverified in provenance.unverified:
        out.line(f"{'unverified':<11} {clean(str(unverified))}")
