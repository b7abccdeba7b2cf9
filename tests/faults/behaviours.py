"""What servers and networks do wrong: one small function each, or a function that makes one."""

import gzip
import time
from collections.abc import Callable
from email.utils import formatdate

from tests.faults.server import Behaviour, Talk, honest

PAGE = b"<!DOCTYPE html>\n<html><body><form>Please log in</form></body></html>\n"
_LONG = 60.0  # seconds; longer than any test waits


def times(count: int, wrong: Behaviour, then: Behaviour = honest) -> Behaviour:
    """Do something wrong so many times, and be honest then."""
    return lambda talk: (wrong if talk.number < count else then)(talk)


def _whole(talk: Talk, **headers: object) -> None:
    """Begin an answer of the whole file, which is the last one on its connection."""
    talk.keep = False
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    talk.head(200, {"Content-Type": "application/octet-stream", **given})


# How long the body is.


def short_body(talk: Talk) -> None:
    """Promise all of it, send nine tenths, and end the connection."""
    _whole(talk, Content_Length=len(talk.data))
    talk.body(talk.data[: len(talk.data) * 9 // 10])


def short_for_ranges(talk: Talk) -> None:
    """Send half of whatever part is asked for, each time: there is progress, and no end in one go."""
    found, talk.keep, data = talk.asked.range, False, talk.data
    if found is None:
        talk.head(200, {"Content-Length": len(data), "ETag": talk.server.etag, "Accept-Ranges": "bytes"})
        return talk.body(data[: len(data) // 2])
    first, last = found[0], min(len(data) - 1 if found[1] is None else found[1], len(data) - 1)
    said = {"Content-Range": f"bytes {first}-{last}/{len(data)}", "ETag": talk.server.etag}
    talk.head(206, {"Content-Length": last + 1 - first, **said})
    return talk.body(data[first : first + max(1, (last + 1 - first) // 2)])


def long_body(talk: Talk) -> None:
    """Send more than was promised."""
    _whole(talk, Content_Length=len(talk.data))
    talk.body(talk.data + b"x" * 1000)


def no_length(talk: Talk) -> None:
    """Say no length; the end of the connection is the end of the file."""
    _whole(talk, Connection="close")
    talk.body(talk.data)


def no_length_early(talk: Talk) -> None:
    """Say no length, and end the connection in the middle."""
    _whole(talk, Connection="close")
    talk.body(talk.data[: len(talk.data) // 2])


def no_length_reset(talk: Talk) -> None:
    """Say no length, and lose the connection in the middle."""
    _whole(talk, Connection="close")
    talk.body(talk.data[: len(talk.data) // 2])
    talk.wait(0.05)
    talk.reset()


def two_lengths(talk: Talk) -> None:
    """Say two lengths that differ."""
    talk.keep = False
    size = len(talk.data)
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n" % (size, size - 10))
    talk.body(talk.data)


def absurd_length(talk: Talk) -> None:
    """Promise more than any disk holds."""
    _whole(talk, Content_Length=10**18)
    talk.body(talk.data)


def negative_length(talk: Talk) -> None:
    """Promise less than nothing."""
    _whole(talk, Content_Length=-5)
    talk.body(talk.data)


def chunked(talk: Talk, *, end: bool = True) -> None:
    """Send it in chunks."""
    _whole(talk, Transfer_Encoding="chunked")
    half = len(talk.data) // 2
    for part in (talk.data[:half], talk.data[half:] if end else b""):
        if part:
            talk.send(b"%x\r\n" % len(part))
            talk.body(part)
            talk.send(b"\r\n")
    if end:
        talk.send(b"0\r\n\r\n")


def truncated_chunks(talk: Talk) -> None:
    """Send some chunks, and not the last one."""
    chunked(talk, end=False)


def broken_chunk(talk: Talk) -> None:
    """Send a chunk whose size is no number."""
    _whole(talk, Transfer_Encoding="chunked")
    talk.send(b"zz\r\nnot hexadecimal\r\n")


# What the body is.


def unasked_gzip(talk: Talk) -> None:
    """Send it packed, which nobody asked for."""
    packed = gzip.compress(talk.data)
    _whole(talk, Content_Encoding="gzip", Content_Length=len(packed))
    talk.body(packed)


def login_page(talk: Talk) -> None:
    """Send a page that asks for a password, and say that all is well."""
    talk.answer(200, PAGE, **{"Content-Type": "text/html; charset=utf-8"})


def other_bytes(talk: Talk) -> None:
    """Send as many other bytes."""
    talk.answer(200, bytes(reversed(talk.data)))


def empty(talk: Talk) -> None:
    """Send nothing, and say that this is all of it."""
    talk.answer(200)


def no_content(talk: Talk) -> None:
    """Say that there is nothing to be sent."""
    talk.head(204, {})


# Ranges.


def range_ignored(talk: Talk) -> None:
    """Say that parts can be had, and always send all of it."""
    talk.answer(200, talk.data, **{"ETag": talk.server.etag, "Accept-Ranges": "bytes"})


def partly(said: Callable[[int, int, int], str | None], shift: int = 0) -> Behaviour:
    """Answer ranges, but say something else about them; what is sent may begin elsewhere, too."""

    def act(talk: Talk) -> None:
        if (found := talk.asked.range) is None:
            return honest(talk)
        size = len(talk.data)
        first, last = found[0], min(size - 1 if found[1] is None else found[1], size - 1)
        begin = max(0, first - shift)
        text = said(first, last, size)
        more = {"Content-Range": text} if text else {}
        return talk.answer(206, talk.data[begin : begin + last + 1 - first], **{"ETag": talk.server.etag, **more})

    return act


wrong_content_range = partly(lambda first, last, size: f"bytes {first + 7}-{last + 7}/{size}")
missing_content_range = partly(lambda _first, _last, _size: None)
garbled_content_range = partly(lambda _first, _last, _size: "bytes all/of it")
other_size_in_range = partly(lambda first, last, size: f"bytes {first}-{last}/{size + 1}")
overlapping_range = partly(
    lambda first, last, size: f"bytes {max(0, first - 9)}-{last - min(9, first)}/{size}", shift=9
)


def part_unasked(talk: Talk) -> None:
    """Answer a request for all of it with a part."""
    size = len(talk.data)
    half = {"Content-Range": f"bytes 0-{size // 2 - 1}/{size}", "ETag": talk.server.etag}
    talk.answer(206, talk.data[: size // 2], **half)


def no_ranges(talk: Talk) -> None:
    """Refuse every range with 416, but give all of it."""
    if talk.asked.range:
        return talk.answer(416, **{"Content-Range": f"bytes */{len(talk.data)}"})
    return talk.answer(200, talk.data, **{"ETag": talk.server.etag, "Accept-Ranges": "bytes"})


def always_416(talk: Talk) -> None:
    """Answer 416, whatever is asked."""
    talk.answer(416, **{"Content-Range": f"bytes */{len(talk.data)}"})


# Elsewhere.


def to(target: str | Callable[[Talk], str], status: int = 302) -> Behaviour:
    """Send the client elsewhere."""

    def act(talk: Talk) -> None:
        talk.answer(status, Location=target if isinstance(target, str) else target(talk), **{"Set-Cookie": "a=secret"})

    return act


def circle(talk: Talk) -> None:
    """Send the client to where it is."""
    talk.answer(302, Location=talk.asked.path)


def always_further(talk: Talk) -> None:
    """Send the client to a new address each time."""
    talk.answer(302, Location=f"/{talk.number}/weights.pth")


def nowhere(talk: Talk) -> None:
    """Send the client elsewhere without saying where."""
    talk.answer(302)


# Silence.


def silent(talk: Talk) -> None:
    """Take the request, and say nothing."""
    talk.wait(_LONG)


def stall_after_headers(talk: Talk) -> None:
    """Send the headers, and nothing more."""
    _whole(talk, Content_Length=len(talk.data), ETag=talk.server.etag, Accept_Ranges="bytes")
    talk.wait(_LONG)


def stall_in_the_middle(talk: Talk) -> None:
    """Send half of it, and nothing more."""
    _whole(talk, Content_Length=len(talk.data), ETag=talk.server.etag, Accept_Ranges="bytes")
    talk.body(talk.data[: len(talk.data) // 2])
    talk.wait(_LONG)


def stall_after_each(count: int) -> Behaviour:
    """Send so many bytes of whatever is asked for, and nothing more on that connection."""

    def act(talk: Talk) -> None:
        found, size, talk.keep = talk.asked.range, len(talk.data), False
        first, last = (found[0], min(size - 1, size if found[1] is None else found[1])) if found else (0, size - 1)
        said = {"Content-Range": f"bytes {first}-{last}/{size}"} if found else {}
        common = {"Content-Length": last + 1 - first, "ETag": talk.server.etag, "Accept-Ranges": "bytes"}
        talk.head(206 if found else 200, {**common, **said})
        talk.body(talk.data[first : min(last + 1, first + count)])
        if count <= last - first:
            talk.wait(_LONG)

    return act


def drip(every: float) -> Behaviour:
    """Send one byte now and then, every so many seconds."""

    def act(talk: Talk) -> None:
        found = talk.asked.range
        if found is None:
            _whole(talk, Content_Length=len(talk.data), ETag=talk.server.etag, Accept_Ranges="bytes")
            left = talk.data
        else:
            talk.keep, last = False, len(talk.data) - 1 if found[1] is None else found[1]
            said = {"Content-Range": f"bytes {found[0]}-{last}/{len(talk.data)}", "ETag": talk.server.etag}
            left = talk.data[found[0] : last + 1]
            talk.head(206, {"Content-Length": len(left), **said})
        for each in left:
            talk.body(bytes([each]))
            talk.wait(every)

    return act


def slow_head(talk: Talk) -> None:
    """Send the headers letter by letter, for ever."""
    talk.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        talk.send(b"x")
        talk.wait(0.2)


# Refusals.


def refusing(status: int, **headers: object) -> Behaviour:
    """Answer with a status; Retry-After is ``Retry_After=``."""
    return lambda talk: talk.answer(status, b"not now", **{k.replace("_", "-"): v for k, v in headers.items()})


def refused_until_a_date(talk: Talk) -> None:
    """Answer 503, and say by a date that it is over in a second."""
    talk.answer(503, b"not now", **{"Retry-After": formatdate(time.time() + 1, usegmt=True)})


def hang_up(talk: Talk) -> None:
    """End the connection instead of answering."""
    talk.keep = False


# Heads.


def header_bomb(talk: Talk) -> None:
    """Send a header that has no end."""
    talk.send(b"HTTP/1.1 200 OK\r\nX-Bomb: ")
    for _ in range(4096):
        talk.send(b"x" * (16 << 10))


def many_headers(talk: Talk) -> None:
    """Send 100,000 headers."""
    talk.keep = False
    lines = b"".join(b"X-%d: 1\r\n" % number for number in range(100_000))
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(talk.data), lines))
    talk.body(talk.data)


def endless_interim(status: int) -> Behaviour:
    """Send interim answers for ever, now and then, so that the line is never silent."""

    def act(talk: Talk) -> None:
        while True:
            talk.send(b"HTTP/1.1 %d Wait\r\n\r\n" % status)
            talk.wait(0.01)

    return act


def garbage(talk: Talk) -> None:
    """Answer with what is no HTTP at all."""
    talk.keep = False
    talk.send(b"220 smtp.example.org ESMTP ready\r\n")
    talk.wait(0.2)
