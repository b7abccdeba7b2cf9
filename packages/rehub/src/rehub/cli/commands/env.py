"""``rehub env``: which packages a repository needs, and which versions of them there were on a day.

JSON: ``{"ref", "pin", "python": {"here", "asked"}, "needs": [{"name", "use", "requirements", "imports", "where",
"installed", "installed_as", "fits"}], "aside": [{"file", "line", "text", "reason"}], "solution": {"time", "python",
"packages": [{"name", "version"}], "installed": {name: version}, "left_out", "wanting": [{"requirement", "python",
"said", "needed_by"}], "said", "file", "sha256", "lock"} or null}``; ``file``, ``sha256`` and ``lock`` are ``null``
where nothing was written.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rehub.cli import shapes
from rehub.cli.command import command as make
from rehub.cli.command import force_reload, lock, ref, source
from rehub.cli.output import Output
from rehub.cli.text import clean, line, plural
from rehub.hub import Hub

if TYPE_CHECKING:
    from rehub.verbs.environment import Kept
    from rehub.words.inspection import Inspection
    from rehub.words.needs import Need, Needs, Solution

_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
_EXAMPLES = (
    "rehub env pytorch/vision:v0.20.1",
    "rehub env mateuszbuda/brain-segmentation-pytorch --as-of commit --imported",
    "rehub env ./my-model --as-of 2024-06-01 --output pylock.june.toml",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed about solving; ``command`` is that again."""

    ref: str
    as_of: str | None
    python: str | None
    imported: bool
    without: tuple[str, ...]
    output: str | None
    lock: str | None

    @property
    def command(self) -> str:
        """The same command line, without a Python."""
        words = ["rehub", "env", self.ref, "--as-of", self.as_of or "commit", *["--imported"] * self.imported]
        words += [word for name in self.without for word in ("--without", name)]
        named = {"--output": self.output, "--lock": self.lock}
        return shlex.join([*words, *(word for name, value in named.items() if value for word in (name, value))])


@make("env", example="\n".join(_EXAMPLES))
@ref
@click.option(
    "--as-of",
    metavar="WHEN",
    help="Solve with what there was then, into a pylock.toml. WHEN is 'commit' for the commit's own time, another "
    "commit, a day or a time.",
)
@click.option("--python", metavar="VERSION", help="Solve for this Python, such as 3.9, instead of the running one.")
@click.option("--imported", is_flag=True, help="Leave out what is declared, but never imported.")
@click.option("--without", metavar="NAME", multiple=True, help="Leave a package out; may be said several times.")
@click.option("--output", metavar="FILE", help="Where to; pylock.toml beside the lock, or here, by default.")
@lock
@force_reload
@source
def command(hub: Hub, out: Output, *, ref: str, force_reload: bool, source: str, **options: Any) -> None:
    """Show which packages a repository needs, and solve them as of a day.

    What its hubconf, its requirements and its project files say, and what its modules import, is read; nothing of it is
    run, and nothing is ever installed. torch and its family are taken as they are installed.
    """
    from rehub.verbs.environment import needs_of
    from rehub.world.folder import Tree

    asked = _checked(Asked(ref, **options))
    lock = _lock(hub, asked.lock) if asked.as_of is not None else None
    meant = _locked(hub, lock, ref) if lock and source == "github" else ref
    found = hub.inspect(meant, source=source, force_reload=force_reload)
    needs = needs_of(Tree(found.checkout.root), found.hubconf)
    if not out.as_json:
        _show_needs(out, found, needs)
    if asked.as_of is not None:
        _solve(hub, out, asked, found, needs)
    elif out.as_json:
        out.data(_document(asked, found, needs))
    else:
        _advise(out, asked, needs, is_folder=found.checkout.pin is None)


def _checked(asked: Asked) -> Asked:
    """Refuse what cannot be meant.

    Raises:
        UsageError: it is that.
    """
    context = click.get_current_context()
    if asked.as_of is None and (asked.python or asked.imported or asked.without or asked.output or asked.lock):
        raise click.UsageError("without --as-of WHEN nothing is solved, and the other options are for that", context)
    if asked.python is not None and not re.fullmatch(r"3\.\d{1,2}", asked.python):
        raise click.BadParameter(f"{asked.python!r} is no Python such as 3.9", context, param_hint="--python")
    return asked


def _solve(hub: Hub, out: Output, asked: Asked, found: "Inspection", needs: "Needs") -> None:
    from rehub.verbs.environment import Wish, check, keep, solve
    from rehub.words.errors import OfflineError
    from rehub.world import uv

    lock = _lock(hub, asked.lock)
    target = Path(asked.output) if asked.output else (lock.parent if lock else Path()) / "pylock.toml"
    check(target, lock)
    if hub.settings.offline:
        raise OfflineError("the index of packages", "Solve it online: unset REHUB_OFFLINE, or leave out --offline.")
    time, pin = hub.as_of(asked.as_of or "", found.checkout), found.checkout.pin
    origin = (("repository", pin.remote.url), ("commit", pin.commit)) if pin else ()
    wish = Wish(time, asked.python or _HERE, asked.imported, asked.without, origin)
    out.progress(f"solving as of {time}")
    with uv.started(os.environ, timeout=hub.settings.timeout) as solver:
        solution = solve(needs, wish, solver, out.progress)
    kept = keep(solution, target, lock) if solution.pylock else None
    if out.as_json:
        out.data(_document(asked, found, needs, solution, kept))
    else:
        _show_solution(out, needs, solution, kept)
    if kept is None:
        raise click.ClickException(_no_solution(asked, needs, solution))


