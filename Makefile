# make demo: everything on this machine; make test: the suite; make check: the suite, lint, types, coverage.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Most tests wait for other processes, so more of them run at once than there are cores.
# The order is that of tests/conftest.py, which begins with what takes longest.
PYTEST := $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

.PHONY: demo test check lint types month format soak chaos sweep fuzz contract pooler compat compose-check bench screenshots texts clean

# Prints the address of the demo page; DEMO_ARGS=--no-story sends no form of its own.
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

# All faults of the environment, also those that take long.
chaos: $(VENV)/.dev
	CHAOS=1 $(PYTEST) tests/chaos/environment tests/chaos/outages

# Runs the worker under every error of Telegram in every method that it calls: --sample, --method, --jobs.
sweep: $(VENV)/.dev
	$(BIN)/python -m tests.chaos.sweep $(SWEEP_ARGS)

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

# Runs doctor, worker and evaluation through model servers that others wrote, in front of the sandbox's model.
# Each server has a venv of its own.
COMPAT_CASES ?= 40
compat: $(VENV)/.dev .venv-compat/litellm/bin/litellm .venv-compat/gpt2giga/bin/gpt2giga
	$(BIN)/python -m tests.compat .venv-compat/litellm/bin .venv-compat/gpt2giga/bin --cases $(COMPAT_CASES)

.venv-compat/litellm/bin/litellm:
	$(BIN)/python -m venv .venv-compat/litellm
	.venv-compat/litellm/bin/python -m pip --disable-pip-version-check --quiet install 'litellm[proxy]>=1.108,<1.111'

.venv-compat/gpt2giga/bin/gpt2giga:
	$(BIN)/python -m venv .venv-compat/gpt2giga
	.venv-compat/gpt2giga/bin/python -m pip --disable-pip-version-check --quiet install 'gpt2giga>=0.3,<0.4'

# Runs the README's Docker steps on a Docker engine, with a project and images of its own, and removes them.
compose-check:
	@tests/compose/check.sh

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

# Takes the pictures of the console and the demo page in docs/images; needs an installed Chromium.
screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.screenshots

# Compiles the catalogue of the words that people read.
texts: $(VENV)/.dev
	$(BIN)/pybabel compile --directory shared/locale --domain leads

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-contract .venv-compat .demo build *.egg-info

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), about a minute, once…"
	@$(PIP) install -c constraints.txt -e '.[sandbox]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), about a minute, once…"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.demo

# A folder that was copied, moved or left half made, or whose Python is gone or too old, is made again.
ifneq ($(wildcard $(VENV)),)
ifeq ($(shell $(BIN)/python -c 'import pip, sys; print(sys.version_info >= (3, 11) and sys.prefix == sys.argv[1])' \
	$(abspath $(VENV)) 2>/dev/null),True)
else
$(VENV)/.demo $(VENV)/.dev $(VENV)/bin/python: unusable_venv
endif
endif

.PHONY: unusable_venv
unusable_venv:
	@echo "$(VENV) is not usable here: it is made again"
	@rm -rf $(VENV)

# Debian's python3 has no ensurepip; virtualenv works without it.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "error: Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V 2>&1 || true):" \
		"make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
		$(PYTHON) -m pip install --quiet --user virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV); }
