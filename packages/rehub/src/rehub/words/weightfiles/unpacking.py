"""What is in a member of a zip archive: as it lies there, or inflated as far as it said, and no further."""

import zlib
from collections.abc import Iterator, Sequence

from rehub.words.weightfiles.faults import Unsound
from rehub.words.weightfiles.source import Source
from rehub.words.weightfiles.ziplayout import DEFLATED, Member

ALWAYS = 64 << 20
"""Bytes that deflated members may inflate to in any case."""
RATIO = 20
"""How many times its own size an archive may inflate to beyond that; weights deflate to nine tenths of theirs."""
_CHUNK = 1 << 20  # bytes


def check_sizes(members: Sequence[Member], size: int) -> None:
    """Refuse an archive that inflates to much more than it is.

    Raises:
        Unsound: it does.
    """
    inflated = sum(each.size for each in members if each.method == DEFLATED)
    if inflated > max(ALWAYS, RATIO * size):
        raise Unsound(
            f"its members inflate to {inflated} bytes; at most {RATIO} times its own {size} bytes are read, or {ALWAYS}"
        )


def pieces(source: Source, member: Member) -> Iterator[bytes]:
    """Give a member's content, piece by piece.

    Raises:
        Unsound: it is not as long as it says, or has other bytes than its CRC says.
    """
    total, crc = 0, 0
    for piece in _inflated(source, member) if member.method == DEFLATED else _stored(source, member):
        total += len(piece)
        crc = zlib.crc32(piece, crc)
        if total > member.size:
            break
        yield piece
    if total != member.size:
        raise Unsound(f"the archive's member {member.name!a} has another size than the {member.size} bytes it says")
    if member.crc and crc != member.crc:  # torch may write none, to be faster
        raise Unsound(f"the archive's member {member.name!a} has other bytes than its checksum says")


def content(source: Source, member: Member, most: int) -> bytes:
    """Give all of a member's content.

    Raises:
        Unsound: it has more than ``most`` bytes, or is not as it says.
    """
    if member.size > most:
        raise Unsound(f"the archive's member {member.name!a} has {member.size} bytes; at most {most} are read")
    return b"".join(pieces(source, member))


def _stored(source: Source, member: Member) -> Iterator[bytes]:
    for at in range(0, member.packed, _CHUNK):
        yield source.read(member.start + at, min(_CHUNK, member.packed - at))


def _inflated(source: Source, member: Member) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in _stored(source, member):
            rest = packed
            while rest and not inflate.eof:
                yield inflate.decompress(rest, _CHUNK)
                rest = inflate.unconsumed_tail
        while not inflate.eof and (piece := inflate.decompress(b"", _CHUNK)):
            yield piece
    except zlib.error as error:
        raise Unsound(f"the archive's member {member.name!a} cannot be inflated: {error}") from error
    if not inflate.eof or inflate.unused_data:
        raise Unsound(f"the archive's member {member.name!a} is cut off, or something follows it")
