"""Products of vectors, matrices and stacks of them, with PyTorch's checks and names.

The product of float matrices and vectors is what a small network spends its time on, so `matmul` starts with that case
written out: a type check, a BLAS call, a node. Everything else goes through `_product`, which checks shapes and dtypes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.einsum import Labels, contract_all, kind
from chainrule.api.public import FUNCTIONS, in_place, named, public
from chainrule.base import dtypes, errors, shapes
from chainrule.base.dtypes import F32, F64
from chainrule.core.dispatch import apply
from chainrule.core.inplace import into
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, NO_GRAD
from chainrule.core.tape import Meta, Node, numbers
from chainrule.core.tensor import LEAF, Tensor, new
from chainrule.ops import contract as ops
from chainrule.ops import views

LINALG: dict[str, Any] = {}  # the namespace of `chainrule.linalg`
ndarray = np.ndarray
_LABELS = {(2, 2): "MmBackward0", (2, 1): "MvBackward0", (1, 2): "SqueezeBackward4", (1, 1): "DotBackward0"}
_MATMUL = ops.matmul


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two vectors, matrices, or stacks of matrices, whose leading dimensions broadcast.

    input: shape (..., n, k) or (k,); other: shape (..., k, m) or (k,), of the same dtype.
    Returns shape (..., n, m), without the dimensions that a vector does not have.
    Raises RuntimeError where shapes or dtypes do not fit.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.], [3., 4.]]) @ cr.tensor([1., 1.])
    tensor([3., 7.])
    """
    m = MODE.get()
    if (m is None or m is NO_GRAD) and out is None:
        try:
            a, b = input._a, other._a
        except AttributeError:
            return _product(input, other)
        if type(a) is ndarray and type(b) is ndarray:
            d, p, q = a.dtype, a.shape, b.shape
            if d is b.dtype and (d is F32 or d is F64) and 0 < len(p) < 3 and 0 < len(q) < 3 and p[-1] == (k := q[0]):
                r = new(Tensor)
                r._a = a.dot(b) if k != 1 else ops.single(a, b)
                r._v = None
                x, y = input._g, other._g
                if m is not None or (x is None and y is None):
                    r._g = None
                    return r
                if (x is None and input._frozen) or (y is None and other._frozen):
                    return _product(input, other)  # which refuses an inference tensor, as it is to be kept
                if x is None:
                    r._g = Node(_MATMUL, (None, other if y is LEAF else y), (a, Meta(b), None), (input, None))
                elif y is None:
                    r._g = Node(_MATMUL, (input if x is LEAF else x, None), (Meta(a), b, None), (None, other))
                else:
                    edges = (input if x is LEAF else x, other if y is LEAF else y)
                    r._g = Node(_MATMUL, edges, (a, b, None), (input, other))
                if len(p) + len(q) != 4:
                    r._g.label = _LABELS[len(p), len(q)]
                return r
    return into(out, _product(input, other), converts=False)  # type: ignore[no-any-return]


def _product(x: Any, y: Any) -> Any:
    """matmul in general: dimension by dimension as PyTorch splits it, with its complaints."""
    _tensors("matmul", x, y)
    p, q = tuple(x._a.shape), tuple(y._a.shape)
    if not p or not q:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {len(p)}D and {len(q)}D")
    if len(p) == 1 and len(q) == 1:
        return dot(x, y)
    if len(p) == 2 and len(q) == 1:
        return mv(x, y)
    _check_dtypes(x, y)
    if len(q) <= 2:
        rows = shapes.numel(p[:-1]) if len(p) > 1 else 1
        if p[-1] != q[0]:
            columns = q[1] if len(q) > 1 else 1
            said = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{p[-1]} and {q[0]}x{columns})"
            raise RuntimeError(f"{said}: {errors.products_do_not_fit(p, q)}")
    else:
        stack = shapes.broadcast(p[:-2], q[:-2])
        if p[-1] != q[-2]:
            n = shapes.numel(stack)
            raise RuntimeError(
                f"Expected size for first two dimensions of batch2 tensor to be: [{n}, {p[-1]}] but got: "
                f"[{n}, {q[-2]}]."
            )
    return apply(_MATMUL, (x, y), {}, _LABELS.get((len(p), len(q)), "UnsafeViewBackward0"))


def _tensors(name: str, x: Any, y: Any, second: str = "other") -> None:
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        return
    for i, (t, which) in enumerate(((x, "input"), (y, second))):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{which}' (position {i + 1}) must be Tensor, not {type(t).__name__}")


def _check_dtypes(x: Tensor, y: Tensor) -> None:
    a, b = x._a.dtype, y._a.dtype
    if a != b:
        names = [dtypes.C_NAMES.get(d.name, d.name) for d in (a, b)]
        said = f"expected m1 and m2 to have the same dtype, but got: {' != '.join(names)}"
        raise RuntimeError(errors.two_dtypes(said))
    if a.kind == "b":
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")


