"""The parts that several commands print: a pin, entries, notes about what could not be read."""

from typing import TYPE_CHECKING, Any

from rehub.cli.output import Output
from rehub.cli.text import plural

if TYPE_CHECKING:
    from rehub.words.inspection import Inspection
    from rehub.words.pin import Checkout, Pin
    from rehub.words.provenance import Provenance


def pin_of(checkout: "Checkout") -> dict[str, str] | None:
    """Give a pin for JSON; ``null`` for a folder of the user's own."""
    return pin_json(checkout.pin)


def pin_json(pin: "Pin | None") -> dict[str, str] | None:
    """Give a pin for JSON."""
    return {"remote": pin.remote.url, "commit": pin.commit, "tree": str(pin.tree)} if pin else None


def heading(ref: str, checkout: "Checkout") -> dict[str, Any]:
    """Give the keys with which every JSON document about a repository starts."""
    return {"ref": ref, "pin": pin_of(checkout)}


def used(provenance: "Provenance") -> dict[str, Any]:
    """Give what an entry itself loaded and used, for JSON."""
    return {
        "nested": [_loaded(each) for each in provenance.nested],
        "weights": [{"url": each.url, "sha256": each.sha256, "size": each.size} for each in provenance.weights],
        "unverified": [{"kind": each.kind, "what": each.what} for each in provenance.unverified],
        "complete": provenance.complete,
    }


def _loaded(provenance: "Provenance") -> dict[str, Any]:
    return {
        "place": provenance.place,
        "pin": pin_json(provenance.pin),
        "entry": provenance.entry,
        "arguments": {"args": provenance.args, "kwargs": dict(provenance.kwargs)},
        **used(provenance),
    }


def unreadable(found: "Inspection") -> str:
    """Say why no entry is known, if that is the hubconf's fault; empty if some are, or if there just are none."""
    amiss = [each for each in found.hubconf.problems if each.file == "hubconf.py"]
    if found.hubconf.names or found.hubconf.dynamic or not amiss:
        return ""
    told = "\n".join(f"  {each.file}:{each.line}: {each.message}" for each in amiss)
    return f"the entry points of {found.checkout} cannot be known by reading\n{told}"


def notes(out: Output, found: "Inspection") -> None:
    """Say what could not be known by reading, and whether it is known from running."""
    for place in found.hubconf.dynamic if found.hubconf.run is None else ():
        out.note(str(place))
    if found.hubconf.dynamic and found.hubconf.run is None:
        out.note("--dynamic runs hubconf.py in a process of its own, and lists what it makes")
    if found.hubconf.run:
        count = sum(entry.from_run for entry in found.hubconf.entries)
        out.note(f"{plural(count, 'name')} known from {found.hubconf.run}, not from reading")
    for problem in found.hubconf.problems:
        out.note(f"{problem.file}:{problem.line}: {problem.message}")
