"""A certificate for a door that the router does not have: nobody reaches it by TLS.

Without one Traefik makes a key of 2048 bits at each change of the traffic, in case somebody does (3.7, `UpdateConfigs`
of pkg/tls), for which it takes a tenth of a second of a core from the users' requests. `make bench-router` shows it.
"""

from datetime import UTC, datetime
from typing import Any

FILE = "tls.yml"
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


def describe() -> dict[str, Any]:
    """Return the description of a new certificate, signed by itself, with its key (ECDSA on P-256)."""
    # Imported only where a router is made, once in its life.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gatehouse")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(BEGIN).not_valid_after(END)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"tls": {"stores": {"default": {"defaultCertificate": {"certFile": certificate, "keyFile": private}}}}}
