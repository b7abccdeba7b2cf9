"""As of when something is solved: a day or a time, or the moment of a commit."""

import re
from datetime import UTC, datetime, timedelta

from rehub.verbs.fetch import Fetching, fetch
from rehub.words.errors import MalformedSettingError, OfflineError, StoreError
from rehub.words.pin import Checkout, Pin
from rehub.words.ref import Ref
from rehub.world.git import BareRepository

_EXPECTED = "'commit', a commit of the repository, a day (2021-03-01) or a time (2021-03-01T12:00:00Z)"


def as_of(text: str, checkout: Checkout, world: Fetching) -> str:
    """Give the time that is meant, in UTC.

    Args:
        text: ``commit`` for the checkout's own, a commit of its repository, a day or a time.
        checkout: whose.
        world: settings, store and git.

    Raises:
        MalformedSettingError: it is none of these, or a folder has no commit.
        RehubError: the commit cannot be had.
    """
    if found := read_time(text):
        return found
    if checkout.pin is None:
        raise MalformedSettingError("--as-of", text, "a day (2021-03-01) or a time: a folder of your own has no commit")
    if text == "commit":
        return _utc(_commit_time(checkout.pin, world))
    if not re.fullmatch(r"[0-9a-f]{7,40}", text):
        raise MalformedSettingError("--as-of", text, _EXPECTED)
    other = fetch(Ref(checkout.pin.remote, text), world)
    return _utc(_commit_time(other.pin or checkout.pin, world))


def read_time(text: str) -> str | None:
    """Read ISO 8601; give the time in UTC, or ``None`` if it is something else. A day counts whole.

    Example:
        >>> read_time("2021-03-01"), read_time("2021-03-01T14:00:00+02:00"), read_time("commit")
        ('2021-03-02T00:00:00Z', '2021-03-01T12:00:00Z', None)
    """
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        found = datetime.fromisoformat(text)
        day = timedelta(days=len(text) == len("2021-03-01"))
        return _text((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC) + day)
    except (ValueError, OverflowError):
        return None


def _utc(seconds: int) -> str:
    try:
        return _text(datetime.fromtimestamp(seconds, UTC))
    except (OSError, OverflowError, ValueError) as error:
        raise MalformedSettingError("--as-of", "commit", "a day: the commit's own time is none") from error


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit_time(pin: Pin, world: Fetching) -> int:
    """Give when a commit was made, in seconds; its object is fetched if only its files are in the store."""
    repository = BareRepository(world.git, world.store.git_dir(pin.remote))
    found = repository.time(pin.commit)
    if found is None and world.settings.offline:
        raise OfflineError(f"the time of {pin.short}")
    if found is None:
        with world.store.locked(pin.remote), repository.or_as_before():
            world.progress(f"fetching {pin.short}")
            world.source(pin.remote).fetch(repository.path, pin.commit)
        found = repository.time(pin.commit)
    if found is None:
        raise StoreError(str(repository.path), f"the commit {pin.commit} cannot be read", "Give a day instead.")
    return found
