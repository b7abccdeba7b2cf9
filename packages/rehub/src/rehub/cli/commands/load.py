"""``rehub load``: call an entry point.

JSON: ``{"ref", "pin": {"remote", "commit", "tree"} or null, "entry", "arguments": {"args", "kwargs"}, "type", "repr",
"parameters", "trainable", "bytes", "dtypes", "training"}``; the last five are ``null`` for what is no torch module.
"""

import click

from rehub.cli import arguments as given
from rehub.cli import foreign, shapes
from rehub.cli.ask import ask, may_ask
from rehub.cli.command import command as make
from rehub.cli.command import entry, force_reload, ref, source
from rehub.cli.output import Output, plain
from rehub.cli.text import line, size
from rehub.hub import BoundEntry, Hub
from rehub.words.errors import UntrustedError


@make("load", example="rehub load pytorch/vision:v0.20.1 resnet18 weights=DEFAULT\nrehub load ./my-model net 3 -- -1")
@ref
@entry
@click.argument("arguments", nargs=-1, metavar="[VALUE]... [NAME=VALUE]...")
@click.option("--trust", is_flag=True, help="Let it run this once, unless the policy is never.")
@force_reload
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    *,
    ref: str,
    entry: str,
    arguments: tuple[str, ...],
    trust: bool,
    force_reload: bool,
    source: str,
) -> None:
    """Call an entry point, and say what it made.

    Values are Python literals, else strings: 3, True, None, [1,2], DEFAULT, 'quoted'. After -- they may start with '-'.
    What the repository prints goes to standard error.
    """
    args, kwargs = given.parse(arguments)
    for doubt in given.doubts(args, kwargs):
        out.note(doubt, kind="warning")
    bound = _admitted(hub, out, ref, entry, source=source, force_reload=force_reload, trust=trust)
    usage = _usage(hub, bound, ref, source)
    foreign.set_aside_stdout(out)

    def run() -> foreign.Made:
        return foreign.describe(bound.run(*args, **kwargs).value)

    made = foreign.call(run, root=bound.checkout.root, usage=usage, out=out)
    if out.as_json:
        called = {"entry": entry, "arguments": {"args": args, "kwargs": kwargs}}
        out.data(shapes.heading(ref, bound.checkout) | called | plain(made))
    else:
        _print(out, bound, made)


def _admitted(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, ref: str, entry: str, *, source: str, force_reload: bool, trust: bool
) -> BoundEntry:
    """Give the entry if it may run; ask first, if that is what it takes and somebody is there."""
    try:
        return hub.entry(ref, entry, source=source, force_reload=force_reload, trust_repo=trust or None)
    except UntrustedError as error:
        error.add_note("or, for this time only, load it with --trust")
        if not may_ask(hub):
            raise
        if not ask(hub, out, hub.inspect(ref, source=source)):
            msg = "not allowed: you said no\n  nothing of it was run"
            raise click.ClickException(msg) from None
    # Nothing is forced again: what was asked about is what will run, or nothing.
    return hub.entry(ref, entry, source=source)


def _usage(hub: Hub, bound: BoundEntry, ref: str, source: str) -> str:
    known = hub.inspect(ref, source=source).hubconf.find(bound.name)
    return f"{bound.name}{(known.signature if known else '') or '(…)'}"


def _print(out: Output, bound: BoundEntry, made: foreign.Made) -> None:
    pin = bound.checkout.pin
    rows = {"entry": bound.name, "type": made.type}
    rows |= {"remote": pin.remote.url, "commit": pin.commit} if pin else {"folder": str(bound.checkout.root)}
    if made.parameters is not None and made.trainable is not None:
        rows["parameters"] = f"{made.parameters:,} ({made.trainable:,} trainable, {', '.join(made.dtypes or ())})"
        rows["size"] = size(made.bytes or 0)
    if made.training is None:
        rows["value"] = made.repr
    else:
        rows["mode"] = "training" if made.training else "evaluation"
    for name, text in rows.items():
        out.line(f"{name:<11} {line(text)}")
