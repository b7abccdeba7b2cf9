"""``rehub lock``: load a model once, and record all its bytes.

JSON: ``{"lock", "name", "ref", "entry", "arguments": [text], "repositories": [{"ref", "remote", "commit", "tree",
"git_tree"}], "weights": [{"url", "sha256", "size"}], "complete", "unverified": [text]}``.
"""

import os
from dataclasses import replace
from typing import Any

import click

from rehub.cli import running
from rehub.cli.command import command as make
from rehub.cli.command import entry, record_in, ref, source
from rehub.cli.output import Output
from rehub.cli.text import clean, line, size
from rehub.hub import Hub
from rehub.verbs.load import Loaded
from rehub.verbs.locked import DEFAULT, Locks
from rehub.words.lock import LockedModel, LockedRepository
from rehub.words.ref import Ref


@make(
    "lock",
    example="rehub lock pytorch/vision:v0.20.1 resnet18 weights=DEFAULT\nrehub lock ./my-model net 3 --name small",
    unlocked=True,
)
@ref
@entry
@running.arguments
@record_in
@click.option("--name", default="", help="What the lock calls it; the entry's name, if there is no other of it.")
@running.trust
@source
def command(hub: Hub, out: Output, *, ref: str, source: str, name: str, **call: Any) -> None:
    """Load a model once, and record all its bytes in a lock.

    Its commit, those of the repositories that it loads, and each file of weights: in rehub.lock of this folder, or
    where --lock or REHUB_LOCK say. A ref that the lock has is not asked for again; 'rehub update' does that. Values are
    typed as for 'rehub load'.
    """
    path = hub.settings.lock or DEFAULT
    with hub.recording(path):
        model = _recorded(hub, out, ref, source, name, **call)
    if out.as_json:
        out.data({"lock": str(path)} | _as_dict(model))
    else:
        _print(out, model, os.fspath(path))


def _recorded(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, ref: str, source: str, name: str, *, entry: str, arguments: tuple[str, ...], trust: bool
) -> LockedModel:
    locks = _locks(hub)
    is_new = source == "github" and locks.pin(str(hub.settings.meant(Ref.parse(ref)))) is None
    call = running.prepare(hub, out, ref, entry, arguments, trust=trust, force_reload=is_new, source=source)
    call = replace(call, bound=replace(call.bound, locked_as=name))

    def look(loaded: Loaded) -> LockedModel | None:
        if locks.find(loaded.provenance, loaded.checkout):
            out.note(f"{locks.shown} had it already; 'rehub update' says what is newer")
        return _locks(hub).find(loaded.provenance, loaded.checkout)

    model: LockedModel = call.run(out, look)
    return model


def _locks(hub: Hub) -> Locks:
    locks = hub.locks
    assert locks is not None  # noqa: S101 - it is recording
    return locks


def _as_dict(model: LockedModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "ref": model.ref,
        "entry": model.entry,
        "arguments": list(model.arguments),
        "repositories": [_repository(each) for each in model.repositories],
        "weights": list(model.weights),
        "complete": model.complete,
        "unverified": list(model.unverified),
    }


def _repository(each: LockedRepository) -> dict[str, str]:
    pin = each.pin
    tree = {"tree": str(pin.tree), "git_tree": each.git_tree}
    return {"ref": each.ref, "remote": pin.remote.url, "commit": pin.commit} | tree


def _print(out: Output, model: LockedModel, path: str) -> None:
    """Say what the lock has now, for people."""
    out.line(f"{'locked':<11} {line(f'{model.name} in {path}')}")
    given = ", ".join(model.arguments)
    out.line(f"{'call':<11} {line(f'{model.entry}({given}) of {model.ref}')}")
    for each in model.repositories:
        out.line(f"{'commit':<11} {each.pin}")
    for weights in model.weights:
        out.line(f"{'weights':<11} {clean(weights.url)} {size(weights.size)} sha256:{weights.sha256}")
    for text in model.unverified:
        out.line(f"{'unverified':<11} {line(text)}")
    if not model.complete:
        out.note("it is not complete: nothing vouches for what is unverified")
