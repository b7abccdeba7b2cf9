"""What the command line knows of text beside :mod:`rehub.words.text`: ages, times and sizes as people write them."""

import re
import time

from rehub.words.text import clean, line, plural, size

__all__ = ["age", "amount", "clean", "day", "line", "plural", "size"]

_UNITS = ["", "K", "M", "G", "T"]
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


def amount(text: str) -> int | None:
    """Read ``20GB``, ``512MiB`` or ``0``; give bytes, or ``None`` if it is something else.

    ``GB`` are 10^9 bytes, as disks are sold; ``GiB`` and ``G`` are 2^30, as sizes are shown here.

    Example:
        >>> amount("20GB"), amount("1.5 GiB"), amount("much")
        (20000000000, 1610612736, None)
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?) ?([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    if not found:
        return None
    base = 1000 if (found[3] or "").lower() == "b" else 1024
    return int(float(found[1]) * base ** _UNITS.index(found[2].upper()))
