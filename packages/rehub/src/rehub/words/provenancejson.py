"""How a provenance is written down: the one JSON that pickles carry and ``rehub load --json`` prints.

The format is told in docs/formats/provenance.md. What is read may be anybody's: it is checked, and only ever data.
"""

from dataclasses import asdict
from typing import Any, TypeVar, get_args

from rehub.words import jsonliterals as literals
from rehub.words.digest import Digest
from rehub.words.environment import Environment
from rehub.words.errors import MalformedError
from rehub.words.pin import Pin
from rehub.words.provenance import Provenance, UsedWeights
from rehub.words.ref import Ref, Remote
from rehub.words.unverified import Unverified

VERSION = 1
_MAX_DEPTH = 50  # what is nested in what is nested
_KINDS = get_args(Unverified.__annotations__["kind"])
_EXPECTED = "  expected JSON as rehub.provenance writes it"
T = TypeVar("T")


def as_dict(provenance: Provenance) -> dict[str, Any]:
    """Give a provenance as what JSON knows."""
    environment = environment_as_dict(provenance.environment) if provenance.environment else None
    return {"version": VERSION, **_part(provenance), "environment": environment}


def _part(provenance: Provenance) -> dict[str, Any]:
    return {
        "ref": provenance.ref,
        "place": provenance.place,
        "pin": _pin_as_dict(provenance.pin) if provenance.pin else None,
        "swhids": list(provenance.swhids),
        "entry": provenance.entry,
        "arguments": arguments(provenance),
        "nested": [_part(each) for each in provenance.nested],
        "weights": [asdict(each) for each in provenance.weights],
        "unverified": [asdict(each) for each in provenance.unverified],
        "complete": provenance.complete,
    }


def _pin_as_dict(pin: Pin) -> dict[str, str | None]:
    tree = str(pin.tree) if pin.tree else None
    return {"remote": pin.remote.url, "commit": pin.commit, "tree": tree, "git_tree": pin.git_tree or None}


def arguments(provenance: Provenance) -> dict[str, Any]:
    """Give what an entry was called with as what JSON knows."""
    kwargs = {name: literals.written(value) for name, value in provenance.kwargs}
    return {"args": [literals.written(value) for value in provenance.args], "kwargs": kwargs}


def environment_as_dict(environment: Environment) -> dict[str, Any]:
    """Give an environment as what JSON knows."""
    tables = {"settings": dict(environment.settings), "distributions": dict(environment.distributions)}
    return asdict(environment) | tables | {"others": list(environment.others)}


def from_dict(data: Any) -> Provenance:
    """Read what :func:`as_dict` wrote; whatever else it is, nothing of it is run or looked up.

    Raises:
        MalformedError: it is something else, or was written by a newer rehub.
    """
    try:
        _check_version(_is(int, data["version"]))
        return _read(data, 0, _environment(data["environment"]))
    except MalformedError:
        raise
    except (AttributeError, LookupError, TypeError, RecursionError, ValueError) as error:
        msg = f"it is no provenance: {error!a}\n{_EXPECTED}"
        raise MalformedError(msg) from error


def _check_version(version: int) -> None:
    if version > VERSION:
        msg = f"the provenance has version {version}\n  expected {VERSION}\nA newer rehub wrote it, and reads it."
        raise MalformedError(msg)


def _read(data: Any, depth: int, environment: Environment | None = None) -> Provenance:
    if depth > _MAX_DEPTH:
        msg = f"it is nested deeper than {_MAX_DEPTH}"
        raise ValueError(msg)
    given = data["arguments"]
    return Provenance(
        place=_is(str, data["place"]),
        pin=_pin(data["pin"]) if data["pin"] is not None else None,
        entry=_is(str, data["entry"]),
        args=tuple(map(literals.read, _is(list, given["args"]))),
        kwargs=tuple((name, literals.read(value)) for name, value in _is(dict, given["kwargs"]).items()),
        nested=tuple(_read(each, depth + 1) for each in _is(list, data["nested"])),
        weights=tuple(map(_weights, _is(list, data["weights"]))),
        unverified=tuple(map(_unverified, _is(list, data["unverified"]))),
        ref=_is(str, data["ref"]),
        environment=environment,
    )


def _pin(data: Any) -> Pin:
    remote = _is(Remote, Ref.parse(_is(str, data["remote"])).place)
    tree = Digest.parse(_is(str, data["tree"])) if data["tree"] is not None else None
    return Pin(remote, _is(str, data["commit"]), tree, _is(str, data["git_tree"] or ""))


def _weights(data: Any) -> UsedWeights:
    return UsedWeights(_is(str, data["url"]), Digest(_is(str, data["sha256"])).hex, _is(int, data["size"]))


def _unverified(data: Any) -> Unverified:
    kind = data["kind"]
    if kind not in _KINDS:
        msg = f"{kind!a} is none of {', '.join(_KINDS)}"
        raise ValueError(msg)
    return Unverified(kind, _is(str, data["what"]))


def _environment(data: Any) -> Environment | None:
    if data is None:
        return None
    return Environment(
        python=_is(str, data["python"]),
        platform=_is(str, data["platform"]),
        rehub=_is(str, data["rehub"]),
        torch=_is(str, data["torch"]),
        device=_is(str, data["device"]),
        capability=_is(str, data["capability"]),
        threads=_is(int, data["threads"]),
        interop_threads=_is(int, data["interop_threads"]),
        settings=_pairs(data["settings"]),
        distributions=_pairs(data["distributions"]),
        others=tuple(_is(str, each) for each in _is(list, data["others"])),
    )


def _pairs(data: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, _is(str, value)) for name, value in _is(dict, data).items())


def _is(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        msg = f"{str(value)[:80]!a} is no {kind.__name__}"
        raise TypeError(msg)
    return value
