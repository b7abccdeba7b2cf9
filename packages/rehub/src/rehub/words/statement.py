"""A provenance as an in-toto Statement v1 with SLSA's provenance v1 as predicate: what other tools sign and match.

Source: in-toto attestation framework, spec/v1 (Statement, ResourceDescriptor, DigestSet v1.1); SLSA 1.0, provenance;
package-url/purl-spec, type ``pypi``. docs/formats/provenance.md says what is in which field.
"""

from collections.abc import Iterator
from typing import Any

from rehub.words.environment import Environment
from rehub.words.errors import NotFoundError
from rehub.words.pin import Pin
from rehub.words.provenance import Provenance, UsedWeights
from rehub.words.provenancejson import arguments, environment_as_dict
from rehub.words.requirement import normal

_BUILD_TYPE = "pkg:pypi/rehub#load/v1"
_BUILDER = "pkg:pypi/rehub"
_BUILDERS_OWN = {"python", "rehub", "torch", "distributions"}
_UNPINNED = "  expected a repository at a commit, or weights; a folder of your own can change at any moment"

Descriptor = dict[str, Any]


def statement(provenance: Provenance) -> dict[str, Any]:
    """Give a provenance as a statement about the code and weights that the object is made of.

    An object in memory has no digest of its own. The same load in the same environment gives the same statement: it
    has neither a date nor a number.

    Raises:
        NotFoundError: nothing that took part has a digest.
    """
    code = [_repository(provenance.pin, provenance.ref)] if provenance.pin else []
    made_of = [*code, *map(_weights, provenance.weights)]
    subject = [{"name": each["uri"], "digest": each["digest"]} for each in made_of]
    if not subject:
        msg = f"nothing that {provenance.place} {provenance.entry} is made of has a digest\n{_UNPINNED}"
        raise NotFoundError(msg)
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": _definition(provenance), "runDetails": _details(provenance)},
    }


def _definition(provenance: Provenance) -> dict[str, Any]:
    known = environment_as_dict(provenance.environment) if provenance.environment else {}
    return {
        "buildType": _BUILD_TYPE,
        "externalParameters": {
            "ref": provenance.ref or provenance.place,
            "entry": provenance.entry,
            "arguments": arguments(provenance),
        },
        "internalParameters": {name: value for name, value in known.items() if name not in _BUILDERS_OWN},
        "resolvedDependencies": [*_code_and_weights(provenance), *_packages(provenance.environment)],
    }


def _details(provenance: Provenance) -> dict[str, Any]:
    """Say what ran it; SLSA wants a vendor's name before fields of one's own."""
    known = provenance.environment
    versions = {"rehub": known.rehub, "python": known.python, "torch": known.torch} if known else {}
    return {
        "builder": {"id": _BUILDER, "version": {name: version for name, version in versions.items() if version}},
        "rehub_complete": provenance.complete,
        "rehub_unverified": [
            {"kind": each.kind, "what": each.what}
            for each in dict.fromkeys(each for part in provenance.walk() for each in part.unverified)
        ],
    }


def _code_and_weights(provenance: Provenance) -> Iterator[Descriptor]:
    """Give all repositories and files that took part, each once; a folder has no digest."""
    seen: dict[tuple[str, str], Descriptor] = {}
    for each in provenance.walk():
        code = _repository(each.pin, each.ref) if each.pin else {"name": each.place, "uri": f"file:{each.place}"}
        for found in (code, *map(_weights, each.weights)):
            seen.setdefault((found["uri"], str(found.get("digest"))), found)  # one URL may give several files
    yield from seen.values()


def _repository(pin: Pin, ref: str) -> Descriptor:
    digests = {
        "gitCommit": pin.commit,
        "gitTree": pin.git_tree,
        "dirHash": pin.tree.hex if pin.tree else "",  # in-toto writes Go's h1 in hex
    }
    return {
        "name": ref or str(pin.remote),
        "uri": f"git+{pin.remote.url}@{pin.commit}",
        "digest": {name: digest for name, digest in digests.items() if digest},
        "annotations": {"swhids": list(pin.swhids)},
    }


def _weights(weights: UsedWeights) -> Descriptor:
    return {"uri": weights.url, "digest": {"sha256": weights.sha256}, "annotations": {"size": weights.size}}


def _packages(environment: Environment | None) -> Iterator[Descriptor]:
    """Give the packages by version: which bytes are installed, nobody has hashed."""
    torch = [("torch", environment.torch)] if environment and environment.torch else []
    for name, version in [*torch, *(environment.distributions if environment else ())]:
        yield {"uri": f"pkg:pypi/{normal(name)}@{version.replace('+', '%2B')}"}
