# Everything happens in .venv; a target that needs it makes it. PYTHON may name another interpreter (3.11 or later).
PYTHON ?= python3
VENV := .venv
TOOLS := $(VENV)-tools
BIN := $(VENV)/bin
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes
# What the bot needs, and what the sandbox, the tests and the checks need beside it.
RUNTIME := $(VENV)/.runtime
STAMP := $(VENV)/.installed

.PHONY: help setup sandbox demo run test properties fuzz bench soak chaos attack access check format lock upgrade audit clean

help:  ## Show these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP)  ## Make .venv with the pinned dependencies

# The pip of a new environment is as old as its Python: the pinned one installs everything else.
$(VENV)/.pip: requirements-pip.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(INSTALL) -r requirements-pip.txt
	@touch $@

$(RUNTIME): requirements.txt $(VENV)/.pip
	@echo "Installing what the bot needs into $(VENV) (once) ..."
	@$(BIN)/python $(INSTALL) -r requirements.txt
	@touch $@

$(STAMP): requirements-dev.txt $(VENV)/.pip
	@echo "Installing the pinned dependencies into $(VENV) (once) ..."
	@$(BIN)/python $(INSTALL) -r requirements-dev.txt
	@touch $@

sandbox: $(STAMP)  ## Try the bot without an account: local Discord, local provider, a web page
	@$(BIN)/python -m sandbox

demo: $(STAMP)  ## The same without a browser: /imagine, a kill, a restart, the picture
	@$(BIN)/python -m sandbox demo

run: $(RUNTIME)  ## The real bot, with the settings of .env
	@$(BIN)/python -m bot run

# Compiled files are kept, whatever the environment says: the tests start hundreds of processes.
test: $(STAMP)  ## All tests; with branch coverage: make test COVERAGE=1
	@$(BIN)/python -m compileall -q -j 0 bot cogs sandbox benchmarks
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 5 --dist worksteal $(if $(COVERAGE),--cov)

properties: $(STAMP)  ## The property tests on new random inputs: make properties EXAMPLES=2000
	@PROPERTY_EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/python -m pytest -q -n 2 --timeout 0 tests/properties

$(VENV)-fuzz/.installed: requirements.txt requirements-fuzz.txt
	@$(PYTHON) -m venv $(VENV)-fuzz
	@$(VENV)-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-fuzz.txt || { rm -rf $(VENV)-fuzz; echo "atheris cannot be installed: that needs a network, Linux on x86-64 and CPython 3.11 to 3.13. Nothing was fuzzed; make properties needs neither."; exit 2; }
	@touch $@

fuzz: $(VENV)-fuzz/.installed  ## Coverage-guided: make fuzz TARGET=wire SECONDS=60 (custom_ids, permutations, words, sniff)
	@$(VENV)-fuzz/bin/python -m tests.fuzzing $(or $(TARGET),wire) $(or $(SECONDS),60)

bench: $(STAMP)  ## Five million pictures: how long statistics take, and by which indexes
	@$(BIN)/python -m benchmarks

load: $(STAMP)  ## 5,000 commands in ten seconds; fifty pictures of 25 MB at once; ten thousand waiting for an hour
	@$(BIN)/python -m benchmarks load burst
	@$(BIN)/python -m benchmarks load pictures
	@$(BIN)/python -m benchmarks load crowd

soak: $(STAMP)  ## An hour of traffic at 30 times the speed; what is left over afterwards may not grow
	@$(BIN)/python -m benchmarks soak

chaos: $(STAMP)  ## Kill the bot over and over with faults all around; then account for every picture
	@$(BIN)/python -m sandbox chaos

attack: $(STAMP)  ## Attack the bot from outside: what held, what is weak, what is a hole; then the load of attacks
	@$(BIN)/python -m sandbox attack
	@$(BIN)/python -m benchmarks attack

access: $(STAMP)  ## Write docs/access.md: who may use what, read off the code
	@$(BIN)/python -m tests.support.access_table

check: $(STAMP)  ## Style, formatting, spelling and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/mypy

format: $(STAMP)  ## Let ruff put the style right
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

$(TOOLS)/.installed: requirements-pip.txt requirements-tools.txt
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python $(INSTALL) -r requirements-pip.txt
	@$(TOOLS)/bin/python $(INSTALL) -r requirements-tools.txt || { rm -rf $(TOOLS); echo "The tools for make lock and make audit cannot be installed: that needs a network."; exit 2; }
	@touch $@

# One lock for Python 3.11 and later and for all machines, whichever runs this. Versions already pinned are kept.
LOCK = UV_PYTHON_DOWNLOADS=never $(TOOLS)/bin/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --custom-compile-command 'make lock'

lock: $(TOOLS)/.installed  ## Pin the dependencies of pyproject.toml, with hashes
	@$(LOCK) --output-file requirements.txt pyproject.toml
	@$(LOCK) --output-file requirements-dev.txt --constraint requirements.txt --extra sandbox --extra dev pyproject.toml
	@$(LOCK) --output-file requirements-pip.txt --constraint requirements.txt --group pip
	@$(LOCK) --output-file requirements-tools.txt --constraint requirements.txt --group tools

upgrade:  ## The same with the newest versions
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

audit: $(TOOLS)/.installed  ## Known weaknesses of the pinned dependencies (asks a public list)
	@$(TOOLS)/bin/python .ci/audit.py requirements.txt

clean:  ## Remove .venv and caches; data/ stays
	@rm -rf $(VENV) $(TOOLS) $(VENV)-fuzz .mypy_cache .pytest_cache .ruff_cache .coverage
