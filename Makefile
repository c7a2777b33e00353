# make scan [HOSTS="web1 root@db1:2222"] [ARGS="--become"]   set up, scan, leave dockeraudit-report/
# make test                                                  set up, run everything CI runs
# make lab                                                   boot the lab's hosts and leave them running

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
REPORTS := dockeraudit-report
HOSTS ?=
ARGS ?=

.PHONY: scan test lint unit lab lab-down docs clean

scan: $(VENV)/.scan
	@mkdir -p $(REPORTS)
	@$(BIN)/dockeraudit scan $(HOSTS) $(ARGS) --report json=$(REPORTS)/report.json \
	  --report junit=$(REPORTS)/junit.xml --report html=$(REPORTS)/report.html

test: lint unit

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	shellcheck -s sh dockeraudit/collect/collector.sh

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -q $(ARGS)

lab: $(VENV)/.dev
	$(BIN)/python tests/lab/__main__.py up

lab-down:
	$(BIN)/python tests/lab/__main__.py down

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/.scan: pyproject.toml
	@PYTHON=$(PYTHON) VENV=$(VENV) .ci/setup run
	@touch $@

$(VENV)/.dev: pyproject.toml .ci/setup
	@PYTHON=$(PYTHON) VENV=$(VENV) .ci/setup dev
	@touch $@ $(VENV)/.scan
