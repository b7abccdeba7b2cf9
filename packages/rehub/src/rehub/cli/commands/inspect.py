"""``rehub inspect``: everything that reading a repository tells.

JSON: ``{"ref", "pin", "path", "entries": [Entry], "leaks": [Leak], "dynamic": [Dynamic], "dependencies": [{"name",
"line", "distribution", "installed"}] or null, "weights": [WeightUrl], "effects": [Effect], "problems": [Problem],
"run": {"at", "python"} or null, "lfs": [{"path", "sha256", "size"}], "submodules": [path]}``.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rehub.cli import shapes
from rehub.cli.command import command as make
from rehub.cli.command import force_reload, ref, source
from rehub.cli.looking import dynamic, look, trust
from rehub.cli.output import Output
from rehub.cli.text import line, size
from rehub.hub import Hub
from rehub.words.dependencies import distribution
from rehub.words.hubconf import Dependency, Entry, Parameter, ParameterKind
from rehub.words.inspection import Inspection
from rehub.words.pin import Checkout
from rehub.world.packages import is_importable


@make("inspect", example="rehub inspect pytorch/vision:v0.20.1\nrehub inspect ./my-model --json")
@ref
@dynamic
@trust
@force_reload
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, *, ref: str, dynamic: bool, trust: bool, force_reload: bool, source: str
) -> None:
    """Show everything that reading a repository tells.

    Its commit, entries, dependencies, weights, and what happens when it is imported. Nothing of it is run, but with
    --dynamic.
    """
    found = look(hub, out, ref, source=source, force_reload=force_reload, dynamic=dynamic, trust=trust)
    if out.as_json:
        out.data(_document(ref, found))
    elif out.terminal:
        _show(out, found)
    else:
        for title, lines in _sections(found):
            out.line(f"{title}:")
            for each in lines:
                out.line(f"  {line(each)}")


def _document(ref: str, found: Inspection) -> dict[str, Any]:
    told = found.hubconf.as_dict()
    needed = found.hubconf.dependencies
    told["dependencies"] = None if needed is None else [_dependency(found.checkout, each) for each in needed]
    lfs = [{"path": each.path, "sha256": each.oid.hex, "size": each.size} for each in found.checkout.lfs]
    own = {"path": found.checkout.root, **told, "lfs": lfs, "submodules": found.checkout.submodules}
    return shapes.heading(ref, found.checkout) | own


def _dependency(checkout: Checkout, needed: Dependency) -> dict[str, Any]:
    name = needed.name
    own = (checkout.root / name).is_dir() or (checkout.root / f"{name}.py").is_file()
    known = {"distribution": distribution(name), "installed": own or is_importable(name)}
    return {"name": needed.name, "line": needed.line, **known}


def _sections(found: Inspection) -> Iterator[tuple[str, list[str]]]:
    """Give what there is to say, by section; but for the first three, sections without anything are left out."""
    told, checkout = found.hubconf, found.checkout
    pin = checkout.pin
    about = [f"remote {pin.remote.url}", f"commit {pin.commit}", f"tree {pin.tree}"] if pin else []
    yield "repository", [*about, f"folder {checkout.root}"]
    yield "entries", [*_entries(told.entries)] or [_no_entries(found)]
    yield "dependencies", _dependencies(found)
    rest: dict[str, Iterable[str]] = {
        "names made at run time": (
            *(f"{each.file}:{each.line} {each.reason}" for each in told.dynamic),
            *([f"known from {told.run}"] if told.run else []),
        ),
        "at import": (f"{each.kind} ({each.file}:{each.line}) {each.text}" for each in told.effects),
        "weights": (f"{each.url} ({each.file}:{each.line}) {_hash(each.hash_prefix)}" for each in told.weights),
        "git LFS pointers, not the files themselves": (f"{each.path} ({size(each.size)})" for each in checkout.lfs),
        "submodules, not fetched": checkout.submodules,
        "only imported, not entries": (
            f"{each.name} from {each.origin} (hubconf.py:{each.line})" for each in told.leaks
        ),
        "problems": (f"{each.file}:{each.line} {each.message}" for each in told.problems),
    }
    yield from ((title, lines) for title, each in rest.items() if (lines := list(each)))


def _no_entries(found: Inspection) -> str:
    if shapes.unreadable(found):
        return "unknown: hubconf.py has problems"
    hidden = found.hubconf.dynamic and not found.hubconf.run
    return "unknown: names are made at run time; --dynamic finds them" if hidden else "none"


def _entries(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        notes = (", not always there" if entry.conditional else "") + (", known from running" if entry.from_run else "")
        yield f"{entry.name}{entry.signature or '(…)'} {entry.kind}, {entry.file}:{entry.line}{notes}" + (
            f": {entry.summary}" if entry.summary else ""
        )
        yield from (f"- {_parameter(each)}" for each in entry.parameters if each.doc or each.annotation or each.default)


def _parameter(parameter: Parameter) -> str:
    star = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    typed = f": {parameter.annotation}" if parameter.annotation else ""
    default = "" if parameter.default is None else f" = {parameter.default}"
    return f"{star}{parameter.name}{typed}{default}" + (f" - {parameter.doc}" if parameter.doc else "")


def _dependencies(found: Inspection) -> list[str]:
    if found.hubconf.dependencies is None:
        return ["unknown: the hubconf says nothing that reading can know"]
    rows = [_dependency(found.checkout, each) for each in found.hubconf.dependencies]
    missing = "missing: pip install {distribution}"
    return [f"{row['name']} " + ("installed" if row["installed"] else missing.format(**row)) for row in rows] or [
        "none"
    ]


def _hash(prefix: str | None) -> str:
    return f"sha256 starts with {prefix}" if prefix else "without a hash"


def _show(out: Output, found: Inspection) -> None:
    from rich.text import Text

    for title, lines in _sections(found):
        # Neither wrapped nor padded: a folder or a digest is there to be copied.
        out.show(Text(title, "bold"), *(_colored(line(each)) for each in lines), wrap=False)


def _colored(text: str) -> Any:
    from rich.text import Text

    name = re.match(r"[^\s(]*", text)
    end = name.end() if name else 0
    if text.startswith("- "):
        return Text(f"    {text}", "dim")
    return Text("  ").append(text[:end], "cyan").append(text[end:], "default")
