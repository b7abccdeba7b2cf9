"""Recording: what a lock says of what was loaded, whoever loaded it, and when."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import rehub
from rehub.words.lock import LockedWeights
from tests.locks.conftest import File, said
from tests.world import Repo, World

Machine = Callable[..., rehub.Hub]
Serve = Callable[..., File]


def test_a_load_is_recorded_with_all_its_bytes(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """The lock names ref, entry, arguments, commit, both trees, and each file of weights with size and digest."""
    weights = file()
    found = rehub.provenance(machine(lock=lock).load("acme/toy:v1", "trained", weights.url))
    (model,) = said(lock).models
    assert (model.name, model.ref, model.entry, model.args) == ("trained", "acme/toy@v1", "trained", (weights.url,))
    (repository,) = model.repositories
    assert found.pin is not None
    assert repository.pin == found.pin
    assert (repository.pin.commit, repository.git_tree) == (toy.rev("v1"), found.git_tree)
    assert repository.size is not None
    assert repository.size > 1000
    assert model.weights == (LockedWeights(weights.url, weights.sha256, weights.size),)
    assert model.complete


def test_nothing_is_recorded_without_a_lock(toy: Repo, machine: Machine, lock: Path) -> None:
    """No lock is made that nobody asked for."""
    machine().load("acme/toy", "net")
    assert not lock.exists()


def test_what_an_entry_loads_is_part_of_it(toy: Repo, machine: Machine, lock: Path, world: World) -> None:
    """A nested repository is named after the model's own, and is no model by itself."""
    machine(lock=lock).load("acme/toy:v1", "outer")
    (model,) = said(lock).models
    assert [each.ref for each in model.repositories] == ["acme/toy@v1", "acme/inner"]


def test_what_is_loaded_after_the_entry_has_returned_is_a_model(toy: Repo, machine: Machine, lock: Path) -> None:
    """Nothing that was loaded is missing: what a method loads later is recorded by itself."""
    hub = machine(lock=lock)
    hub.load("acme/toy:v1", "late")()
    assert [(each.name, each.ref) for each in said(lock).models] == [("late", "acme/toy@v1"), ("part", "acme/inner")]


def test_a_failed_load_is_not_recorded(toy: Repo, machine: Machine, lock: Path) -> None:
    """What raised has made nothing."""
    with pytest.raises(ValueError, match="no"):
        machine(lock=lock).load("acme/toy:v1", "fails")
    assert not lock.exists()


def test_the_same_call_twice_is_one_model(toy: Repo, machine: Machine, lock: Path) -> None:
    """Neither the order of named arguments nor a second time makes another one; other arguments do."""
    hub = machine(lock=lock)
    hub.load("acme/toy:v1", "net", a=1, b={"x", "y", "z"})
    before = lock.read_bytes()
    hub.load("acme/toy:v1", "net", b={"z", "y", "x"}, a=1)
    assert lock.read_bytes() == before
    hub.load("acme/toy:v1", "net", 2)
    assert [each.name for each in said(lock).models] == ["net", "net-2"]


def test_arguments_that_are_no_literals_are_named_by_their_class(toy: Repo, machine: Machine, lock: Path) -> None:
    """What cannot be written down is told by its class, and two of one class are one call."""
    hub = machine(lock=lock)
    hub.load("acme/toy:v1", "net", object())
    hub.load("acme/toy:v1", "net", object())
    (model,) = said(lock).models
    assert model.args == ("<object>",)


