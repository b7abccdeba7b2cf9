"""Running a hubconf in a child process, to see which names it makes that reading cannot know, and remembering them."""

import json
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from rehub.verbs.load import check_dependencies, note_of
from rehub.words.errors import HubconfFailedError, StoreError
from rehub.words.hubconf import Entry, EntryKind, Hubconf, Parameter, ParameterKind, Run
from rehub.words.pin import Checkout
from rehub.words.ran import Ran, Seen
from rehub.world.child import Ended, run_module
from rehub.world.scope import tag, tell_children
from rehub.world.store import Records, Store

log = logging.getLogger("rehub")
LIMIT = 300.0  # seconds; importing torch and a large repository from a cold disk takes one or two minutes
_SAID = 25  # lines that are shown of what a child said


def remembered(checkout: Checkout, records: Records, *, version: str) -> Ran | None:
    """Give what an earlier run of the same tree has made, by this Python; nothing is run.

    Args:
        checkout: whose; nothing is remembered of a folder of the user's own, which may change.
        records: where it is kept.
        version: of rehub; what another version saw counts for nothing.
    """
    tree = checkout.pin.tree if checkout.pin else None
    data = records.find_ran(tree, version, tag()) if tree else None
    try:
        return Ran.from_dict(data) if data else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def observe(checkout: Checkout, hubconf: Hubconf, store: Store, *, version: str, limit: float = LIMIT) -> Ran:
    """Run a hubconf in a child process, and remember what it made; whoever calls this has asked the trust policy.

    Args:
        checkout: whose code.
        hubconf: what reading it tells.
        store: where the child finds it, and where the answer is kept.
        version: of rehub.
        limit: how long it may take, in seconds.

    Raises:
        MissingDependencyError: packages that it says it needs are not installed; nothing was run.
        HubconfFailedError: it raised, ended the process, crashed, took too long, or its answer is none.
        StoreError: no process could be started.
    """
    check_dependencies(checkout, hubconf)
    log.info("running hubconf.py of %s in a process of its own", checkout)
    ended = run_module(
        "rehub.verbs.observed", [checkout.name, str(checkout.root)], environ=_environ(checkout, store), limit=limit
    )
    ran = Ran(Run(_now(), tag()), tuple(map(_entry, _answer(checkout, ended))))
    if checkout.pin and checkout.pin.tree:
        try:
            store.records.save_ran(checkout.pin.tree, version, tag(), ran.as_dict())
        except StoreError as error:  # a read-only store answers, too; it only runs again next time
            log.debug("what running %s gave was not kept: %s", checkout, error)
    return ran


def _environ(checkout: Checkout, store: Store) -> dict[str, str]:
    """Give the environment of this process, and where the checkout is: that it was admitted here is enough there."""
    environ = dict(os.environ)
    tell_children(checkout.name, note_of(checkout, store), environ)
    return environ


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _answer(checkout: Checkout, ended: Ended) -> list[Mapping[str, Any]]:
    """Read what a child has answered.

    Raises:
        HubconfFailedError: it is no answer.
    """
    said = "\n".join(ended.said.splitlines()[-_SAID:])
    if ended.stopped:
        raise HubconfFailedError(str(checkout), "stopped", ended.stopped, said)
    if not ended.out:
        raise HubconfFailedError(str(checkout), "crashed", ended.how, said)
    try:
        found = json.loads(ended.out)
        if "failed" in found:
            raise HubconfFailedError(str(checkout), str(found["failed"]), "", str(found["said"]))
        return [dict(each) for each in found["seen"]]
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise HubconfFailedError(str(checkout), "garbled", "its answer cannot be understood", said) from error


def _entry(told: Mapping[str, Any]) -> Seen:
    from rehub.verbs.describe.documentation import read_docstring
    from rehub.words.reading.signature import render

    doc = read_docstring(told["doc"])
    known = told["parameters"] is not None
    parameters = tuple(
        Parameter(
            each["name"],
            ParameterKind(each["kind"]),
            each["annotation"],
            each["default"],
            doc.parameters.get(each["name"]),
        )
        for each in told["parameters"] or ()
    )
    entry = Entry(
        name=told["name"],
        kind=EntryKind(told["kind"]),
        signature=render(parameters) if known else "",
        parameters=parameters,
        doc=told["doc"],
        returns=doc.returns,
        examples=doc.examples,
        file=told["file"],
        line=told["line"],
    )
    return Seen(entry, told["origin"])
