"""Functions as C99 and JavaScript: built without a warning, and the same numbers as eager mode."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.export import NotExported
from chainrule.func.trees import flatten

pytest.importorskip("llvmlite")
RNG = np.random.default_rng(8)
W = cr.tensor(RNG.uniform(-1, 1, (3, 2)), dtype=cr.float64)


def logistic(t: Any) -> Any:
    y = t[0]
    for k in range(20):
        y = y + 0.1 * t[1] * y * (1 - y) + 0.01 * k
    return y


CASES: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "rosenbrock": (lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(), [(3,)]),
    "network": (lambda x, b: cr.tanh(W @ x + b).exp().mean() + cr.softmax(b, 0)[0], [(2,), (3,)]),
    "branches": (lambda x, y: (cr.where(x > y, x.sin() ** 3, cr.maximum(x, y).sqrt()) / (1 + y)).sum(), [(4,), ()]),
    "loop": (logistic, [(2,)]),
    "scan": (lambda x: cr.func.scan(lambda c, v: (c * v.cos(), c), x[0], x)[0], [(5,)]),
    "exp": (lambda exp, double: (exp.log1p() * double).expm1(), [(), ()]),
}  # fmt: skip


def wanted(f: Any, tensors: list[Any]) -> dict[str, list[Any]]:
    every = tuple(range(len(tensors)))
    found = {"": f(*tensors), "_gradient": cr.func.grad(f, argnums=every)(*tensors)}
    found |= {"_jacobian": cr.func.jacrev(f, argnums=every)(*tensors)}
    found |= {"_hessian": cr.func.hessian(f, argnums=every)(*tensors)}
    return {part: [np.ascontiguousarray(t.numpy()) for t in flatten(got)[0]] for part, got in found.items()}


@pytest.mark.parametrize("kind", ["double", "float"])
def test_c(tmp_path: Path, kind: str) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    dtype = {"double": cr.float64, "float": cr.float32}[kind]
    for name, (f, sizes) in CASES.items():
        if kind == "float" and name == "network":
            continue  # W is of doubles
        tensors = [cr.tensor(RNG.uniform(0.2, 0.9, n), dtype=dtype) for n in sizes]
        file = tmp_path / f"{name}.c"
        cr.compile(f).export(file, *tensors, dtype=kind, jacobian=True, hessian=True)
        flags = "-std=c99 -pedantic -O1 -Wall -Wextra -Werror -shared -fPIC -o".split()
        built = subprocess.run([compiler, *flags, f"{file}.so", file, "-lm"], capture_output=True, text=True)
        assert not built.returncode, built.stderr
        library = ctypes.CDLL(f"{file}.so")
        function = "exp_" if name == "exp" else name
        for part, want in wanted(f, tensors).items():
            given = [np.ascontiguousarray(t.numpy()) for t in tensors]
            out = [np.full(a.shape, np.nan, a.dtype) for a in want]
            library[function + part](*[a.ctypes.data_as(ctypes.c_void_p) for a in (*given, *out)])
            for a, b in zip(out, want):
                tolerance = 1e-12 if kind == "double" else 2e-4
                np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=name + part)


def test_javascript(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here")
    for name in ("rosenbrock", "network", "loop"):
        f, sizes = CASES[name]
        tensors = [cr.tensor(RNG.uniform(0.2, 0.9, n), dtype=cr.float64) for n in sizes]
        file = tmp_path / f"{name}.js"
        cr.compile(f).export(file, *tensors)
        want = wanted(f, tensors)["_gradient"]
        given = [t.numpy().ravel().tolist() for t in tensors]
        code = f"const d = {json.dumps([[0]] * len(want))}; require({json.dumps(str(file))}).{name}_gradient("
        code += f"...{json.dumps(given)}, ...d); console.log(JSON.stringify(d))"
        ran = subprocess.run([node, "-e", code], capture_output=True, text=True)
        assert not ran.returncode, ran.stderr
        for a, b in zip(json.loads(ran.stdout), want):
            np.testing.assert_allclose(a, b.ravel(), rtol=1e-12, atol=1e-14)


def test_what_cannot_be_exported_is_refused_before_a_file_is_written(tmp_path: Path) -> None:
    square, x = cr.ones(2, 2, dtype=cr.float64), cr.ones(2, dtype=cr.float64)
    refused: list[tuple[Any, list[Any], dict[str, Any], str]] = [
        (lambda a: cr.linalg.eigvalsh(a).sum(), [square], {}, "eigh"),
        (lambda a: a.digamma().sum(), [x], {"gradient": False}, "digamma"),
        (lambda a: a + cr.randn(2), [x], {}, "random"),
        (lambda a: a.mul_(2), [x], {}, "in place"),
        (lambda a: a * 2, [x], {"gradient": True}, "jacobian=True"),
        (lambda a: a * 2, [], {}, "shapes"),
    ]
    for f, args, options, why in refused:
        with pytest.raises(NotExported, match=why):
            cr.compile(f).export(tmp_path / "f.c", *args, **options)
    with pytest.raises(ValueError, match=r"\.c and \.js"):
        cr.compile(lambda a: a).export(tmp_path / "f.py", x)
    with pytest.raises(ValueError, match="double"):
        cr.compile(lambda a: a).export(tmp_path / "f.c", x, dtype="half")
    assert not [*tmp_path.iterdir()]
