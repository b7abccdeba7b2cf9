"""What a server can answer that is wrong: the right bytes come all the same, or the error says what was wrong."""

from dataclasses import dataclass

import pytest

from tests.faults import behaviours as wrong
from tests.faults.server import Behaviour, FaultServer
from tests.faults.table import RIGHT
from tests.faults.trial import Trial, kept, left
from tests.faults.ways import OLD, WAYS, Way


@dataclass(frozen=True, slots=True)
class Fault:
    """A server's fault.

    Attributes:
        does: what the server does.
        must: how it has to end; empty for whichever is in the table.
        hashed: the caller knows the first digits of the SHA-256.
    """

    does: Behaviour
    must: str = ""
    hashed: bool = False


FAULTS = {
    # How long it is.
    "short body": Fault(wrong.short_body, "DownloadError"),
    "short body, once": Fault(wrong.times(1, wrong.short_body), RIGHT),
    "short body of every range": Fault(wrong.short_for_ranges),
    "long body": Fault(wrong.long_body),
    "long body, and the hash is known": Fault(wrong.long_body, hashed=True),
    "no length": Fault(wrong.no_length, RIGHT),
    "no length, ended early, the hash is known": Fault(wrong.no_length_early, "WrongHashError", hashed=True),
    "no length, ended early": Fault(wrong.no_length_early, "MalformedWeightsError"),
    "no length, cut (RST)": Fault(wrong.no_length_reset, "DownloadError"),
    "two lengths": Fault(wrong.two_lengths),
    "a length of 10^18": Fault(wrong.absurd_length),
    "a negative length": Fault(wrong.negative_length, "DownloadError"),
    "chunks": Fault(wrong.chunked, RIGHT),
    "truncated chunks": Fault(wrong.truncated_chunks, "DownloadError"),
    "truncated chunks, once": Fault(wrong.times(1, wrong.truncated_chunks), RIGHT),
    "a chunk without a size": Fault(wrong.broken_chunk, "DownloadError"),
    # What it is.
    "unasked gzip": Fault(wrong.unasked_gzip),
    "a login page with 200": Fault(wrong.login_page, "DownloadError"),
    "a login page with 200, the hash is known": Fault(wrong.login_page, hashed=True),
    "other bytes, the hash is known": Fault(wrong.other_bytes, "WrongHashError", hashed=True),
    "an empty answer, the hash is known": Fault(wrong.empty, "WrongHashError", hashed=True),
    "204": Fault(wrong.no_content, "DownloadError"),
    "no HTTP at all": Fault(wrong.garbage, "DownloadError"),
    # Ranges.
    "range ignored": Fault(wrong.range_ignored, RIGHT),
    "wrong Content-Range": Fault(wrong.wrong_content_range),
    "missing Content-Range": Fault(wrong.missing_content_range),
    "garbled Content-Range": Fault(wrong.garbled_content_range),
    "another size in Content-Range": Fault(wrong.other_size_in_range),
    "overlapping range": Fault(wrong.overlapping_range),
    "a part instead of all": Fault(wrong.part_unasked),
    "416 for every range": Fault(wrong.no_ranges),
    "416 always": Fault(wrong.always_416, "DownloadError"),
    # Heads.
    "a header without an end": Fault(wrong.header_bomb, "DownloadError"),
    "100,000 headers": Fault(wrong.many_headers),
    "endless 100 Continue": Fault(wrong.endless_interim(100), "DownloadError"),
    "endless 103 Early Hints": Fault(wrong.endless_interim(103), "DownloadError"),
    # Refusals.
    "404": Fault(wrong.refusing(404), "DownloadError"),
    "500 twice, then fine": Fault(wrong.times(2, wrong.refusing(500)), RIGHT),
    "500 always": Fault(wrong.refusing(500), "DownloadError"),
    "429 with Retry-After: 1, then fine": Fault(wrong.times(1, wrong.refusing(429, Retry_After=1)), RIGHT),
    "503 with a date in Retry-After, then fine": Fault(wrong.times(1, wrong.refused_until_a_date), RIGHT),
    "429 with an absurd Retry-After": Fault(wrong.refusing(429, Retry_After="99999999999"), "DownloadError"),
    "503 with a garbled Retry-After, then fine": Fault(
        wrong.times(1, wrong.refusing(503, Retry_After="soon -- or later")), RIGHT
    ),
    "503 always": Fault(wrong.refusing(503), "DownloadError"),
    "hung up, once": Fault(wrong.times(1, wrong.hang_up), RIGHT),
    "hung up, always": Fault(wrong.hang_up, "DownloadError"),
    # Silence.
    "never answering": Fault(wrong.silent, "DownloadError"),
    "never answering, once": Fault(wrong.times(1, wrong.silent), RIGHT),
    "stall after the headers": Fault(wrong.stall_after_headers, "DownloadError"),
    "stall in the middle": Fault(wrong.stall_in_the_middle, "DownloadError"),
    "stall in the middle, once": Fault(wrong.times(1, wrong.stall_in_the_middle), RIGHT),
    "a stall after every megabyte": Fault(wrong.stall_after_each(1_000_000), RIGHT),
    "one byte in ten seconds": Fault(wrong.drip(10), "DownloadError"),
    "one byte in a fifth of a second": Fault(wrong.drip(0.2), "DownloadError"),
    "headers letter by letter": Fault(wrong.slow_head, "DownloadError"),
    # Elsewhere.
    "redirect loop": Fault(wrong.circle, "DownloadError"),
    "redirects without an end": Fault(wrong.always_further, "DownloadError"),
    "redirect without an address": Fault(wrong.nowhere, "DownloadError"),
    "redirect to file:": Fault(wrong.to("file:///etc/passwd"), "DownloadError"),
    "redirect to ftp:": Fault(wrong.to("ftp://127.0.0.1/weights.pth"), "DownloadError"),
    "redirect to data:": Fault(wrong.to("data:,evil"), "DownloadError"),
}
NOT_FOR = {
    "no length, ended early": ("file", "pieces"),  # nobody can tell, unless the file says how it ends
    "a login page with 200": ("file", "pieces"),  # a page is a file like any other to whoever asks for a file
}
CASES = [
    pytest.param(fault, marks=pytest.mark.fault(name, way.name), id=f"{name} ({way.name})")
    for name, fault in FAULTS.items()
    for way in WAYS
    if way.name not in NOT_FOR.get(name, ())
]


@pytest.mark.parametrize("fault", CASES)
def test_fault(fault: Fault, way: Way, server: FaultServer, trial: Trial, digits: str) -> None:
    """It ends in time, leaves no half file, and when the server is well again the same call succeeds."""
    server.does, known = fault.does, digits if fault.hashed else ""
    right = way.right(server.data)
    # What nobody could know to be half a file is in the store under the digest of that half, and of no use.
    half = {server.data[: len(server.data) // 2]} if fault.must == "MalformedWeightsError" else set()
    ended = trial.run(lambda: way.bring(server.url, known), way.folder, right=right)
    assert fault.must in {"", ended}
    assert set(kept(way.folder).values()) <= {server.data, OLD, *half}
    if ended != RIGHT:
        assert server.data not in kept(way.folder).values()
    server.heal()
    assert way.bring(server.url, known) == right
    assert set(kept(way.folder).values()) - half == {server.data}
    assert left(way.folder) == 0
