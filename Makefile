# The commands of this project. `make run` and `make test` need nothing but Python 3.11 or newer.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
export PORT

# -I: backoffice/ must not come before the standard library on the import path.
BOOTSTRAP := exec $(PYTHON) -I backoffice/bootstrap.py
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
ON_POSTGRES := $(PY) -m backoffice.tests.servers
ORDINARY := not browser and not postgres and not redis and not faults

.DEFAULT_GOAL := help
.PHONY: help run test test-postgres lint format bench screenshots messages lock install-tests

help: ## Show these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: ## Start web, worker and beat with demo data, on PORT (8000)
	@$(BOOTSTRAP) run

test: install-tests ## Run all tests: SQLite, PostgreSQL, Redis, Chromium, faults
	@# Each group runs, also after a red one: one run tells all that is wrong.
	status=0; \
	$(PYTEST) -n 2 -m "$(ORDINARY)" $(ARGS) || status=$$?; \
	$(ON_POSTGRES) $(PYTEST) -n 2 --database-only -m "postgres or not (browser or redis or faults)" $(ARGS) || status=$$?; \
	$(PYTEST) -n 2 --dist loadfile -m "(browser or redis or faults) and not postgres" $(ARGS) || status=$$?; \
	exit $$status

test-postgres: install-tests ## Run tests on a private PostgreSQL: ARGS="orders -k race"
	$(ON_POSTGRES) $(PYTEST) $(ARGS)

lint: install-tests ## Check style, formatting, templates and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djhtml --check --tabwidth 2 templates
	$(PY) -m mypy

format: install-tests ## Format code and templates
	$(PY) -m ruff check --fix --select I .
	$(PY) -m ruff format .
	$(PY) -m djhtml --tabwidth 2 templates

bench: install-tests ## Measure speed and memory
	$(PY) manage.py bench $(ARGS)

screenshots: install-tests ## Take the pictures of the README again
	SCREENSHOTS=docs/screenshots $(PYTEST) orders/tests/browser/test_screenshots.py $(ARGS)

messages: install-tests ## Collect the texts that need a translation
	$(PY) manage.py translations --extract

lock: ## Renew the locks of requirements.in and requirements-test.in
	@$(BOOTSTRAP) lock

install-tests:
	@$(BOOTSTRAP) install-tests
