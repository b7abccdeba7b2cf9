"""Asking a remote: what it advertises, one commit with its files, and the bare history.

git's own protocol is all that is spoken, so there is no rate limit of a REST API and any smart-HTTP server will do.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rehub.words.errors import (
    AuthenticationError,
    RefNotFoundError,
    RefusedTreeError,
    RemoteRefusedError,
    RepositoryNotFoundError,
    StoreError,
    UnreachableError,
)
from rehub.words.ref import Remote
from rehub.world.git.credentials import ASKPASS, Credential, askpass_variables, credentials
from rehub.world.git.failures import Failure, last_words, meaning, printable
from rehub.world.git.process import Ended, Git

Progress = Callable[[str], None]
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NO_FILTER = "filtering not recognized by server"
_CANNOT_FILTER = "its server cannot send a history without files, by which a commit is checked"
_FILTER_ADVICE = (
    "Name a branch, a tag or the commit that one of them is at, or ask the server's owner for uploadpack.allowFilter."
)
_TRANSPORTS = "expected https, ssh or file; http only to this machine or a mirror"


@dataclass(frozen=True, slots=True)
class Advertised:
    """What a remote says it has.

    Attributes:
        head: the branch that HEAD points at (``refs/heads/…``), if it says so.
        refs: full name to commit; annotated tags already followed to their commit.
    """

    head: str | None
    refs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A remote repository, and how it may be asked.

    Attributes:
        remote: the repository.
        urls: where to ask, in order; each with whether it is a mirror.
        http: whether plain http is allowed to these URLs.
        progress: told what git says of its progress.
    """

    git: Git
    remote: Remote
    urls: Sequence[tuple[str, bool]]
    http: bool = False
    progress: Progress = field(default=lambda _: None)

    def advertised(self, *patterns: str) -> Advertised:
        """Ask which of some refs there are.

        Args:
            patterns: full names; HEAD is asked for besides.

        Raises:
            RepositoryNotFoundError, AuthenticationError, UnreachableError, RemoteRefusedError: as they say.
        """
        ended = self._ask(_Question(lambda url: ["ls-remote", "--symref", "--", url, "HEAD", *patterns]))
        return _advertised(str(self.remote), ended.out.decode("utf-8", "replace"), patterns)

    def fetch(self, repo: Path, commit: str, *, max_bytes: int = 16 << 30, limit: float = 3600.0) -> None:
        """Bring one commit and its files into a bare repository, sending only what it does not have.

        Args:
            repo: the bare repository.
            commit: 40 hex digits.
            max_bytes: by how much the repository may grow.
            limit: how long it may take, in seconds.

        Raises:
            RefNotFoundError: the remote has no such commit, or does not give it.
            RepositoryNotFoundError, AuthenticationError, UnreachableError, RemoteRefusedError: as they say.
            StoreError: the disk refused.
        """
        # The ref is what a later fetch tells the server it has: without it everything would be sent again.
        options = ["--depth=1", "--no-tags", "--force", "--no-write-fetch-head", "--no-recurse-submodules"]
        refspec = f"{commit}:refs/rehub/{commit}"
        already = size_of(repo)

        def watch(_: str) -> str:
            return f"its files are larger than {max_bytes} bytes" if size_of(repo) - already > max_bytes else ""

        question = _Question(lambda url: ["fetch", "--progress", *options, "--", url, refspec], repo, limit, watch)
        self._ask(question, rev=commit, advice="A smaller repository is needed; nothing of this one was kept.")

    def fetch_history(self, repo: Path, *, max_bytes: int, limit: float) -> None:
        """Bring the commits of all branches and tags, and no files, into a repository of their own.

        Args:
            repo: the bare repository.
            max_bytes: how large the repository may become.
            limit: how long it may take, in seconds.

        Raises:
            RemoteRefusedError: the server ignores filters, or the history passes a limit.
            RepositoryNotFoundError, AuthenticationError, UnreachableError: as they say.
        """
        if not self._can_filter():
            raise RemoteRefusedError(str(self.remote), _CANNOT_FILTER, _FILTER_ADVICE)

        def watch(said: str) -> str:
            if _NO_FILTER in said:
                return _CANNOT_FILTER
            return f"its history is larger than {max_bytes} bytes" if size_of(repo) > max_bytes else ""

        options = ["--filter=tree:0", "--no-tags", "--force", "--prune", "--no-write-fetch-head"]
        refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        question = _Question(
            lambda url: ["fetch", "--progress", *options, "--no-recurse-submodules", "--", url, *refspecs],
            *(repo, limit, watch),
        )
        try:
            self._ask(question, advice="Name a branch or a tag instead of a commit.")
        finally:
            forget_promisor(self.git, repo)

    def _can_filter(self) -> bool:
        """Ask for the server's abilities, before a fetch that would bring everything from a server without filters."""
        # Packets are traced to git's standard error: they hold no headers, so no credentials.
        question = _Question(lambda url: ["ls-remote", "--", url, "refs/heads/ "], extra={"GIT_TRACE_PACKET": "1"})
        said = self._ask(question).said
        return bool(re.search(r"packet: .*< (?:fetch=|[0-9a-f]{40} ).*\bfilter\b", said))

    def _ask(self, question: "_Question", *, rev: str = "", advice: str = "") -> Ended:
        """Run a command against each URL with each credential until one does it; else say why the last one did not."""
        tried: list[str] = []
        ended = Ended(1, b"", "there is no URL to ask")
        for url, mirrored in self.urls:
            for credential in credentials(self.remote, self.git.environ, mirrored=mirrored):
                if credential.helpers and not self.git.has_helpers:
                    continue
                ended = self._try(question, url, credential)
                self._refuse_moved(url, ended)
                if ended.code == 0 and not ended.stopped:
                    return ended
                tried.append(credential.name)
                if meaning(ended) is not Failure.AUTHENTICATION:
                    break
            if meaning(ended) is not Failure.MISSING:
                break
        if ended.stopped and advice:
            raise RemoteRefusedError(str(self.remote), ended.stopped, advice)
        raise self._error(ended, tried, rev)

    def _refuse_moved(self, url: str, ended: Ended) -> None:
        """Refuse what came from elsewhere: names are given up, and taken by others, and a permission is for this one.

        Raises:
            RemoteRefusedError: the server has sent git to another host or path.
        """
        for place in re.findall(r"warning: redirecting to (\S+)", ended.said):
            if _plain(place) != _plain(url):
                moved = printable(re.sub(r"(?<=://)[^/@]*@", "", place))
                raise RemoteRefusedError(
                    str(self.remote), f"it has moved to {moved}", "Name the new place, if you trust it."
                )

    def _try(self, question: "_Question", url: str, credential: Credential) -> Ended:
        def look(said: str) -> str:
            # "Receiving objects:  45% (9/20)"; what else git says is no progress.
            if counts := re.findall(r"[A-Z][\w ]+: +\d+% \(\d+/\d+\)[^\r\n]*", said):
                self.progress(printable(counts[-1]))
            return question.watch(said)

        protocols = "https:ssh:file:http" if self.http else "https:ssh:file"
        # libcurl would send ~/.netrc to whoever answers; it is read here, for the exact host.
        home = {} if url.startswith("ssh:") else {"HOME": os.devnull, "REHUB_HOME": self.git.environ.get("HOME", "")}
        with _askpass(credential, self.remote) as extra:
            return self.git.run(
                question.command(url),
                repo=question.repo,
                protocols=protocols,
                config=[("credential.helper", ""), *self.git.network_config(helpers=credential.helpers)],
                extra={**home, **extra, **question.extra},
                limit=question.limit,
                watch=look,
            )

    def _error(self, ended: Ended, tried: list[str], rev: str) -> Exception:
        """Turn git's failure into ours."""
        where, said, failure = str(self.remote), last_words(ended), meaning(ended)
        made: dict[Failure, Callable[[], Exception]] = {
            Failure.AUTHENTICATION: lambda: AuthenticationError(where, list(dict.fromkeys(tried))),
            Failure.MISSING: lambda: RepositoryNotFoundError(where, [url for url, _ in self.urls]),
            Failure.FORBIDDEN: lambda: RemoteRefusedError(where, said, _TRANSPORTS),
            Failure.DISK: lambda: StoreError("git", said, "Make room or free it: 'rehub cache prune'."),
            Failure.REFUSED: lambda: RefusedTreeError(where, "", said),
        }
        if failure is Failure.NO_COMMIT and rev:
            return RefNotFoundError(where, rev)
        return made.get(failure, lambda: UnreachableError(where, said))()


