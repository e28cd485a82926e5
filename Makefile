# Every target works on a fresh machine with Python 3.11 to 3.13: what it needs, it installs into .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONSAFEPATH := 1
.DEFAULT_GOAL := help

.PHONY: help rehearse test lint lock setup setup-dev integration clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

rehearse: setup ## Run the whole loop on this machine and write build/rehearsal/report.html
	@$(BIN)/python scripts/rehearse.py $(ARGS)

test: setup-dev ## Run the linters and the tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: setup-dev ## Check style, types, floors and workflows
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/zizmor --quiet --offline .github

integration: setup-dev ## Run what is slow: real images, a real registry, the workflows under act
	@bash scripts/integration.sh

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

clean: ## Remove what the other targets made
	@rm -rf $(VENV) build .gatehouse .pytest_cache .mypy_cache .ruff_cache
