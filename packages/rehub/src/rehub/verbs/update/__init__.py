"""Looking upstream: what has become of the refs of a lock, what that means for its calls, and taking it."""

from rehub.verbs.update.update import Asking, update

__all__ = ["Asking", "update"]