def _plain(url: str) -> str:
    """Give what two URLs of one repository have in common: a server may add ``.git``, a slash, or encryption."""
    return re.sub(r"^http://", "https://", url).rstrip("/").removesuffix(".git")


@dataclass(frozen=True, slots=True)
class _Question:
    """What git is to do with a URL, and its limits."""

    command: Callable[[str], list[str]]
    repo: Path | None = None
    limit: float = 60.0  # seconds
    watch: Callable[[str], str] = lambda _: ""
    extra: Mapping[str, str] = field(default_factory=dict)


def forget_promisor(git: Git, repo: Path) -> None:
    """Undo what a filtered fetch leaves behind: with it, git would fetch missing objects whenever it liked."""
    git.run(["config", "--local", "--unset-all", "extensions.partialClone"], repo=repo)
    config = repo / "config"
    text = config.read_bytes()
    if (kept := re.sub(rb'(?ms)^\[remote ".*?(?=^\[|\Z)', b"", text)) != text:
        fresh = config.with_name("config.new")
        fresh.write_bytes(kept)
        fresh.replace(config)


@contextmanager
def _askpass(credential: Credential, remote: Remote) -> Iterator[dict[str, str]]:
    """Put the script that answers git's question, if there is an answer, where only we can read it."""
    if not credential.secret:
        yield {"GIT_ASKPASS": "", "SSH_ASKPASS": ""}
        return
    folder = Path(tempfile.mkdtemp(prefix="rehub-"))
    try:
        script = folder / "askpass"
        script.write_text(ASKPASS, "utf-8")
        script.chmod(0o700)
        yield {"GIT_ASKPASS": str(script), "SSH_ASKPASS": "", **askpass_variables(credential, remote)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _advertised(where: str, text: str, patterns: Sequence[str]) -> Advertised:
    """Read ls-remote's answer; git matches the tail of a name, so others than those asked for are dropped."""
    head, refs = None, {}
    for line in text.split("\n"):  # not splitlines: a ref's name may hold U+2028
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            head = value[5:]
        elif len(value) == 64:  # noqa: PLR2004 - hex digits of a SHA-256
            raise RemoteRefusedError(
                where, "it is a SHA-256 repository", "rehub reads SHA-1 repositories, as every public host serves them."
            )
        elif _COMMIT.fullmatch(value):
            refs[name] = value
    for name in [name for name in refs if name.endswith("^{}")]:
        refs[name.removesuffix("^{}")] = refs.pop(name)
    wanted = {"HEAD", *patterns}
    return Advertised(
        head, {name: commit for name, commit in refs.items() if name in wanted or _globbed(name, patterns)}
    )


def _globbed(name: str, patterns: Sequence[str]) -> bool:
    return any(pattern.endswith("/*") and name.startswith(pattern[:-1]) for pattern in patterns)


def size_of(folder: Path) -> int:
    """Add up a repository's files, in bytes; those that vanish meanwhile do not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).lstat().st_size
    return total
