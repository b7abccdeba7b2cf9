"""What the command line knows of text beside :mod:`rehub.words.text`: ages and times as people write them."""

import re
import time

from rehub.words.text import clean, line, plural, size

__all__ = ["age", "clean", "day", "line", "plural", "size"]

_AGES = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # seconds


def day(seconds: float) -> str:
    """Give a time of this machine's clock as ISO 8601, in UTC; damaged records and odd disks have times that are none.

    Example:
        >>> day(0.0), day(float("inf"))
        ('1970-01-01T00:00:00Z', 'nobody knows when')
    """
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OSError, OverflowError, ValueError):
        return "nobody knows when"


def age(text: str) -> float | None:
    """Read ``30d``, ``12h``, ``2w`` or ``90m``; give seconds, or ``None`` if it is something else.

    Example:
        >>> age("12h"), age("soon")
        (43200.0, None)
    """
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    return float(int(found[1]) * _AGES[found[2]]) if found else None
