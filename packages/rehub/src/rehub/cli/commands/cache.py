"""``rehub cache``: the store.

JSON: ``dir`` ``{"dir"}``; ``list`` ``{"dir", "remotes": [CachedRemote], "weights": [CachedWeights]}``; ``size``
``{"dir", "bytes", "parts": {name: bytes}}``; ``prune`` the fields of ``Pruned``; ``verify`` ``{"trees", "damage":
[{"tree", "path", "expected", "found"}], "weights", "damaged_weights": [{"digest", "found"}], "broken": [file],
"removed": [digest]}``. Times are seconds since 1970.
"""

import os
from pathlib import Path

import click

from rehub.cli.command import command as make
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.text import age, amount, day, line, plural, size
from rehub.hub import Hub
from rehub.verbs import cache
from rehub.verbs.cache import CachedRemote, Verified
from rehub.verbs.cachedweights import CachedWeights, weights_in
from rehub.verbs.pruning import Pruned
from rehub.verbs.pruning import prune as make_room

_OLD = 30 * 86_400.0  # seconds


class Age(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """An age: ``30d``, ``12h``, ``2w``, ``90m``."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read one; give seconds."""
        if isinstance(value, float):
            return value
        found = age(str(value))
        if found is None:
            self.fail(f"{value!r} is not an age; expected a number and m, h, d or w: 30d", param, ctx)
        return found


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """How many bytes: ``20GB``, ``512MiB``."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it; give bytes."""
        found = value if isinstance(value, int) else amount(str(value))
        if found is None:
            self.fail(f"{value!r} is not a size; expected a number and KB, MB, GB or TB, or KiB and so on", param, ctx)
        return found


@click.group("cache", epilog="\b\nExample:\n  rehub cache list\n  rehub cache prune --dry-run", no_args_is_help=True)
def command() -> None:
    """Look after the store.

    Everything in it can be fetched again; removing the whole folder is safe.
    """


@make("dir", group=command, example="rehub cache dir")
def folder(hub: Hub, out: Output) -> None:
    """Print the store's folder."""
    if out.as_json:
        out.data({"dir": hub.store.root})
    else:
        out.line(str(hub.store.root))


@make("list", group=command, example="rehub cache list")
def show(hub: Hub, out: Output) -> None:
    """List what is in the store.

    Repositories, with their commits and the refs that were asked for, and weights.
    """
    found, weights = cache.contents(hub.store, named=hub.settings.named), weights_in(hub.store)
    if out.as_json:
        out.data({"dir": hub.store.root, "remotes": found, "weights": weights})
        return
    for remote in found:
        _print_remote(out, remote)
    for each in weights:
        _print_weights(out, each)
    if not found and not weights:
        out.note(f"nothing is in the store, {hub.store.root}")


def _print_remote(out: Output, remote: CachedRemote) -> None:
    for pin in remote.pins:
        names = ", ".join(ref.rev for ref in remote.refs if ref.commit == pin.commit)
        held = size(pin.bytes) if pin.bytes is not None else "not here, fetched again when needed"
        asked_as = f", asked for as {names}" if names else ""
        out.line(line(f"{remote.name}@{pin.commit} {held}, fetched {day(pin.fetched)}{asked_as}"))


def _print_weights(out: Output, each: CachedWeights) -> None:
    names = ", ".join(f"{url.name} from {url.host or 'this machine'}" for url in each.urls) or "of git LFS"
    fetched = max((url.fetched for url in each.urls), default=each.used)
    out.line(line(f"{each.digest} {size(each.bytes)}, fetched {day(fetched)}, {names}"))


@make("size", group=command, example="rehub cache size")
def measure(hub: Hub, out: Output) -> None:
    """Print how large the store is, by part."""
    parts = cache.size(hub.store)
    if out.as_json:
        out.data({"dir": hub.store.root, "bytes": sum(parts.values()), "parts": parts})
        return
    for name, count in (*parts.items(), ("total", sum(parts.values()))):
        out.line(f"{name:<10} {size(count):>10}")


@make(
    "prune",
    group=command,
    example="rehub cache prune --older-than 30d --dry-run\nrehub cache prune --to-size 20GB --keep rehub.lock",
)
@click.option(
    "--older-than", type=Age(), help="Only what was not used for so long.  [30d, if no other option is given]"
)
@click.option("--to-size", type=Amount(), help="Only until the store is no larger; what was used last goes last.")
@click.option(
    "--keep",
    metavar="LOCK",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Only what this lock does not name; can be given several times.",
)
@click.option("--all", "everything", is_flag=True, help="However lately it was used.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def prune(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    *,
    older_than: float | None,
    to_size: int | None,
    keep: tuple[Path, ...],
    everything: bool,
    dry_run: bool,
) -> None:
    """Remove what nobody used for some time.

    Commits and weights go, and whatever only they needed. Each option leaves more
    where it is; what a running process uses always stays. What is allowed to run stays allowed.
    """
    from rehub.world.lockfile import read

    if everything:
        older_than = -1.0
    elif older_than is None and to_size is None and not keep:
        older_than = _OLD
    locks = [read(each)[0] for each in keep]
    done = make_room(hub.store, older_than=older_than, to_size=to_size, keep=locks, dry_run=dry_run)
    if out.as_json:
        out.data(done)
    else:
        _print_pruned(out, done)
    for name in done.busy:
        out.note(f"{name} was left alone: another process is using it")


def _print_pruned(out: Output, done: Pruned) -> None:
    verb = "would remove" if done.dry_run else "removed"
    for pin in done.pins:
        out.line(f"{verb} {pin}")
    for name in done.repositories:
        out.line(f"{verb} the git repositories of {name}")
    for digest in done.weights:
        out.line(f"{verb} the weights {digest}")
    what = _counted(done)
    if what or done.repositories:
        out.line(f"{verb} {size(done.bytes)} in all" + (f": {what}" if what else ""))
    else:
        out.line("there is nothing to remove")


def _counted(done: Pruned) -> str:
    """Give how much there is of what; what there is nothing of is left out."""
    counts = (
        (len(done.pins), "commit", ""),
        (len(done.trees), "tree", ""),
        (len(done.weights), "file", " of weights"),
        (done.leftovers, "leftover", ""),
        (done.bytecode, "file", " of byte-code"),
    )
    return ", ".join(plural(count, one) + of for count, one, of in counts if count)


@make("verify", group=command, example="rehub cache verify --repair")
@click.option("--repair", is_flag=True, help="Remove what is damaged; the next use fetches it again.")
def verify(hub: Hub, out: Output, *, repair: bool) -> None:
    """Hash everything again, and name what is wrong.

    Code, weights, records, byte-code, and what git keeps.
    """
    from rehub.world.git import Git

    found = cache.verify(hub.store, Git(dict(os.environ), hub.settings.timeout), repair=repair)
    if out.as_json:
        damage = [{"tree": str(e.tree), "path": e.path, "expected": e.expected, "found": e.found} for e in found.damage]
        weights = {"weights": found.weights, "damaged_weights": found.damaged_weights, "broken": found.broken}
        out.data({"trees": found.trees, "damage": damage, **weights, "removed": found.removed})
    else:
        _print_verified(out, hub, found, repair=repair)
    if not found.sound:
        raise click.exceptions.Exit(REFUSED)


def _print_verified(out: Output, hub: Hub, found: Verified, *, repair: bool) -> None:
    for each in found.damage:
        place = hub.store.trees.folder(each.tree) / each.path if each.path else hub.store.trees.folder(each.tree)
        out.line(f"{place}\n  expected {each.expected}\n  found    {each.found}")
    for broken in found.damaged_weights:
        out.line(f"the weights {broken.digest}\n  found    {broken.found}")
    for path in found.broken:
        out.line(f"{path}\n  was changed, and counts for nothing")
    wrong = len(found.broken) + len({each.tree for each in found.damage}) + len(found.damaged_weights)
    hashed = plural(found.trees, "tree") + (f" and {plural(found.weights, 'file')} of weights" if found.weights else "")
    out.line(f"{hashed} hashed, " + (f"{wrong} damaged" if wrong else "all as they should be"))
    if repair and wrong:
        out.line("removed what is damaged; the next use fetches it again")
    elif wrong:
        out.note("'rehub cache verify --repair' removes what is damaged; the next use fetches it again")