def _at(self: Tensor, other: Any) -> Any:
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


Tensor.matmul, Tensor.__matmul__ = matmul, _at  # type: ignore[method-assign, assignment]
Tensor.__rmatmul__ = lambda self, other: NotImplemented  # type: ignore[method-assign]
Tensor.__imatmul__ = in_place(matmul, "matmul_")  # type: ignore[method-assign, assignment]
FUNCTIONS["matmul"] = LINALG["matmul"] = matmul

# -------------------------------------------------------------------------------------------- of a given dimensionality


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, (n, k) and (k, m), without broadcasting."""
    _tensors("mm", input, mat2, "mat2")
    if len(input._a.shape) != 2 or len(mat2._a.shape) != 2:
        _matrices(input, mat2, "self", "mat2")
    return matmul(input, mat2, out=out)


Tensor.mm = FUNCTIONS["mm"] = mm  # type: ignore[method-assign, assignment]


def _matrices(x: Tensor, y: Tensor, one: str, two: str) -> None:
    for t, which in ((x, one), (y, two)):
        if len(t._a.shape) != 2:
            raise RuntimeError(f"{which} must be a matrix (got shape {list(t._a.shape)})")


@public()
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (n, k) and a vector (k,)."""
    _tensors("mv", input, vec, "vec")
    p, q = tuple(input._a.shape), tuple(vec._a.shape)
    if len(p) != 2 or len(q) != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {len(p)}, {len(q)}")
    if input._a.dtype != vec._a.dtype:
        names = kind(vec._a.dtype), kind(input._a.dtype), kind(vec._a.dtype)
        raise RuntimeError("addmv input tensors must have the same dtype, but got {}, {}, and {}".format(*names))
    _check_dtypes(input, vec)
    if p[1] != q[0]:
        raise RuntimeError(f"size mismatch, got input ({p[0]}), mat ({p[0]}x{p[1]}), vec ({q[0]})")
    return apply(_MATMUL, (input, vec), {}, "MvBackward0")  # type: ignore[no-any-return]


@public()
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two stacks of matrices, (b, n, k) and (b, k, m)."""
    _tensors("bmm", input, mat2, "mat2")
    p, q = tuple(input._a.shape), tuple(mat2._a.shape)
    for s, which in ((p, "batch1"), (q, "batch2")):
        if len(s) != 3:
            raise RuntimeError(f"{which} must be a 3D tensor (got shape {list(s)})")
    if p[0] != q[0] or p[2] != q[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{p[0]}, {p[2]}] but got: "
            f"[{q[0]}, {q[1]}]."
        )
    if input._a.dtype != mat2._a.dtype:
        raise RuntimeError(f"expected scalar type {kind(input._a.dtype)} but found {kind(mat2._a.dtype)}")
    return apply(_MATMUL, (input, mat2), {}, "BmmBackward0")  # type: ignore[no-any-return]


@public()
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors of the same length."""
    _tensors("dot", input, tensor, "tensor")
    p, q = tuple(input._a.shape), tuple(tensor._a.shape)
    if len(p) != 1 or len(q) != 1:
        raise RuntimeError(f"1D tensors expected, but got {len(p)}D and {len(q)}D tensors")
    if input._a.dtype != tensor._a.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{kind(input._a.dtype)} and {kind(tensor._a.dtype)}"
        )
    if p != q:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{p[0]}] and src [{q[0]}] to have the same number of elements, "
            f"but got {p[0]} and {q[0]} elements respectively"
        )
    if input._a.dtype.kind == "b":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")
    return apply(_MATMUL, (input, tensor), {}, "DotBackward0")  # type: ignore[no-any-return]


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The inner product of two vectors, the first one conjugated; for real numbers the same as `dot`."""
    first = REGISTRY["conj"](input) if input._a.dtype.kind == "c" else input
    return named(dot(first, other), "VdotBackward0")


@public("ger", converts=True)
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of all products of elements of two vectors."""
    _tensors("outer", input, vec2, "vec2")
    for x, which in ((input, "self"), (vec2, "vec2")):
        if len(x._a.shape) != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {which}, but got {len(x._a.shape)}-D")
    return views.unsqueeze(input, dim=1) * vec2  # type: ignore[operator]


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products over the last dimension of both; the remaining dimensions side by side."""
    _tensors("inner", input, other)
    p, q = tuple(input._a.shape), tuple(other._a.shape)
    if not p or not q:
        return input * other  # type: ignore[operator]
    if p[-1] != q[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(p)} and {list(q)}"
        )
    return tensordot(input, other, dims=([-1], [-1]))


@public(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sum products over pairs of dimensions: the last `dims` of a with the first of b, or two lists of dimensions.

    >>> import chainrule as cr
    >>> cr.tensordot(cr.ones(2, 3, 4), cr.ones(3, 4, 5), dims=2).shape
    torch.Size([2, 5])
    """
    _tensors("tensordot", a, b)
    p, q = tuple(a._a.shape), tuple(b._a.shape)
    if isinstance(dims, Tensor):
        dims = numbers(dims).tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(len(p), len(q)):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        dims = list(range(len(p) - dims, len(p))), list(range(dims))
    one, two = ([shapes.dim_index(d, n) for d in ds] for ds, n in zip(dims, (len(p), len(q))))
    if len(one) != len(two):
        raise RuntimeError("both dimension lists should have same length")
    for i, j in zip(one, two):
        if p[i] != q[j] and 1 not in (p[i], q[j]):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {p[i]} in dim {i} and second has size "
                f"{q[j]} in dim {j}"
            )
    names_b: Labels = [one[two.index(j)] if j in two else len(p) + j for j in range(len(q))]
    out = [*(i for i in range(len(p)) if i not in one), *(c for c in names_b if c >= len(p))]
    return contract_all([a, b], [list(range(len(p))), names_b], out)


