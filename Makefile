# Everything happens in .venv; a target that needs it makes it. PYTHON may name another interpreter (3.11 or later).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup sandbox demo run test properties fuzz bench soak chaos attack access check format lock audit clean

help:  ## Show these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP)  ## Make .venv with the pinned dependencies

$(STAMP): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@echo "Installing the pinned dependencies into $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

sandbox: $(STAMP)  ## Try the bot without an account: local Discord, local provider, a web page
	@$(BIN)/python -m sandbox

demo: $(STAMP)  ## The same without a browser: /imagine, a kill, a restart, the picture
	@$(BIN)/python -m sandbox demo

run: $(STAMP)  ## The real bot, with the settings of .env
	@$(BIN)/python -m bot run

# Compiled files are kept, whatever the environment says: the tests start hundreds of processes.
test: $(STAMP)  ## All tests
	@$(BIN)/python -m compileall -q -j 0 bot cogs sandbox benchmarks
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 5 --dist worksteal

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

check: $(STAMP)  ## Style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP)  ## Let ruff put the style right
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock:  ## Pin the dependencies of pyproject.toml anew
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@$(VENV)-lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.txt pyproject.toml
	@$(VENV)-lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra dev --output-file requirements-dev.txt pyproject.toml
	@rm -rf $(VENV)-lock

audit:  ## Known weaknesses of the pinned dependencies (asks a public list)
	@test -x $(VENV)-audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)-audit && $(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; } || { rm -rf $(VENV)-audit; echo "pip-audit cannot be installed: that needs a network. Nothing was looked up."; exit 2; }
	@$(VENV)-audit/bin/python .ci/audit.py requirements.txt

clean:  ## Remove .venv and caches; data/ stays
	@rm -rf $(VENV) $(VENV)-audit $(VENV)-fuzz .mypy_cache .pytest_cache .ruff_cache
