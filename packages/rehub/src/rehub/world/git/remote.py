"""Asking a remote: what it advertises, one commit with its files, and the bare history.

git's own protocol is all that is spoken, so there is no rate limit of a REST API and any smart-HTTP server will do.
"""

import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rehub.words.errors import RemoteRefusedError
from rehub.words.hosts import Host, host_of
from rehub.words.ref import Remote
from rehub.world.git.asking import Outcome, Search, Way
from rehub.world.git.credentials import ASKPASS, NOBODY, askpass_variables, credentials
from rehub.world.git.failures import printable
from rehub.world.git.process import Ended, Git

log = logging.getLogger("rehub")
Progress = Callable[[str], None]
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NO_FILTER = "filtering not recognized by server"
_CANNOT_FILTER = "its server cannot send a history without files, by which a commit is checked"
_FILTER_ADVICE = (
    "Name a branch, a tag or the commit that one of them is at, or ask the server's owner for uploadpack.allowFilter."
)
_SILENT = "it was silent for"
_TO_MIRRORS = "A mirror is told no credentials: it must be open to everybody who may use it."


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
        host: where the repository is; by its address if it is not given.
        http: whether plain http is allowed to these URLs.
        progress: told what git says of its progress.
        found: the way by which the last question was answered; the next one takes it first.
    """

    git: Git
    remote: Remote
    urls: Sequence[tuple[str, bool]]
    host: Host | None = None
    http: bool = False
    progress: Progress = field(default=lambda _: None)
    found: list[Way] = field(default_factory=list, repr=False, compare=False)

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

    def fetch_history(self, repo: Path, *, max_bytes: int, limit: float, commit: str = "") -> None:
        """Bring the commits of all branches and tags, and no files, into a repository of their own.

        Args:
            repo: the bare repository.
            max_bytes: how large the repository may become.
            commit: bring this one and those before it instead, whether or not a branch or tag still reaches it.
            limit: how long it may take, in seconds.

        Raises:
            RemoteRefusedError: the server ignores filters, or the history passes a limit.
            RefNotFoundError: it does not give out that commit.
            RepositoryNotFoundError, AuthenticationError, UnreachableError: as they say.
        """
        if not self._can_filter():
            raise RemoteRefusedError(str(self.remote), _CANNOT_FILTER, _FILTER_ADVICE)

        def watch(said: str) -> str:
            if _NO_FILTER in said:
                return _CANNOT_FILTER
            return f"its history is larger than {max_bytes} bytes" if size_of(repo) > max_bytes else ""

        options = ["--filter=tree:0", "--no-tags", "--force", "--no-write-fetch-head"]
        every = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        options, refspecs = (options, [f"{commit}:refs/rehub/{commit}"]) if commit else ([*options, "--prune"], every)
        question = _Question(
            lambda url: ["fetch", "--progress", *options, "--no-recurse-submodules", "--", url, *refspecs],
            *(repo, limit, watch),
        )
        try:
            self._ask(question, rev=commit, advice="Name a branch or a tag instead of a commit.")
        finally:
            forget_promisor(self.git, repo)

    def _can_filter(self) -> bool:
        """Ask for the server's abilities, before a fetch that would bring everything from a server without filters."""
        # Packets are traced to git's standard error: they hold no headers, so no credentials.
        question = _Question(lambda url: ["ls-remote", "--", url, "refs/heads/ "], extra={"GIT_TRACE_PACKET": "1"})
        said = self._ask(question).said
        return bool(re.search(r"packet: .*< (?:fetch=|[0-9a-f]{40} ).*\bfilter\b", said))

    def _ask(self, question: "_Question", *, rev: str = "", advice: str = "") -> Ended:
        """Run a command by each way until one does it; else say why none did."""
        host = self.host or host_of(self.remote)
        mirrored = any(mirror for _, mirror in self.urls)
        tried = credentials(self.remote, self.git.environ, mirrored=mirrored, host=host)
        possible = (each for each in tried if not each.helpers or self.git.has_helpers)
        search = Search([url for url, _ in self.urls], possible, self.found[0] if self.found else None)
        for way in search.ways():
            search.outcomes.append(self._try(question, way))
            self._refuse_moved(way.url, search.last.ended)
            if search.last.failure is None:
                self._note(way, search)
                return search.last.ended
        stopped = search.last.ended.stopped
        if stopped and advice and not stopped.startswith(_SILENT):
            raise RemoteRefusedError(str(self.remote), stopped, advice)
        raise search.error(self.remote, _TO_MIRRORS if mirrored else host.advice, rev)

    def _note(self, way: Way, search: Search) -> None:
        """Remember what did, and say so, once, where it was not what one would think."""
        if refused := search.refused:
            log.warning("%s: not by %s; %s was used", self.remote, ", ".join(refused), _called(way))
        elif way.credential is not NOBODY and self.found[:1] != [way]:
            log.info("%s: %s was used", self.remote, _called(way))
        self.found[:] = [way]

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

    def _try(self, question: "_Question", way: Way) -> Outcome:
        silence = self._silence(question) if way.url.startswith("ssh:") else lambda _: ""

        def look(raw: str) -> str:
            said = way.credential.hidden(raw)
            # "Receiving objects:  45% (9/20)"; what else git says is no progress.
            if counts := re.findall(r"[A-Z][\w ]+: +\d+% \(\d+/\d+\)[^\r\n]*", said):
                self.progress(printable(counts[-1]))
            return question.watch(said) or silence(said)

        protocols = "https:ssh:file:http" if self.http else "https:ssh:file"
        # libcurl would send ~/.netrc to whoever answers; it is read here, for the exact host.
        away = {"HOME": os.devnull, "REHUB_HOME": self.git.environ.get("HOME", "")}
        home = {} if way.url.startswith("ssh:") else away
        config = [("credential.helper", ""), *self.git.network_config(helpers=way.credential.helpers)]
        if way.unasked:
            # git would repeat a header wherever it is sent, so it is sent nowhere else.
            config += [("http.extraHeader", way.credential.header), ("http.followRedirects", "false")]
        with _askpass(way, self.remote) as extra:
            ended = self.git.run(
                question.command(way.url),
                repo=question.repo,
                protocols=protocols,
                config=config,
                extra={**home, **extra, **question.extra},
                limit=question.limit,
                watch=look,
            )
        return Outcome.of(way, ended)

    def _silence(self, question: "_Question") -> Callable[[str], str]:
        """Watch for an ssh server that neither says nor sends anything; http has a setting of git's for that."""
        heard, since = ("", 0), time.monotonic()

        def watch(said: str) -> str:
            nonlocal heard, since
            now = said, size_of(question.repo) if question.repo else 0
            if now != heard:
                heard, since = now, time.monotonic()
            late = time.monotonic() - since > self.git.timeout
            return f"{_SILENT} {self.git.timeout:g} s" if late else ""

        return watch


def _called(way: Way) -> str:
    return "public access" if way.credential is NOBODY else way.name


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
def _askpass(way: Way, remote: Remote) -> Iterator[dict[str, str]]:
    """Put the script that answers git's question, if there is an answer, where only we can read it."""
    credential = way.credential
    if not credential.secret or way.unasked:
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
