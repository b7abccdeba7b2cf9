"""``rehub env``: which packages a repository needs, and which versions of them there were on a day.

JSON: ``{"ref", "pin", "python": {"here", "asked"}, "needs": [{"name", "use", "requirements", "imports", "where",
"installed", "installed_as", "fits"}], "aside": [{"file", "line", "text", "reason"}], "solution": {"time", "python",
"packages": [{"name", "version"}], "installed": {name: version}, "left_out", "wanting": [{"requirement", "python",
"said"}], "said", "file", "sha256", "lock"} or null}``; ``file``, ``sha256`` and ``lock`` are ``null``
where nothing was written.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rehub.cli import shapes
from rehub.cli.command import command as make
from rehub.cli.command import force_reload, ref, source
from rehub.cli.output import Output
from rehub.cli.text import line, plural
from rehub.hub import Hub

if TYPE_CHECKING:
    from rehub.verbs.environment import Kept, Wish
    from rehub.words.inspection import Inspection
    from rehub.words.needs import Needs, Solution
    from rehub.words.pin import Checkout

_PYPI = "https://pypi.org/simple"
_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@make(
    "env",
    example="rehub env pytorch/vision:v0.20.1\n"
    "rehub env mateuszbuda/brain-segmentation-pytorch --as-of commit --imported\n"
    "rehub env ./my-model --as-of 2024-06-01 --output pylock.june.toml",
)
@ref
@click.option(
    "--as-of",
    metavar="WHEN",
    help="Solve with what there was then, into a pylock.toml: 'commit' for the commit's own time, another commit, a day "
    "or a time.",
)
@click.option("--python", metavar="VERSION", help="Solve for this Python, such as 3.9, instead of the running one.")
@click.option("--imported", is_flag=True, help="Leave out what is declared, but never imported.")
@click.option("--without", metavar="NAME", multiple=True, help="Leave a package out; may be said several times.")
@click.option("--output", metavar="FILE", help="Where to; pylock.toml beside the lock, or here, by default.")
@click.option(
    "--lock", metavar="FILE", help="The lock; else REHUB_LOCK names it, or it is rehub.lock in this folder."
)
@force_reload
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    *,
    ref: str,
    as_of: str | None,
    python: str | None,
    imported: bool,
    without: tuple[str, ...],
    output: str | None,
    lock: str | None,
    force_reload: bool,
    source: str,
) -> None:
    """Show which packages a repository needs, and solve them as of a day.

    What its hubconf, its requirements and its project files say, and what its modules import, is read; nothing of it is
    run, and nothing is ever installed. torch and its family are taken as they are installed.
    """
    from rehub.verbs.environment import needs_of
    from rehub.world.folder import Tree

    if as_of is None and (python or imported or without or output or lock):
        raise click.UsageError("this is for --as-of WHEN: without it nothing is solved", click.get_current_context())
    found = hub.inspect(ref, source=source, force_reload=force_reload)
    needs = needs_of(Tree(found.checkout.root), found.hubconf)
    if not out.as_json:
        _show_needs(out, found, needs)
    if as_of is None:
        if out.as_json:
            out.data(_document(ref, found, needs))
        else:
            _advise(out, ref, needs)
        return
    wish = _wish(hub, found.checkout, as_of, python, imported=imported, without=without)
    lock_file = _lock(hub, lock)
    _solve(hub, out, ref, found, needs, wish, _target(output, lock_file), lock_file)


def _solve(  # noqa: PLR0913, PLR0917 - what was read, what is wanted, where to
    hub: Hub,
    out: Output,
    ref: str,
    found: "Inspection",
    needs: "Needs",
    wish: "Wish",
    target: Path,
    lock: Path | None,
) -> None:
    from rehub.verbs.environment import keep, solve
    from rehub.words.errors import OfflineError
    from rehub.world import pylock, uv

    pylock.check(target)  # before anybody waits
    if hub.settings.offline:
        raise OfflineError("the index of packages", "Solve it online: unset REHUB_OFFLINE, or leave out --offline.")
    out.progress("solving")
    with uv.started(os.environ, hub.settings.rewritten(_PYPI)) as solver:
        solution = solve(needs, wish, solver)
    kept = keep(solution, target, lock) if solution.pylock else None
    if out.as_json:
        out.data(_document(ref, found, needs, solution, kept))
    else:
        _show_solution(out, needs, solution, kept)
    if kept is None:
        raise click.ClickException(_no_solution(ref, needs, solution))


def _wish(
    hub: Hub, checkout: "Checkout", as_of: str, python: str | None, *, imported: bool, without: tuple[str, ...]
) -> "Wish":
    from rehub.verbs.environment import Wish

    context = click.get_current_context()
    if python is not None and not re.fullmatch(r"3\.\d{1,2}", python):
        raise click.BadParameter(f"{python!r} is no Python such as 3.9", context, param_hint="--python")
    pin = checkout.pin
    origin = (("repository", pin.remote.url), ("commit", pin.commit)) if pin else ()
    return Wish(hub.as_of(as_of, checkout), python or _HERE, imported, without, origin)


def _lock(hub: Hub, given: str | None) -> Path | None:
    """Give the lock in use, if one is: the one that is named, or the one in this folder."""
    named = Path(given) if given else hub.settings.lock
    return named or (Path("rehub.lock") if Path("rehub.lock").is_file() else None)


def _target(output: str | None, lock: Path | None) -> Path:
    return Path(output) if output else (lock.parent if lock else Path()) / "pylock.toml"


# For people.


def _show_needs(out: Output, found: "Inspection", needs: "Needs") -> None:
    from rehub.words.telling.needs import needed

    asked = f"; it asks for {needs.python}" if needs.python else ""
    _sections(out, [(str(found.checkout), [f"Python {_HERE} is here{asked}"]), *needed(needs)])


def _show_solution(out: Output, needs: "Needs", solution: "Solution", kept: "Kept | None") -> None:
    from rehub.words.telling.needs import solved, unsolved

    _sections(out, solved(solution, needs) if kept else unsolved(solution))
    if kept:
        out.line(f"wrote {kept.file}: {plural(len(solution.packages), 'package')}, each file with its SHA-256")
        named = f"; {kept.lock} names it and its digest" if kept.lock else ""
        out.note(f"nothing was installed{named}; 'uv pip install -r {shlex.quote(str(kept.file))}' would")


def _sections(out: Output, sections: Iterable[tuple[str, list[str]]]) -> None:
    for title, lines in sections:
        if out.terminal:
            from rich.text import Text

            out.show(Text(line(title), "bold"), *(Text(f"  {_clean(each)}") for each in lines), wrap=False)
        else:
            out.line(f"{line(title)}:")
            for each in lines:
                out.line(f"  {_clean(each)}")


def _clean(text: str) -> str:
    """Make one line of a text, and leave the spaces between its columns."""
    return text.replace("\n", " ")


def _advise(out: Output, ref: str, needs: "Needs") -> None:
    from rehub.words.telling.needs import counted, missing

    out.note(counted(needs) + (f"; the rest: pip install {shlex.join(rest)}" if (rest := missing(needs)) else ""))
    out.note(f"'rehub env {shlex.quote(ref)} --as-of commit' finds the versions of the commit's day")


def _no_solution(ref: str, needs: "Needs", solution: "Solution") -> str:
    from rehub.words.telling.needs import ways_on

    ways = list(ways_on(solution, needs, f"rehub env {shlex.quote(ref)} --as-of {solution.time}"))
    told = "\n".join(f"  {command}\n    {what}" for command, what in ways)
    return "there is no solution; nothing was written" + (f"\nLikely to help:\n{told}" if told else "")


# For programs.


def _document(
    ref: str,
    found: "Inspection",
    needs: "Needs",
    solution: "Solution | None" = None,
    kept: "Kept | None" = None,
) -> dict[str, Any]:
    rows = [
        {
            "name": each.name,
            "use": str(each.use),
            "requirements": [str(one) for one in each.requirements],
            "imports": each.imports,
            "where": [{"file": one.file, "line": one.line} for one in each.where],
            "installed": each.installed,
            "installed_as": each.installed_as or None,
            "fits": each.fits,
        }
        for each in needs.needs
    ]
    about = {"python": {"here": _HERE, "asked": needs.python or None}, "needs": rows, "aside": list(needs.aside)}
    return {**shapes.heading(ref, found.checkout), **about, "solution": _solution(solution, kept)}


def _solution(solution: "Solution | None", kept: "Kept | None") -> dict[str, Any] | None:
    if solution is None:
        return None
    return {
        "time": solution.time,
        "python": solution.python,
        "packages": [{"name": name, "version": version} for name, version in solution.packages],
        "installed": {name: version or None for name, version in solution.installed},
        "left_out": solution.left_out,
        "wanting": list(solution.blame.wanting),
        "said": solution.said or None,
        "file": kept and kept.file,
        "sha256": kept and kept.sha256,
        "lock": kept and kept.lock,
    }
