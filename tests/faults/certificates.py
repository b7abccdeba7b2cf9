"""Certificates that are right and wrong, made by openssl: a certificate and its key in one file each."""

import subprocess
from pathlib import Path

from tests.world.sshd import needed

GOOD = "subjectAltName=IP:127.0.0.1"
_CONFIG = """\
[ca]
default_ca = own
[own]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
x509_extensions = named
[any]
commonName = supplied
[named]
{names}
basicConstraints = critical,CA:TRUE
"""


def certificate(
    folder: Path, *, names: str = GOOD, begins: str = "20200101000000Z", ends: str = "20991231235959Z"
) -> Path:
    """Make a certificate that signs itself.

    Args:
        folder: a new folder for it.
        names: what it is for, as openssl writes it.
        begins: when its time begins, as openssl writes moments.
        ends: when its time ends.
    """
    folder.mkdir()
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    (folder / "config").write_text(_CONFIG.format(folder=folder, names=names))
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
    _openssl("req", "-new", *key, "-subj", "/CN=a test", "-out", folder / "asked.pem")
    times = ["-startdate", begins, "-enddate", ends]
    files = ["-keyfile", folder / "key.pem", "-in", folder / "asked.pem", "-out", folder / "made.pem"]
    _openssl("ca", "-config", folder / "config", "-selfsign", "-batch", "-notext", *times, *files)
    both = folder / "certificate.pem"
    both.write_bytes((folder / "made.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both


def _openssl(*args: object) -> None:
    subprocess.run([needed("openssl", "openssl"), *map(str, args)], check=True, capture_output=True, timeout=60)