def _lock(hub: Hub, given: str | None) -> Path | None:
    """Give the lock in use, if one is: the one that is named, or the one in this folder."""
    from rehub.verbs.locked import DEFAULT

    named = Path(given) if given else hub.settings.lock
    return named or (Path(DEFAULT) if Path(DEFAULT).is_file() else None)


def _locked(hub: Hub, lock: Path, ref: str) -> str:
    """Give the commit that a lock has for a ref: the file that it names shall be that commit's."""
    from rehub.verbs.locked import Locks
    from rehub.words.ref import Ref

    known = Locks.of(lock).pin(str(hub.settings.meant(Ref.parse(ref))))
    return str(known.pin) if known else ref


# For people.


def _show_needs(out: Output, found: "Inspection", needs: "Needs") -> None:
    from rehub.verbs.environment import suits
    from rehub.words.telling.needs import needed

    asked = f"; it asks for {needs.python}" if needs.python else ""
    amiss = ", which this one is not" if suits(needs, _HERE) is False else ""
    _sections(out, [(str(found.checkout), [f"Python {_HERE} is here{asked}{amiss}"]), *needed(needs)])


def _show_solution(out: Output, needs: "Needs", solution: "Solution", kept: "Kept | None") -> None:
    from rehub.words.telling.needs import solved, unsolved

    _sections(out, solved(solution, needs) if kept else unsolved(solution))
    if kept:
        held = f"{plural(len(solution.packages), 'package')}, each file with its SHA-256"
        out.line(f"wrote {kept.file}: {held if solution.packages else 'there is nothing else to install'}")
        named = f"; {kept.lock} names it and its digest" if kept.lock else ""
        out.note(f"nothing was installed{named}; 'uv pip install -r {shlex.quote(str(kept.file))}' would")


def _sections(out: Output, sections: Iterable[tuple[str, list[str]]]) -> None:
    for title, lines in sections:
        if out.terminal:
            from rich.text import Text

            # Neither wrapped nor padded: a command or a name is there to be copied.
            out.show(Text(line(title), "bold"), *(_colored(_one(each)) for each in lines), wrap=False)
        else:
            out.line(f"{line(title)}:")
            for each in lines:
                out.line(f"  {_one(each)}")


def _one(text: str) -> str:
    """Make one clean line of a text, and leave the spaces between its columns."""
    return clean(text).replace("\n", " ")


def _colored(text: str) -> Any:
    from rich.text import Text

    made = Text(f"  {text}")
    made.stylize("cyan", 2, 2 + len(text.partition(" ")[0].rstrip(":,")))
    made.highlight_words([", which does not fit", "not installed", "no wheel for any Python"], "yellow")
    return made


def _advise(out: Output, asked: Asked, needs: "Needs", *, is_folder: bool) -> None:
    from rehub.words.telling.needs import counted, missing

    out.note(
        counted(needs) + (f"; what is missing: pip install {shlex.join(rest)}" if (rest := missing(needs)) else "")
    )
    if is_folder:  # it has no commit
        out.note(f"'{replace(asked, as_of='DAY').command}' finds the versions of a day, such as 2024-06-01")
    else:
        out.note(f"'{asked.command}' finds the versions of the commit's day")


def _no_solution(asked: Asked, needs: "Needs", solution: "Solution") -> str:
    from rehub.words.telling.needs import ways_on

    ways = "\n".join(f"  {command}\n    {what}" for command, what in ways_on(solution, needs, asked.command))
    return "there is no solution; nothing was written" + (f"\nWhat helps:\n{ways}" if ways else "")


# For programs.


def _document(
    asked: Asked,
    found: "Inspection",
    needs: "Needs",
    solution: "Solution | None" = None,
    kept: "Kept | None" = None,
) -> dict[str, Any]:
    return {
        **shapes.heading(asked.ref, found.checkout),
        "python": {"here": _HERE, "asked": needs.python or None},
        "needs": [_need(each) for each in needs.needs],
        "aside": list(needs.aside),
        "solution": _solution(solution, kept) if solution else None,
    }


def _need(need: "Need") -> dict[str, Any]:
    return {
        "name": need.name,
        "use": str(need.use),
        "requirements": [str(each) for each in need.requirements],
        "imports": need.imports,
        "where": [{"file": each.file, "line": each.line} for each in need.where],
        "installed": need.installed,
        "installed_as": need.installed_as or None,
        "fits": need.fits,
    }


def _solution(solution: "Solution", kept: "Kept | None") -> dict[str, Any]:
    return {
        "time": solution.time,
        "python": solution.python,
        "packages": [{"name": name, "version": version} for name, version in solution.packages],
        "installed": {name: version or None for name, version in solution.installed},
        "left_out": solution.left_out,
        "wanting": list(solution.blame.wanting),
        "said": solution.said or None,
        **(asdict(kept) if kept else {"file": None, "sha256": None, "lock": None}),
    }
