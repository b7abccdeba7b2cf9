"""A tree is read once."""

import os
from pathlib import Path

import pytest

from rehub import Hub, HubconfNotFoundError, StoreError
from rehub.verbs.inspect import inspect
from tests.world import World


@pytest.fixture
def hub(world: World, clean_home: Path) -> Hub:
    """Give a hub to which github.com is the world's server."""
    return Hub(dir=clean_home / "hub", mirrors=world.mirrors)


def test_second_reading_is_the_kept_one(hub: Hub, world: World) -> None:
    """What was read is kept for the tree, and taken from there."""
    world.repo({"hubconf.py": "def net(): ...\n"}, name="acme/toy")
    checkout = hub.fetch("acme/toy")
    assert checkout.pin
    assert checkout.pin.tree
    first = inspect(checkout, hub.store.records, version="1")
    kept = hub.store.records.find_described(checkout.pin.tree, "1")
    assert kept
    kept["entries"][0]["doc"] = "changed on disk"
    hub.store.records.save_described(checkout.pin.tree, "1", kept)
    assert inspect(checkout, hub.store.records, version="1").entries[0].doc == "changed on disk"
    assert inspect(checkout, hub.store.records, version="2") == first


def test_damaged_reading_is_made_again(hub: Hub, world: World) -> None:
    """A record that cannot be understood counts as none."""
    world.repo({"hubconf.py": "def net(): ...\n"}, name="acme/toy")
    checkout = hub.fetch("acme/toy")
    assert checkout.pin
    assert checkout.pin.tree
    hub.store.records.save_described(checkout.pin.tree, "1", {"entries": 7})
    assert inspect(checkout, hub.store.records, version="1").names == ["net"]


def test_folder_is_read_anew(hub: Hub, tmp_path: Path) -> None:
    """A folder of the user's own may change at any time."""
    (tmp_path / "hubconf.py").write_text("def one(): ...\n")
    assert hub.list(f"{tmp_path}") == ["one"]
    (tmp_path / "hubconf.py").write_text("def two(): ...\n")
    assert hub.list(f"{tmp_path}") == ["two"]


def test_repository_without_hubconf_is_a_typed_error(hub: Hub, world: World) -> None:
    """It publishes nothing, and that is said."""
    world.repo({"README.md": "hello"}, name="acme/toy")
    with pytest.raises(HubconfNotFoundError, match=r"has no hubconf\.py at its root"):
        hub.list("acme/toy")


@pytest.mark.parametrize("files", [{"hubconf.py": "def net(): ...\n"}, {"README.md": ""}])
def test_what_was_taken_away_meanwhile_counts_for_nothing(hub: Hub, world: World, files: dict[str, str]) -> None:
    """A reading beside another process that prunes is an error that says so, and is not kept."""
    world.repo(files, name="acme/toy")
    checkout = hub.fetch("acme/toy")
    assert checkout.pin
    assert checkout.pin.tree
    with pytest.raises(StoreError, match="removed it while it was read"):
        inspect(checkout, hub.store.records, version="1", still_there=lambda: False)
    assert hub.store.records.find_described(checkout.pin.tree, "1") is None


def test_tree_is_removed_all_at_once(hub: Hub, world: World) -> None:
    """Whoever looks while a tree is removed sees all of it or nothing: it leaves its place by one rename."""
    world.repo({f"f{number}.py": "" for number in range(50)} | {"hubconf.py": ""}, name="acme/toy")
    checkout = hub.fetch("acme/toy")
    assert checkout.pin
    assert checkout.pin.tree
    held = os.open(checkout.root, os.O_RDONLY)
    hub.store.trees.remove(checkout.pin.tree)
    os.close(held)
    assert not checkout.root.exists()
    assert list((hub.store.root / "tmp").iterdir()) == []