@public(where=LINALG)
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of a chain of matrices in the order that takes the fewest multiplications.

    tensors: at least two matrices that fit; the first and the last may be vectors.
    """
    xs = list(tensors)
    if len(xs) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(xs)))
    first, last = len(xs[0]._a.shape) == 1, len(xs[-1]._a.shape) == 1
    if first:
        xs[0] = views.unsqueeze(xs[0], dim=0)
    if last:
        xs[-1] = views.unsqueeze(xs[-1], dim=1)
    for i, x in enumerate(xs):
        if len(x._a.shape) != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {len(x._a.shape)}D")
    out = _chain(xs, _splits([x._a.shape[0] for x in xs] + [xs[-1]._a.shape[1]]), 0, len(xs) - 1)
    if first or last:
        out = views.reshape(out, shape=tuple(n for n, gone in zip(out._a.shape, (first, last)) if not gone))
    return out


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to cut each stretch of a matrix chain: dynamic programming over the lengths."""
    n = len(sizes) - 1
    cost: dict[tuple[int, int], int] = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return cut


def _chain(xs: list[Tensor], cut: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return xs[i]
    k = cut[i, j]
    return matmul(_chain(xs, cut, i, k), _chain(xs, cut, k + 1, j))


@public(method=False)
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of matrices in the cheapest order; see `linalg.multi_dot`."""
    return views.clone(matrices[0]) if len(matrices) == 1 else multi_dot(matrices)  # type: ignore[no-any-return]


@public(converts=True)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of `input` replaced by its product with the whole of `other`."""
    n = max(len(input._a.shape), len(other._a.shape))
    p, q = ((1,) * (n - len(x._a.shape)) + tuple(x._a.shape) for x in (input, other))
    a = views.reshape(input, shape=tuple(s for n in p for s in (n, 1)))
    b = views.reshape(other, shape=tuple(s for n in q for s in (1, n)))
    return named(views.reshape(a * b, shape=tuple(s * t for s, t in zip(p, q))), "UnsafeViewBackward0")


@public(where=LINALG)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner products of vectors that lie along a dimension; the others broadcast."""
    if x._a.dtype.kind == "c":
        x = REGISTRY["conj"](x)
    if x._a.dtype is not y._a.dtype:
        said = " and ".join(f"{n} of type {kind(v._a.dtype)}" for n, v in (("x", x), ("y", y)))
        raise RuntimeError(f"linalg.vecdot: Expected x and y to have the same dtype, but found {said} instead")
    both: Any = x * y  # type: ignore[operator]
    return named(both.sum(dim), "SumBackward1")


@public()
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross products of vectors of length 3 along a dimension (by default the first of size 3)."""
    if dim is None:
        full = shapes.broadcast(input._a.shape, other._a.shape)
        if 3 not in full:
            raise RuntimeError(f"no dimension of size 3 in input (shape {list(full)})")
        dim = full.index(3)
    return cross_along(input, other, dim)


def cross_along(x: Tensor, y: Tensor, dim: int) -> Tensor:
    """The cross products of vectors that lie along `dim`."""
    p, q = tuple(x._a.shape), tuple(y._a.shape)
    if len(p) != len(q):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = shapes.dim_index(dim, len(p))
    if p[d] != 3 or q[d] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {p[d]} and {q[d]}")
    shapes.broadcast(p, q)
    return ops.cross(x, y, dim=d)  # type: ignore[no-any-return]
