"""Bundles as training writes them, with all that a registry keeps of them."""

from pathlib import Path

import tumours

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle


def write(path: Path, version: str = "1.0.0", strength: float = 1.0) -> Bundle:
    """Write a bundle of a model that is as regularised as asked for; another strength is another model."""
    manifest = {
        "name": "model",
        "version": version,
        "commit": "0123abc",
        "seed": 0,
        "data": {"hash": "d" * 64},
        "parameters": {"C": strength},
        "metrics": {"f1": {"value": 0.91, "low": 0.9, "high": 0.92}},
        "libraries": {"scikit-learn": "1.9.0"},
    }
    return bundles.write(path, tumours.estimator(C=strength), tumours.CONTRACT, {}, manifest, "# Tumours\n")
