"""What proves a commit's files, taken from the git repository that they came from."""

from collections.abc import Iterator

from rehub.verbs.fetch import Fetching
from rehub.words.errors import StoreError
from rehub.words.gitproof import Recorder, packed_proof
from rehub.words.pin import Pin
from rehub.words.tree import plan
from rehub.world.git import BareRepository, Objects


def proof_of(pin: Pin, world: Fetching) -> Iterator[bytes] | None:
    """Give the bytes of a commit's proof; ``None`` if the store does not have its git repository any more.

    It holds what deciding on the files had to read, no more: the commit, its folders, and where its links lead.
    """
    repository = BareRepository(world.git, world.store.git_dir(pin.remote))
    try:
        if not repository.path.is_dir() or not repository.has(pin.commit):
            return None
        with Objects(repository) as objects:
            recorder = Recorder(objects)
            plan(objects.root(pin.commit), recorder, where=pin.short, limits=world.limits)
            return packed_proof(pin.commit, objects.commit(pin.commit), recorder.read)
    except StoreError:  # it is damaged; the files are not, as their digest says
        return None
