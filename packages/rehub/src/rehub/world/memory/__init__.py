"""Memory that is a file's bytes: mapped for one reader, and told from what was written to.

Everything here is a fact of the operating system; what a tensor is, it does not know.
"""

from rehub.world.memory.files import KeptFile, is_remote, read_ahead
from rehub.world.memory.pages import file_offset, untouched
from rehub.world.memory.regions import Index, Region, can_map, release_unused

__all__ = [
    "Index",
    "KeptFile",
    "Region",
    "can_map",
    "file_offset",
    "is_remote",
    "read_ahead",
    "release_unused",
    "untouched",
]
