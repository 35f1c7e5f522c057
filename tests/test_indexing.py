"""Indexing, gather and scatter, masks, fills and copies, against NumPy, formulas and PyTorch."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.engine import gradients

SEED = 20240607


def leaf(*shape: int, lib=cr):
    n = int(np.prod(shape))
    return lib.tensor((np.arange(n, dtype=np.float64).reshape(shape) + 1) / 4).requires_grad_()


def grads(y, *xs):
    weights = np.random.default_rng(SEED).standard_normal(tuple(y.shape))
    return [np.asarray(g) for g in gradients([y], list(xs), [cr.tensor(weights)], retain=True)], weights


# ------------------------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (0, "SelectBackward0"), (slice(1, 3), "SliceBackward0"), (slice(None), "SliceBackward0"),
        (None, "UnsqueezeBackward0"), (np.int64(2), "SelectBackward0"), (cr.tensor(1), "SelectBackward0"),
        (..., "AliasBackward0"), ((1, 2), "SelectBackward0"), ((slice(None), 1), "SelectBackward0"),
        ((0, slice(1, None)), "SliceBackward0"), ((..., -1), "SelectBackward0"), ([0, 1], "IndexBackward0"),
        (cr.tensor([True, False, True]), "IndexBackward0"),
    ],
)  # fmt: skip
def test_names_of_the_history(index, name):
    assert type(leaf(3, 3)[index].grad_fn).__name__ == name


def test_numbers_are_applied_before_arrays():
    x, a = cr.arange(24).reshape(2, 3, 4), np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(np.asarray(x[0, :, [0, 1]]), a[0][:, [0, 1]])  # NumPy itself puts the rows last
    assert x[0, :, [0, 1]].is_contiguous()


def test_a_list_of_masks_an_empty_list_and_bools():
    x = cr.arange(3)
    assert x[[True, False, True]].tolist() == [0, 2] and x[[]].tolist() == []
    assert x[True].tolist() == [[0, 1, 2]] and tuple(x[False].shape) == (0, 3)
    assert x[range(2)].tolist() == [0, 1] and x[cr.tensor([1, 0, 1], dtype=cr.uint8)].tolist() == [0, 2]


ERRORS = [
    (lambda x: x[5], IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[0, 0, 0], IndexError, "too many indices for tensor of dimension 2"),
    (lambda x: x[0, 0][0], IndexError, "invalid index of a 0-dim tensor"),
    (lambda x: x[::-1], ValueError, "step must be greater than zero"),
    (lambda x: x[1.0], IndexError, "only integers, slices"),
    (lambda x: x[cr.tensor([1.0])], IndexError, "tensors used as indices must be long, int, byte or bool tensors"),
    (lambda x: x[[7]], IndexError, "index 7 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[cr.tensor([True])], IndexError, r"The shape of the mask \[1\] at index 0 does not match"),
    (lambda x: x[[0, 1], [0, 1, 2]], IndexError, "shape mismatch: indexing tensors could not be broadcast together"),
    (lambda x: x.__setitem__(0, cr.ones(4)), RuntimeError, r"The expanded size of the tensor \(3\) must match .*\(4\)"),
    (lambda x: x.__setitem__([0], cr.ones(4)), RuntimeError, r"shape mismatch: value tensor of shape \[4\] cannot be"),
    (lambda x: x.__setitem__(0, [1.0]), TypeError, "can't assign a list to a torch.FloatTensor"),
    (lambda x: x.__setitem__(5, 1.0), IndexError, "index 5 is out of bounds"),
    (lambda x: x.gather(0, cr.tensor([[2]])), RuntimeError, "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda x: x.gather(0, cr.tensor([[-1]])), RuntimeError, "index -1 is out of bounds for dimension 0 with size 2"),
    (lambda x: x.gather(0, cr.tensor([0])), RuntimeError, "same number of dimensions as input"),
    (lambda x: x.gather(0, cr.tensor([[0.5]])), RuntimeError, "Expected dtype int32/int64 for index"),
    (lambda x: x.scatter(0, cr.tensor([[2]]), 1.0), RuntimeError, "index 2 is out of bounds"),
    (lambda x: x.scatter(0, cr.zeros(2, 3, dtype=cr.int64), x[:1]), RuntimeError, "to be no larger size than src"),
    (lambda x: x.index_select(0, cr.tensor([2])), IndexError, "out of"),
    (lambda x: x.index_select(0, cr.tensor([[0]])), IndexError, "supposed to be a vector"),
    (lambda x: x.index_add(0, cr.tensor([0]), x), RuntimeError, r"Number of indices \(1\) should be equal to"),
    (lambda x: x.index_add(0, cr.tensor([0]), x[:1].double()), RuntimeError, "must have the same scalar type"),
    (lambda x: x.take(cr.tensor([6])), IndexError, "tried to access index 6 on a tensor of 6 elements"),
    (lambda x: x.masked_fill(x, 1.0), RuntimeError, "only supports boolean masks"),
    (lambda x: x.masked_fill(x > 0, cr.ones(2)), RuntimeError, "0-dimensional value tensor"),
    (
        lambda x: x.masked_scatter(x == 0, cr.ones(2)),
        RuntimeError,
        "Number of elements of source < number of ones in mask",
    ),
    (lambda x: cr.where(x, x, x), RuntimeError, "expected condition to be a boolean tensor"),
    (lambda x: x.scatter_reduce(0, cr.tensor([[0]]), x, "max"), RuntimeError, "sum, prod, mean, amax or amin, got max"),
    (
        lambda x: x.index_put((cr.tensor([0]),), cr.ones(1).double()),
        RuntimeError,
        "source and destination dtypes match",
    ),
    (lambda x: x.copy_(cr.ones(4)), RuntimeError, r"The expanded size of the tensor \(3\) must match"),
    (lambda x: x.fill_(cr.ones(2)), RuntimeError, "only supports 0-dimension value tensor"),
]


@pytest.mark.parametrize("i", range(len(ERRORS)))
def test_errors_say_what_happened(i):
    f, error, words = ERRORS[i]
    with pytest.raises(error, match=words):
        f(cr.zeros(2, 3))


# -------------------------------------------------------------------------------------------------------------- writing


def test_setitem_converts_broadcasts_and_counts_versions():
    x = cr.zeros(2, 3, dtype=cr.int64)
    x[0] = 2.7
    x[1, 1:] = cr.tensor([5.0])
    x[x == 0] = -1
    assert x.tolist() == [[2, 2, 2], [-1, 5, 5]] and x._version == 3
    x[...] = cr.ones(1, 1, 3)
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]]
    s = cr.tensor(1.0)
    s[...] = 3.0
    s[()] = s + 1
    assert s.item() == 4 and s._version == 2


@pytest.mark.parametrize("index", [0, slice(1, 3), [2, 0], (slice(None), 1), (0, [1, 2]), ...])
def test_gradients_of_setitem(index):
    x, a = leaf(3, 3), np.asarray(leaf(3, 3).detach()).copy()
    v = cr.tensor(2.0, dtype=cr.float64, requires_grad=True)
    y = x * x
    y[index] = v
    (gx, gv), w = grads(y, x, v)
    mask = np.zeros((3, 3), bool)
    mask[index] = True
    np.testing.assert_array_equal(np.asarray(y.detach()), np.where(mask, 2.0, a * a))
    np.testing.assert_allclose(gx, np.where(mask, 0, 2 * a * w))
    np.testing.assert_allclose(gv, w[mask].sum())


def test_fill_zero_and_copy_keep_dtype_identity_and_count():
    for x in (cr.ones(3), cr.tensor(1.0), cr.ones(2, dtype=cr.int64), cr.tensor(True)):
        d, alias = x.dtype, x.detach()
        assert x.zero_() is x and x.sum().item() == 0 and alias.sum().item() == 0
        x.fill_(1)
        x.copy_(cr.tensor(0.0))
        assert x.dtype == d and x._version == 3 and alias.sum().item() == 0


def test_fill_diagonal():
    for shape, wrap in [((3, 3), False), ((7, 3), True), ((2, 2, 2), False)]:
        x, a = cr.zeros(*shape), np.zeros(shape)
        np.fill_diagonal(a, 5, wrap)
        np.testing.assert_array_equal(np.asarray(x.fill_diagonal_(5.0, wrap)), a)


# -------------------------------------------------------------------------------------- gather, scatter and their kin

INDEX = np.array([[0, 1, 0], [1, 1, 0]])


def test_gather_and_scatter_add_are_transposes():
    x = leaf(2, 3)
    y = x.gather(0, cr.tensor(INDEX))
    a = np.asarray(x.detach())
    np.testing.assert_array_equal(np.asarray(y.detach()), np.take_along_axis(a, INDEX, 0))
    (g,), w = grads(y, x)
    np.testing.assert_allclose(
        g, np.asarray(cr.zeros(2, 3, dtype=cr.float64).scatter_add(0, cr.tensor(INDEX), cr.tensor(w)))
    )


@pytest.mark.parametrize("how", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_scatter_reduce_against_a_loop_and_finite_differences(how, include_self):
    rng = np.random.default_rng(SEED)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    combine = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[how]

    def by_hand(a, b):
        out = a.copy()
        for i, j in np.ndindex(2, 3):
            there = [b[k, j] for k in range(2) if INDEX[k, j] == i]
            if there:
                out[i, j] = combine(there + [a[i, j]] * include_self)
        return out

    x, s = cr.tensor(a).requires_grad_(), cr.tensor(b).requires_grad_()
    y = x.scatter_reduce(0, cr.tensor(INDEX), s, how, include_self=include_self)
    np.testing.assert_allclose(np.asarray(y.detach()), by_hand(a, b))
    (gx, gs), w = grads(y, x, s)
    for got, which in ((gx, 0), (gs, 1)):
        for at in np.ndindex(2, 3):
            h = np.zeros((2, 3))
            h[at] = 1e-6
            up, down = (by_hand(*(p + k * h if i == which else p for i, p in enumerate((a, b)))) for k in (1, -1))
            np.testing.assert_allclose(got[at], ((up - down) * w).sum() / 2e-6, rtol=1e-5, atol=1e-8)


def test_products_with_zeros_have_gradients():
    x = cr.tensor([2.0, 0.0], requires_grad=True)
    s = cr.tensor([0.0, 3.0, 5.0], requires_grad=True)
    y = x.scatter_reduce(0, cr.tensor([0, 0, 1]), s, "prod")
    y.sum().backward()
    assert x.grad.tolist() == [0, 5] and s.grad.tolist() == [6, 0, 0]


def test_index_functions_against_numpy():
    x, s, v = leaf(3, 2), leaf(2, 2), cr.tensor(7.0, dtype=cr.float64, requires_grad=True)
    a, b, i = np.asarray(x.detach()), np.asarray(s.detach()), np.array([2, 0])
    t = cr.tensor(i)
    y = x.index_add(0, t, s, alpha=2)
    want = a.copy()
    want[i] += 2 * b
    np.testing.assert_allclose(np.asarray(y.detach()), want)
    (gx, gs), w = grads(y, x, s)
    np.testing.assert_allclose(gx, w)
    np.testing.assert_allclose(gs, 2 * w[i])
    y = x.index_copy(0, t, s)
    want = a.copy()
    want[i] = b
    np.testing.assert_allclose(np.asarray(y.detach()), want)
    (gx, gs), w = grads(y, x, s)
    np.testing.assert_allclose(gx, w * [[0], [1], [0]])
    np.testing.assert_allclose(gs, w[i])
    y = x.index_fill(0, cr.tensor([0, 0, -1]), v)
    (gx, gv), w = grads(y, x, v)
    np.testing.assert_allclose(gx, w * [[0], [1], [0]])
    np.testing.assert_allclose(gv, w[[0, 2]].sum())
    y = x.index_select(0, cr.tensor([1, 1]))
    (gx,), w = grads(y, x)
    np.testing.assert_allclose(gx[1], w.sum(0))


def test_masks():
    x, s = leaf(2, 2), leaf(3)
    m = np.array([[True, False], [True, True]])
    y = x.masked_scatter(cr.tensor(m), s)
    a, b = np.asarray(x.detach()).copy(), np.asarray(s.detach())
    a[m] = b
    np.testing.assert_array_equal(np.asarray(y.detach()), a)
    (gx, gs), w = grads(y, x, s)
    np.testing.assert_allclose(gx, np.where(m, 0, w))
    np.testing.assert_allclose(gs, w[m])
    (gx,), w = grads(x.masked_select(cr.tensor(m)), x)
    np.testing.assert_allclose(gx[m], w)
    assert gx[~m].tolist() == [0]
    assert cr.arange(3).masked_fill(cr.tensor([True, False, True]), 1.5).tolist() == [1, 1, 1]


def test_where_in_all_its_forms():
    x = cr.tensor([-1.0, 2.0], requires_grad=True)
    y = cr.where(x > 0, x, 0.0)
    assert y.tolist() == [0, 2] and y.dtype == cr.float32 and type(y.grad_fn).__name__ == "WhereBackward0"
    assert cr.where(x > 0, 1, 2).dtype == cr.int64 and cr.where(x > 0, 1, 2.0).dtype == cr.float32
    assert [i.tolist() for i in cr.where(cr.tensor([[0, 1], [1, 0]]))] == [[0, 1], [1, 0]]
    assert x.where(x > 0, -x).tolist() == [1, 2]
    assert tuple(cr.where(cr.tensor(True), 1.0, cr.zeros(3)).shape) == (3,)
    (g,) = gradients([cr.where(x > 0, x, 0.0)], [x], [cr.tensor([float("inf"), 1.0])])
    assert g.tolist() == [0, 1]  # 0 * inf would be NaN


def test_second_derivative_through_indexing():
    x = leaf(4)
    for f in (
        lambda x: x[[0, 0, 2]],
        lambda x: x[1:3],
        lambda x: x.gather(0, cr.tensor([3, 3])),
        lambda x: x.take(cr.tensor([1])),
    ):
        times = np.bincount(np.asarray(f(cr.arange(4))), minlength=4)
        (g,) = gradients([(f(x) ** 3).sum()], [x], [cr.tensor(1.0, dtype=cr.float64)], create_graph=True)
        (h,) = gradients([(g * x).sum()], [x], [cr.tensor(1.0, dtype=cr.float64)])
        np.testing.assert_allclose(np.asarray(h), 9 * times * np.asarray(x.detach()) ** 2)


# ---------------------------------------------------------------------------------------------------- against PyTorch


def _random_index(r: random.Random, shape):
    index, d = [], 0
    while d < len(shape) and len(index) < 4:
        n, kind = shape[d], r.randrange(10)
        if kind == 0 and ... not in [i for i in index if i is ...]:
            index.append(...)
            d = max(d, r.randrange(len(shape) + 1))
            if d > 0:
                break
        elif kind == 1:
            index.append(None)
        elif kind == 2:
            index.append(r.random() < 0.8)
        else:
            index.append(
                r.randrange(-n, n) if kind < 4
                else slice(r.choice([None, 1, -2]), r.choice([None, 2, -1]), r.choice([None, 1, 2])) if kind < 6
                else np.array([[r.randrange(-n, n)], [r.randrange(n)]]) if kind == 6
                else np.array([r.random() < 0.5 for _ in range(n)]) if kind == 7
                else np.array(r.randrange(n)) if kind == 8 else [r.randrange(n) for _ in range(2)]
            )  # fmt: skip
            d += 1
    return tuple(index)


def _outcome(lib, seed):
    r = random.Random(seed)
    shape = tuple(r.choice([1, 2, 3]) for _ in range(r.choice([1, 2, 3])))
    index = tuple(lib.tensor(i) if isinstance(i, np.ndarray) else i for i in _random_index(r, shape))
    x = leaf(*shape, lib=lib)
    run = gradients if lib is cr else __import__("torch").autograd.grad
    try:
        y = x[index]
        weights = lib.tensor(np.random.default_rng(seed).standard_normal(tuple(y.shape)))
        (g,) = run([y], [x], [weights])
        z = x * 1
        z[index] = 2.5
        (h,) = run([z], [x], [lib.ones_like(x)])
    except (IndexError, RuntimeError) as e:
        return type(e).__name__, str(e)[:30]
    return y._is_view(), [np.asarray(t.detach()) for t in (y, g, z, h)]


def test_random_indices_agree_with_torch():
    torch = pytest.importorskip("torch")
    print("seed", SEED)
    worked = 0
    for seed in range(SEED, SEED + 500):
        theirs, ours = _outcome(torch, seed), _outcome(cr, seed)
        assert theirs[0] == ours[0], (seed, theirs, ours)
        if isinstance(theirs[0], bool):
            worked += 1
            for a, b in zip(theirs[1], ours[1]):
                np.testing.assert_allclose(b, a, err_msg=str(seed))
        else:
            assert theirs == ours, seed
    assert worked > 300


def _written(x, i, y):
    z = x.clone()
    z[i] = y
    return z


# What several values are written to keeps the last of them: the others have slope 0. (PyTorch hands each the gradient
# of the place, which is the slope of none of them: its documentation leaves the case open.)
WRITES = {
    "index_put": lambda x, i, y: x.index_put((i,), y),
    "index_put of rows": lambda x, i, y: x.reshape(2, 2).index_put((i % 2,), y[:, None]).reshape(4),
    "x[i] = y": _written,
    "scatter": lambda x, i, y: x.scatter(0, i, y),
    "scatter of fewer": lambda x, i, y: x.scatter(0, i[:3], y),
    "scatter in columns": lambda x, i, y: x.reshape(2, 2).scatter(0, i.reshape(2, 2) % 2, y.reshape(2, 2)).reshape(4),
    "index_copy": lambda x, i, y: x.index_copy(0, i, y),
    "put": lambda x, i, y: x.put(i, y),
}


@pytest.mark.parametrize("name", WRITES)
def test_the_last_of_several_values_for_one_place_has_its_slope(name):
    i = cr.tensor([2, 0, 2, 2])

    def f(y):
        z = WRITES[name](y * 0.5, i, y * y)
        return (z * z * cr.tensor([1.0, 2.0, 3.0, 4.0], dtype=cr.float64)).sum()

    y = leaf(4)
    step = 1e-5 * np.eye(4)
    slopes = [(f(y.detach() + cr.tensor(s)) - f(y.detach() - cr.tensor(s))).item() / 2e-5 for s in step]
    np.testing.assert_allclose(
        np.asarray(gradients([f(y)], [y], [cr.tensor(1.0, dtype=cr.float64)])[0]), slopes, rtol=1e-8
    )
    pushed = [cr.func.jvp(f, (y.detach(),), (cr.tensor(e),))[1].item() for e in np.eye(4)]
    np.testing.assert_allclose(pushed, slopes, rtol=1e-8)
    second = [
        (cr.func.grad(f)(y.detach() + cr.tensor(s)) - cr.func.grad(f)(y.detach() - cr.tensor(s))).numpy() / 2e-5
        for s in step
    ]
    np.testing.assert_allclose(cr.func.hessian(f)(y.detach()).numpy(), second, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("value", [cr.inf, -cr.inf, cr.nan])
def test_what_is_not_finite_is_written_into_integers_as_it_is_converted(value):
    x = cr.zeros(2, 2, dtype=cr.int64)
    x[0], x[1, 0] = cr.tensor(value), cr.tensor(value)
    x[1, 1:] = cr.tensor([value])
    assert (x == cr.tensor(value).to(cr.int64)).all()


@pytest.mark.parametrize("dtype", [cr.float32, cr.int64, cr.uint8])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_index_add_of_every_dtype_and_dimension(dtype, dim):
    x, src = cr.zeros(2, 3, 2, dtype=dtype), cr.arange(12).reshape(2, 3, 2).to(dtype)
    index = [1, 1, 0][: x.shape[dim]]
    right = np.zeros((2, 3, 2))
    for i, place in enumerate(index):
        right[(slice(None),) * (dim % 3) + (place,)] += src.numpy().take(i, dim)
    assert x.index_add(dim, cr.tensor(index), src).tolist() == right.tolist()


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64"])
def test_narrow_positions_reach_far(kind: str) -> None:
    x = cr.zeros(100, 30, dtype=cr.float64, requires_grad=True)
    index = cr.tensor(np.array([99, 0, -1, 7], kind))
    (x[index] * cr.arange(4.0, dtype=cr.float64)[:, None]).sum().backward()
    assert [x.grad[i, 5].item() for i in (99, 0, 7)] == [2, 1, 3] and x.grad.sum().item() == 6 * 30


@pytest.mark.parametrize(
    ("dtype", "value", "stored"), [("int8", 252, -4), ("uint8", -3, 253), ("uint8", 300, 44), ("int16", 70000, 4464)]
)
def test_what_a_tensor_holds_goes_round_where_it_does_not_fit(dtype, value, stored):
    given = cr.tensor(value, dtype=cr.int64)
    for index in (slice(None), 0, ..., (slice(0, 2),)):
        x = cr.zeros(3, dtype=getattr(cr, dtype))
        x[index] = given
        assert x[0] == stored and x.dtype == getattr(cr, dtype)


@pytest.mark.parametrize("value", [300, 300.7, float("inf"), float("nan"), -129])
def test_numbers_that_do_not_fit_are_refused_and_nothing_is_written(value):
    x, mask = cr.zeros(3, dtype=cr.int8), cr.tensor([True, False, True])
    given = cr.tensor(value)
    writes = [partial(x.__setitem__, index, value) for index in (0, slice(None), mask, cr.tensor([0, 2]))]
    writes += [
        lambda: x.__setitem__(mask, given), lambda: x.__setitem__(x == 0, given.reshape(1)),
        lambda: x.__setitem__(mask, given.double().requires_grad_()),
        lambda: x.masked_fill_(mask, given), lambda: x.masked_fill(mask, value),
        lambda: x.index_fill_(0, cr.tensor([1]), given), lambda: x.fill_(value),
    ]  # fmt: skip
    for write in writes:
        with pytest.raises(RuntimeError, match=r"converted to type .*int8.* without overflow"):
            write()
    assert x.tolist() == [0, 0, 0]
