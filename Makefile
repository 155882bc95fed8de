# Everything starts from here: `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run test test-slow lint bench bench-pca bench-speed bench-clock bench-large bench-viewer bench-ingest bench-quality \
	bench-gpu bench-markers bench-mapping bench-judging bench-tutorial pictures format

PY := .venv/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check

help:  ## list these targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: .venv/.nuwa-run  ## start the page on this machine
	@exec $(PY) -m dashboard

test: .venv/.nuwa-dev  ## the tests that take seconds, those in a browser among them
	@scripts/chromium.sh
	$(PY) -m pytest -m "not slow" $(ARGS)

test-slow: .venv/.nuwa-dev  ## the tests that take longer
	@scripts/chromium.sh
	$(PY) -m pytest -m slow $(ARGS) || [ $$? -eq 5 ]  # 5: there are none

lint: .venv/.nuwa-dev  ## look for mistakes, and for files that the formatter would change
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

pictures: .venv/.nuwa-dev  ## the pictures of docs/img anew, from today's pages
	@scripts/chromium.sh
	$(PY) scripts/pictures.py

bench: .venv/.nuwa-dev  ## speed, large data and the wait, and one table of what was aimed at: twenty minutes
	$(PY) -m bench

bench-pca: .venv/.nuwa-dev  ## is the default model better than PCA and the mean? three seeds on a real set
	$(PY) -m bench.main_job $(ARGS)

bench-speed: .venv/.nuwa-dev  ## cells a second of the loop, beside the loop people use today
	$(PY) -m bench.speed $(ARGS)

bench-clock: .venv/.nuwa-dev  ## seconds from pressing Train to seeing clusters, phase by phase
	$(PY) -m bench.clock $(ARGS)

bench-large: .venv/.nuwa-dev  ## cells a second and memory with a million cells, and with 20,000 genes
	$(PY) -m bench.large $(ARGS)

bench-ingest: .venv/.nuwa-dev  ## seconds and memory from a file of a million cells to a data set, beside scanpy
	$(PY) -m bench.ingest $(ARGS)

bench-viewer: .venv/.nuwa-dev  ## seconds until a million cells are seen and recoloured, beside plain scattergl
	@scripts/chromium.sh
	$(PY) -m bench.viewer $(ARGS)

bench-quality: .venv/.nuwa-dev .venv-bench/.ready  ## every model beside PCA and scvi-tools, four real sets; takes hours
	$(PY) -m bench.quality $(ARGS)

bench-gpu: .venv/.nuwa-dev  ## cells a second on a GPU, where there is one
	$(PY) -m bench.gpu $(ARGS)

bench-markers: .venv/.nuwa-dev  ## seconds and memory of the markers of 100,000 cells x 20,000 genes x 20 clusters
	$(PY) -m bench.markers $(ARGS)

bench-tutorial: .venv/.nuwa-dev  ## the numbers of docs/tutorial.md, each from its command
	$(PY) -m bench.tutorial

bench-judging: .venv/.nuwa-dev  ## processor seconds of judging all spaces of 20,000 cells
	$(PY) -m bench.judging $(ARGS)

bench-mapping: .venv/.nuwa-dev  ## labels and places of one half of a real set, mapped onto a model of the other
	$(PY) -m bench.mapping $(ARGS)

format: .venv/.nuwa-dev  ## mend what can be mended by itself
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# The stamps make a second start a matter of seconds: pip is asked only when a list has changed.
.venv/.nuwa-run: requirements.txt constraints.txt | $(PY)
	@echo "Installing what Nuwa needs; the first time takes some minutes."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.nuwa-dev: requirements-dev.txt requirements.txt constraints.txt | $(PY)
	@echo "Installing what Nuwa and its tests need; the first time takes some minutes."
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.nuwa-run

# scvi-tools in an interpreter of its own: it brings a hundred packages that Nuwa does not need.
.venv-bench/.ready: requirements-bench.txt constraints.txt | $(PY)
	@$(PY) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --disable-pip-version-check -r requirements-bench.txt
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
