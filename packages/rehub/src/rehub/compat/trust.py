"""May this repository run? torch.hub's rules, its list and its question, under rehub's policy."""

import builtins
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from rehub.compat.folders import get_dir
from rehub.compat.patches import patched
from rehub.hub import Hub
from rehub.verbs.torchfolder import Standing, standing
from rehub.words.errors import DeclinedError, MalformedError, UntrustedError
from rehub.words.pin import Pin
from rehub.words.torchnames import TorchNames
from rehub.world.torchfolder import LIST, TorchFolder

log = logging.getLogger("rehub")


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be decided.

    Attributes:
        hub: whose settings hold.
        candidates: the repository at the ref asked for, or at the default branches that torch.hub knows.
        trust_repo: what the caller said.
        pin: the commit that would run, if it is known yet.
    """

    hub: Hub
    candidates: Sequence[TorchNames]
    trust_repo: object
    pin: Pin | None = None

    @property
    def names(self) -> TorchNames:
        """The repository."""
        return self.candidates[0]

    @property
    def is_granted(self) -> bool:
        """Whether the user allowed it by name, with ``rehub trust add``."""
        url = self.names.remote.url
        grants = self.hub.grants.all()
        return any(each.covers(self.pin) if self.pin else (each.remote, each.commit) == (url, None) for each in grants)


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a repository may run.

    Attributes:
        trusted: torch.hub's own rules say so, and not only rehub's policy or permissions.
        is_new: that has to be written down, once it was fetched.
    """

    trusted: bool = False
    is_new: bool = False


def allow(request: Request) -> Decision:
    """Let a repository's code run here, or refuse; ask, where torch.hub would.

    Raises:
        UntrustedError: the policy is never, or nobody can be asked.
        DeclinedError: somebody was asked, and said no.
    """
    granted = request.is_granted
    if request.hub.settings.trust == "never" and not granted:
        raise _refusal(request, "the policy is never to run what was not allowed by name")
    if own := patched("_check_repo_is_trusted"):
        owner, name = request.names.parts
        own(owner, name, request.names.folder, trust_repo=request.trust_repo)
        return Decision()
    return decide(request, granted=granted)


def decide(request: Request, *, granted: bool = False) -> Decision:
    """Go by torch.hub's rules, and ask where they leave it to the user.

    Raises:
        UntrustedError: nobody can be asked.
        DeclinedError: somebody was asked, and said no.
    """
    store = request.hub.store
    found = standing(request.candidates, TorchFolder(request.hub.settings.dir), store)
    trusted = granted or found.trusted
    always = request.hub.settings.trust == "always"
    must_ask = request.trust_repo is False or (request.trust_repo is not True and not trusted and not always)
    if must_ask:
        _ask(request, found, trusted=trusted)
    said = must_ask or request.trust_repo is True
    return Decision(trusted=found.trusted or said, is_new=said and not found.trusted)


def _ask(request: Request, found: Standing, *, trusted: bool) -> None:
    """Ask as torch.hub does; only where nobody can answer it is an error of its own."""
    if found.doubt:
        log.warning("%s: %s", request.names.remote, found.doubt)
    line = request.names.line
    question = (
        f"The repository {line} does not belong to the list of trusted repositories and as such cannot be downloaded. "
        "Do you trust this repository and wish to add it to the trusted list of repositories (y/N)?"
    )
    try:
        answer = builtins.input(question)
    except (EOFError, OSError, RuntimeError, ValueError) as error:  # an empty, closed or missing standard input
        reason = found.doubt or f"{line} is not in {get_dir()}/{LIST}"
        raise _refusal(request, f"{reason}, and nobody can be asked here (trust_repo=True allows it)") from error
    match answer.lower():
        case "y" | "yes":
            if trusted:
                print("The repository is already trusted.")  # noqa: T201 - torch.hub prints it
        case "n" | "no" | "":
            raise DeclinedError(str(request.names.remote), f"rehub trust add {request.names.remote}")
        case _:
            msg = f"Unrecognized response {answer}."
            raise MalformedError(msg)


def _refusal(request: Request, reason: str) -> UntrustedError:
    what = str(request.pin or request.names.remote)
    return UntrustedError(what, f"rehub trust add {what}", reason)
