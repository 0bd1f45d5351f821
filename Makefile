# Each target is one line into the virtual environment, which `prepare.py` makes and keeps current.
PYTHON ?= python3
WORKERS ?= auto
VENV = .venv/bin/python

.PHONY: demo test test-long check bench fix docs prepare-demo prepare-test

demo: prepare-demo
	@exec $(VENV) -m hansa demo

test: prepare-test
	$(VENV) -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not long" $(ARGS)

test-long: prepare-test
	$(VENV) -m pytest -m long --timeout 3600 $(ARGS)

check: prepare-test
	$(VENV) -m pytest tests/codebase $(ARGS)

bench: prepare-test
	$(VENV) -m hansa bench $(ARGS)

fix: prepare-test
	-$(VENV) -m ruff check --fix --quiet .
	$(VENV) -m ruff format .
	$(VENV) migrations/write_schema.py
	$(VENV) -m tests.codebase.event_samples

docs: prepare-test
	$(VENV) -m hansa.assembly.reference docs/reference

prepare-demo:
	@$(PYTHON) prepare.py demo

prepare-test:
	@$(PYTHON) prepare.py test
