"""Errors as values: they survive the way from a worker to who waits for it."""

import copy
import pickle

import pytest

import rehub
from rehub.compat import failures
from rehub.words import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.OfflineError("a.pth"),
        errors.OfflineError("some of it", missing=[("acme/toy@1234", None), ("a.pth", 512), ("b.pth", 1)]),
        errors.DownloadError("https://example.org/a.pth?token=s3cret", "it ended", 503),
        errors.WrongHashError("https://example.org/a.pth", "00", "11" * 32),
        errors.DigestMismatchError("a.pth", "00", "11"),
        errors.UnreachableError("acme/toy", "it is gone"),
        errors.StoreError("/a", "it is full", "Make room."),
        errors.ProvenanceNotFoundError("Net", 2),
        errors.MalformedSettingError("timeout", "x", "a number"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_pickled_and_copied(error: rehub.RehubError) -> None:
    """It is of the same class, with the same message, facts and notes."""
    error.add_note("and a note")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), vars(again), again.args) == (str(error), vars(error), error.args)


def test_torch_hubs_errors_are_as_well() -> None:
    """What torch.hub's face raises in their place survives, too."""
    with pytest.raises(OSError, match="it ended") as caught, failures.download_errors():
        raise errors.DownloadError("https://example.org/a.pth", "it ended", 503)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def test_offline_tells_how_much_is_missing() -> None:
    """Each thing with its size, and all of it: as far as that is known."""
    known, unknown = ("a.pth", 2048), ("acme/toy@1234", None)
    assert "missing a.pth, 2.0 KiB\nRun" in str(errors.OfflineError("it", missing=[known]))
    assert "missing a.pth, 2.0 KiB\n  in all 4.0 KiB\nRun" in str(errors.OfflineError("it", missing=[known] * 2))
    assert "in all 1 commit whose size is not known" in str(errors.OfflineError("it", missing=[unknown]))
    assert "in all 2.0 KiB and 2 commits whose size is not known" in str(
        errors.OfflineError("it", missing=[unknown, known, unknown])
    )
