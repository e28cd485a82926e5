"""Write the pipeline of a skops file in another server's own format; runs in that server's environment.

`python export.py mlflow|bentoml|mlserver MODEL.skops FOLDER`
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import skops.io


def mlflow(model: Any, folder: Path) -> None:
    """Save by mlflow's scikit-learn flavour, to answer with probabilities, as the others do."""
    import mlflow.sklearn

    mlflow.sklearn.save_model(
        model, folder, serialization_format="cloudpickle", pyfunc_predict_fn="predict_proba", pip_requirements=[]
    )


def bentoml(model: Any, folder: Path) -> None:
    """Save into a model store of its own below the folder; the service beside this file loads it."""
    os.environ["BENTOML_HOME"] = str(folder)
    import bentoml

    bentoml.sklearn.save_model("pipeline", model)


def mlserver(model: Any, folder: Path) -> None:
    """Save by joblib, with the settings that name the runtime and what it answers."""
    import joblib

    folder.mkdir(parents=True)
    joblib.dump(model, folder / "model.joblib")
    settings = {
        "name": "pipeline",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "extra": {"predict_fn": "predict_proba"}},
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))


EXPORTS: dict[str, Callable[[Any, Path], None]] = {"mlflow": mlflow, "bentoml": bentoml, "mlserver": mlserver}


if __name__ == "__main__":
    kind, file, out = sys.argv[1:]
    # The benchmark has just written the file itself.
    EXPORTS[kind](skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file)), Path(out))
