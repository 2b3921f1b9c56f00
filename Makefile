# The one task runner. `make` or `make help` lists the recipes; `.ci/run` and the pre-commit hooks call the same ones.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CANDIDATES := python3.13 python3.12 python3.11 python3 python python3.14
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(FITS)' >/dev/null 2>&1 && echo $$p && break; done)
DEMO_HOME := .demo
WORKERS ?= 3

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-oracles test-long check format docs prove prove-deep measures bench build lock clean

help: ## list the recipes
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: $(STAMP) ## create .venv and install the locked packages (nothing to do when up to date)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "dnkit needs Python 3.11 or newer with venv and ensurepip (python3-venv on Debian and Ubuntu)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## trade close_two_phase on paper to "verified flat", with its cost report
	@rm -rf $(DEMO_HOME)
	DNKIT_HOME=$(CURDIR)/$(DEMO_HOME) $(BIN)/dnkit trade --policy policies/close_two_phase.yaml

test: setup ## run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not terminal"
	$(BIN)/python -m pytest -m terminal tests/cli tests/tui

test-oracles: setup ## official clients of venues at our exchanges, each in an environment of its own; needs a package index the first time
	DNKIT_ORACLES=1 $(BIN)/python -m pytest tests/oracles $(ARGS)

test-long: setup ## what takes long: 2,000 fresh seeds of every shipped policy, 200 kills of a real trader for each of three, 40 of a live one, 50 live cycles of each case on a bad wire, a week of cycles
	$(BIN)/python -m tests.sim.hostile.long --jobs 2 $(ARGS)
	$(BIN)/python -m tests.recovery.campaign --kills 200
	$(BIN)/python -m tests.live.kills --kills 40
	$(BIN)/python -m tests.live.campaign --cycles 50
	$(BIN)/python -m tests.soak.week

check: setup ## formatting, lint, types, import contract, policies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dnkit lint --fail-level warning policies policies/baselines

format: setup ## let ruff put the code in shape
	$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format .

docs: setup ## write what is generated of README and docs/: tables, schema, output of the rules' examples
	$(BIN)/python -m tests.tidy.docs_tables
	$(BIN)/python -m tests.lint.pages
	$(BIN)/python -m tests.analysis.shipped --write

prove: setup ## prove every shipped policy: two faults, crashes, both legs at once
	$(BIN)/python -m tests.analysis.shipped $(ARGS)

prove-deep: setup ## the same with four chunks and three faults; takes long
	$(BIN)/python -m tests.analysis.shipped --chunks 4 --faults 3 $(ARGS)

measures: setup ## the ways out beside the single IOC they replaced, on recorded books; writes the table (4 minutes)
	$(BIN)/python -m tests.sim.measures $(ARGS)

bench: setup ## measure against floors and peers of the same run (ARGS="--json", ARGS="--only steps")
	$(BIN)/python -m bench $(ARGS)

build: setup ## wheel and source archive in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . && ls dist

lock: setup ## pin and hash all packages anew
	$(BIN)/python -m venv .bench/lock && .bench/lock/bin/python -m pip install --quiet pip-tools
	.bench/lock/bin/pip-compile --quiet --upgrade --all-extras --strip-extras --generate-hashes --allow-unsafe --no-header --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml

clean: ## remove what the recipes made, .venv included
	rm -rf $(VENV) $(DEMO_HOME) .bench dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
