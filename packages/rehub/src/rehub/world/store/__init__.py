"""The cache on disk: content-addressed, append-only, locked; its layout is written down in docs/formats/store.md."""

from rehub.world.store.blobs import Blob
from rehub.world.store.disk import Store
from rehub.world.store.downloads import FileRecord
from rehub.world.store.inventory import Damage, Inventory, KeptPin
from rehub.world.store.names import Holder
from rehub.world.store.records import Records, RefRecord
from rehub.world.store.trees import Manifest
from rehub.world.store.urls import UrlRecord

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
]
