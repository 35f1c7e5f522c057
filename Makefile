# What a newcomer types: `make run`, `make test`. Everything is installed into folders beside this file, none elsewhere.

PYTHON ?= python3
EXAMPLES = $(wildcard examples/*.ipynb)
# A CPU build of PyTorch, for the comparisons alone: the package itself never needs it.
TORCH ?= torch==2.13.0

.PHONY: run test lint types catalogues conformance bench clean

run: .venv/run.done
	.venv/bin/python -m chainrule run --check --out out $(EXAMPLES)
	.venv/bin/python -m chainrule page "x - 4*x**2 + x**4/4" --start x=4 --lr 0.01 -o out/quartic.html
	.venv/bin/python -m chainrule page "exp(-(x**2 - x + 1)/cos(log(x))**2)" --start x=1 --lr 0.1 -o out/fraction.html
	.venv/bin/python -m chainrule page "(1 - x)**2 + 100*(y - x**2)**2" --start x=-1.5,y=2 --lr 0.001 -o out/valley.html

test: .venv/test.done
	.venv/bin/python -m pytest -n auto

lint: .venv/lint.done
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

types: .venv/lint.done
	.venv/bin/python -m mypy

catalogues: .venv/test.done
	.venv/bin/python tools/catalogues.py

conformance: .venv-torch/done
	.venv-torch/bin/python conformance/opinfo.py

bench: .venv-torch/bench.done
	.venv-torch/bin/python bench/eager.py
	.venv-torch/bin/python bench/compiled.py

.venv/made: pyproject.toml
	$(PYTHON) -m venv .venv
	touch .venv/made

.venv/%.done: .venv/made
	.venv/bin/python -m pip install --quiet --editable ".[$(EXTRAS_$*)]"
	touch $@

EXTRAS_run = run,see
EXTRAS_test = all,test
EXTRAS_lint = all,test,lint

.venv-torch/done: pyproject.toml
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet $(TORCH) --editable ".[all,test]" expecttest
	touch .venv-torch/done

# JAX, for the comparisons of compiled code alone.
.venv-torch/bench.done: .venv-torch/done
	.venv-torch/bin/python -m pip install --quiet jax
	touch .venv-torch/bench.done

clean:
	rm -rf .venv .venv-torch out build dist src/*.egg-info
