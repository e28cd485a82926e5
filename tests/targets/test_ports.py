import socket

from gatehouse.targets import ports


def test_free_port_is_free():
    """A port that was found free can be listened on."""
    port = ports.free()
    assert ports.is_free(port)
    with socket.create_server((ports.HOST, port)):
        assert not ports.is_free(port)
