# The one recipe file: people, CI and the docs call these targets and nothing else.

PYTHON ?= python3
WORKERS ?= auto
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NODE := tests/plugins/grafana_data
GO := tests/plugins/infinity
TELEGRAF := tests/plugins/telegraf
COMPOSE := tests/provision/compose
READERS := $(NODE)/node_modules/.package-lock.json build/infinity build/telegraf build/compose

.PHONY: help demo test check lint types layers docs bench soak cassandra screenshots format lock clean

help:
	@echo "make demo    a server on 127.0.0.1:8000 with a year of weather and live devices (user demo, password demo)"
	@echo "make test    all tests"
	@echo "make check   lint, types, layers, docs"
	@echo "make bench   the figures of docs/performance.md"
	@echo "make soak    three nodes of Cassandra, two servers, a minute of load, while nodes die and return"
	@echo "make cassandra  a node of Cassandra on 127.0.0.1:9042 for trying out; make cassandra ARGS=stop ends it"
	@echo "make screenshots  the pictures of docs/page.md, drawn anew; it wants chromium and chromedriver"
	@echo "make format  lay out the code, sort its imports, write the pages of docs that are made from code"
	@echo "make lock    write docker/requirements.txt, what the image is made of, from setup.cfg"
	@echo "make clean   remove what these made"

demo: $(VENV)/.run
	$(BIN)/grafana-sensor demo $(ARGS)

test: $(VENV)/.test $(READERS)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: lint types layers docs

lint: $(VENV)/.check
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.check
	$(BIN)/mypy

layers: $(VENV)/.check
	$(BIN)/lint-imports

docs: $(VENV)/.check
	$(BIN)/properdocs build --strict --site-dir build/site

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV)/.test
	$(BIN)/python -m tests.endtoend.soak $(ARGS)

# It outlives make; its files are in build/cassandra.
cassandra: $(VENV)/.run
	$(BIN)/python -m tests.cassandra.node $(or $(ARGS),start) build/cassandra

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.pages.screenshots

format: $(VENV)/.check
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m tests.docs

# For the Python of the Dockerfile; setuptools builds the package itself there.
lock: | $(BIN)/pip
	$(PIP) uv
	echo setuptools | $(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --upgrade \
	    --no-annotate --custom-compile-command "make lock" setup.py - --output-file docker/requirements.txt
	echo setuptools | $(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --upgrade \
	    --no-annotate --custom-compile-command "make lock" --extra blissdata setup.py - \
	    --output-file docker/requirements-blissdata.txt

clean:
	rm -rf $(VENV) $(NODE)/node_modules build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made on demand. A stamp stands for one set of packages; it is renewed when setup.cfg changes.

$(VENV)/.run: setup.cfg setup.py | $(BIN)/pip
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: setup.cfg setup.py | $(BIN)/pip
	$(PIP) --editable '.[arrow,blissdata,provision,test]'
	@touch $@ $(VENV)/.run

$(VENV)/.check: setup.cfg setup.py | $(BIN)/pip
	$(PIP) --editable '.[arrow,blissdata,provision,test,check]'
	@touch $@ $(VENV)/.test $(VENV)/.run

$(BIN)/pip:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "$$python -m venv $(VENV)"; \
	    "$$python" -m venv --clear $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "$$python can't make a virtual environment (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; \
	done; \
	echo "grafana_sensor needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=/path/to/python3.11 ..." >&2; \
	exit 1

# What reads our answers as Grafana's plugins do, what writes as Telegraf does, and docker-compose.yml as Docker does.

$(NODE)/node_modules/.package-lock.json: $(addprefix $(NODE)/,.npmrc package.json package-lock.json)
	@$(call with,npm,cd $(NODE) && npm ci && touch node_modules/.package-lock.json)

build/infinity: $(addprefix $(GO)/,go.mod go.sum) $(wildcard $(GO)/*.go)
	@$(call with,go,cd $(GO) && go build -buildvcs=false -o ../../../build/infinity .)

build/telegraf: $(addprefix $(TELEGRAF)/,go.mod go.sum) $(wildcard $(TELEGRAF)/*.go)
	@$(call with,go,cd $(TELEGRAF) && go build -buildvcs=false -o ../../../build/telegraf .)

build/compose: $(addprefix $(COMPOSE)/,go.mod go.sum) $(wildcard $(COMPOSE)/*.go)
	@$(call with,go,cd $(COMPOSE) && go build -buildvcs=false -o ../../../build/compose .)

# $(call with,tool,command): runs the command; without the tool it leaves the tests that need it skipped, but not with CI set.
with = \
	if command -v $(1) >/dev/null; then echo "$(2)"; $(2); \
	elif [ -z "$$CI" ]; then echo "$(1) is missing: the tests that need it are skipped"; \
	else echo "$(1) is missing: install it first (with CI set no test is skipped)" >&2; exit 1; fi
