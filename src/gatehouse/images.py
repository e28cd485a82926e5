"""Images: building, pushing, naming and reading them with the `docker` program."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gatehouse import shell
from gatehouse.errors import GatehouseError, RegistryError

# What Docker says, with either of its image stores, of a name that a registry does not hold; every other refusal means
# that nobody knows. A web server's own "404 page not found" must not match.
UNKNOWN = re.compile(r"(manifest|name) unknown|: not found$", re.MULTILINE)
# Without network, with nothing writable, with nothing left behind.
ISOLATED = ("docker", "run", "--rm", "--interactive", "--network", "none", "--read-only")
FOLDER = "/mounted"
DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})", re.IGNORECASE)


def build(dockerfile: Path, reference: str, arguments: Mapping[str, str], context: Path) -> str:
    """Build an image, let its progress through, and return `reference`."""
    pairs = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    command = ["docker", "build", "--file", str(dockerfile), "--tag", reference, *pairs, str(context)]
    shell.run(command, show=True, timeout=1800)
    return reference


def pull(reference: str) -> str | None:
    """Fetch an image and return its reference by digest, `repository@sha256:…`; None when the registry has none.

    Raises RegistryError when the registry did not answer, or refused: then nobody knows what it holds.
    """
    try:
        return _by_digest(reference, shell.run(["docker", "pull", reference]))
    except shell.CommandError as error:
        if UNKNOWN.search(str(error)):
            return None
        raise RegistryError(f"The image {reference} cannot be pulled: {error}") from error


def push(reference: str) -> str:
    """Push an image and return its reference by digest, as the registry answered it."""
    return _by_digest(reference, shell.run(["docker", "push", reference], timeout=1800))


def repository(reference: str) -> str:
    """Return a reference without its tag and digest; a registry's port is no tag."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def name(reference: str, tag: str) -> str:
    """Give an image that lies in the registry another tag there, and return the tagged reference.

    Raises RegistryError when the registry does not hold the image, or would keep another one under the tag.
    """
    tagged = f"{repository(reference)}:{tag}"
    held = pull(reference)
    if held is None:
        raise RegistryError(f"The registry does not hold {reference}, so it cannot be tagged '{tag}'.")
    shell.run(["docker", "tag", reference, tagged])
    pushed = push(tagged)
    if pushed != held:
        raise RegistryError(
            f"{tagged} became {pushed}, and not {held}: build the image by `docker build`, for one machine."
        )
    return tagged


def labels(reference: str) -> dict[str, str]:
    """Return the labels of a local image."""
    lines = '{{range $name, $value := .Config.Labels}}{{$name}}={{$value}}{{"\\n"}}{{end}}'
    text = shell.run(["docker", "image", "inspect", "--format", lines, reference])
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def digest(reference: str) -> str | None:
    """Return the digest in a reference; None where it names a tag alone."""
    return reference.partition("@")[2] or None


def size_mb(reference: str) -> float:
    """Return the size of a local image in megabytes (1,000,000 bytes)."""
    return int(shell.run(["docker", "image", "inspect", "--format", "{{.Size}}", reference])) / 1e6


def copy_out(reference: str, source: str, into: Path) -> None:
    """Copy what a folder of an image holds into a folder of this machine, without running anything in the image."""
    container = shell.run(["docker", "create", reference]).strip()
    try:
        shell.run(["docker", "cp", f"{container}:{source}/.", str(into)])
    finally:
        remove(container)


def run(reference: str, command: Sequence[str], stdin: str = "") -> str:
    """Run a command in an image, without network and with nothing writable, and return what it printed."""
    return shell.run([*ISOLATED, reference, *command], stdin=stdin)


def talking(reference: str, command: Sequence[str], container: str, folder: Path | None = None) -> list[str]:
    """Return the command line that runs a command in an image as `run` does, for somebody who talks to it by pipes.

    `folder` can be read in it at FOLDER. It runs in a container of the given name until its stdin ends.
    """
    mounted = ["--mount", f"type=bind,source={folder.resolve()},target={FOLDER},readonly"] if folder else []
    return [*ISOLATED, "--name", container, *mounted, reference, *command]


def remove(container: str) -> None:
    """Remove a container, running or not; one that is gone already is no error."""
    shell.run(["docker", "rm", "--force", "--volumes", container])


@contextmanager
def serving(reference: str) -> Iterator[str]:
    """Run a serve image as production does, give its address on this machine, and remove it in the end."""
    # Made first and started second: what cannot start is removed as well.
    container = shell.run(["docker", "create", "--read-only", "--publish", "127.0.0.1::8080", reference]).strip()
    try:
        shell.run(["docker", "start", container])
        port = shell.run(["docker", "port", container, "8080/tcp"]).split()[0].rpartition(":")[2]
        yield f"http://127.0.0.1:{port}"
    except GatehouseError:
        # Why it does not answer stands in its log, and nowhere else.
        shell.run(["docker", "logs", "--tail", "20", container], show=True)
        raise
    finally:
        remove(container)


def _by_digest(reference: str, said: str) -> str:
    found = DIGEST.findall(said)
    if not found:
        raise RegistryError(f"Docker named no digest of {reference}; it said: {said.strip()[-500:]}")
    return f"{repository(reference)}@{found[-1]}"
