"""Images: building, pushing, naming and reading them with the `docker` program."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gatehouse import files, shell
from gatehouse.errors import RegistryError

# What a registry says of a name that it does not hold; anything else means that nobody knows.
UNKNOWN = ("manifest unknown", "not found", "name unknown")


def build(dockerfile: Path, reference: str, arguments: Mapping[str, str], context: Path) -> str:
    """Build an image, let its progress through, and return `reference`."""
    pairs = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    command = ["docker", "build", "--file", str(dockerfile), "--tag", reference, *pairs, str(context)]
    shell.run(command, show=True, timeout=1800)
    return reference


def pull(reference: str) -> bool:
    """Fetch an image; False when the registry holds no such name. Raises RegistryError when it did not answer."""
    try:
        shell.run(["docker", "pull", "--quiet", reference])
    except shell.CommandError as error:
        if any(text in str(error) for text in UNKNOWN):
            return False
        raise RegistryError(f"The image {reference} cannot be pulled: {error}") from error
    return True


def push(reference: str) -> str:
    """Push an image and return its reference by digest, read back from the registry's answer."""
    shell.run(["docker", "push", "--quiet", reference], timeout=1800)
    return by_digest(reference)


def by_digest(reference: str) -> str:
    """Return `repository@sha256:…` of an image that was pushed or pulled."""
    found = shell.run(["docker", "image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', reference]).split()
    digests = [digest for digest in found if digest.startswith(f"{repository(reference)}@")]
    if not digests:
        raise RegistryError(f"{reference} has no digest: it was never pushed to its registry.")
    return digests[0]


def repository(reference: str) -> str:
    """Return a reference without its tag and digest; a registry's port is no tag."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def name(reference: str, tag: str) -> str:
    """Give an image that lies in the registry another tag there, and return the tagged reference."""
    tagged = f"{repository(reference)}:{tag}"
    if not pull(reference):
        raise RegistryError(f"The registry does not hold {reference}, so it cannot be tagged '{tag}'.")
    shell.run(["docker", "tag", reference, tagged])
    shell.run(["docker", "push", "--quiet", tagged])
    return tagged


def labels(reference: str) -> dict[str, str]:
    """Return the labels of a local image."""
    lines = '{{range $name, $value := .Config.Labels}}{{$name}}={{$value}}{{"\\n"}}{{end}}'
    text = shell.run(["docker", "image", "inspect", "--format", lines, reference])
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def size_mb(reference: str) -> float:
    """Return the size of a local image in megabytes (1,000,000 bytes)."""
    return int(shell.run(["docker", "image", "inspect", "--format", "{{.Size}}", reference])) / 1e6


def copy_out(reference: str, source: str, into: Path) -> None:
    """Copy a folder out of an image, whole or not at all, without running anything in it."""
    container = shell.run(["docker", "create", reference]).strip()
    try:
        with files.new_folder(into) as folder:
            shell.run(["docker", "cp", f"{container}:{source}/.", str(folder)])
    finally:
        shell.run(["docker", "rm", "--force", container])


def run(reference: str, command: Sequence[str], stdin: str = "") -> str:
    """Run a command in an image, without network and with nothing writable, and return what it printed."""
    isolated = ["docker", "run", "--rm", "--interactive", "--network", "none", "--read-only"]
    return shell.run([*isolated, reference, *command], stdin=stdin)


@contextmanager
def serving(reference: str) -> Iterator[str]:
    """Run a serve image as production does, give its address on this machine, and remove it in the end."""
    isolated = ["docker", "run", "--detach", "--read-only", "--publish", "127.0.0.1::8080", "--tmpfs", "/log"]
    container = shell.run([*isolated, reference]).strip()
    try:
        port = shell.run(["docker", "port", container, "8080/tcp"]).split()[0].rpartition(":")[2]
        yield f"http://127.0.0.1:{port}"
    finally:
        shell.run(["docker", "rm", "--force", "--volumes", container])
