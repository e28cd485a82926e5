"""Images of the tiny server, one for each version and fault."""

import io
from pathlib import Path

import docker

from gatehouse.targets import containers

PYTHON_IMAGE = "python:3.13-slim-bookworm"
SERVER = Path(__file__).with_name("tiny_server.py")
DOCKERFILE = """
FROM {base}
COPY tiny_server.py /tiny_server.py
ENV {variables}
USER 10001:10001
CMD ["python", "/tiny_server.py"]
"""


def build(tag: str, version: str, fault: str = "") -> str:
    """Build an image on the engine, with a fault as the server's environment names it, and return its tag."""
    text = DOCKERFILE.format(base=PYTHON_IMAGE, variables=f"VERSION={version} {fault}")
    context = containers.archive({"Dockerfile": text, "tiny_server.py": SERVER.read_text()})
    client = docker.from_env()
    client.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True, forcerm=True)
    client.close()
    return tag
