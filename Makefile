# `make demo` sets everything up and runs the main job; `make test` sets up and passes the tests;
# `make services` installs the servers that the tests of databases and CRMs start, without which those are skipped.

PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$each && break; done)
JOBS ?= 2
BIN := .venv/bin

.PHONY: demo test lint tests slow services docs clean

demo: .venv/ready
	$(BIN)/kamrules demo

test: lint tests

lint: .venv/ready-to-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

tests: .venv/ready-to-test
	$(BIN)/pytest -n $(JOBS)
	$(BIN)/pytest plugins/kamrules-spark

slow: .venv/ready-to-test services
	KAMRULES_SLOW=1 $(BIN)/pytest -n $(JOBS) -m slow
	KAMRULES_SLOW=1 $(BIN)/pytest plugins/kamrules-spark

services: .venv/ready-to-test
	tests/services.sh

docs: .venv/ready
	for each in rulesets/*/; do $(BIN)/kamrules docs $$each --out build/$$each || exit; done

.venv/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "kamrules needs Python 3.11, 3.12 or 3.13"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/ready-to-test: .venv/ready
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean:
	rm -rf .venv build kamrules-demo kamrules-out
