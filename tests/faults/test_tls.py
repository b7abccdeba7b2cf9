"""Servers that cannot prove who they are, and encrypted connections that end in the wrong place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import behaviours as wrong
from tests.faults.certificates import certificate
from tests.faults.server import FaultServer, Talk
from tests.faults.trial import Trial, kept, left
from tests.faults.ways import OLD, WAYS, Way

CERTIFICATES: dict[str, dict[str, str]] = {
    "an expired certificate": {"ends": "20210101000000Z"},
    "a certificate of the future": {"begins": "20900101000000Z"},
    "another server's certificate": {"names": "subjectAltName=DNS:other.example.org"},
    "a certificate that nobody vouches for": {},
}


def cases(names: list[str]) -> pytest.MarkDecorator:
    """Try each fault in each way."""
    return pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=pytest.mark.fault(name, way.name), id=f"{name} ({way.name})")
            for name in names
            for way in WAYS
        ],
    )


@cases(list(CERTIFICATES))
def test_certificate(
    name: str, way: Way, secure: FaultServer, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a server is not believed, and is not even asked."""
    good, bad = secure.certificate, certificate(tmp_path / "bad", **CERTIFICATES[name])
    if CERTIFICATES[name]:  # whoever signed it is trusted: only what it says is wrong
        (tmp_path / "trusted.pem").write_bytes(bad.read_bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    secure.certify(bad)
    ended = trial.run(lambda: way.bring(secure.url), way.folder, right=way.right(secure.data))
    assert ended == "DownloadError"
    assert "certificate" in trial.said
    assert secure.asked == []
    assert set(kept(way.folder).values()) <= {OLD}
    assert good
    secure.certify(good)
    monkeypatch.setenv("SSL_CERT_FILE", str(good))
    assert way.bring(secure.url) == way.right(secure.data)


def cut_without_a_goodbye(talk: Talk) -> None:
    """Say no length, and end the connection below TLS, as somebody on the way can do."""
    wrong.no_length_early(talk)


FAULTS: dict[str, Callable[[Talk], None]] = {
    "TLS, no length, ended on the way": cut_without_a_goodbye,
    "TLS, short body": wrong.short_body,
    "TLS, stall in the middle": wrong.stall_in_the_middle,
    "TLS, never answering": wrong.silent,
}


@cases(list(FAULTS))
def test_fault_under_tls(name: str, way: Way, secure: FaultServer, trial: Trial) -> None:
    """It ends in time, and no half file is taken for the whole one."""
    secure.does = FAULTS[name]
    ended = trial.run(lambda: way.bring(secure.url), way.folder, right=way.right(secure.data))
    assert ended in {"DownloadError", "MalformedWeightsError"}
    secure.heal()
    assert way.bring(secure.url) == way.right(secure.data)
    assert left(way.folder) == 0


@cases(["https where http is spoken", "a handshake that never ends"])
def test_no_tls(name: str, way: Way, server: FaultServer, trial: Trial) -> None:
    """A server that speaks no TLS, or does not go on with it, is left in time."""
    server.mute = name.startswith("a handshake")
    url = server.url.replace("http://", "https://")
    ended = trial.run(lambda: way.bring(url), way.folder, right=way.right(server.data))
    assert ended == "DownloadError"
