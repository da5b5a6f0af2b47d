# make demo: everything on this machine; make test: the suite; make check: the suite, lint, types, coverage.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Most tests wait for other processes, so more of them run at once than there are cores.
PYTEST := $(BIN)/python -m pytest -n 4 --dist loadfile

.PHONY: demo test check lint types month format soak fuzz contract pooler bench clean

demo: $(VENV)/.demo
	@$(BIN)/python -m sandbox.demo $(DEMO_ARGS)

test: $(VENV)/.dev
	$(PYTEST) $(PYTEST_ARGS)

check: $(VENV)/.dev lint types
	$(PYTEST) --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@! git ls-files '*.py' | xargs wc -l | awk '$$2 != "total" && $$1 > 300' | grep . || \
		{ echo "files over 300 lines"; exit 1; }

types: $(VENV)/.dev
	$(BIN)/mypy

# Kills the worker KILLS times on each database and counts lost leads and messages sent twice.
KILLS ?= 100
soak: $(VENV)/.dev
	$(BIN)/python -m tests.chaos.soak --kills $(KILLS) $(SOAK_ARGS)

# Posts real, mutated and random bodies to the webhook; each must be answered and recorded once.
BODIES ?= 10000
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.property.fuzz --bodies $(BODIES) $(FUZZ_ARGS)

# Checks the running API against its OpenAPI description. Schemathesis has a venv of its own.
CASES ?= 100
contract: $(VENV)/.dev .venv-contract/bin/schemathesis
	$(BIN)/python -m tests.contract .venv-contract/bin/schemathesis --cases $(CASES)

.venv-contract/bin/schemathesis:
	$(BIN)/python -m venv .venv-contract
	.venv-contract/bin/python -m pip --disable-pip-version-check --quiet install 'schemathesis>=4.32,<5'

# The end-to-end tests with PgBouncer in transaction mode before PostgreSQL (apt-get install pgbouncer).
pooler: $(VENV)/.dev
	$(PYTEST) --pooler -k postgresql tests/e2e
	$(PYTEST) --pooler tests/pgbouncer

# Simulates thirty days of two accounts under Telegram's limits.
month: $(VENV)/.dev
	$(BIN)/python -m tests.simulation $(MONTH_ARGS)

# Measures speed against baselines in the same run: `make bench BENCH_ARGS=--help`.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-contract .demo build *.egg-info

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), about a minute, once…"
	@$(PIP) install -c constraints.txt -e '.[sandbox]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), about a minute, once…"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.demo

# Debian's python3 has no ensurepip; virtualenv works without it.
$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
		$(PYTHON) -m pip install --quiet --user virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV); }
