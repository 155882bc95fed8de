# `make` lists all targets.
.DEFAULT_GOAL := help
.PHONY: help run wheels licences audit test test-slow lint bench bench-pca bench-speed bench-clock bench-large bench-viewer bench-ingest bench-quality \
	bench-gpu bench-follow bench-scale bench-runs bench-markers bench-mapping bench-scoring bench-tutorial bench-diagnosis bench-distance mutations pictures format

PY := .venv/bin/python
WORKERS ?= 2  # processes that run tests, a file at a time
INSTALL := scripts/install.sh $(PY)
# A short training, so that numba's compiled code is on disk before the first page is opened.
COMPILE := echo "Compiling what training needs; this takes a minute, once." && out=$$(mktemp -d) && \
	$(PY) -m core train simulated --epochs 1 --out $$out >/dev/null && rm -rf $$out

help:  ## list these targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: .venv/.nuwa-run  ## start the web page on this machine
	@exec $(PY) -m dashboard

wheels: | $(PY)  ## download all packages into wheels/, for a machine without a network (WHEELS=wheels make run)
	@$(PY) -m pip download --disable-pip-version-check --dest wheels -r requirements.txt -r requirements-harmony.txt -r requirements-celery.txt

licences: .venv/.nuwa-dev  ## the table of packages and their licences in docs/licences.md
	$(PY) scripts/licences.py

test: .venv/.nuwa-dev  ## all tests but the slow ones, browser tests included
	@scripts/chromium.sh
	@scripts/axe.sh
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

test-slow: .venv/.nuwa-dev  ## the slow tests
	@scripts/chromium.sh
	@scripts/axe.sh
	@scripts/services.sh
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m slow $(ARGS) || [ $$? -eq 5 ]  # 5: there are none

lint: .venv/.nuwa-dev  ## find errors, unsafe calls, and files that the formatter would change
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m bandit -q -r core dashboard -ll -s B104,B108  # 0.0.0.0 is compared, and below /tmp new folders are made
	.venv/bin/hadolint Dockerfile Dockerfile.cuda

audit: | $(PY)  ## look for known vulnerabilities of all packages; needs a network
	@test -x .venv-audit/bin/pip-audit || ($(PY) -m venv .venv-audit && .venv-audit/bin/python -m pip install -q pip-audit==2.10.1)
	.venv-audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

mutations: .venv/.nuwa-dev  ## does a small change of the science make a test fail? 150 drawn by chance; hours
	$(PY) scripts/mutate.py $(or $(ARGS),--sample 150)

pictures: .venv/.nuwa-dev  ## refresh the screenshots in docs/img from today's pages
	@scripts/chromium.sh
	$(PY) scripts/pictures.py

bench: .venv/.nuwa-dev  ## speed, large data and waiting time, against their targets; twenty minutes
	$(PY) -m bench

bench-pca: .venv/.nuwa-dev  ## the default model beside PCA and the mean, three seeds on a real dataset
	$(PY) -m bench.main_job $(ARGS)

bench-speed: .venv/.nuwa-dev  ## cells per second of the training loop, beside a common one
	$(PY) -m bench.speed $(ARGS)

bench-clock: .venv/.nuwa-dev  ## seconds from pressing Train to seeing clusters, phase by phase
	$(PY) -m bench.clock $(ARGS)

bench-large: .venv/.nuwa-dev  ## cells per second and memory with a million cells, and with 20,000 genes
	$(PY) -m bench.large $(ARGS)

bench-ingest: .venv/.nuwa-dev  ## seconds and memory from a file of a million cells to a dataset, beside scanpy
	$(PY) -m bench.ingest $(ARGS)

bench-viewer: .venv/.nuwa-dev  ## seconds until a million cells are drawn and recoloured, beside plain scattergl
	@scripts/chromium.sh
	$(PY) -m bench.viewer $(ARGS)

bench-quality: .venv/.nuwa-dev .venv-bench/.ready  ## every model beside PCA and scvi-tools, four real datasets; takes hours
	$(PY) -m bench.quality $(ARGS)

bench-scale: .venv/.nuwa-dev  ## scaling exponent, Pearson residuals and cosine neighbours, four real datasets; an hour
	$(PY) -m bench.scale $(ARGS)

bench-distance: .venv/.nuwa-dev  ## Euclidean and cosine distance by model, with proteins, on UMAP and for mapped cells; an hour
	$(PY) -m bench.distance $(ARGS)

bench-gpu: .venv/.nuwa-dev  ## cells per second on a GPU, where there is one
	$(PY) -m bench.gpu $(ARGS)

bench-markers: .venv/.nuwa-dev  ## seconds and memory of the markers of 100,000 cells x 20,000 genes x 20 clusters
	$(PY) -m bench.markers $(ARGS)

bench-tutorial: .venv/.nuwa-dev  ## the numbers of docs/tutorial.md, each from its command
	$(PY) -m bench.tutorial

bench-follow: .venv/.nuwa-dev  ## bytes, processor and memory of 20 tabs that watch 10 live runs
	$(PY) -m bench.follow $(ARGS)

bench-scoring: .venv/.nuwa-dev  ## processor seconds of scoring all spaces of 20,000 cells
	$(PY) -m bench.scoring $(ARGS)

bench-diagnosis: .venv/.nuwa-dev  ## the diagnosis of twenty real runs, each provoked into a case
	$(PY) -m bench.diagnosis

bench-runs: .venv/.nuwa-dev  ## seconds until 10,000 runs are drawn, sorted and filtered in the browser
	$(PY) -m bench.runs_table $(ARGS)

bench-mapping: .venv/.nuwa-dev  ## labels and positions of one half of a real dataset, mapped onto a model of the other
	$(PY) -m bench.mapping $(ARGS)

format: .venv/.nuwa-dev  ## fix what ruff can fix, and format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# The stamps make a second start fast: pip runs only when a list has changed.
.venv/.nuwa-run: requirements.txt requirements-harmony.txt constraints.txt | $(PY)
	@echo "Installing what Nuwa needs; the first time takes some minutes."
	@$(INSTALL) requirements.txt requirements-harmony.txt
	@$(COMPILE)
	@touch $@

.venv/.nuwa-dev: $(wildcard requirements*.txt) constraints.txt | $(PY)
	@echo "Installing what Nuwa and its tests need; the first time takes some minutes."
	@$(INSTALL) requirements-dev.txt
	@touch $@ .venv/.nuwa-run

# scvi-tools in a separate interpreter: it brings a hundred packages that Nuwa does not need.
.venv-bench/.ready: requirements-bench.txt constraints.txt | $(PY)
	@$(PY) -m venv .venv-bench
	@scripts/install.sh .venv-bench/bin/python requirements-bench.txt
	@touch $@

# Another interpreter: make run PYTHON=/path/to/python3
$(PY):
	@for p in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making .venv with $$($$p --version)."; \
		$$p -m venv .venv && exit 0; \
		rm -rf .venv; \
		echo "$$p could not make a virtual environment; on Debian and Ubuntu the package python3-venv is missing." >&2; \
		exit 1; \
	done; \
	echo "Nuwa needs Python 3.11 or newer, and found $$(python3 --version 2>/dev/null || echo none); install one, or name it: make run PYTHON=/path/to/python3" >&2; \
	exit 1
