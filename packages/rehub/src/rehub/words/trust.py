"""May this code run here, may this file of weights? The rules alone: facts in, an answer or an error out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rehub.words.digest import Digest
from rehub.words.errors import MalformedSettingError, UntrustedError
from rehub.words.pin import Pin
from rehub.words.settings import TrustMode


@dataclass(frozen=True, slots=True)
class Grant:
    """A user's decision that a repository may run here.

    Attributes:
        remote: the repository's canonical URL.
        commit: the one commit that may run; ``None`` for any, now and later.
        added: when, in ISO 8601 (UTC).
    """

    remote: str
    commit: str | None = None
    added: str = ""

    def covers(self, pin: Pin) -> bool:
        """Say whether the decision is about this pin."""
        return self.remote == pin.remote.url and self.commit in {None, pin.commit}


@dataclass(frozen=True, slots=True)
class WeightsGrant:
    """A user's decision that a file of weights may be read in full here, which runs what is in it.

    Attributes:
        digest: of the file's bytes: no name and no URL can come to mean another file.
        added: when, in ISO 8601 (UTC).
    """

    digest: Digest
    added: str = ""


def admits_weights(
    digest: Callable[[], Digest],
    *,
    users_own_call: bool,
    inside_checkout: bool,
    mode: TrustMode,
    grants: Callable[[], Iterable[WeightsGrant]],
) -> bool:
    """Say whether a file that is more than weights may be read in full; ``REHUB_TRUST=always`` is about repositories.

    Args:
        digest: gives that of the file's bytes; not asked for where it makes no difference.
        users_own_call: the user's own code says ``weights_only=False``, which holds unless the policy is ``never``.
        inside_checkout: the file is one of a checkout whose code may run here: its bytes are part of what was allowed.
        mode: the policy.
        grants: gives what the user allowed before.
    """
    if inside_checkout or (users_own_call and mode != "never"):
        return True
    allowed = {grant.digest for grant in grants()}
    return bool(allowed) and digest() in allowed


def admit(pin: Pin, *, asked: object, mode: TrustMode, grants: Iterable[Grant]) -> None:
    """Let a pin's code run, or refuse.

    Args:
        pin: whose code.
        asked: the caller's ``trust_repo``: ``None`` or ``"check"`` as the policy says, ``True`` allow this call
            unless the policy is ``never``, ``False`` only what was allowed by name before, whatever the policy.
        mode: the policy.
        grants: what the user allowed before.

    Raises:
        UntrustedError: nobody allowed it; says the command that would.
        MalformedSettingError: ``trust_repo`` is something else, which torch.hub would take for a yes.
    """
    check_asked(asked)
    allowed = mode != "never" and (asked is True or (mode == "always" and asked is not False))
    if not allowed and not any(grant.covers(pin) for grant in grants):
        reason = "the policy is never to run what was not allowed by name" if mode == "never" else ""
        raise UntrustedError(str(pin), f"rehub trust add {pin}", reason)


def check_asked(asked: object) -> None:
    """Refuse a ``trust_repo`` that torch.hub would take for a yes.

    Raises:
        MalformedSettingError: it is none of its values.
    """
    if not (asked is None or isinstance(asked, bool) or asked == "check"):
        raise MalformedSettingError("trust_repo", asked, "True, False, 'check' or None")
