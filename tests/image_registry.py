"""The image registry of the tests: GATEHOUSE_TEST_REGISTRY, or the one on 127.0.0.1:5000.

Where there is none: docker run --detach --publish 127.0.0.1:5000:5000 registry:2
"""

import json
import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gatehouse import shell

ADDRESS = os.environ.get("GATEHOUSE_TEST_REGISTRY", "127.0.0.1:5000")
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


def new_name() -> str:
    """Return a name that no other test uses, below which images can be pushed; skips when no registry answers."""
    try:
        urllib.request.urlopen(f"http://{ADDRESS}/v2/", timeout=10).close()
    except OSError as error:
        pytest.skip(f"no image registry at {ADDRESS} ({error}): start one, or set GATEHOUSE_TEST_REGISTRY")
    return f"{ADDRESS}/gatehouse-{secrets.token_hex(4)}"


def digest(reference: str) -> str | None:
    """Return the digest that the registry itself states for `repository:tag` or `repository@digest`, or None."""
    name, _, held = reference.removeprefix(f"{ADDRESS}/").partition("@")
    if not held:
        name, _, held = name.rpartition(":")
    request = urllib.request.Request(f"http://{ADDRESS}/v2/{name}/manifests/{held}", headers={"Accept": MANIFEST})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["config"]
            return answer.headers["Docker-Content-Digest"]
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def build(folder: Path, reference: str, **labels: str) -> str:
    """Build a tiny image with a file at /app/bundle and the labels, and return its reference."""
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    (folder / "bundle" / "name.txt").write_text(reference)
    return pack(folder / "bundle", reference, **labels)


def pack(bundle: Path, reference: str, **labels: str) -> str:
    """Build an image of nothing but the folder `bundle` at /app/bundle, and return its reference."""
    said = "".join(f'LABEL {key.replace("_", ".")}="{value}"\n' for key, value in labels.items())
    dockerfile = bundle.parent / f"{bundle.name}.dockerfile"
    dockerfile.write_text(f'FROM scratch\nCOPY . /app/bundle\n{said}CMD ["/none"]\n')
    shell.run(["docker", "build", "--quiet", "--file", str(dockerfile), "--tag", reference, str(bundle)])
    return reference


def forget(name: str) -> None:
    """Remove every local name below a name; an image goes with its last name."""
    listed = shell.run(["docker", "images", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}"])
    rows = [line.split() for line in listed.splitlines() if line.startswith(f"{name}/")]
    found = {f"{row[0]}:{row[1]}" for row in rows} | {f"{row[0]}@{row[2]}" for row in rows}
    named = sorted(reference for reference in found if not reference.endswith("<none>"))
    if named:
        shell.run(["docker", "rmi", "--force", *named])
