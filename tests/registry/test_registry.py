"""The settings choose the registry, and choosing contacts nothing."""

import pytest

from gatehouse.config import Config, Registry, Store
from gatehouse.errors import ConfigError
from gatehouse.registry import connect


@pytest.mark.parametrize(("kind", "name"), [("mlflow", "MlflowRegistry"), ("image", "ImageRegistry")])
def test_settings_choose_registry(tmp_path, kind, name):
    """Each kind has its own implementation, and nothing is made before it is used."""
    state = tmp_path / "state"
    made = connect(Config(registry=Registry(kind=kind, image="example.org/model"), store=Store(state=str(state))))
    assert type(made).__name__ == name
    assert not state.exists()


def test_image_registry_needs_name(tmp_path):
    """Without a name of the images the error says which setting is missing."""
    with pytest.raises(ConfigError, match="GATEHOUSE_IMAGE"):
        connect(Config(registry=Registry(kind="image"), store=Store(state=str(tmp_path))))
