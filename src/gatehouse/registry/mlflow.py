"""The MLflow registry: runs, versions and the aliases `champion`, `challenger` and `anchor`.

Without a tracking URI it keeps a sqlite database and the artifacts in the state folder.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gatehouse import bundle as bundles
from gatehouse import files, ledger
from gatehouse.bundle import Bundle
from gatehouse.config import Registry as Settings
from gatehouse.errors import RegistryError
from gatehouse.release import Release

# MLflow would otherwise report every call to its makers.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

BUNDLE, VERSION, CODE = "gatehouse.bundle", "gatehouse.version", "gatehouse.code"
ARTIFACT = "bundle"
# Tags by which an earlier training is found and compared; a manifest from before lacks them.
RECORDED = {CODE: "code", "gatehouse.predictions": "predictions"}


class MlflowRegistry:
    """Versions kept by MLflow, in its own database by default or on a tracking server."""

    def __init__(self, settings: Settings, state: Path) -> None:
        self.settings = settings
        self.state = state

    def champion(self) -> Release | None:
        """Return the version with the alias `champion`, or None."""
        return self._aliased("champion")

    def challenger(self) -> Release | None:
        """Return the version with the alias `challenger`, or None."""
        return self._aliased("challenger")

    def anchor(self) -> Release | None:
        """Return the version with the alias `anchor`, or None."""
        return self._aliased("anchor")

    def track(self, bundle: Bundle) -> str:
        """Log a training run, with all that its manifest says and the bundle itself, and return the run's id."""
        manifest = bundle.manifest
        measured = {key: value["value"] for key, value in manifest["metrics"].items()}
        with self._answering() as client:
            run = client.create_run(self._experiment(client), run_name=f"{self.settings.name} {bundle.version}")
            run_id = str(run.info.run_id)
            for key, value in {"seed": manifest["seed"], **manifest["parameters"]}.items():
                client.log_param(run_id, key, str(value)[:500])
            for key, number in measured.items():
                client.log_metric(run_id, key, number)
            tags = {BUNDLE: bundle.digest, VERSION: bundle.version, "data_hash": manifest["data"]["hash"]}
            tags |= {key: manifest[name] for key, name in RECORDED.items() if name in manifest}
            tags |= {"mlflow.source.git.commit": manifest["commit"] or "unknown"}
            tags |= {f"library.{name}": number for name, number in manifest["libraries"].items()}
            for key, text in tags.items():
                client.set_tag(run_id, key, text)
            client.log_artifacts(run_id, str(bundle.path), ARTIFACT)
            client.set_terminated(run_id)
            return run_id

    def newest(self, manifest: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """Return the newest run with the code, data and seed of a manifest: its id, and its bundle's manifest."""
        wanted = (
            f"tags.`{CODE}` = '{manifest['code']}' and tags.data_hash = '{manifest['data']['hash']}' "
            f"and params.seed = '{manifest['seed']}'"
        )
        with self._answering() as client, TemporaryDirectory() as folder:
            runs = client.search_runs([self._experiment(client)], wanted, max_results=1, order_by=["start_time DESC"])
            if not runs:
                return None
            run_id = str(runs[0].info.run_id)
            path = Path(client.download_artifacts(run_id, f"{ARTIFACT}/{bundles.MANIFEST}", folder))
            return run_id, files.read_json(path, "manifest of a run")

    def register(self, bundle: Bundle, image: str | None = None) -> Release:
        """Make the bundle the challenger; a bundle that is a version already stays that version."""
        with self._answering() as client:
            version = self._version_of(client, bundle.digest) or self._create(client, bundle)
            if image:
                client.set_model_version_tag(self.settings.name, str(version.version), "gatehouse.image", image)
            client.set_registered_model_alias(self.settings.name, "challenger", str(version.version))
            return self._release(client, version)

    def promote(self, release: Release, why: str) -> None:
        """Move the alias `champion` and write it to the ledger."""
        self._move("champion", "promotion", release, why)

    def set_anchor(self, release: Release, why: str) -> None:
        """Move the alias `anchor` and write it to the ledger."""
        self._move("anchor", "anchor", release, why)

    def fetch(self, release: Release) -> Bundle:
        """Return the release's bundle, checked by its hash."""
        return bundles.read(Path(release.location), expected=release.bundle)

    def _aliased(self, alias: str) -> Release | None:
        with self._answering() as client:
            try:
                version = client.get_model_version_by_alias(self.settings.name, alias)
            except MlflowException as error:
                # A model that is not registered yet, or one without this alias: both mean "none so far".
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    return None
                raise
            return self._release(client, version)

    def _move(self, alias: str, event: str, release: Release, why: str) -> None:
        before = self._aliased(alias)
        with self._answering() as client:
            version = self._version_of(client, release.bundle)
            if version is None:
                raise RegistryError(f"No version of '{self.settings.name}' holds the bundle {release.bundle[:12]}.")
            client.set_registered_model_alias(self.settings.name, alias, str(version.version))
        moved = {"from": before.to_dict() if before else None, "to": release.to_dict()}
        ledger.append(self.state, event, why=why, registry="mlflow", **moved)

    def _release(self, client: MlflowClient, version: ModelVersion) -> Release:
        digest = version.tags[BUNDLE]
        folder = self.state / "bundles" / digest
        if not folder.is_dir():
            with files.new_folder(folder) as new, TemporaryDirectory(dir=folder.parent) as scratch:
                downloaded = Path(client.download_artifacts(str(version.run_id), ARTIFACT, scratch))
                bundles.read(downloaded, expected=digest).path.replace(new)
        return Release(version.tags[VERSION], digest, str(folder))

    def _create(self, client: MlflowClient, bundle: Bundle) -> ModelVersion:
        name = self.settings.name
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        found = client.search_runs([self._experiment(client)], f"tags.`{BUNDLE}` = '{bundle.digest}'", max_results=1)
        run_id = found[0].info.run_id if found else self.track(bundle)
        tags = {BUNDLE: bundle.digest, VERSION: bundle.version}
        return client.create_model_version(name, f"runs:/{run_id}/{ARTIFACT}", run_id, tags=tags)

    def _version_of(self, client: MlflowClient, digest: str) -> ModelVersion | None:
        if not client.search_registered_models(f"name = '{self.settings.name}'"):
            return None
        versions = client.search_model_versions(f"name = '{self.settings.name}'")
        return next((version for version in versions if version.tags.get(BUNDLE) == digest), None)

    def _experiment(self, client: MlflowClient) -> str:
        found = client.get_experiment_by_name(self.settings.name)
        if found is not None:
            return str(found.experiment_id)
        local = None if self.settings.tracking_uri else (self.state / "mlartifacts").resolve().as_uri()
        return client.create_experiment(self.settings.name, artifact_location=local)

    @contextmanager
    def _answering(self) -> Iterator[MlflowClient]:
        """Give a client, and turn whatever MLflow raises into one kind of error."""
        uri = self.settings.tracking_uri or f"sqlite:///{self.state.resolve() / 'mlflow.db'}"
        self.state.mkdir(parents=True, exist_ok=True)
        try:
            yield MlflowClient(uri, registry_uri=uri)
        except MlflowException as error:
            raise RegistryError(f"MLflow at {uri} answered: {error.message}. Is MLFLOW_TRACKING_URI right?") from error
        except (OSError, SQLAlchemyError) as error:
            said = str(error).splitlines()[0]
            raise RegistryError(f"MLflow at {uri} did not answer: {said}. Is MLFLOW_TRACKING_URI right?") from error
