"""What is published has a name, a signature and a docstring of its own; what is not is not shown."""

from __future__ import annotations

import doctest
import importlib.util
import inspect

import pytest

import chainrule as cr
from chainrule.api.public import FUNCTIONS
from chainrule.core.op import REGISTRY

METHODS = {n: f for n, f in vars(cr.Tensor).items() if inspect.isfunction(f) and not n.startswith("_")}
SAME = {"ndimension", "nelement", "is_pinned", "is_conj", "is_neg", "is_coalesced"}  # other names of one method
DOCUMENTED = [op for op in REGISTRY.values() if ">>> " in op.columns.get("doc", "")]


def test_functions_and_methods_have_their_own_names():
    assert [n for n, f in FUNCTIONS.items() if f.__name__ != n] == []
    assert [n for n, f in METHODS.items() if f.__name__ != n and n not in SAME] == []
    assert [n for n, f in METHODS.items() if "<" in f.__qualname__] == []
    operators = [n for n, f in vars(cr.Tensor).items() if getattr(f, "__name__", "") == "call"]
    assert operators == []


def test_functions_have_docstrings_and_signatures():
    assert [n for n, f in FUNCTIONS.items() if not f.__doc__ and not n.endswith("Tensor")] == []
    assert all(inspect.signature(f) for f in (*FUNCTIONS.values(), *METHODS.values()))
    assert "input" in inspect.signature(cr.sum).parameters and "dim" in inspect.signature(cr.Tensor.sum).parameters


def test_errors_name_the_method_that_was_called():
    x = cr.tensor(1.0)
    for name in ("exp", "arccos", "erf", "relu"):
        with pytest.raises(TypeError, match=rf"^Tensor\.{name}\(\) takes"):
            getattr(x, name)(3)


def test_help_says_what_a_function_does_and_not_its_slope_alone():
    for op in DOCUMENTED:
        f = FUNCTIONS.get(op.name) or getattr(cr.special, op.name.removeprefix("special_"))
        assert f.__doc__.startswith(op.columns["doc"].partition("\n")[0]) and "Returns a tensor" in f.__doc__


@pytest.mark.parametrize("op", DOCUMENTED, ids=lambda op: op.name)
def test_the_example_of_an_op(op):
    scipy = op.name.startswith("special_") or op.name in (
        "erf",
        "erfc",
        "erfinv",
        "lgamma",
        "digamma",
        "igamma",
        "igammac",
    )
    if scipy and importlib.util.find_spec("scipy") is None:
        pytest.skip("the example needs SciPy")
    example = doctest.DocTestParser().get_doctest(op.columns["doc"], {"cr": cr}, op.name, None, 0)
    said: list[str] = []
    assert doctest.DocTestRunner().run(example, out=said.append).failed == 0, "".join(said)


def test_rooms_are_not_shown():
    assert not {"api", "annotations", "base", "core", "ops", "see"} & set(dir(cr))
    assert not {"Any", "errors", "TYPE_CHECKING"} & {*dir(cr.nn), *dir(cr.nn.functional), *dir(cr.linalg)}


@pytest.mark.parametrize("name", ["cores", "_opps", "aapi", "_getattr", "bases", "_functoin", "erors", "type_checking"])
def test_what_is_near_is_never_private(name):
    for module in (cr, cr.nn, cr.nn.functional, cr.special, cr.linalg, cr.optim, cr.random, cr.amp):
        with pytest.raises(AttributeError) as e:
            getattr(module, name)
        near = str(e.value).partition("Near it: ")[2].rstrip(".").split(", ")
        assert not {n for n in near if n.startswith("_")} | ({*near} & {"core", "api", "base", "errors"}), e.value
