# Needs Python and make; everything else is fetched into .tools, .venv and tools/*/.venv.
# `make` alone lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

UV := .tools/bin/uv
BIN := .venv/bin
PYTHON := $(BIN)/python
SAM := tools/sam/.venv/bin/sam
REQUIREMENTS := layers/common/python/requirements.txt

# uv finds pyenv's 3.13 only on PATH; where there is none it fetches one.
PYENV_ROOT ?= $(HOME)/.pyenv
PYENV_313 := $(lastword $(sort $(wildcard $(PYENV_ROOT)/versions/3.13*/bin)))
ifneq ($(PYENV_313),)
export PATH := $(PYENV_313):$(PATH)
endif

# An environment that happens to be active in the caller's shell is not ours.
unexport VIRTUAL_ENV UV_PROJECT_ENVIRONMENT PYTHONPATH PYTHONHOME

export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1
ARCHITECTURE ?= arm64
HOST_ARCHITECTURE := $(patsubst aarch64,arm64,$(shell uname -m))

# Each tool brings libraries at other versions than the product's: an environment of its own.
PROJECT := .venv/.synced
MINISTACK := tools/ministack/.venv/.synced
SAM_CLI := tools/sam/.venv/.synced
AWS_CLI := tools/aws/.venv/.synced
TLC := tools/tlc/.venv/.synced
LAMBDA := tools/lambda/.venv/.synced

# As old as the moment in which its build began.
HOST_BUILD := .aws-sam/host/template.yaml
BUILD_SOURCES := template.yaml scripts/build.py scripts/check_build.py $(sort $(shell find functions layers scripts/artefact -type f ! -name '*.pyc' ! -path '*/__pycache__/*'))
# Written where a source came or went, which the others' times do not tell.
BUILD_LIST := .aws-sam/sources

PYTEST := $(BIN)/pytest -n 2
EXPORT := $(UV) export --quiet --frozen --no-dev --no-emit-project --no-annotate --no-header

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ------------------------------------------------------------ running

.PHONY: run
run: $(PROJECT) $(MINISTACK) ## the local stack: API on $API_PORT (8000), fake Evolution on $EVOLUTION_PORT (8090)
	@exec $(PYTHON) -m local.run

.PHONY: invoke-local
invoke-local: $(PROJECT) local-image $(MINISTACK) $(SAM_CLI) $(HOST_BUILD) ## every file of events/ by sam local invoke, over the local stack; needs Docker
	@$(PYTHON) -m local.sam invoke

.PHONY: start-api
start-api: $(PROJECT) local-image $(MINISTACK) $(SAM_CLI) $(HOST_BUILD) ## the API by sam local start-api on $SAM_API_PORT (3000), over the local stack; needs Docker
	@exec $(PYTHON) -m local.sam api

.PHONY: local-image
local-image: $(PROJECT) ## the image on which sam local runs functions, of Debian's packages where it can be made
	@sh scripts/local_image.sh

.PHONY: demo
demo: $(PROJECT) $(MINISTACK) ## one campaign to $DEMO_CONTACTS (40) contacts, with faults, from import to report
	@exec $(PYTHON) -m local.demo

# ------------------------------------------------------------ checking

.PHONY: check
check: sync ## lint, types, import rules, template, requirements, tests: before every commit
	@MAKE="$(MAKE)" sh scripts/stages.sh lint types imports template requirements-check test

.PHONY: ci
ci: ## everything: check, build, demo, stack tests, with the time of each stage
	@MAKE="$(MAKE)" sh scripts/stages.sh sync lint types imports template requirements-check test build test-stack permissions test-built test-docker demo test-exhaustive model

.PHONY: test
test: $(PROJECT) $(MINISTACK) $(SAM_CLI) ## all tests but those that have a target of their own below
	RECORDED_CALLS=.aws-calls/test $(PYTEST) -m "not stack and not exhaustive and not built and not docker"

.PHONY: test-built
test-built: $(PROJECT) $(MINISTACK) $(LAMBDA) $(SAM_CLI) $(AWS_CLI) $(HOST_BUILD) ## tests of what was built, as Lambda would run it
	$(BIN)/pytest -m built

.PHONY: modules
modules: $(PROJECT) $(MINISTACK) $(LAMBDA) $(HOST_BUILD) ## tests/built/modules, from what the built functions load
	@$(PYTHON) -m tests.built.write_modules

.PHONY: test-exhaustive
test-exhaustive: $(PROJECT) ## every crash point of a small run, every pair of them, and every other fault
	$(PYTEST) -m exhaustive

