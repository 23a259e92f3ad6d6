# make        from a fresh machine to the result: .venv, installation, lstm-sym build
# make test   the same set-up, then every test and check
# make docs   the book, in build/docs; make serve shows it at http://localhost:8000
# make clean  everything that make has made

BIN       := .venv/bin
INSTALLED := .venv/.installed
TESTABLE  := .venv/.testable
BOOKISH   := .venv/.bookish

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: build test pytest lint types fresh mutants extras docs docs-check serve clean

build: $(INSTALLED)
	$(BIN)/lstm-sym build

test: pytest lint types fresh

pytest: $(TESTABLE)
	$(BIN)/pytest -n auto

lint: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TESTABLE)
	$(BIN)/mypy

fresh: $(INSTALLED)
	$(BIN)/lstm-sym latex --check

# Every mutant of every derivation, and of the NumPy code on which the gradient check is tried; make test tries some only.
mutants: $(TESTABLE)
	LSTM_SYM_ALL_MUTANTS=1 $(BIN)/pytest -n auto tests/proof/test_mutants.py tests/gradcheck/test_mutants.py tests/gradcheck/test_as_numpy.py tests/gradcheck/test_random_gradients.py tests/gradcheck/test_exports.py tests/gradcheck/test_named.py tests/gradcheck/test_layers.py

# What the tests of optional parts need, all at once or, where that fails, one by one; they are skipped where it cannot be had.
EXTRAS := dask pictures torch onnx jax array-api numba keras
TORCH  := torch==2.13.0
comma  := ,
space  := $(subst ,, )

extras: $(INSTALLED)
	@$(BIN)/pip install --quiet --editable '.[$(subst $(space),$(comma),$(EXTRAS))]' $(TORCH) || for extra in $(EXTRAS); do \
	    pinned=; test $$extra != torch || pinned=$(TORCH); \
	    $(BIN)/pip install --quiet --editable ".[$$extra]" $$pinned || \
	        echo "the extra $$extra cannot be installed; its tests are skipped"; \
	done

# The book, in English and Chinese; node and npm are needed, and the network once.
docs: $(BOOKISH)
	PYTHONPATH=docs $(BIN)/python -m book

# Every page in Chromium, with the network off; skipped where there is no Chromium.
docs-check: docs
	PYTHONPATH=docs $(BIN)/python -m book.check

serve: docs
	$(BIN)/python -m http.server --bind localhost --directory build/docs 8000

# The pip that an old Python brings does not know dependency groups, so it is renewed first.
$(INSTALLED): pyproject.toml
	@for python in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	    if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        found=$$python; break; \
	    fi; \
	done; \
	test -n "$$found" || { echo 'Python 3.11 or later with its module venv is needed (Debian: apt install python3-venv)' >&2; exit 1; }; \
	echo "creating .venv with $$($$found --version)"; \
	$$found -m venv .venv
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(TESTABLE): $(INSTALLED)
	$(BIN)/pip install --quiet --group test --group lint
	@touch $@

$(BOOKISH): $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[pictures]' --group docs
	@touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
