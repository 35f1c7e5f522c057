# What a newcomer types: `make run`, `make test`. Everything is installed into folders beside this file, none elsewhere.

PYTHON ?= python3
EXAMPLES = $(wildcard examples/*.ipynb docs/lessons/*.ipynb)
# A CPU build of PyTorch, for the comparisons alone: the package itself never needs it.
TORCH ?= torch==2.13.0

.PHONY: run docs docs-catalogues lite lite-test lite-bench test lint types stubs catalogues conformance fuzz soak mutants bench newest oldest constraints clean

run: .venv/run.done
	@echo "running $(words $(EXAMPLES)) notebooks, each compared with the outputs recorded in it"
	@.venv/bin/python -m chainrule run --check --out out $(EXAMPLES)
	@.venv/bin/python -m chainrule page "x - 4*x**2 + x**4/4" --start x=4 -o out/quartic.html
	@.venv/bin/python -m chainrule page "exp(-(x**2 - x + 1)/cos(log(x))**2)" --start x=1 -o out/fraction.html
	@.venv/bin/python -m chainrule page "(1 - x)**2 + 100*(y - x**2)**2" --start x=-1.5,y=2 -o out/valley.html

# A site of all examples, with the Pyodide of the tests in it; `make lite LITE=` leaves Pyodide to the network.
LITE = --pyodide "$$(.venv/bin/python tests/tabs.py)"
SEEDS = $(wildcard ../shared/seeds/*.ipynb)
lite: .venv/lite.done
	rm -rf site
	.venv/bin/python -m chainrule lite $(EXAMPLES) $(SEEDS) --out site $(LITE)

# Every lesson in a browser, cell by cell with its seconds, and the registry's tests in a browser's Python: 20 minutes.
lite-test: .venv/lite.done .venv/test.done
	CHAINRULE_LITE=all .venv/bin/python -m pytest -s tests/test_lite.py tests/test_lite_node.py tests/test_lite_browser.py

lite-bench: .venv/lite.done .venv/test.done
	.venv/bin/python bench/tab.py

# The site, in out/docs: every example on it is run, and warnings are errors.
docs: .venv/docs.done
	.venv/bin/python tools/docs.py

# The sentences of the translated pages, for translators: docs/locale.
docs-catalogues: .venv/docs.done
	.venv/bin/python tools/docs.py --catalogues

test: .venv/test.done
	.venv/bin/python -m pytest -n auto

lint: .venv/lint.done
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

types: .venv/lint.done
	.venv/bin/python -m mypy
	.venv/bin/python tools/stubtest.py

stubs: .venv/test.done
	.venv/bin/python tools/stubs.py

catalogues: .venv/test.done
	.venv/bin/python tools/catalogues.py

conformance: .venv-torch/done
	.venv-torch/bin/python conformance/opinfo.py

# Random programs, line by line against PyTorch: PROGRAMS=100000 for a soak, SEED for others.
fuzz: .venv-torch/done
	cd tests && ../.venv-torch/bin/python -m fuzz --programs $(or $(PROGRAMS),5000) --seed $(or $(SEED),0)

# Random programs, loops and batches, compiled and as they are: PROGRAMS=100000 in all.
soak: .venv/test.done
	CHAINRULE_PROGRAMS=$$(($(or $(PROGRAMS),6000) / 6)) CHAINRULE_LOOPS=$$(($(or $(PROGRAMS),6000) / 60)) .venv/bin/python -m pytest \
	  tests/test_compiled_programs.py tests/test_rolled.py::test_random_loops tests/test_native.py::test_random_programs_on_matrices_are_as_eager

# Small changes of the code, a sample of PLACES, of which the tests must notice each: what survives is printed. QUICK=1:
# only by the tests nearest to a file.
mutants: .venv-torch/done
	.venv-torch/bin/python tools/install.py cosmic-ray
	.venv-torch/bin/python tools/mutate.py --places $(or $(PLACES),150) --seed $(or $(SEED),0) $(if $(QUICK),--quick) $(if $(LOG),--log $(LOG))

bench: .venv-torch/bench.done
	.venv-torch/bin/python bench/eager.py
	.venv-torch/bin/python bench/compiled.py
	.venv-torch/bin/python bench/many.py
	.venv-torch/bin/python bench/loops.py
	.venv-torch/bin/python bench/fits.py
	.venv-torch/bin/python bench/nist.py

.venv/made: pyproject.toml constraints.txt
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, this is {sys.version}")'
	@$(PYTHON) -m venv .venv
	@touch .venv/made

.venv/%.done: .venv/made
	@.venv/bin/python tools/install.py -c constraints.txt --editable ".[$(EXTRAS_$*)]"
	@touch $@

EXTRAS_run = run,see
EXTRAS_lite = lite
EXTRAS_docs = all,docs
EXTRAS_test = all,test,lite
EXTRAS_lint = all,test,lint

.venv-torch/done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python tools/install.py -c constraints.txt $(TORCH) expecttest --editable ".[all,test]"
	touch .venv-torch/done

# JAX, lmfit and iminuit, for the comparisons alone.
.venv-torch/bench.done: .venv-torch/done
	.venv-torch/bin/python tools/install.py jax lmfit iminuit
	touch .venv-torch/bench.done

# Beside what was tested (constraints.txt, written by `make constraints` after a green run): the newest of all that is
# needed, and NumPy's lowest that pyproject.toml allows. What is new is listed before the tests say what broke by it.
newest:
	rm -rf .venv-newest
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python tools/install.py --upgrade --editable ".[all,test]"
	.venv-newest/bin/python tools/constraints.py --newer
	.venv-newest/bin/python -m pytest -n auto

oldest:
	rm -rf .venv-oldest
	$(PYTHON) -m venv .venv-oldest
	grep -v '^numpy==' constraints.txt > .venv-oldest/constraints.txt
	.venv-oldest/bin/python tools/install.py -c .venv-oldest/constraints.txt "numpy==2.0.*" --editable ".[all,test]"
	.venv-oldest/bin/python -m pytest -n auto

constraints: .venv/lint.done .venv/docs.done
	.venv/bin/python tools/constraints.py

clean:
	rm -rf .venv .venv-torch .venv-newest .venv-oldest out build dist src/*.egg-info
