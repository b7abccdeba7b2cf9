"""The cache on disk: content-addressed, append-only, locked; its layout is written down in docs/formats/store.md.

What reading weights has no need for is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rehub.world.store.blobs import Blob
from rehub.world.store.disk import Store
from rehub.world.store.manifest import Manifest
from rehub.world.store.urls import UrlRecord

if TYPE_CHECKING:
    from rehub.world.store.downloads import FileRecord
    from rehub.world.store.inventory import Damage, Inventory, KeptPin
    from rehub.world.store.leases import taken
    from rehub.world.store.names import Holder
    from rehub.world.store.records import Records, RefRecord

_WHERE = {
    "downloads": ["FileRecord"],
    "inventory": ["Damage", "Inventory", "KeptPin"],
    "leases": ["taken"],
    "names": ["Holder"],
    "records": ["Records", "RefRecord"],
}

__all__ = [
    "Blob",
    "Damage",
    "FileRecord",
    "Holder",
    "Inventory",
    "KeptPin",
    "Manifest",
    "Records",
    "RefRecord",
    "Store",
    "UrlRecord",
    "taken",
]


def __getattr__(name: str) -> Any:
    for part, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{part}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
