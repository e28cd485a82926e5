"""Every planted fault, by family."""

from faults import comparison, configuration, data, evidence, leakage, model, production, serving
from faults.fault import Fault

FAMILIES: dict[str, list[Fault]] = {
    "data": data.FAULTS,
    "model": model.FAULTS,
    "leakage": leakage.FAULTS,
    "comparison": comparison.FAULTS,
    "evidence": evidence.FAULTS,
    "serving": serving.FAULTS,
    "configuration": configuration.FAULTS,
    "production": production.FAULTS,
}

# What needs a Docker engine is planted in the tests that have one.
IN_IMAGES = {
    "image too large": "tests/stages/test_build_images.py::test_heavy_image_is_refused",
    "image that does not build": "tests/stages/test_build_images.py::test_broken_build_raises",
    "another bundle in the image": "tests/stages/test_smoke_test.py::test_other_model_is_refused",
    "image that cannot start": "tests/stages/test_smoke_test.py::test_dead_image_raises",
    "image with a lying label": "tests/registry/test_image.py::test_lying_label_is_refused",
}
