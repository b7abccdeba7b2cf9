"""``rehub lock``: load a model once, and record all its bytes; or look whether the lock holds what it should.

JSON: ``{"lock", "name", "ref", "entry", "arguments": [text], "repositories": [{"ref", "remote", "commit", "tree",
"git_tree" or null}], "weights": [{"url", "sha256", "size"}], "complete", "unverified": [text]}``; with ``--check``
``{"lock", "good", "findings": [{"kind", "where", "what", "command", "fault"}]}``.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from rehub.cli import running
from rehub.cli.command import command as make
from rehub.cli.command import record_in, source
from rehub.cli.complete import EntryName, RefText
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output, plain
from rehub.cli.text import clean, line, plural, size
from rehub.hub import Hub
from rehub.verbs.checklock import Finding, check_lock
from rehub.verbs.load import Loaded
from rehub.verbs.locked import DEFAULT, Locks
from rehub.words.lock import LockedModel, LockedRepository
from rehub.words.ref import Ref


@make(
    "lock",
    example="rehub lock pytorch/vision:v0.20.1 resnet18 weights=DEFAULT\nrehub lock ./my-model net 3 --name small\n"
    "rehub lock --check\nrehub lock --check train.py src/",
    unlocked=True,
)
@click.argument("ref", type=RefText(), default="")
@click.argument("entry", type=EntryName(), default="")
@running.arguments
@record_in
@click.option(
    "--name", default="", help="What the lock calls it; else the entry's name, with a number if that is taken."
)
@click.option("--check", is_flag=True, help="Look, without any network, whether the lock has all that programs load.")
@running.trust
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    *,
    ref: str,
    entry: str,
    arguments: tuple[str, ...],
    check: bool,
    **how: Any,
) -> None:
    """Load a model once, and record all its bytes in a lock.

    Its commit, those of the repositories that it loads, and each file of weights: in rehub.lock of this folder, or
    where --lock or REHUB_LOCK say. A ref that the lock has is not asked for again; 'rehub update' does that. Values are
    typed as for 'rehub load'.

    With --check, what follows are programs, or folders of them (that of the lock if there are none). What they load is
    read, not run; the exit code is 1 if the lock lacks any of it, or is not complete.
    """
    path = hub.settings.lock or Path(DEFAULT).absolute()
    if check:
        _check(hub, out, path, [Path(each) for each in (ref, entry, *arguments) if each])
        return
    if not entry:
        msg = f"Missing argument '{'ENTRY' if ref else 'REF'}'."
        raise click.UsageError(msg, click.get_current_context())
    with hub.recording(path):
        model = _recorded(hub, out, ref, entry, arguments, **how)
    if out.as_json:
        out.data({"lock": str(path)} | _as_dict(model))
    else:
        _print(out, model, Locks.of(path).shown)


def _check(hub: Hub, out: Output, path: Path, programs: list[Path]) -> None:
    """Say what is wanting."""
    locks = Locks.there(path)
    if absent := [str(each) for each in programs if not each.exists()]:
        msg = f"there is no {absent[0]}: with --check, what follows are programs, or folders of them"
        raise click.UsageError(msg, click.get_current_context())
    beside = Path() if path.parent == Path.cwd() else path.parent  # so that findings name files as one would
    found = check_lock(locks.lock, path, programs=programs or [beside], meant=hub.settings.meant)
    faults = [each for each in found if each.is_fault]
    if out.as_json:
        rows = [plain(each) | {"fault": each.is_fault} for each in found]
        out.data({"lock": str(path), "good": not faults, "findings": rows})
    else:
        _print_findings(out, found)
        state = f"is not to be relied on: {plural(len(faults), 'fault')}" if faults else "is good"
        out.line(f"{locks.shown} {state}")
    if faults:
        raise click.exceptions.Exit(REFUSED)


def _print_findings(out: Output, found: list[Finding]) -> None:
    for each in found:
        said = line(f"{each.where}: {each.what}") + (f"\n  {each.command}" if each.command else "")
        if each.is_fault:
            out.line(said)
        else:
            out.note(said)


def _recorded(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, ref: str, entry: str, arguments: tuple[str, ...], *, source: str, name: str, trust: bool
) -> LockedModel:
    locks = _locks(hub)
    is_new = source == "github" and locks.pin(str(hub.settings.meant(Ref.parse(ref)))) is None
    call = running.prepare(hub, out, ref, entry, arguments, trust=trust, force_reload=is_new, source=source)
    call = replace(call, bound=replace(call.bound, locked_as=name))

    def look(loaded: Loaded) -> LockedModel | None:
        had, has = (each.find(loaded.provenance, loaded.checkout) for each in (locks, _locks(hub)))
        if had and has and had.ref == has.ref:
            out.note(f"{locks.shown} had it already; 'rehub update' says what is newer")
        return has

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


def _repository(each: LockedRepository) -> dict[str, str | None]:
    pin = each.pin
    tree = {"tree": str(pin.tree), "git_tree": each.git_tree or None}
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
