# Filrouge. `make demo` shows the job, `make test` proves it.

PYTHON ?= python3
BIN := .venv/bin
SECONDS ?= 0
SEEDS ?= 1000
FIRST ?= 1
MINUTES ?= 1
SEED ?= 1

.PHONY: help install demo test check lint format schemas bench bench-peers simulate guards chaos fuzz clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(BIN)/filrouge  ## .venv with the filrouge command and the tools of development

$(BIN)/filrouge: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Filrouge needs Python 3.11 or newer; say PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv || { echo "On Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo]' --group dev
	@touch $@

demo: install  ## the whole product in one process tree; SECONDS=60 ends by judging itself; SEED=2 lets other vendors meet
	@$(BIN)/filrouge demo --seed $(SEED) $(if $(filter-out 0,$(SECONDS)),--seconds $(SECONDS))

check: lint  ## the inner loop: lint, types, stairs, and the quick tests; properties with a sixth of their examples
	@QUICK=1 $(BIN)/pytest -q -n 2 --dist worksteal -m 'not servers and not long'

test: lint  ## everything, with a real Kafka, a real Redis and Chromium, and a minute of fuzzing
	@tests/servers/need.sh
	@$(BIN)/pytest -q -n 2 --dist worksteal -m 'not servers'
	@$(BIN)/pytest -q -n 3 --dist loadfile -m servers
	@$(BIN)/python -m tests.fuzz --minutes 1

chaos: install  ## MINUTES=60 of faults under load on real processes, from SEED=1; REDIS=cluster; writes docs/reliability.md
	@tests/servers/need.sh
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED) $(if $(filter cluster,$(REDIS)),--cluster)

fuzz: install  ## MINUTES=10 of fuzzing (nightly): adapters by shapes and bytes, the gateway over raw sockets; CASE=file plays a failure again
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt --group fuzz || echo "Without atheris: bytes are not led by coverage."
	@$(BIN)/python -m tests.fuzz $(if $(CASE),--case $(CASE),--minutes $(MINUTES))

lint: install
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/python -m schemas.page --check
	@$(BIN)/python -m streams.kpis.page --check
	@$(BIN)/python -m streams.channels.page --check
	@$(BIN)/python -m streams.settings_page --check
	@$(BIN)/python -m streams.metrics_page --check

format: install
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

schemas: install  ## writes schemas/json and the pages of events, KPIs, vendors, settings and metrics from the types
	@$(BIN)/python -m schemas.generate
	@$(BIN)/python -m schemas.page
	@$(BIN)/python -m streams.kpis.page
	@$(BIN)/python -m streams.channels.page
	@$(BIN)/python -m streams.settings_page
	@$(BIN)/python -m streams.metrics_page

bench: install  ## the benchmarks, on a real Kafka and a real Redis; writes docs/performance.md
	@tests/servers/need.sh
	@benchmarks/peers/need.sh
	@$(BIN)/python -m benchmarks.run

bench-peers: install  ## the comparison with other engines alone; EVENTS=100000 for a shorter one
	@tests/servers/need.sh
	@benchmarks/peers/need.sh
	@$(BIN)/python -m benchmarks.run peers

simulate: install  ## the simulator: SEEDS=1000 runs from FIRST=1 on; a failing seed is shrunk and told
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

guards: install  ## the engine without each of its guards; writes the table of docs/reliability.md
	@$(BIN)/python -m tests.simulation.guards_page

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .hypothesis
