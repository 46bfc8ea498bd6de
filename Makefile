# Two commands do everything on a fresh machine: `make demo` and `make test`. Both set up first what is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint format types layers unit bench up down clean
ARGS ?=
BIN := .venv/bin

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: system packages, Python environment, Kafka, Debezium, Weaviate
	@setup/bootstrap

demo: setup ## the whole path on a small company's documents; ARGS=--once ends after the summary
	@$(BIN)/headrace demo $(ARGS)

test: setup check ## lint, types, layers, then every test; ARGS go to pytest
	@setup/bootstrap tests
	@$(BIN)/pytest $(ARGS)

check: lint types layers

lint: ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: ## let ruff rewrite the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: ## mypy, strict
	@$(BIN)/mypy

layers: ## import-linter: which package may import which
	@$(BIN)/lint-imports

unit: ## the tests that need no server
	@$(BIN)/pytest tests/unit tests/property $(ARGS)

bench: setup ## measure what the README promises; results in bench/
	@$(BIN)/python -m bench $(ARGS)

up: setup ## start the local stack
	@$(BIN)/headrace up $(ARGS)

down: ## stop the local stack
	@$(BIN)/headrace down

clean: ## stop the local stack and remove its data and the caches of the tools
	@if [ -x $(BIN)/headrace ] && [ -d .headrace ]; then $(BIN)/headrace down; fi
	@rm -rf .headrace .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
