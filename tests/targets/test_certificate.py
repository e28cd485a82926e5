import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509

from gatehouse.targets import certificate


def test_key_fits_certificate(tmp_path):
    """A server could use the two together, for longer than a router lives."""
    described = certificate.describe()["tls"]["stores"]["default"]["defaultCertificate"]
    path = tmp_path / "both.pem"
    path.write_text(described["certFile"] + described["keyFile"])
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)
    found = x509.load_pem_x509_certificate(described["certFile"].encode())
    assert found.not_valid_before_utc < datetime.now(UTC) < found.not_valid_after_utc - timedelta(days=20 * 365)
    assert certificate.describe() != certificate.describe()
