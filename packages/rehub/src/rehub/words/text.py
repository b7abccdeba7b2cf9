"""Text from repositories and servers, made fit to be shown; sizes and counts as people write them."""

import re

# Control characters but tab and line feed, directional overrides, line separators and lone surrogates: what moves the
# cursor, renames the window, or shows text in another order than it has (CVE-2021-42574).
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_KIB = 1024


def clean(text: str) -> str:
    r"""Replace what a terminal would obey instead of showing.

    Example:
        >>> clean("a" + chr(27) + "[2Jb")
        'a\\x1b[2Jb'
    """
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def line(text: str) -> str:
    """Give text as one clean line."""
    return " ".join(clean(text).split())


def cut(text: str, length: int) -> str:
    """Give text of at most a length, in characters; what is cut away is told by an ellipsis.

    Example:
        >>> cut("spirals", 5), cut("moons", 5)
        ('spir…', 'moons')
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def size(count: int) -> str:
    """Give a number of bytes for people.

    Example:
        >>> size(512), size(10_240), size(3 << 20)
        ('512 B', '10.0 KiB', '3.0 MiB')
    """
    if count < _KIB:
        return f"{count} B"
    value, unit = count / _KIB, 0
    while value >= _KIB and unit < 3:  # noqa: PLR2004 - up to TiB
        value, unit = value / _KIB, unit + 1
    return f"{value:,.1f} {'KMGT'[unit]}iB"


def plural(count: int, word: str) -> str:
    """Give a number with its noun.

    Example:
        >>> plural(1, "pin"), plural(2, "entry")
        ('1 pin', '2 entries')
    """
    if count == 1:
        return f"1 {word}"
    return f"{count:,} {word[:-1] + 'ies' if word.endswith('y') else word + 's'}"


def name_start(name: str, most: int = 180) -> str:
    """Give the start of a file's name, so short that something can be put behind it: file systems allow 255 bytes.

    Example:
        >>> len(name_start("x" * 250)), len(name_start("é" * 120)), name_start("net.pth")
        (180, 90, 'net.pth')
    """
    start = name[:most]
    while len(start.encode("utf-8", "surrogatepass")) > most:
        start = start[:-1]
    return start
