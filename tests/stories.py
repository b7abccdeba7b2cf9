"""Runs stories: commands, what they must print, and the files they need, in one text (see stories/README.md).

The manner is that of Go's script tests (cmd/go/testdata/script): a story is read by people first.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.world import Repo, World

ROOT = Path(__file__).parents[1]
TIMEOUT = 120.0  # seconds, for one command

_SECTION = re.compile(r"^-- (\S.*?) --\n", re.MULTILINE)
_WORD = re.compile(r"((?:'(?:[^']|'')*'|[^\s'#]|(?<=\S)#)+)|#.*")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


class StoryError(AssertionError):
    """A line of a story that is not so; its text shows the line, why, and all that happened before."""


@dataclass(frozen=True, slots=True)
class Line:
    """One command of a story: ``! rehub load acme/toy`` is negated, its words are ``rehub``, ``load``, ``acme/toy``."""

    number: int
    text: str
    negated: bool
    words: tuple[str, ...]


def sections(text: str) -> tuple[str, dict[str, str]]:
    """Split a text into the part before the first ``-- name --`` and the files after it."""
    parts = _SECTION.split(text)
    return parts[0], dict(zip(parts[1::2], parts[2::2], strict=True))


def lines(script: str, env: Mapping[str, str]) -> Iterator[Line]:
    """Read commands, one a line; variables are put in when a line is reached, but not between single quotes."""
    for number, text in enumerate(script.splitlines(), 1):
        words = [_expand(match[1], env) for match in _WORD.finditer(text) if match[1]]
        if words:
            negated = words[0] == "!"
            yield Line(number, text.strip(), negated, tuple(words[negated:]))


def _expand(word: str, env: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return env.get(found[1] or found[2], "")

    parts = re.split(r"('(?:[^']|'')*')", word)
    return "".join(p[1:-1].replace("''", "'") if p.startswith("'") else _VARIABLE.sub(value, p) for p in parts)


@dataclass
class Story:
    """One story while it is told: its folder, environment, world and the last command's output.

    Attributes:
        name: for messages: the file's name.
        folder: the working folder, ``$WORK``.
        world: where ``repo`` makes repositories and ``server`` listens.
        env: for the commands; ``cd`` and ``env`` change it.
    """

    name: str
    folder: Path
    world: World
    env: dict[str, str] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    status: int = 0
    transcript: list[str] = field(default_factory=list)
    repos: dict[str, Repo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cwd = self.folder
        self.cwd.mkdir(parents=True, exist_ok=True)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        plain = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
        self.env = {**os.environ, **plain, "PATH": path, "WORK": str(self.folder), "ROOT": str(ROOT), **self.env}

    def tell(self, text: str) -> None:
        """Lay down the files, then run each line.

        Raises:
            StoryError: a line is not as it should be.
        """
        script, files = sections(text)
        for name, content in files.items():
            self._write(name, content)
        for line in lines(script, self.env):
            self._line(line)

    def _write(self, name: str, content: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def _line(self, line: Line) -> None:
        self.transcript.append(f"{line.number:4}  {line.text}")
        word, args = line.words[0], list(line.words[1:])
        try:
            if word not in WORDS:
                msg = f"{word!r} is no word of stories; the words are {', '.join(WORDS)}"
                raise AssertionError(msg)  # noqa: TRY301 -- one place turns both kinds into a StoryError
            WORDS[word](self, args, negated=line.negated)
        except (AssertionError, LookupError, OSError, RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
            before = "\n".join(self.transcript)
            msg = f"{self.name}:{line.number}: {line.text}\n{error}\n\nwhat happened:\n{before}"
            raise StoryError(msg) from error

    def note(self, kind: str, text: str) -> None:
        """Add output to the transcript."""
        self.transcript += [f"      {kind}| {row}" for row in text.splitlines()]

    def run(self, command: list[str], *, stdin: str = "") -> int:
        """Run a program in the story's folder and environment."""
        done = subprocess.run(
            command,
            cwd=self.cwd,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        self.stdout, self.stderr, self.status = done.stdout, done.stderr, done.returncode
        self.note("out", self.stdout)
        self.note("err", self.stderr)
        return self.status

    def path(self, name: str) -> Path:
        """Give a file's path."""
        return self.cwd / name

    def text(self, name: str) -> str:
        """Give a file's text; ``stdout`` and ``stderr`` are the last command's."""
        if name in {"stdout", "stderr"}:
            return self.stdout if name == "stdout" else self.stderr
        return self.path(name).read_text(encoding="utf-8")


def _require(holds: bool, negated: bool, what: str) -> None:
    if holds == negated:
        raise AssertionError(f"it is so, and should not be: {what}" if negated else f"it is not so: {what}")


def _exec(story: Story, args: list[str], *, negated: bool) -> None:
    program = sys.executable if args[0] == "python" else shutil.which(args[0], path=story.env["PATH"])
    _require(program is not None, False, f"there is a program {args[0]}")
    status = story.run([str(program), *args[1:]], stdin=story.env.pop("STDIN", ""))
    _require(status == 0, negated, f"the command succeeds (it ended with {status})")


def _rehub(story: Story, args: list[str], *, negated: bool) -> None:
    _exec(story, ["python", "-m", "rehub", *args], negated=negated)
    _require(story.status in {0, 1, 2}, False, f"rehub ended in an orderly way (with {story.status})")


def _matcher(name: str) -> Callable[..., None]:
    def match(story: Story, args: list[str], *, negated: bool) -> None:
        _grep(story, [*args, name], negated=negated)

    return match


def _grep(story: Story, args: list[str], *, negated: bool) -> None:
    count = int(args.pop(0).removeprefix("-count=")) if args[0].startswith("-count=") else None
    pattern, name = args
    found = sum(1 for _ in re.finditer(pattern, story.text(name), re.MULTILINE))
    if count is None:
        _require(found > 0, negated, f"{name} matches {pattern!r}")
    else:
        _require(found == count, negated, f"{name} matches {pattern!r} {count} times (it does {found} times)")


def _status(story: Story, args: list[str], *, negated: bool) -> None:
    _require(story.status == int(args[0]), negated, f"the status is {args[0]} (it is {story.status})")


def _exists(story: Story, args: list[str], *, negated: bool) -> None:
    for name in args:
        _require(os.path.lexists(story.path(name)), negated, f"{name} exists")


def _cmp(story: Story, args: list[str], *, negated: bool) -> None:
    first, second = (story.text(name) for name in args)
    _require(first == second, negated, f"{args[0]} and {args[1]} are the same\n{first!r}\n{second!r}")


def _env(story: Story, args: list[str], *, negated: bool) -> None:
    for arg in args:
        name, equals, value = arg.partition("=")
        if negated or not equals:
            story.env.pop(name, None)
        else:
            story.env[name] = value


def _stdin(story: Story, args: list[str], *, negated: bool) -> None:
    story.env["STDIN"] = story.text(args[0])


def _cd(story: Story, args: list[str], *, negated: bool) -> None:
    story.cwd = story.path(args[0]).resolve(strict=True)


def _mkdir(story: Story, args: list[str], *, negated: bool) -> None:
    for name in args:
        story.path(name).mkdir(parents=True, exist_ok=True)


def _cp(story: Story, args: list[str], *, negated: bool) -> None:
    if args[0] in {"stdout", "stderr"}:
        story.path(args[1]).write_text(story.text(args[0]), encoding="utf-8")
    else:
        shutil.copy(story.path(args[0]), story.path(args[1]))


def _rm(story: Story, args: list[str], *, negated: bool) -> None:
    for name in args:
        path = story.path(name)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _server(story: Story, args: list[str], *, negated: bool) -> None:
    _require(args[0] in {"start", "stop"}, False, "a server can start and stop")
    if args[0] == "stop":
        story.world.hub.stop()
        return
    story.world.hub.start()
    story.env.update({"HUB": story.world.hub.url, "REHUB_MIRRORS": story.world.mirrors})


def _private(story: Story, args: list[str], *, negated: bool) -> None:
    name, user, password = args
    story.world.hub.private(name, user, password)


def _requests(story: Story, args: list[str], *, negated: bool) -> None:
    log = story.world.hub.log
    story.note("log", "\n".join(f"{r.method} {r.path} {r.status}" for r in log))
    _require(
        len(log) == int(args[0]), negated, f"{args[0]} requests were made since the last line of this kind ({len(log)})"
    )
    story.world.hub.reset()


def _repo(story: Story, args: list[str], *, negated: bool) -> None:
    """``repo NAME`` and then pairs: ``branch X``, ``from DIR/``, ``tag X``, ``annotated X``, ``move X``, ``at REV``."""
    name, said = args[0], dict(zip(args[1::2], args[2::2], strict=True))
    unknown = said.keys() - {"branch", "from", "tag", "annotated", "move", "head", "at"}
    _require(not unknown, False, f"repo knows {', '.join(sorted(unknown))}")
    if name not in story.repos:
        story.repos[name] = story.world.repo(name=name, branch=said.get("branch", "main"))
    repo = story.repos[name]
    at = said.get("at", said.get("branch", "HEAD"))
    if "from" in said:
        at = repo.commit(_files(story.path(said["from"])), branch=said.get("branch"), fresh=True)
    elif "branch" in said:
        at = repo.branch(said["branch"], said.get("at", "HEAD"))
    for word, act in _NAMING.items():
        if word in said:
            act(repo, said[word], at)
    story.env[re.sub(r"\W", "_", name).upper()] = repo.rev(at)
    if "HUB" not in story.env:
        _server(story, ["start"], negated=False)


_NAMING: dict[str, Callable[[Repo, str, str], object]] = {
    "tag": lambda repo, name, at: repo.tag(name, at),
    "annotated": lambda repo, name, at: repo.tag(name, at, annotated=True),
    "move": lambda repo, name, at: repo.move(name, at),
    "head": lambda repo, name, at: repo.head(name),
}


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    _require(bool(found), False, f"there are files in {folder}")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


WORDS: dict[str, Callable[..., None]] = {
    "rehub": _rehub,
    "exec": _exec,
    "stdout": _matcher("stdout"),
    "stderr": _matcher("stderr"),
    "status": _status,
    "grep": _grep,
    "cmp": _cmp,
    "exists": _exists,
    "env": _env,
    "stdin": _stdin,
    "cd": _cd,
    "mkdir": _mkdir,
    "cp": _cp,
    "rm": _rm,
    "repo": _repo,
    "server": _server,
    "private": _private,
    "requests": _requests,
}
