# Two commands do everything on a fresh machine:  make demo  and  make test.
# Each sets up what it needs, once; the second run starts in seconds.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .make
PORT ?= 8888
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SOURCES := $(shell find nbsocket -name '*.py') pyproject.toml hatch_build.py
JS_SOURCES := $(shell find js/src -type f) js/build.mjs js/browsers.mjs js/package-lock.json

.DEFAULT_GOAL := help
BEFORE ?= HEAD~1
.PHONY: help demo test lint types js units python browser conformance interop upgrades compare bench figures profile faults threats layers matrix \
	soak site live hosts comm tables format wheel clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	@echo "Setting up, once: Python packages, Node packages, the front end. It takes a minute or two."
	$(PYTHON) -m venv $(VENV) || { . scripts/packages.sh && system_install python3-venv && $(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

# Not "npm ci": it refuses a lock file that could not know the packages of other platforms.
$(STAMPS)/npm: js/package-lock.json
	@mkdir -p $(STAMPS)
	@command -v npm >/dev/null || { echo "Node.js 20 or newer is needed to build the front end: https://nodejs.org"; exit 1; }
	cd js && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/front: $(STAMPS)/npm $(JS_SOURCES)
	cd js && npm run build
	@touch $@

$(STAMPS)/demo: $(STAMPS)/venv $(STAMPS)/front pyproject.toml
	@echo "Installing JupyterLab and nbsocket into $(VENV) ..."
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(STAMPS)/dev: $(STAMPS)/venv $(STAMPS)/front pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[demo]' --group test --group lint --group docs
	@touch $@

$(STAMPS)/chromium:
	@bash scripts/chromium.sh $(BIN)
	@touch $@

$(STAMPS)/browsers:
	@bash scripts/browsers.sh
	@touch $@

demo: $(STAMPS)/demo ## Set up, and open JupyterLab on the first notebook
	@$(BIN)/nbsocket demo $(STAMPS)/notebooks --port $(PORT)

# The browser tests mostly wait, so the others run beside them; what the two print is mixed, their tables are not.
# All that apt installs comes before: it takes one at a time.
test: lint types js $(STAMPS)/nginx $(STAMPS)/chromium $(STAMPS)/browsers $(STAMPS)/hosts ## Set up, and run every check
	@$(MAKE) --no-print-directory -j3 units python browser
	@echo "all checks passed"

lint: $(STAMPS)/dev ## Style of Python and TypeScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd js && npx biome check .

types: $(STAMPS)/dev ## Types of Python and TypeScript
	$(BIN)/mypy
	cd js && npx tsc --noEmit

js: $(STAMPS)/front ## Unit tests of the front end
	cd js && npm test

$(STAMPS)/nginx:
	@bash scripts/nginx.sh
	@touch $@

$(STAMPS)/hosts: $(STAMPS)/dev
	@bash scripts/hosts.sh $(BIN) $(STAMPS)/hosts
	@touch $@

UNITS := tests/protocol tests/link tests/socketio

units: $(STAMPS)/dev ## Tests within one process, with their coverage: the protocols, the link, Socket.IO's server
	$(BIN)/python -m coverage run -m pytest -q $(UNITS)
	$(BIN)/python -m coverage report --include 'nbsocket/protocol/*,nbsocket/link/*,nbsocket/socketio/*' --fail-under 97

python: $(STAMPS)/dev $(STAMPS)/nginx $(STAMPS)/hosts ## Tests with real servers and kernels, without a browser
	$(BIN)/python -m pytest tests --ignore tests/browser $(UNITS:%=--ignore %) -n $(WORKERS) --dist loadfile

browser: $(STAMPS)/dev $(STAMPS)/chromium $(STAMPS)/browsers $(STAMPS)/hosts ## Tests in real JupyterLab: Chromium, Firefox, WebKit
	$(BIN)/python -m pytest tests/browser --timeout 300

conformance: $(STAMPS)/dev ## The rules of both protocols, each with its result
	$(BIN)/python -m pytest tests/conformance --timeout 300

interop: $(STAMPS)/dev ## Clients of other libraries: what works with which
	$(BIN)/python -m pytest tests/interop

upgrades: $(STAMPS)/dev ## 10,000 upgrades under traffic: lost, doubled, out of order, stalled
	$(BIN)/python benchmarks/upgrades.py --count 10000

compare: $(STAMPS)/dev ## Memory and echo of HEAD beside those of BEFORE=<commit>
	$(BIN)/python benchmarks/compare.py $(BEFORE) HEAD

layers: $(STAMPS)/dev ## The rooms of the house, what each imports, circles, the longest files
	$(BIN)/python scripts/layers.py

matrix: $(STAMPS)/dev ## The wheel on Python 3.11, 3.13 and 3.14, and with the oldest and newest libraries claimed; needs root
	$(BIN)/python scripts/matrix.py $(COLUMNS)

site: $(STAMPS)/dev ## Build the documentation as a site, with the tutorial live; any warning is an error
	$(BIN)/python docs/make_site.py $(STAMPS)/site/html
	$(BIN)/python docs/make_live.py $(STAMPS)/site/html/live

comm: $(STAMPS)/dev $(STAMPS)/chromium ## Round trips and floods over a widget's comm, beside a bare anywidget on the same page
	$(BIN)/python benchmarks/comm.py

hosts: $(STAMPS)/dev $(STAMPS)/chromium $(STAMPS)/hosts ## One small lesson in every host of notebooks: what works where, as a table
	$(BIN)/python -m pytest tests/hosts/test_rows.py tests/browser/test_hosts.py tests/browser/test_live.py::test_the_lesson_of_all_hosts -q --timeout 600

live: $(STAMPS)/dev ## The tutorial inside the browser, without any server of ours: build it and serve it on PORT
	$(BIN)/python docs/make_live.py $(STAMPS)/live/site
	@echo "Open  http://127.0.0.1:$(PORT)/lab/index.html?path=01-first-socket.ipynb"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(STAMPS)/live/site $(PORT)

$(STAMPS)/bench: $(STAMPS)/dev benchmarks/peers/package-lock.json
	$(BIN)/python -m pip install --quiet --group bench
	cd benchmarks/peers && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

bench: $(STAMPS)/bench $(STAMPS)/chromium ## Every peer side by side; SCENARIO="echo-1 one-200" for some, QUICK=1 for a minute each
	$(BIN)/python benchmarks/bench.py $(SCENARIO) $(if $(QUICK),--quick)

profile: $(STAMPS)/bench ## Where the time of an echo goes, by process, thread and function
	$(BIN)/python benchmarks/profile_echo.py

figures: $(STAMPS)/bench ## Make the tables and plots of docs/performance.md from what make bench found
	$(BIN)/python docs/make_performance.py

faults: $(STAMPS)/dev $(STAMPS)/chromium $(STAMPS)/browsers $(STAMPS)/nginx $(STAMPS)/hosts ## The fault table: each row with its tests and figures
	$(BIN)/python -m pytest tests -m fault --timeout 300

threats: $(STAMPS)/dev $(STAMPS)/chromium $(STAMPS)/nginx $(STAMPS)/hosts ## The threat table: each row with its tests
	NBSOCKET_ROWS=1 $(BIN)/python -m pytest tests -m threat --timeout 300

soak: $(STAMPS)/dev $(STAMPS)/nginx $(STAMPS)/hosts ## The long forms of the fault tests, about 45 minutes; their times are judged, too
	NBSOCKET_SOAK=1 NBSOCKET_SOAK_S=1200 NBSOCKET_CUTS=1000 NBSOCKET_FUZZ_S=600 \
	NBSOCKET_EMITS=100000 NBSOCKET_CLIENTS=200 $(BIN)/python -m pytest tests/faults tests/hosts/test_runners.py --timeout 2400

tables: $(STAMPS)/dev ## Make the tables of docs/reliability.md and docs/security.md from the tests
	$(BIN)/python docs/make_tables.py

format: $(STAMPS)/dev ## Put everything into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd js && npx biome check --write .

wheel: $(STAMPS)/dev ## Build sdist and wheel into dist/
	$(BIN)/python -m build

clean: ## Remove everything that was built
	rm -rf $(VENV) $(STAMPS) dist js/node_modules nbsocket/static test-results
