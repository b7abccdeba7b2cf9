"""What a checkout's code has got in this process: packages, weights that rehub brought, and what it got past rehub.

No lock is held here. Things are noted from anywhere: by an audit hook in the middle of whatever goes on, in threads,
and in children that were forked while another thread was at work.
"""

from itertools import count

from rehub.words.provenance import UsedWeights
from rehub.words.unverified import Unverified, told

_MOST = 1_000  # of each kind; the first ones are kept


class Notes:
    """What is noted of one scope.

    Attributes:
        imported: weights that modules brought when they were imported; they are in whatever those make.
        packages: what the checkout's code has asked for that is not its own, by full names as it wrote them.
    """

    def __init__(self) -> None:
        self.imported: dict[UsedWeights, None] = {}
        self.packages: dict[str, None] = {}
        self._late: dict[UsedWeights, int] = {}
        self._unverified: dict[Unverified, None] = {}
        self._counted = count(1)
        self._now = 0

    def add_package(self, name: object) -> None:
        """Note a module that is not the checkout's own, by the name that its code asked for."""
        if type(name) is str and name not in self.packages and len(self.packages) < _MOST:
            self.packages[name] = None

    @property
    def now(self) -> int:
        """A moment, to tell what comes after it."""
        return self._now

    def add_late(self, weights: UsedWeights) -> None:
        """Note weights that came while no call was under way that they could belong to."""
        self._now = next(self._counted)
        if weights in self._late or len(self._late) < _MOST:
            self._late[weights] = self._now

    def late(self, since: int) -> list[UsedWeights]:
        """Give weights that came after a moment."""
        return [weights for weights, moment in list(self._late.items()) if moment > since]

    def add_unverified(self, found: Unverified) -> bool:
        """Note what was got past rehub; say whether that is news."""
        if found in self._unverified or len(self._unverified) >= _MOST:
            return False
        self._unverified[found] = None
        return found in told(list(self._unverified))

    @property
    def unverified(self) -> tuple[Unverified, ...]:
        """What was got past rehub, in order."""
        return told(list(self._unverified))

    def forget(self) -> None:
        """Forget what importing has brought: it is about to be imported anew."""
        self.imported.clear()
        self.packages.clear()