def test_secrets_of_urls_stay_out(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """No user, password, token or signature gets into the lock, be it in weights or in arguments."""
    weights = file()
    secret = weights.url.replace("://", "://ada:s3cret@") + "?v=2&X-Amz-Signature=s3cret&token=s3cret"
    hub = machine(lock=lock)
    hub.load_state_dict_from_url(secret)
    hub.load("acme/toy:v1", "trained", secret)
    assert "s3cret" not in lock.read_text()
    assert [each.url for each in said(lock).files()] == [f"{weights.url}?v=2"]


def test_weights_of_the_program_itself(machine: Machine, lock: Path, file: Serve, tmp_path: Path) -> None:
    """What no entry asked for is recorded as well, by either function; ``data:`` holds its bytes itself."""
    hub, one, other = machine(lock=lock), file(1.0), file(2.0, "/other.pt")
    hub.load_state_dict_from_url(one.url)
    hub.download_url_to_file(other.url, tmp_path / "other.pt")
    hub.download_url_to_file("data:,hello", tmp_path / "hello")
    found = said(lock)
    assert found.models == ()
    assert {each.url: each.sha256 for each in found.weights} == {one.url: one.sha256, other.url: other.sha256}


def test_weights_that_come_with_the_first_call(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """They are added to the model that asked for them."""
    weights, hub = file(), machine(lock=lock)
    model = hub.load("acme/toy:v1", "net")
    assert said(lock).models[0].weights == ()
    model.fetch(weights.url)
    assert [each.sha256 for each in said(lock).models[0].weights] == [weights.sha256]
    assert said(lock).weights == ()


def test_weights_that_a_forked_child_of_an_entry_brings(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """The entry never hears of them, and they are recorded all the same; nor is the model called complete."""
    weights = file()
    machine(lock=lock).load("acme/toy:v1", "forked", weights.url)
    found = said(lock)
    assert [each.sha256 for each in found.files()] == [weights.sha256]
    assert not found.models[0].complete


def test_what_goes_past_rehub_is_said(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """A model whose code downloads by itself is not complete, and the lock says what it did."""
    machine(lock=lock).load("acme/toy:v1", "by_itself", file().url)
    (model,) = said(lock).models
    assert not model.complete
    assert any("/net.pt" in each for each in model.unverified)


def test_a_folder_has_no_pin(machine: Machine, lock: Path, file: Serve) -> None:
    """It is named as seen from the lock, whatever the working folder; its weights are locked; it is not complete."""
    weights, folder = file(), lock.parent / "my/model"
    folder.mkdir(parents=True)
    (folder / "hubconf.py").write_text(
        "from torch.hub import load_state_dict_from_url as f\ndef net(url): return [f(url, progress=False)]\n"
    )
    machine(lock=lock).load(str(folder), "net", weights.url, source="local")
    (model,) = said(lock).models
    assert (model.ref, model.repositories, model.complete) == ("./my/model", (), False)
    assert [each.sha256 for each in model.weights] == [weights.sha256]
    assert "./my/model" in model.unverified[0]


def test_a_folder_inside_of_a_checkout_is_pinned_with_it(toy: Repo, machine: Machine, lock: Path) -> None:
    """Its bytes are the checkout's, so that the model is complete."""
    machine(lock=lock).load("acme/toy:v1", "inside")
    (model,) = said(lock).models
    assert model.complete
    assert len(model.repositories) == 1


def test_a_block_records_whatever_is_loaded(
    toy: Repo, machine: Machine, lock: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`with rehub.recording(…)` holds for every hub without a lock of its own, in threads too, and for its own time."""
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    monkeypatch.setenv("REHUB_TRUST", "always")
    with rehub.recording(lock):
        rehub.load("acme/toy:v1", "net", 1)
        thread = threading.Thread(target=rehub.load, args=("acme/toy:v1", "net", 2))
        thread.start()
        thread.join()
        machine("b").load("acme/toy:v1", "net", 3)
    rehub.load("acme/toy:v1", "net", 4)
    assert sorted(each.args for each in said(lock).models) == [(1,), (2,), (3,)]
    assert "REHUB_LOCK" not in os.environ


def test_a_hub_records_for_a_block(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """`Hub.recording` is that hub's alone, and what a model brings afterwards is not recorded any more."""
    hub, weights = machine(), file()
    with hub.recording(lock):
        model = hub.load("acme/toy:v1", "net")
    before = lock.read_bytes()
    model.fetch(weights.url)
    hub.load("acme/toy:v1", "net", 2)
    assert lock.read_bytes() == before


def test_blocks_in_blocks(toy: Repo, machine: Machine, lock: Path, tmp_path: Path) -> None:
    """The innermost block counts, and the outer one goes on after it."""
    hub, inner = machine(), tmp_path / "inner.lock"
    with rehub.recording(lock):
        with rehub.recording(inner):
            hub.load("acme/toy:v1", "net", 1)
        hub.load("acme/toy:v1", "net", 2)
    assert [each.args for each in said(inner).models] == [(1,)]
    assert [each.args for each in said(lock).models] == [(2,)]


def test_a_block_that_fails_raises_its_own_error(lock: Path) -> None:
    """What was recorded before stays, and nothing hides the program's error."""
    with pytest.raises(ZeroDivisionError), rehub.recording(lock):
        _ = 1 / 0
    assert "REHUB_LOCK" not in os.environ


def test_a_lock_that_cannot_be_read_stops_a_load_before_it(toy: Repo, machine: Machine, lock: Path) -> None:
    """Nothing is loaded that could not be recorded, and the file is not touched."""
    lock.write_text("version = 99\n")
    with pytest.raises(rehub.MalformedLockError):
        machine(lock=lock).load("acme/toy:v1", "net")
    assert lock.read_text() == "version = 99\n"


SCRIPT = """\
import sys, rehub
model = rehub.load("acme/toy:v1", "net", int(sys.argv[1]))
model.fetch(sys.argv[2] + "?n=" + sys.argv[1])
"""


def test_many_processes_record_into_one_lock(toy: Repo, world: World, lock: Path, file: Serve, tmp_path: Path) -> None:
    """Nothing is lost and nothing is twice, whoever was faster."""
    script, weights = tmp_path / "script.py", file()
    script.write_text(SCRIPT)
    env = world.env(REHUB_LOCK=str(lock), REHUB_TRUST="always")
    running = [
        subprocess.Popen([sys.executable, script, str(number), weights.url], env=env, cwd=tmp_path)
        for number in range(6)
    ]
    assert [each.wait(120) for each in running] == [0] * 6
    found = said(lock)
    assert {each.args for each in found.models} == {(number,) for number in range(6)}
    assert [each.url for each in found.models[0].weights] == [f"{weights.url}?n={found.models[0].args[0]}"]


def test_threads_record_into_one_lock(toy: Repo, machine: Machine, lock: Path) -> None:
    """Nothing is lost among threads of one process."""
    hub = machine(lock=lock)
    hub.fetch("acme/toy:v1")
    threads = [threading.Thread(target=hub.load, args=("acme/toy:v1", "net", number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said(lock).models) == 8


def test_what_was_taken_out_meanwhile_stays_out(toy: Repo, machine: Machine, lock: Path, file: Serve) -> None:
    """A model that somebody has removed from the lock does not come back by what it brings later."""
    model = machine(lock=lock).load("acme/toy:v1", "net")
    lock.unlink()
    model.fetch(file().url)
    assert said(lock).models == ()


def test_two_processes_that_saw_two_commits(toy: Repo, machine: Machine, lock: Path, world: World) -> None:
    """One ref is one commit in a lock: the second to record is told, and what the first has written stays."""
    slow = machine("b").entry("acme/toy", "net")
    toy.commit({"new.py": ""})
    machine("a", lock=lock).load("acme/toy", "net", 2)
    before = lock.read_bytes()
    late = rehub.BoundEntry(machine("b", lock=lock), slow.checkout, "net")
    with pytest.raises(rehub.DigestMismatchError, match="acme/toy"):
        late()
    assert lock.read_bytes() == before


LATE = """\
import rehub, sys
net = rehub.load("acme/toy:v1", "net")
print(open(sys.argv[1]).read().count("complete = true"))
net.by_itself(sys.argv[2])
"""


def test_what_happens_late_is_said_at_exit(toy: Repo, world: World, lock: Path, file: Serve, tmp_path: Path) -> None:
    """A model whose method downloads past rehub, long after it was loaded, is not complete in the end."""
    script = tmp_path / "script.py"
    script.write_text(LATE)
    done = subprocess.run(
        [sys.executable, script, lock, file().url],
        env=world.env(REHUB_LOCK=str(lock), REHUB_TRUST="always"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert not said(lock).models[0].complete


BLOCK = """\
import multiprocessing, sys
import rehub

def load(number): rehub.load("acme/toy:v1", "net", number)

if __name__ == "__main__":
    with rehub.recording(sys.argv[1]):
        for number, way in enumerate(["fork", "spawn"]):
            process = multiprocessing.get_context(way).Process(target=load, args=(number,))
            process.start()
            process.join()
"""


def test_processes_that_a_block_starts_record_too(toy: Repo, world: World, lock: Path, tmp_path: Path) -> None:
    """Forked or started anew: the block is about whatever is loaded in it."""
    script = tmp_path / "script.py"
    script.write_text(BLOCK)
    env = world.env(REHUB_TRUST="always")
    subprocess.run([sys.executable, script, lock], env=env, check=True, timeout=120)
    assert [each.args for each in said(lock).models] == [(0,), (1,)]


def test_blocks_of_one_hub_may_end_in_any_order(toy: Repo, machine: Machine, lock: Path, tmp_path: Path) -> None:
    """Two threads may each record by one hub; the one that ends first takes nothing from the other."""
    hub, other = machine(), tmp_path / "other.lock"
    first, second = hub.recording(lock), hub.recording(other)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    hub.load("acme/toy:v1", "net")
    second.__exit__(None, None, None)
    assert [len(said(each).models) for each in (lock, other)] == [0, 1]
    assert hub.settings.lock is None
