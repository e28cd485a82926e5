#!/usr/bin/env bash
# Locks every dependency with its hashes, one set for Python 3.11 to 3.13.
#
#   make lock                    keep what is locked, add what pyproject.toml asks for
#   make lock UPGRADE=--upgrade  take the newest releases
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
command -v "$uv" >/dev/null || uv=uv
# "fewest": one version of each package, the newest that installs on every Python we support.
lock() { UV_NO_CONFIG=1 "$uv" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --custom-compile-command "make lock" ${UPGRADE:-} "$@"; }

lock pyproject.toml --all-extras -o requirements-dev.txt
# The smaller sets are subsets of the largest: what was tested is what is shipped.
lock pyproject.toml --extra train -c requirements-dev.txt -o requirements.txt
# What serves a bundle by ONNX needs no scikit-learn, and the other way round.
lock pyproject.toml --extra serve-onnx -c requirements-dev.txt -o requirements-serve-onnx.txt
lock pyproject.toml --extra serve-sklearn -c requirements-dev.txt -o requirements-serve-sklearn.txt
lock pyproject.toml --extra serve-cache -c requirements-dev.txt -o requirements-serve-cache.txt
echo uv | lock - -c requirements-dev.txt -o requirements-uv.txt
echo mutmut | lock - -c requirements-dev.txt -o requirements-mutation.txt
# The servers that ours is compared with need other releases of much; only what trained the model is the same.
same=$(grep -oE '^(scikit-learn|skops)==[0-9.]+' requirements-dev.txt)
for peer in "mlflow>=3" "bentoml>=1.4" "mlserver>=1.7 mlserver-sklearn"; do
  name=${peer%%>*}
  printf '%s\n' $peer pandas $same | lock - -o "benchmarks/requirements-$name.txt"
done
