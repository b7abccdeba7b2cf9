"""Whose certificates are believed: those that SSL_CERT_FILE and SSL_CERT_DIR name, else those of the system."""

import os
import ssl


def context() -> ssl.SSLContext:
    """Make the settings of a TLS connection: certificates and host names are checked.

    What the user has named wins; without it the system's own store is asked, where companies put their authorities.

    Raises:
        OSError: the file that SSL_CERT_FILE names cannot be read.
    """
    made = _believing()
    # Older Pythons have OpenSSL take a connection that is cut below TLS for one that has ended: see connections.py.
    made.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    return made


def _believing() -> ssl.SSLContext:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    import truststore

    made = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
