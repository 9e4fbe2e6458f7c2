# `make` alone lists the targets.  Each that needs it sets everything up first, in .venv.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check fix bench docs
SHELL := /bin/sh
BIN := .venv/bin
CORPUS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## make .venv with everything (again only when uv.lock or pyproject.toml changed)

.venv/.ready: pyproject.toml uv.lock .ci/setup
	@.ci/setup

demo: setup ## learn a small corpus and hear it speak (CORPUS=folder: your own sounds)
	@$(BIN)/idiolect demo $(if $(CORPUS),--corpus "$(CORPUS)")

test: setup ## run the tests, two modules at a time: much of their time they wait for sound
	@$(BIN)/python -m pytest -n 2 --dist loadscope

# Tests that work as fast as they can, whatever the time is: two modules of them go side by side.
UNTIMED := tests/cli/test_interruption.py tests/corpus tests/learning tests/performance/journal \
	tests/performance/test_guidance.py tests/test_wheel.py tests/vocabulary

test-slow: setup ## run the tests that take longer (what CI runs besides)
	@$(BIN)/python -m pytest -m slow --durations 20 -n 2 --dist loadscope $(UNTIMED)
	@$(BIN)/python -m pytest -m slow --durations 20 $(addprefix --ignore ,$(UNTIMED))

check: setup ## lint, format, types here and on Windows, spelling, docstrings
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 --no-warn-unreachable
	@$(BIN)/codespell
	@$(BIN)/numpydoc lint $$(find server -name '*.py')

fix: setup ## repair what ruff can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: setup ## late blocks of the compiled callback beside a Python one
	@$(BIN)/idiolect bench callback

docs: setup ## check that the documentation's links lead somewhere
	@$(BIN)/python -m pytest tests/test_readme.py -k link
