# Everything that one does with a checkout. `make help` lists it; the first target that needs the environment makes it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST_WORKERS ?= 2
PYTEST_OPTIONS ?=

# Tests start the command line hundreds of times: bytecode that is not kept costs each start a third of a second.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve test processes browser postgres lint format types check fuzz bench drill rolling former failover attack feed nats sbom containers lock clean

help: ## List these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

serve: $(INSTALLED) ## Run the service with a PostgreSQL of its own (or the one of DATABASE_URL)
	@exec $(BIN)/scim-ledger serve

test: $(INSTALLED) ## Run the tests, but for those of `make processes`
	@exec $(BIN)/pytest -n $(PYTEST_WORKERS) --dist worksteal -m "not process and not browser" $(PYTEST_OPTIONS)

processes: $(INSTALLED) ## Test services and commands as processes: starts, signals, closed outputs, short drills
	@exec $(BIN)/pytest -n $(PYTEST_WORKERS) --dist worksteal -m process $(PYTEST_OPTIONS)

browser: $(INSTALLED) ## Open the pages of the console in a Chromium: widths, dark, keyboard, barriers
	@exec env SCIM_LEDGER_TEST_BROWSER=required $(BIN)/pytest -n 0 -m browser $(PYTEST_OPTIONS) tests/browser

postgres: $(INSTALLED) ## Run the database tests on each PostgreSQL from 15 to 18 that can be had
	@exec $(BIN)/python -m tests.postgres $(PYTEST_OPTIONS)

lint: $(INSTALLED) ## Check style, format and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

format: $(INSTALLED) ## Put the code into its format
	@$(BIN)/ruff format .

types: $(INSTALLED) ## Check the types
	@$(BIN)/mypy

check: lint types processes test ## All that has to pass before a commit

fuzz: $(INSTALLED) ## Send 20,000 hostile requests to a service of their own
	@exec $(BIN)/python -m tests.fuzz

bench: $(INSTALLED) ## Measure the service beside its peers
	@exec $(BIN)/python -m tests.benchmarks

drill: $(INSTALLED) ## Kill the service and its database in every way, and count what was lost
	@exec $(BIN)/python -m tests.drill

rolling: $(INSTALLED) ## Restart services and workers under load (ROLLING_SECONDS each), and count failed requests
	@exec $(BIN)/python -m tests.rolling

former: $(INSTALLED) ## Run the release of FORMER=<git revision> on a database of this one, side by side and its own tests
	@exec $(BIN)/python -m tests.former $(FORMER) $(PYTEST_OPTIONS)

failover: $(INSTALLED) ## Break the leader of a Patroni cluster under load (needs patroni and etcd)
	@exec $(BIN)/python -m tests.failover

attack: $(INSTALLED) ## Send hostile requests for five minutes, and measure what another organization notices
	@exec $(BIN)/python -m tests.attack

containers: $(INSTALLED) ## Build the images without a registry, start them all, scale, kill, stop (root, Debian's docker.io)
	@exec bash .ci/containers/trial.sh

feed: $(INSTALLED) ## Measure how soon webhooks arrive, while either side is killed
	@exec $(BIN)/python -m tests.feed

nats: $(INSTALLED) ## Publish to a real nats-server while either side is killed, and compare
	@exec $(BIN)/python -m tests.feed.nats_drill

sbom: $(INSTALLED) ## Print the bill of materials (CycloneDX) of the locked dependencies
	@exec $(BIN)/python .ci/sbom.py

lock: $(INSTALLED) ## Resolve the dependencies anew, upgrading what pyproject.toml lets go up
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --upgrade --generate-hashes \
		--no-annotate --quiet --custom-compile-command "make lock" --output-file requirements.lock

clean: ## Remove the environment and the tools' caches; the service's data stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@command -v "$(PYTHON)" > /dev/null || \
		{ echo "There is no $(PYTHON) here: install Python 3.11 or later, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: name a later one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || \
		{ echo "$(PYTHON) comes without venv: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Making the environment in $(VENV), which takes a minute ..." >&2
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
