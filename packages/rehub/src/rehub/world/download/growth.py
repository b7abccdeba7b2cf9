"""How many streams: more while that clearly brings more, fewer when it does not, or when the server has had enough."""

_PERIOD = 0.1  # seconds of a measurement
_CLEARLY = 1.25  # times the rate before; twice the streams could bring twice as much
_SETTLE = 1.0  # seconds that new streams get to bring their first bytes
_HOLD = 1.0  # seconds until more is tried again; doubles each time


class Growth:
    """Decides on the number of streams from what has arrived.

    Attributes:
        target: how many streams there should be.
    """

    def __init__(self, most: int) -> None:
        self.target = 1
        self._most, self._former = max(1, most), 1
        self._before: float | None = None  # bytes per second with the former number
        self._since, self._bytes = -1.0, 0
        self._changed, self._hold, self._pause = 0.0, 0.0, _HOLD

    def shrink(self) -> None:
        """Have half as many from now on: the server has said that it is busy."""
        self._most = self.target = max(1, self.target // 2)
        self._before = None

    def step(self, now: float, received: int, *, ready: bool, wanted: bool) -> None:
        """Look at what has arrived.

        Args:
            now: in seconds.
            received: bytes in all.
            ready: all streams have brought something.
            wanted: more could be used.
        """
        settling = not ready and now - self._changed < _SETTLE
        if received == 0 or settling or now < self._hold or self._since < 0:
            self._since, self._bytes = now, received
        elif now - self._since >= _PERIOD:
            rate = (received - self._bytes) / (now - self._since)
            self._since, self._bytes = now, received
            self._decide(now, rate, wanted=wanted)

    def _decide(self, now: float, rate: float, *, wanted: bool) -> None:
        if self._before is not None and rate < _CLEARLY * self._before:
            self.target, self._before = self._former, None
            self._hold, self._pause = now + self._pause, 2 * self._pause
        elif self.target < self._most and wanted:
            self._former, self._before, self._changed = self.target, rate, now
            self.target = min(2 * self.target, self._most)
        else:
            self._before = None
