"""What an image holds beyond its base, file by file, and what of it should not be there.

The file system is read as the engine exports it, so nothing in the image has to run for it.
"""

import csv
import io
import posixpath
import re
import subprocess
import tarfile
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse import shell

ROOT = Path(__file__).parents[1]
VENV = re.compile(r"opt/venv/(bin/(activate(\.\w+)?|Activate\.ps1|python[\d.]*)|pyvenv\.cfg|\.gitignore|lib64)")
SITE = re.compile(r"(opt/venv/lib/python3\.\d+/site-packages)/(.+)")
# The engine's own files, and the ones that the linker and Debian's tools leave behind.
ENGINE = re.compile(r"\.dockerenv|etc/(hostname|hosts|resolv\.conf|mtab)|dev/.*|proc|sys|(var/)?run/.*")
SECRET = re.compile(
    r"(^|/)(\.env(\..*)?|\.netrc|\.pypirc|\.npmrc|\.git|\.ssh|\.aws|\.docker|\.kube|id_(rsa|ed25519).*|credentials.*|"
    r"secrets?(\..*)?|.*\.(pem|key|p12|pfx|kdbx|tfstate))(/|$)"
)
CACHE = re.compile(r"(^|/)(\.cache|pip-[\w.]+\.dist-info|uv|\.pytest_cache|\.mypy_cache|\.ruff_cache)(/|$)")
PICKLE = re.compile(r".*\.(pkl|pickle|joblib|cloudpickle)$")


@dataclass(frozen=True)
class Entry:
    """One file: its type and mode, its size, and its text where that is read."""

    mode: int
    size: int
    is_file: bool
    text: str = ""


@dataclass
class Contents:
    """The files of an image that its base does not hold, or holds otherwise, by path."""

    files: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def packages(self) -> set[str]:
        """The names of the installed packages, as requirements write them."""
        found = [re.search(r"site-packages/([^/]+?)-[^-/]+\.dist-info/METADATA$", path) for path in self.files]
        return {normal(match[1]) for match in found if match}

    @property
    def recorded(self) -> set[str]:
        """The files that the installed packages say are theirs."""
        owned = set()
        for path, entry in self.files.items():
            if path.endswith(".dist-info/RECORD"):
                site = posixpath.dirname(posixpath.dirname(path))
                rows = csv.reader(io.StringIO(entry.text))
                owned |= {posixpath.normpath(posixpath.join(site, row[0])) for row in rows if row}
                owned |= {path, posixpath.join(posixpath.dirname(path), "INSTALLER")}
        return owned

    def surprises(self, locked: Iterable[str], bundle: Iterable[str], source: Path = ROOT / "src") -> list[str]:
        """Return what should not be there, one sentence each; `locked` are packages and `bundle` its file names."""
        owned, model = self.recorded, set(bundle)
        said = [f"{name} is installed, and not locked" for name in sorted(self.packages - set(map(normal, locked)))]
        for path, entry in sorted(self.files.items()):
            why = unwanted(path, entry) or self.strange(path, owned, model, source)
            if entry.is_file and why:
                said.append(f"/{path} {why}")
        return said

    def strange(self, path: str, owned: set[str], model: set[str], source: Path) -> str:
        """Say why a file belongs to nothing that was meant to be there, or nothing."""
        origin = compiled_from(path)
        if origin != path:
            return "" if origin in self.files else "is compiled from nothing"
        if SITE.fullmatch(path):
            return "" if path in owned else "belongs to no installed package"
        if path.startswith("app/bundle/"):
            return "" if path.removeprefix("app/bundle/") in model else "is not of the bundle"
        if path.startswith("app/gatehouse/"):
            return "" if (source / path.removeprefix("app/")).is_file() else "is not of the repository"
        meant = path in owned or VENV.fullmatch(path) or ENGINE.fullmatch(path)
        return "" if meant else "lies outside of what is installed"

    def uncompiled(self) -> list[str]:
        """Return the modules that would be compiled at every start."""
        compiled = {compiled_from(path) for path in self.files if path.endswith(".pyc")}
        modules = {path for path in self.files if path.endswith(".py") and path.startswith(("app/", "opt/venv/lib"))}
        return sorted(modules - compiled)


def unwanted(path: str, entry: Entry) -> str:
    """Say what is wrong with a file wherever it lies, or nothing."""
    if SECRET.search(path):
        return "looks like a secret"
    if CACHE.search(path):
        return "is of an installer or of a cache"
    if PICKLE.fullmatch(path):
        return "is a pickle, which runs code when it is loaded"
    if re.search(r"(^|/)(tests?|conftest\.py)(/|$)", path) and path.startswith(("app/", "opt/")):
        return "is a test"
    if entry.mode & 0o6000:
        return "gives its owner's rights to whoever runs it"
    return "can be written by anybody" if entry.mode & 0o002 else ""


def compiled_from(path: str) -> str:
    """Return the module that a compiled file was made from; of any other file, itself."""
    return re.sub(r"__pycache__/([^/]+)\.cpython-\d+\.pyc$", r"\1.py", path)


def normal(name: str) -> str:
    """Return a package's name in the one spelling that all of them have."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(requirements: Path) -> list[str]:
    """Return the names of the packages in a requirements file."""
    return re.findall(r"^([A-Za-z0-9._-]+)==", requirements.read_text(encoding="utf-8"), flags=re.MULTILINE)


def of(image: str, base: str) -> Contents:
    """Return what an image holds beyond its base."""
    before, after = exported(base), exported(image)
    return Contents({path: entry for path, entry in after.items() if before.get(path) != entry})


def exported(image: str) -> dict[str, Entry]:
    """Return all files of an image."""
    name = f"gatehouse-test-{uuid.uuid4().hex[:8]}"
    shell.run(["docker", "create", "--name", name, image, "none"], timeout=120)
    try:
        with (
            subprocess.Popen(["docker", "export", name], stdout=subprocess.PIPE) as engine,
            tarfile.open(fileobj=engine.stdout, mode="r|") as archive,
        ):
            return {info.name: read(archive, info) for info in archive if not info.isdir()}
    finally:
        shell.run(["docker", "rm", "--volumes", name], timeout=120)


def read(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Entry:
    """Return one file of an export, with its text where it lists a package's files."""
    content = archive.extractfile(info) if info.isreg() and info.name.endswith(".dist-info/RECORD") else None
    text = content.read().decode() if content else ""
    return Entry(0 if info.issym() else info.mode, info.size, info.isreg(), text)
