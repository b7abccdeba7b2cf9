"""The ways to ask for a repository, one after the other, and what their failures mean together.

Public access comes first, with and without ``.git``. Then each credential, until one is let in; a repository that
"is not there" may be one that is not shown to strangers, so that ends nothing as long as there is another credential.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rehub.words.errors import (
    AuthenticationError,
    HostKeyError,
    RefNotFoundError,
    RefusedTreeError,
    RemoteRefusedError,
    RepositoryNotFoundError,
    StoreError,
    UnreachableError,
)
from rehub.words.ref import Remote
from rehub.world.git.credentials import NOBODY, Credential
from rehub.world.git.failures import Failure, answer, challenged, host_key, last_words, meaning
from rehub.world.git.process import Ended

_TRANSPORTS = "expected https, ssh or file; http only to this machine or a mirror"
# What another credential could change.
_GO_ON = {Failure.AUTHENTICATION, Failure.MISSING, Failure.LIMITED}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask.

    Attributes:
        unasked: name the credential at once, as this server hides from strangers what it has and never asks them.
    """

    url: str
    credential: Credential = NOBODY
    unasked: bool = False

    @property
    def name(self) -> str:
        """What messages call it."""
        return "your ssh keys" if self.url.startswith("ssh:") else self.credential.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one way; whatever git has said is without the credential."""

    way: Way
    ended: Ended
    failure: Failure | None

    @classmethod
    def of(cls, way: Way, ended: Ended) -> "Outcome":
        """Judge how git ended."""
        failure = None if ended.code == 0 and not ended.stopped else meaning(ended)
        said = way.credential.hidden(ended.said)
        return cls(way, Ended(ended.code, ended.out, said, ended.stopped), failure)

    def __str__(self) -> str:
        return f"{self.way.name}: {answer(self.ended)}"


@dataclass(slots=True)
class Search:
    """The ways to a repository: each is chosen by what came of those before.

    Attributes:
        known: the way that led there before, if there was one.
        urls: where it may be, in order.
        credentials: what there is to try, in order.
        outcomes: what came of the ways so far.
    """

    urls: Sequence[str]
    credentials: Iterable[Credential]
    known: Way | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    def ways(self) -> Iterator[Way]:
        """Give ways; the outcome of each must be noted before the next is asked for. They end where none can help."""
        if self.known:
            yield self.known
            if self.over:
                return
        for url in self.urls:
            yield Way(url)
            if self.last.failure is not Failure.MISSING:
                break
        if not self.over:
            yield from self._with_credentials()

    def _with_credentials(self) -> Iterator[Way]:
        missing, unasked = self.last.failure is Failure.MISSING, not challenged(self.last.ended)
        urls = self.urls if missing else self.urls[self.urls.index(self.last.way.url) :]
        for credential in self.credentials:
            # A helper may open a window: not for what is misspelt, only for a server that asks who is there.
            if credential is NOBODY or (credential.helpers and unasked):
                continue
            for url in urls:
                yield Way(url, credential, unasked)
                if self.last.failure is not Failure.MISSING:
                    break
            if self.over:
                return

    @property
    def last(self) -> Outcome:
        """What came of the last way."""
        return self.outcomes[-1]

    @property
    def over(self) -> bool:
        """Whether no other way could lead further."""
        return self.last.failure not in _GO_ON

    @property
    def refused(self) -> list[str]:
        """The credentials that did not do, each with what the server said of it."""
        return list(dict.fromkeys(str(each) for each in self.outcomes if each.failure and each.way.credential.secret))

    @property
    def deciding(self) -> Outcome:
        """The outcome that says most: who was let in and found nothing knows more than a stranger does."""

        def weight(outcome: Outcome) -> int:
            if outcome.failure is Failure.MISSING:
                return 3 if outcome.way.credential is not NOBODY else 0
            return 2 if outcome.failure is Failure.AUTHENTICATION else 1

        return max(reversed(self.outcomes), key=weight) if not self.over else self.last

    def error(self, remote: Remote, advice: str, rev: str) -> Exception:
        """Turn git's failures into ours; the advice is for somebody who was not let in by http."""
        outcome, told = self.deciding, list(dict.fromkeys(map(str, self.outcomes)))
        where, said, url = str(remote), last_words(outcome.ended), outcome.way.url
        advice = _ssh_advice(url) if url.startswith("ssh:") else "" if remote.scheme == "file" else advice
        known = told if len(self.outcomes) > len(self.urls) else []
        made: dict[Failure | None, Callable[[], Exception]] = {
            Failure.AUTHENTICATION: lambda: AuthenticationError(where, told, advice),
            Failure.HOST_KEY: lambda: HostKeyError(where, *_address(url), *host_key(outcome.ended)),
            Failure.MISSING: lambda: RepositoryNotFoundError(where, self.urls, known, advice),
            Failure.FORBIDDEN: lambda: RemoteRefusedError(where, said, _TRANSPORTS),
            Failure.DISK: lambda: StoreError("git", said, "Make room or free it: 'rehub cache prune'."),
            Failure.REFUSED: lambda: RefusedTreeError(where, "", said),
        }
        if outcome.failure is Failure.NO_COMMIT and rev:
            return RefNotFoundError(where, rev)
        return made.get(outcome.failure, lambda: UnreachableError(where, said))()


def _address(url: str) -> tuple[str, int | None]:
    split = urlsplit(url)
    return split.hostname or "", split.port


def _ssh_advice(url: str) -> str:
    where = urlsplit(url).netloc
    name, _, port = where.rpartition(":") if re.search(r":\d+$", where) else (where, "", "")
    return f"See which keys are offered: ssh -v {f'-p {port} ' if port else ''}{name}; 'ssh-add -l' lists the agent's."