.PHONY: faults
faults: $(PROJECT) ## $SEEDS (1000) drawn runs of the whole system under faults, from seed $FIRST (0) on
	@$(PYTHON) -m tests.simulator.many $(or $(SEEDS),1000) $(or $(FIRST),0)

.PHONY: storm
storm: $(PROJECT) $(MINISTACK) ## the local stack's processes killed under load for $SECONDS (120), drawn from $SEED
	@$(PYTHON) -m tests.e2e.storm $(or $(SECONDS),120) $(SEED)

.PHONY: model
model: $(PROJECT) $(TLC) ## every state of the model in docs/model, and that each guard it has is needed
	@$(PYTHON) -m tests.model

.PHONY: test-stack
test-stack: $(PROJECT) $(MINISTACK) $(SAM_CLI) ## tests that run the whole local stack
	RECORDED_CALLS=.aws-calls/test-stack $(BIN)/pytest -m stack

.PHONY: permissions
permissions: $(PROJECT) $(SAM_CLI) ## the calls that `make test` and `make test-stack` recorded, against the roles
	@$(PYTHON) -m tests.permissions

.PHONY: test-docker
test-docker: $(PROJECT) $(MINISTACK) $(SAM_CLI) $(HOST_BUILD) ## tests of the functions by sam local; skipped without Docker, unless REQUIRE_DOCKER=1
	$(BIN)/pytest tests/docker

.PHONY: lint
lint: $(PROJECT) ## ruff: rules and format
	$(BIN)/ruff check --no-cache
	$(BIN)/ruff format --check

.PHONY: format
format: $(PROJECT) ## ruff: mends what it can, and formats
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: types
types: $(PROJECT) ## mypy, strict
	$(BIN)/mypy

.PHONY: imports
imports: $(PROJECT) ## import rules between the layers of the code
	$(BIN)/lint-imports

.PHONY: template
template: $(SAM_CLI) ## template.yaml against CloudFormation's rules
	$(SAM) validate --lint

.PHONY: openapi
openapi: $(PROJECT) ## docs/openapi.json from the models
	$(PYTHON) scripts/write_openapi.py

.PHONY: cli-docs
cli-docs: $(PROJECT) ## docs/cli.md and docs/cli.en.md from the commands
	$(PYTHON) scripts/write_cli_docs.py

.PHONY: requirements
requirements: $(UV) ## the layer's requirements.txt, from uv.lock
	$(EXPORT) > $(REQUIREMENTS)

.PHONY: requirements-check
requirements-check: $(UV) # the lock against pyproject.toml, the layer's requirements.txt against the lock
	$(UV) lock --quiet --check
	@$(EXPORT) | diff -u $(REQUIREMENTS) - || { echo "Run: make requirements" >&2; exit 1; }

# ------------------------------------------------------------ building

.PHONY: build
build: $(PROJECT) $(SAM_CLI) ## sam build for $ARCHITECTURE (arm64) into .aws-sam/build, and a look at what it made
	$(PYTHON) scripts/build.py .aws-sam/build $(ARCHITECTURE)

.PHONY: build-host
build-host: $(HOST_BUILD) ## the same for this machine's own processor into .aws-sam/host, where sources changed

$(HOST_BUILD): $(BUILD_SOURCES) $(BUILD_LIST) | $(PROJECT) $(SAM_CLI)
	@touch .aws-sam/host.begun
	$(PYTHON) scripts/build.py .aws-sam/host $(HOST_ARCHITECTURE)
	@touch -r .aws-sam/host.begun $@

.PHONY: FORCE
$(BUILD_LIST): FORCE
	@mkdir -p $(@D) && echo $(BUILD_SOURCES) > $@.now
	@if cmp -s $@.now $@; then rm $@.now; else mv $@.now $@; fi

.PHONY: clean
clean: ## removes what was built and the caches; keeps the environments and the local stack's data
	rm -rf .aws-calls .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find cli functions layers local scripts tests -type d -name __pycache__ -prune -exec rm -rf {} +

# ------------------------------------------------------------ environments

.PHONY: sync
sync: $(PROJECT) $(MINISTACK) $(SAM_CLI) $(AWS_CLI) ## the environments, as the lock files say

$(UV):
	@sh scripts/get-uv.sh

$(PROJECT): uv.lock pyproject.toml | $(UV)
	$(UV) sync --quiet --frozen
	@touch $@

tools/%/.venv/.synced: tools/%/uv.lock tools/%/pyproject.toml | $(UV)
	$(UV) sync --quiet --frozen --project tools/$*
	@touch $@
