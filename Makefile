PYTHON ?= python3
BIN := .venv/bin
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
INSTALLED := .venv/.installed

.PHONY: demo test slow bench docs ui daemon serve lint types contracts clean

demo: $(INSTALLED)
	$(BIN)/fti demo

test: $(INSTALLED)
	$(BIN)/pytest -m "not slow" $(AT_ONCE)

slow: $(INSTALLED)
	$(BIN)/pytest -m slow $(AT_ONCE)

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

ui: $(INSTALLED)
	$(BIN)/fti ui

daemon: $(INSTALLED)
	$(BIN)/fti ui --daemon

serve: $(INSTALLED)
	$(BIN)/fti serve

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

contracts: $(INSTALLED)
	$(BIN)/lint-imports

$(INSTALLED): pyproject.toml constraints.txt
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv .fti site
