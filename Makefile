# Each target prepares .venv by itself: all it needs is Python >= 3.11, git and make.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
SETUP := requirements-dev.txt packages/rehub/pyproject.toml packages/rehub-site/pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test check bench wild soak coverage clean tools

help:  ## list the targets
	@echo 'make TARGET, where TARGET is one of'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-12s%s\n' "$$name" "$$text"; done

demo: $(READY)  ## make hub repositories, serve them on this machine, and show list, help and load
	@$(PY) demo/run.py

test: $(READY)  ## run the tests, group by group; ONLY="words world" runs only these
	@$(PY) tests/run.py $(ONLY)

check: $(READY)  ## format, lint, types, layers; docs and stories are run
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	@# lint-imports has no "python -m" form
	$(VENV)/bin/lint-imports --no-cache
	$(PY) tests/run.py docs stories

bench: $(READY) .bench/.ready  ## measure rehub and its peers side by side; BENCH="--quick", "--only transfer", "--help"
	@$(PY) bench/run.py $(BENCH)

wild: $(READY)  ## list and load real repositories, those in WILD=folder
	@$(PY) bench/wild.py $(WILD)

soak: $(READY)  ## run the tests that take long, then all others ROUNDS=10 times, to find what fails now and then
	@FAULTS_SEED=$${FAULTS_SEED:-$$(date +%s)} $(PY) -m pytest -q --no-header -n 2 -m soak tests
	@for round in $$(seq $${ROUNDS:-10}); do echo "round $$round"; $(PY) tests/run.py $(ONLY) || exit 1; done

coverage: $(READY)  ## run the tests and show the branches that no test took
	@$(PY) -m coverage erase
	-@$(PY) -m coverage run tests/run.py $(ONLY)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report

clean:  ## remove .venv and whatever tools left behind
	rm -rf $(VENV) .bench .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Remade when a requirement changes; touched last, so that what was interrupted is done again.
$(READY): $(SETUP) | tools
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'make: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -e packages/rehub -e packages/rehub-site
	@touch $@

# Other tools, to be measured beside rehub and for nothing else; what cannot be installed is said to be missing.
.bench/.ready: bench/requirements.txt | tools
	@$(PYTHON) -m venv .bench && .bench/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt \
	  || echo 'make: not every tool to measure could be installed' >&2
	@command -v aria2c >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get install -q -y aria2 >/dev/null; } \
	  || echo 'make: aria2c is missing, and is left out; on Debian and Ubuntu: apt-get install aria2' >&2
	@touch $@

tools:
	@command -v git >/dev/null || { echo 'make: git is missing; on Debian and Ubuntu: apt-get install git' >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo 'make: $(PYTHON) is missing; Python 3.11 or newer is needed (or PYTHON=/path/to/python)' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1 | cut -d' ' -f2); give another by PYTHON=/path/to/python" >&2; exit 1; }
