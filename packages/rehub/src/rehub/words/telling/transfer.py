"""How far a transfer is, in words."""

from rehub.words.text import size as amount


def told(name: str, received: int, size: int | None, rate: float) -> str:
    """Give one line: name, bytes, rate, time left.

    Args:
        name: of the file.
        received: bytes that are there.
        size: of all of it, in bytes, if it is known.
        rate: in bytes per second; 0 if it is not known yet.

    Example:
        >>> told("net.pth", 5_000_000, 20_000_000, 1_000_000.0)
        'net.pth 25%, 4.8 MiB of 19.1 MiB, 976.6 KiB/s, 15 s left'
    """
    parts = [f"{name} {share(received, size)}"]
    if rate:
        parts.append(f"{amount(int(rate))}/s")
        if size is not None and received < size:
            parts.append(f"{clock((size - received) / rate)} left")
    return ", ".join(parts)


def share(received: int, size: int | None) -> str:
    """Say how much of something is there."""
    if not size:
        return amount(received)
    return f"{100 * received // size}%, {amount(received)} of {amount(size)}"


def clock(seconds: float) -> str:
    """Give a time as people say it.

    Example:
        >>> clock(15.4), clock(75), clock(7300)
        ('15 s', '1:15', '2:01:40')
    """
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
