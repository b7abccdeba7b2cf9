"""Several things at once, in threads that stop when one of them fails, or whoever waits for them is interrupted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
_PATIENCE = 3.0  # seconds


def at_once(
    tasks: Sequence[Callable[[], T]], *, most: int, stop: threading.Event, patience: float = _PATIENCE
) -> list[T]:
    """Do tasks, some at a time; give what each gave, in their order.

    Args:
        tasks: what to do.
        most: how many at a time.
        stop: set as soon as the rest shall not be done any more; a task looks at it whenever it can.
        patience: how long tasks that have begun are waited for after an interruption, in seconds. Their threads end
            with the process at the latest: one that waits for a silent server does not keep anybody.

    Raises:
        BaseException: what the first task that failed has raised, or what interrupted the wait.
    """
    crew: _Crew[T] = _Crew(deque(enumerate(tasks)), stop)
    names = [f"rehub-{number}" for number in range(min(most, len(tasks)))]
    threads = [threading.Thread(target=crew.work, name=name, daemon=True) for name in names]
    for each in threads:
        each.start()
    try:
        for each in threads:
            each.join()
    except BaseException:
        stop.set()
        end = time.monotonic() + patience
        for each in threads:
            each.join(max(0.0, end - time.monotonic()))
        raise
    if crew.failed:
        raise crew.failed[0]
    return [crew.done[number] for number in range(len(tasks))]


@dataclass(slots=True)
class _Crew(Generic[T]):
    """What is left to do, and what was done."""

    left: deque[tuple[int, Callable[[], T]]]
    stop: threading.Event
    done: dict[int, T] = field(default_factory=dict)
    failed: list[BaseException] = field(default_factory=list)

    def work(self) -> None:
        """Do one task after the other, until none is left."""
        while not self.stop.is_set():
            try:
                number, task = self.left.popleft()
            except IndexError:
                return
            try:
                self.done[number] = task()
            except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
                self.failed.append(error)
                self.stop.set()
