"""How a file is divided, and how many streams it gets: without a network."""

import random

import pytest

from rehub.world.download.growth import Growth
from rehub.world.download.pieces import Pieces, Span

MIB = 1 << 20


@pytest.mark.parametrize("seed", range(20))
def test_every_byte_is_brought_once(seed: int) -> None:
    """Whatever streams take, bring, give back and split; and what is done never has a hole before the frontier."""
    chance = random.Random(seed)
    size = chance.randrange(1, 300 * MIB)
    pieces, busy = Pieces(size), list[Span]()
    while pieces.missing:
        if chance.random() < 0.4 and len(busy) < 8 and (span := pieces.take(8)):
            busy.append(span)
        elif busy:
            span = chance.choice(busy)
            span.at = min(span.end, span.at + chance.choice([1, 65_536, 8 * MIB]))
            if span.at == span.end or chance.random() < 0.05:
                busy.remove(span)
                pieces.release(span)
        done = pieces.done()
        assert sum(end - start for start, end in done) == size - pieces.missing
        assert (done[0][1] if done and done[0][0] == 0 else 0) == pieces.frontier
    assert pieces.done() == [(0, size)]
    assert pieces.frontier == size


def test_what_is_there_is_not_asked_for() -> None:
    """After a break only the holes are brought."""
    pieces = Pieces(100, [(10, 20), (50, 100), (0, 5)])
    assert pieces.missing == 35
    assert pieces.frontier == 5
    assert pieces.next_range(8) == (5, 10)
    assert pieces.done() == [(0, 5), (10, 20), (50, 100)]


def streams(rate: dict[int, float], *, wanted: bool = True) -> list[int]:
    """Give the numbers of streams over two seconds, for the rates that they have together."""
    growth, seen, received = Growth(8), [], 0.0
    for step in range(40):
        growth.step(step * 0.05, int(received) + 1, ready=True, wanted=wanted)
        received += 0.05 * rate[growth.target]
        seen.append(growth.target)
    return seen


def test_streams_grow_with_the_rate() -> None:
    """Within half a second, where each brings as much as the first."""
    assert streams({count: count * 20e6 for count in (1, 2, 4, 8)})[12] == 8


def test_streams_that_bring_no_more_go() -> None:
    """It is tried, and tried again seldom."""
    seen = streams(dict.fromkeys((1, 2, 4, 8), 100000000.0))
    assert max(seen) == 2
    assert seen.count(2) < 10
    assert max(streams({1: 1e9}, wanted=False)) == 1


def test_a_busy_server_has_fewer_from_then_on() -> None:
    """Half as many, for good."""
    growth = Growth(8)
    growth.target = 8
    growth.shrink()
    assert growth.target == 4
    for step in range(100):
        growth.step(step * 0.1, (step + 1) * 10**9, ready=True, wanted=True)
    assert growth.target == 4
