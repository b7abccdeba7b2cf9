"""What proves a commit's files: taken from the git repository that they came from, or kept since a mirror gave it."""

import os
from contextlib import suppress

from rehub.verbs.fetch import Fetching
from rehub.verbs.mirror.packed import Packed
from rehub.words.errors import StoreError
from rehub.words.gitproof import Proof, Recorder
from rehub.words.pin import Pin
from rehub.words.tree import plan
from rehub.world.git import BareRepository, Objects


def proof_of(pin: Pin, world: Fetching) -> Proof | None:
    """Give a commit's proof; ``None`` if the store has none, and its git repository not any more.

    It holds what deciding on the files had to read, no more: the commit, its folders, and where its links lead.
    """
    return _kept(pin, world) or _by_git(pin, world)


def _kept(pin: Pin, world: Fetching) -> Proof | None:
    place = world.store.records.proof(pin)
    try:
        with place.open("rb") as file, suppress(ValueError):
            return Proof.read(Packed(file.fileno(), os.fstat(file.fileno()).st_size), pin.commit)
    except FileNotFoundError:
        pass
    return None


def _by_git(pin: Pin, world: Fetching) -> Proof | None:
    repository = BareRepository(world.git, world.store.git_dir(pin.remote))
    try:
        if not repository.path.is_dir() or not repository.has(pin.commit):
            return None
        with Objects(repository) as objects:
            recorder = Recorder(objects)
            plan(objects.root(pin.commit), recorder, where=pin.short, limits=world.limits)
            return Proof(pin.commit, {("commit", pin.commit): objects.commit(pin.commit), **recorder.read})
    except StoreError:  # it is damaged; the files are not, as their digest says
        return None
