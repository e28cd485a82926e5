"""The image registry as model registry: the champion is what the serve image tagged `production` holds.

It needs no server but the one that keeps the images, so a fresh repository compares against its real champion.
"""

from pathlib import Path

from gatehouse import bundle as bundles
from gatehouse import files, images, ledger
from gatehouse.bundle import Bundle
from gatehouse.config import Registry as Settings
from gatehouse.errors import ConfigError, RegistryError
from gatehouse.release import Release

# Labels that Dockerfile.serve gives the image, and where it puts the bundle.
BUNDLE, VERSION, FOLDER = "gatehouse.bundle", "org.opencontainers.image.version", "/app/bundle"


class ImageRegistry:
    """Versions kept as serve images, the names as tags."""

    def __init__(self, settings: Settings, state: Path) -> None:
        if not settings.image:
            raise ConfigError("The image registry needs a name: set [registry] image, or GATEHOUSE_IMAGE.")
        self.serve = f"{settings.image.lower()}/serve"
        self.state = state

    def champion(self) -> Release | None:
        """Return what the tag `production` names, or None."""
        return self._tagged("production")

    def challenger(self) -> Release | None:
        """Return what the tag `challenger` names, or None."""
        return self._tagged("challenger")

    def anchor(self) -> Release | None:
        """Return what the tag `anchor` names, or None."""
        return self._tagged("anchor")

    def register(self, bundle: Bundle, image: str | None = None) -> Release:
        """Tag the pushed image that holds the bundle as `challenger`.

        Raises RegistryError when the image is not there, lies elsewhere, or holds another bundle.
        """
        if image is None:
            raise RegistryError("The image registry keeps images: name the pushed one with --image REPOSITORY@DIGEST.")
        if images.repository(image) != self.serve:
            raise RegistryError(f"{image} does not lie in {self.serve}, which GATEHOUSE_IMAGE names: push it there.")
        reference = images.pull(image)
        if reference is None:
            raise RegistryError(f"The registry does not hold {image}: push it first.")
        release = self._release(reference)
        if release.bundle != bundle.digest:
            raise RegistryError(f"{image} holds the bundle {release.bundle[:12]}, not {bundle.digest[:12]}.")
        self.fetch(release)  # a label is a claim; this opens what the image really holds
        images.name(reference, "challenger")
        return release

    def promote(self, release: Release, why: str) -> None:
        """Move the tag `production` and write it to the ledger."""
        self._move("production", "promotion", release, why)

    def set_anchor(self, release: Release, why: str) -> None:
        """Move the tag `anchor` and write it to the ledger."""
        self._move("anchor", "anchor", release, why)

    def fetch(self, release: Release) -> Bundle:
        """Return the bundle out of the release's image, checked by its hash."""
        folder = self.state / "bundles" / release.bundle
        if not folder.is_dir():
            with files.new_folder(folder) as scratch:
                images.copy_out(release.location, FOLDER, scratch)
                bundles.read(scratch, expected=release.bundle)
        return bundles.read(folder, expected=release.bundle)

    def _move(self, tag: str, event: str, release: Release, why: str) -> None:
        before = self._tagged(tag)
        images.name(release.location, tag)
        moved = {"from": before.to_dict() if before else None, "to": release.to_dict()}
        ledger.append(self.state, event, why=why, registry="image", **moved)

    def _tagged(self, tag: str) -> Release | None:
        held = images.pull(f"{self.serve}:{tag}")
        return self._release(held) if held else None

    def _release(self, reference: str) -> Release:
        found = images.labels(reference)
        try:
            return Release(found[VERSION], found[BUNDLE], reference)
        except KeyError as error:
            raise RegistryError(f"{reference} lacks the label {error}: Dockerfile.serve did not make it.") from error
