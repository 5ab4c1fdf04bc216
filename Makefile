# Everything starts here: `make demo` and `make test` need only Python 3.11+, git and make.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
TOOLS := .tools
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-conformance
PEERS_READY := $(PEERS)/.ready
RIVALS := .venv-bench
RIVALS_READY := $(RIVALS)/.ready

.PHONY: help setup lock demo test lint check-types layers format conformance bench bench-ingest soak soak-leases chaos clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## make .venv with everything that the lock file names

$(TOOLS)/bin/uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than Python 3.11; give another one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "error: this Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "setting up: tools"
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(READY): $(TOOLS)/bin/uv requirements.lock pyproject.toml
	@echo "setting up: $(VENV)"
	@$(TOOLS)/bin/uv venv -q --allow-existing --python $(PYTHON) $(VENV)
	@$(TOOLS)/bin/uv pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	@$(TOOLS)/bin/uv pip install -q --python $(BIN)/python --offline --no-deps --no-build-isolation -e .
	@touch $@

lock: $(TOOLS)/bin/uv ## resolve the ranges of pyproject.toml anew
	@$(TOOLS)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --group dev --extra postgres pyproject.toml -o requirements.lock
	@$(TOOLS)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --group pyproject.toml:conformance -o requirements-conformance.lock

demo: $(READY) ## trade for 20 s on a simulated Binance, then check the books
	@$(BIN)/bot run --venue sim --strategy sma_cross --strategy quoting \
	  --symbol BTCUSDT --symbol ETHUSDT --for 20s --seed 7 --summary summary.json
	@echo
	@$(BIN)/bot reconcile
	@$(BIN)/bot db verify

test: lint check-types layers ## everything that must hold
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .

check-types: $(READY)
	@$(BIN)/mypy

layers: $(READY)
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: $(READY) ## put the code into its form
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

$(PEERS_READY): $(TOOLS)/bin/uv requirements-conformance.lock
	@echo "setting up: $(PEERS)"
	@$(TOOLS)/bin/uv venv -q --allow-existing --python $(PYTHON) $(PEERS)
	@$(TOOLS)/bin/uv pip sync -q --python $(PEERS)/bin/python --require-hashes requirements-conformance.lock
	@touch $@

conformance: $(READY) $(PEERS_READY) ## python-binance, ccxt and Binance's own SDKs against the simulated exchange
	@$(PEERS)/bin/python -m pytest -q -c tests/conformance/pytest.ini tests/conformance

MINUTES ?= 10
soak-leases: $(READY) ## fifty lives of a listenKey, and what was blind of them (four minutes)
	@$(BIN)/python -m pytest -q -n 0 -m soak tests/processes/test_futures_leases.py

soak: $(READY) ## deterministic worlds with faults and crashes, for MINUTES=10
	@$(BIN)/python -m bot.testing.world --minutes $(MINUTES) --known tests/testing/world/seeds.txt

SEED ?= 1

chaos: MINUTES = 5
chaos: $(READY) ## bots on spot and futures, real processes: faults and kill -9 for MINUTES=5 by SEED=1
	@PYTHONPATH=tests/processes $(BIN)/python -m chaos --seed $(SEED) --minutes $(MINUTES)

bench: bench-ingest ## measure, beside peers

bench-simulator: $(READY) ## orders and frames a second of the simulated exchange
	@$(BIN)/python bench/simulator.py

$(RIVALS_READY): $(TOOLS)/bin/uv bench/peers.txt
	@echo "setting up: $(RIVALS)"
	@$(TOOLS)/bin/uv venv -q --allow-existing --python $(PYTHON) $(RIVALS)
	@grep -v '^#' bench/peers.txt | while read -r peer; do \
	  $(TOOLS)/bin/uv pip install -q --python $(RIVALS)/bin/python "$$peer" || echo "not installed: $$peer"; \
	done
	@touch $@

bench-orders: $(READY) ## decision to bytes on the socket, beside python-binance; orders a second
	@$(BIN)/python bench/orders.py

bench-ingest: $(READY) $(RIVALS_READY) ## frame to handler, beside python-binance and other clients
	@$(BIN)/python bench/ingest.py

clean: ## remove what set-up made (the database stays)
	rm -rf $(VENV) $(PEERS) $(RIVALS) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache .hypothesis
