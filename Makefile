# Every target does its own set-up in .venv: Python 3.11+, make and a package index.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WHEEL := .venv-wheel
PARALLEL := -n 2 --dist loadfile
# what says nothing of a wheel that a checkout has not said: hostile files, arithmetic
ANYWHERE := $(addprefix --ignore=tests/,fuzz crash keras_models/compression \
  contracts/test_user_files.py contracts/test_flag_values.py \
  selection/plans/test_guarantee.py)
QUICK := $(addprefix tests/contracts/test_,imports.py documentation.py command_line.py \
  errors.py table_kinds.py words.py) tests/datasets tests/selection/test_scored.py tests/reports/test_table.py \
  tests/reports/test_rows.py tests/convert/untrusted tests/convert/test_manifest.py
BUILD = $(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test quick test-checkout test-wheel test-slow lint docs bench screens \
  crash fuzz wheel licences lock clean

demo: $(READY)
	$(BIN)/reswise demo

test: test-checkout test-wheel

# Before a commit, under two minutes: lint of what changed, the map, the fast tests.
quick: $(READY)
	@changed=$$(git diff --name-only --diff-filter=d HEAD -- '*.py'; \
	  git ls-files --others --exclude-standard -- '*.py'); \
	if [ -n "$$changed" ]; then \
	  $(BIN)/ruff check $$changed && $(BIN)/ruff format --check $$changed; fi
	$(BIN)/python -m pytest $(PARALLEL) -q -m "not slow" $(QUICK)

test-checkout: $(READY)
	$(BIN)/python -m pytest $(PARALLEL)

# The wheel in an environment of its own: it finds the dependencies of .venv but not
# the checkout, so that package data missing from the wheel shows.
test-wheel: $(READY)
	rm -rf $(WHEEL) build dist
	$(BUILD)
	$(BIN)/python -m venv --without-pip $(WHEEL)
	$(BIN)/python -c "import glob, sysconfig; \
	  [open(path + '/dependencies.pth', 'w').write(sysconfig.get_path('purelib')) \
	   for path in glob.glob('$(WHEEL)/lib/python*/site-packages')]"
	$(BIN)/python -m pip --quiet --python $(WHEEL)/bin/python install --no-deps \
	  --no-index dist/*.whl
	mkdir -p $(WHEEL)/run && cp -r tests setup.cfg $(WHEEL)/run
	cd $(WHEEL)/run && RESWISE_TEST_DATA=$(or $(RESWISE_TEST_DATA),$(abspath ../shared/data)) \
	  ../bin/python -m pytest $(PARALLEL) $(ANYWHERE) \
	  -m "not slow and not very_slow and not checkout"

# Every family of keras.applications in every form, every value of every flag: about an
# hour on two cores.
test-slow: $(READY)
	$(BIN)/python -m pytest $(PARALLEL) -m very_slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python -m pdoc --docformat google --output-directory build/docs \
	  reswise datasets keras_models selection convert android_bench reports
	@echo "wrote build/docs/index.html"

bench: $(READY)
	$(BIN)/python -m benchmarks

# Every long verb killed at file operations and at moments, and let alone: the long form.
crash: $(READY)
	$(BIN)/python -m tests.crash

# A hundred thousand broken inputs: the long form. make fuzz ENGINE=atheris: by atheris.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz $(if $(ENGINE),--engine $(ENGINE))

# PNG files to look at: terminal of 80 and 120 columns, page of 1440 and 390 px, light, dark.
screens: $(READY)
	test -f runs/demo/report.html || $(BIN)/reswise demo
	$(BIN)/python -m tests.reports.screens runs/demo build/screens

# The same bytes from the same files, wherever and whenever: build_backend.py.
wheel: $(READY)
	rm -rf build dist
	$(BUILD)
	sha256sum dist/*.whl

licences: $(READY)
	$(BIN)/python -m commands.licences > docs/licences.md

lock:
	uv pip compile setup.cfg --extra dev --extra tfmot --universal --python-version 3.11 \
	  --no-emit-index-url --no-annotate --generate-hashes --upgrade \
	  --custom-compile-command "make lock" -o requirements.lock

clean:
	rm -rf .venv $(WHEEL) build dist *.egg-info

$(READY): requirements.lock setup.cfg pyproject.toml build_backend.py
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	  echo "$(PYTHON) is older than 3.11; pass another one: make PYTHON=python3.12"; \
	  exit 2; }
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --clear --seed --python $(PYTHON) .venv && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes \
	    -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  $(PYTHON) -m venv --clear .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation -e .; \
	fi
	@touch $(READY)
