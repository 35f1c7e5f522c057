"""Every public function and method, called on a few arguments each: what comes out, so that machines can compare.

The same calls are made on this machine and in a browser's Python, whose indices have 32 bits (`test_lite_node.py`);
what a function refuses here it has to refuse there.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

import chainrule as cr

LEFT_OUT = {
    # about settings, files, threads, and chainrule's own reports
    "compile", "derive", "check", "explain", "picture", "page", "sweep", "minimize", "language", "load", "save", "seed",
    "initial_seed", "stand_in", "get_rng_state", "set_rng_state", "set_default_dtype", "set_printoptions", "data_ptr",
    "set_default_device", "set_num_threads", "set_num_interop_threads", "get_num_threads", "set_grad_enabled",
    "use_deterministic_algorithms", "set_warn_always", "set_flush_denormal", "set_float32_matmul_precision", "set_",
    "get_num_interop_threads", "storage", "untyped_storage", "typed_storage", "set_anomaly_enabled", "module_load",
    # what was in memory before
    "empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided", "resize_", "resize_as_",
    # singular vectors, whose signs are the library's choice
    "svd",
}  # fmt: skip
#: PyTorch refuses these for what is not floating; here NumPy's rules decide, which are no question of indices.
FLOATING = {"relu", "relu6", "leaky_relu", "softshrink", "kl_div"}

#: What NumPy gives in its index type, or takes as it: the first that goes wrong where that has 32 bits.
INDICES = {
    "argmax", "argmin", "argsort", "argwhere", "bincount", "combinations", "count_nonzero", "gather", "histc",
    "index_add", "index_select", "kthvalue", "max", "median", "min", "mode", "nonzero", "one_hot",
    "repeat_interleave", "scatter_add", "searchsorted", "sort", "take", "topk", "unique", "where",
}  # fmt: skip


def arguments() -> Iterator[tuple[Any, ...]]:
    """Fresh arguments for each kind of call."""
    f, m = cr.tensor([3.0, 1.0, 2.0, 1.0]), cr.tensor([[0.5, 2.0, -1.0], [4.0, 0.0, 2.5]])
    i, b = cr.tensor([2, 0, 1, 2]), cr.tensor([True, False, True, True])
    square = cr.tensor([[2.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 4.0]])
    rows, index = cr.tensor([[1, 0], [2, 2]]), cr.tensor([[1, 0, 1]])
    yield from ((f,), (m,), (i,), (b,), (square,), (cr.tensor(2.5),), (cr.tensor(2),), (i.int(),), (rows,))
    yield from ((m, 0), (m, 1), (m, -1), (i, 0), (i, 2), (f, 2), (b, 0), (m, 2, 1), (m, 1, 0), (m, 0, 1))
    yield from (
        (f, f),
        (i, i),
        (m, m),
        (f, i),
        (i, f),
        (m, b[:2]),
        (f, b),
        (b, b),
        (square, square),
        (m, 0.5),
        (i, 0.5),
    )
    yield from ((m, 0, i[1:3]), (m, 0, index), (m, 1, index), (m, 0, index, m[:1]), (m, 0, i[1:3], m), (b, f, f))
    yield from ((b, i, i), (3,), (2, 3), (0, 5), (0.0, 1.0, 5), ((2, 3),), (i.tolist(),), ([f, f],), ([i, i],))
    yield from ((m, (0, 1)), (m, [1]))


def functions() -> Iterator[tuple[str, Any]]:
    """(name, function) of all that is public."""
    owners = {"": cr, "Tensor.": cr.Tensor, "F.": cr.nn.functional, "linalg.": cr.linalg, "special.": cr.special}
    for prefix, owner in owners.items():
        for name in sorted(dir(owner)):
            thing = None if name.startswith("_") or name.rstrip("_") in LEFT_OUT else getattr(owner, name, None)
            if callable(thing) and not isinstance(thing, type) and name not in LEFT_OUT:
                yield prefix + name, thing


def told(result: Any) -> Any:
    """A result as lists, numbers and texts: of a tensor its dtype, its shape and its numbers."""
    if isinstance(result, cr.Tensor):
        a = result.detach().numpy()
        return [
            str(result.dtype),
            list(a.shape),
            told(a.ravel().tolist()) if a.dtype.kind == "c" else a.ravel().tolist(),
        ]
    if isinstance(result, (tuple, list)):
        return [told(part) for part in result]
    if isinstance(result, complex):  # JSON has none
        return ["complex", result.real, result.imag]
    return result if isinstance(result, (bool, int, float, str, type(None))) else type(result).__name__


def outcomes(short: bool = False) -> dict[str, Any]:
    """What each call gives; "refused" where it raises. `short` is for the functions of indices alone."""
    found: dict[str, Any] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name, function in functions():
            bare = name.rpartition(".")[2].rstrip("_")
            if short and bare not in INDICES:
                continue
            floating = bare in FLOATING
            for number, given in enumerate(arguments()):
                tensors = [x for x in given if isinstance(x, cr.Tensor)]
                if floating and not (tensors and all(map(cr.is_floating_point, tensors))):
                    continue
                cr.manual_seed(0)
                try:
                    found[f"{name} {number}"] = told(function(*given))
                except Exception:
                    found[f"{name} {number}"] = "refused"
    return found


def alike(a: Any, b: Any) -> bool:
    """The same kinds, and the same numbers but for the last digits of floats."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=2e-5, abs_tol=1e-6) or (a != a and b != b)
    return type(a) is type(b) and a == b
