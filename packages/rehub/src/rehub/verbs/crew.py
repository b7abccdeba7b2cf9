"""Several things at once, in threads that stop when one of them fails, or whoever waits for them is interrupted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
_PATIENCE = 5.0  # seconds


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
    left, done = deque(enumerate(tasks)), dict[int, T]()
    failed = list[BaseException]()

    def work() -> None:
        while left and not stop.is_set():
            try:
                number, task = left.popleft()
            except IndexError:  # another thread has just taken the last one
                return
            try:
                done[number] = task()
            except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
                failed.append(error)
                stop.set()

    names = [f"rehub-{number}" for number in range(min(most, len(tasks)))]
    crew = [threading.Thread(target=work, name=name, daemon=True) for name in names]
    for each in crew:
        each.start()
    try:
        for each in crew:
            each.join()
    except BaseException:
        stop.set()
        end = time.monotonic() + patience
        for each in crew:
            each.join(max(0.0, end - time.monotonic()))
        raise
    if failed:
        raise failed[0]
    return [done[number] for number in range(len(tasks))]
