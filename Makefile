# Every command of the project; `make` alone lists them.
# All paths here are relative, so that a clone may lie in a folder whose name has spaces.

PLUGINS := $(patsubst %/pyproject.toml,%,$(sort $(wildcard plugins/*/pyproject.toml)))
# A plugin with `set = "heavy"` in its pyproject.toml brings solvers, models or SDKs; only who asks for it waits for them.
HEAVY := $(patsubst %/pyproject.toml,%,$(shell grep -ls '^set = "heavy"' /dev/null $(PLUGINS:%=%/pyproject.toml)))
LIGHT := platform $(filter-out $(HEAVY),$(PLUGINS))
MEMBERS := platform $(PLUGINS)
LIGHT_MANIFESTS := $(LIGHT:%=%/pyproject.toml)
MEMBER_MANIFESTS := $(MEMBERS:%=%/pyproject.toml)
SOURCES := platform/src $(PLUGINS:%=%/src)
BIN := .venv/bin
UV := .ci/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
# Members come from this folder and hold no dependency of their own: those are installed before, from a lock.
INSTALL_MEMBERS := $(INSTALL) --no-deps --build-constraint requirements-dev.lock --build-constraint requirements.lock \
	--require-build-hashes
# Without bytecode a command takes twice as long, and containers often tell Python to keep none.  What a backtest does
# not import is left out: it would be another 120 MB.
COMPILE_BYTECODE := $(BIN)/python -m compileall -q -j 0 -x '/(tests?|testing|pandas|scipy|statsmodels|pyarrow|bokeh)/'

# The Python found on the machine is used; uv fetches none.
export UV_PYTHON_DOWNLOADS := never
export PYTHON

.PHONY: help install demo plugin test bench bench-quick bench-equality campaigns check format lint types imports docs docs-serve picture coverage reference locks lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# ---- install ---------------------------------------------------------------------------------------------

install: .venv/.runtime ## install the platform and its light plugins into .venv
	@:

.venv/pyvenv.cfg:
	@python=$$(.ci/python) && $(UV) venv --quiet --clear --python "$$python" .venv

# With pip inside, "pip install" in the activated environment puts a plugin here and not into the system's Python.
# The locks hold no package of this workspace; those are installed from here, built by the locked hatchling.
.venv/.runtime: requirements.lock requirements-dev.lock pyproject.toml $(LIGHT_MANIFESTS) | .venv/pyvenv.cfg
	@echo "Installing the platform into .venv ..."
	@$(INSTALL) --require-hashes --no-build --requirement requirements.lock
	@awk '/^pip==/ { wanted = 1 } wanted { print; if (!/\\$$/) exit }' requirements-dev.lock >.venv/pip.txt
	@$(INSTALL) --require-hashes --no-build --requirement .venv/pip.txt
	@$(INSTALL_MEMBERS) $(LIGHT:%=--editable ./%)
	@$(COMPILE_BYTECODE) .venv/lib $(LIGHT:%=%/src)
	@touch $@

# What one heavy plugin needs is a part of the full lock: its names are resolved, their hashes stand in the lock.
plugin: .venv/.runtime ## add plugins to .venv: NAME=sentiment, or NAME="a b" for several
	@for name in $(or $(NAME),""); do test -f "plugins/$$name/pyproject.toml" || \
		{ echo "no plugin $$name; NAME is one or several of: $(PLUGINS:plugins/%=%)" >&2; exit 2; }; done
	@echo "Installing $(NAME) into .venv ..."
	@$(UV) pip compile --quiet --python $(BIN)/python --constraint requirements-full.lock --no-header --no-annotate \
		--no-emit-package tradewright platform/pyproject.toml $(NAME:%=plugins/%/pyproject.toml) >.venv/plugin.txt
	@$(BIN)/python .ci/part_of_lock.py requirements-full.lock <.venv/plugin.txt >.venv/plugin.lock
	@$(INSTALL) --require-hashes --no-build --requirement .venv/plugin.lock
	@$(INSTALL_MEMBERS) $(NAME:%=--editable ./plugins/%)

# skfolio is there for the prices that it ships, which tests read; nothing of it is imported, so nothing it needs is.
.venv/.dev: .venv/.runtime requirements-full.lock .ci/prices.txt $(MEMBER_MANIFESTS)
	@echo "Installing every plugin and the development tools into .venv ..."
	@$(INSTALL) --require-hashes --no-build --requirement requirements-full.lock
	@$(INSTALL) --require-hashes --no-build --requirement requirements-dev.lock
	@$(INSTALL) --require-hashes --no-build --no-deps --requirement .ci/prices.txt
	@$(if $(HEAVY),$(INSTALL_MEMBERS) $(HEAVY:%=--editable ./%))
	@$(BIN)/python -m compileall -q -j 0 -x '/tests?/' .venv/lib # Tests start hundreds of processes.
	@touch $@

# ---- use -------------------------------------------------------------------------------------------------

demo: ## install everything and run the backtest of plugins.toml
	+@MAKE="$(MAKE)" .ci/demo

# ---- develop ---------------------------------------------------------------------------------------------

# One file's tests stay in one process, since they share what is costly to set up.
PYTEST := pytest --numprocesses auto --dist loadfile

test: coverage ## run every test, doctests included, each once: interpreted under coverage, or compiled
	$(BIN)/$(PYTEST) -m compiled

bench: .venv/.dev ## measure beside peers, in environments of their own, and write docs/reference/benchmarks.md
	$(BIN)/python benchmarks/bench.py

bench-quick: .venv/.dev ## play the benchmarks in tiny sizes, without peers
	NUMBA_DISABLE_JIT=1 $(BIN)/python benchmarks/bench.py --quick --page .venv/bench/benchmarks.md

bench-equality: .venv/.dev ## compare equity with vectorbt's and raptorbt's, in environments of their own
	$(BIN)/python benchmarks/equality.py

campaigns: .venv/.dev ## play simulation, planted bugs, mutants, flips and kills, half an hour in all
	$(BIN)/python tests/kernel/campaigns.py

check: lint types imports locks docs ## run every static check

format: .venv/.dev ## format the code and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: .venv/.dev ## check format and style
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet

types: .venv/.dev ## check types, strictly
	MYPYPATH="$$(echo $(SOURCES) docs | tr ' ' ':')" $(BIN)/mypy $(SOURCES) docs/generator

imports: .venv/.dev ## check the layers of the architecture
	$(BIN)/lint-imports --no-logo

PAGES := $(wildcard *.md docs/*.md docs/*/*.md docs/*/*/*.md plugins/*/README.md)
COG := PYTHONPATH=docs $(BIN)/cog --verbosity=1 -p "import cog; from generator import *"

docs: .venv/.dev ## build the documents into site/, strictly
	@$(COG) --check $(PAGES) || { echo "these pages are stale: run make reference and commit them" >&2; exit 1; }
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

reference: .venv/.dev ## fill the generated parts of the documents from the code, and draw its pictures
	@$(COG) -r $(PAGES)
	@PYTHONPATH=docs $(BIN)/python -m generator.house
	@PYTHONPATH=docs $(BIN)/python -m generator.one_bar

picture: .venv/.dev ## renew the picture of a backtest in docs/images
	PYTHONPATH=docs $(BIN)/python -m generator.picture

docs-serve: .venv/.dev ## show the documents on port 8000, with search, while they are written
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# Compiled code cannot be traced, so the engine and the rules run interpreted here; the other tests compile.
coverage: .venv/.dev ## run the tests that need no compiler, and check that they reach 90 % of the code
	@rm -f .coverage .coverage.*
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run -m $(PYTEST) -m "not compiled"
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# ---- locks -----------------------------------------------------------------------------------------------

LOCKS := .
UPGRADE :=
# What `make demo` installs, what every plugin needs together, and the tools beside that.
LOCK_FILES := requirements.lock requirements-full.lock requirements-dev.lock
# One version of each package for every Python, so that all compute with the same numpy.
COMPILE := $(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-package tradewright --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

lock: ## renew the locks; UPGRADE=1 takes newer versions
	@$(COMPILE) $(LIGHT_MANIFESTS) --output-file $(LOCKS)/requirements.lock >/dev/null
	@$(COMPILE) $(MEMBER_MANIFESTS) --output-file $(LOCKS)/requirements-full.lock >/dev/null
	@$(COMPILE) --group pyproject.toml:dev --constraint requirements-full.lock \
		--output-file $(LOCKS)/requirements-dev.lock >/dev/null
	@$(if $(UPGRADE),echo skfolio | $(COMPILE) - --no-deps --no-annotate --output-file .ci/prices.txt >/dev/null)
	@$(if $(UPGRADE),echo uv | $(COMPILE) - --no-annotate --output-file .ci/uv.txt >/dev/null)

# A locked version stays good when a newer one appears: uv prefers what the copied lock holds.
locks: .venv/.dev ## check that the locks are up to date
	@mkdir -p .venv/locks && cp $(LOCK_FILES) .venv/locks
	@$(MAKE) --no-print-directory lock LOCKS=.venv/locks
	@for lock in $(LOCK_FILES); do \
		diff -u $$lock .venv/locks/$$lock || { echo "$$lock is stale: run make lock and commit it" >&2; exit 1; }; \
	done

clean: ## remove everything that make has made
	rm -rf site benchmarks/.tradewright benchmarks/peers/*/.venv
	rm -rf .venv .uv .uv-cache .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find platform plugins tests -name __pycache__ -type d -prune -exec rm -rf {} +
