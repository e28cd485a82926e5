"""What surrounds a training and may change its numbers: libraries, machine, threads, options."""

import os
import platform
from importlib.metadata import version

import pandas as pd
import sklearn
from threadpoolctl import threadpool_info

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops", "joblib", "onnx", "onnxruntime", "skl2onnx")
# Each computes sums by other code, and so in another order.
PANDAS_OPTIONS = ("compute.use_bottleneck", "compute.use_numba", "compute.use_numexpr")


def libraries() -> dict[str, str]:
    """Return the version of Python and of every library that a model is made with."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def recorded() -> dict[str, str]:
    """Return the machine, the numeric libraries with their threads, and the options that may change a number."""
    found = {"platform": platform.platform(), "machine": platform.machine(), **threads()}
    # "random" orders sets of text anew in every process.
    found["PYTHONHASHSEED"] = os.environ.get("PYTHONHASHSEED", "random")
    found |= {f"sklearn.{name}": str(value) for name, value in sklearn.get_config().items()}
    return found | {f"pandas.{name}": str(pd.get_option(name)) for name in PANDAS_OPTIONS}


def threads() -> dict[str, str]:
    """Return the loaded OpenMP and BLAS libraries, each with the processor that it computes for, and their threads."""
    kinds: dict[str, set[str]] = {}
    for pool in threadpool_info():
        known = (pool["internal_api"], pool.get("version"), pool.get("architecture"), pool.get("threading_layer"))
        kinds.setdefault(str(pool["user_api"]), set()).add(" ".join(str(part) for part in known if part))
        kinds.setdefault(f"{pool['user_api']} threads", set()).add(str(pool["num_threads"]))
    return {name: ", ".join(sorted(found)) for name, found in sorted(kinds.items())}
