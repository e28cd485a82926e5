from gatehouse.serving import identity
from gatehouse.targets import testers


def test_servers_know_the_header() -> None:
    """Servers, whose image holds no targets, go by the header that routers go by."""
    assert identity.tests([(testers.HEADER.lower().encode(), testers.CANDIDATE.encode())])
    assert not identity.tests([(testers.HEADER.lower().encode(), b"stable"), (b"host", b"x")])
