"""What is changed between use and backward: operands that hold positions, masks, classes; views made under no_grad;
gradients that are retained. A gradient is that of what was computed, or it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

F = cr.nn.functional


def leaf(*shape: int) -> Any:
    return cr.arange(1.0, 1.0 + int(np.prod(shape))).reshape(shape).sin().detach().requires_grad_()


def changed_copy(x: Any, change: Callable[[Any], Any]) -> Any:
    x = x.clone()
    change(x)
    return x


# name: what is computed from x (4, 3) and an operand; the operand
OPERANDS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "x[i]": (lambda x, i: x[i], [3, 1]),
    "x[:, i]": (lambda x, i: x[:, i], [2, 1]),
    "x[i, i]": (lambda x, i: x[i, i], [2, 1]),
    "x[i] = v": (lambda x, i: changed_copy(x, lambda y: y.__setitem__(i, y[:2] * 3)), [3, 1]),
    "x[mask]": (lambda x, i: x[i > 0], [1, 0, 1, 1]),
    "x[m]": (lambda x, m: x[m], [True, False, True, True]),
    "x[m] = v": (lambda x, m: changed_copy(x, lambda y: y.__setitem__(m, 3.0)), [True, False, True, True]),
    "index_put": (lambda x, i: x.index_put((i,), x[:2] * 2), [3, 1]),
    "index_put_": (lambda x, i: changed_copy(x, lambda y: y.index_put_((i,), y[:2] * 2, True)), [3, 1]),
    "gather": (lambda x, i: x.gather(0, i), [[3, 1, 2]]),
    "scatter": (lambda x, i: x.scatter(0, i, x[:1] * 2), [[3, 1, 2]]),
    "scatter_": (lambda x, i: changed_copy(x, lambda y: y.scatter_(0, i, 5.0)), [[3, 1, 2]]),
    "scatter_add": (lambda x, i: x.scatter_add(0, i, x[:1] * 2), [[3, 1, 2]]),
    "scatter_reduce": (lambda x, i: x.scatter_reduce(0, i, x[:1] * 2, "prod"), [[3, 1, 2]]),
    "index_select": (lambda x, i: x.index_select(0, i), [3, 1]),
    "index_add": (lambda x, i: x.index_add(0, i, x[:2] * 2), [3, 1]),
    "index_add_": (lambda x, i: changed_copy(x, lambda y: y.index_add_(0, i, y[:2] * 2)), [3, 1]),
    "index_copy": (lambda x, i: x.index_copy(0, i, x[:2] * 2), [3, 1]),
    "index_fill": (lambda x, i: x.index_fill(0, i, 2.0), [3, 1]),
    "index_reduce": (lambda x, i: x.index_reduce(0, i, x[:2] * 2, "amax"), [3, 1]),
    "take": (lambda x, i: x.take(i), [7, 1]),
    "put": (lambda x, i: x.put(i, x.reshape(-1)[:2] * 2), [7, 1]),
    "take_along_dim": (lambda x, i: x.take_along_dim(i, 0), [[3, 1, 2]]),
    "repeat_interleave": (lambda x, i: x.repeat_interleave(i, 0), [2, 1, 0, 3]),
    "masked_select": (lambda x, m: x.masked_select(m), [True, False, False]),
    "masked_fill": (lambda x, m: x.masked_fill(m, 2.0), [True, False, False]),
    "masked_scatter": (lambda x, m: x.masked_scatter(m, x * 2), [True, False, False]),
    "where": (lambda x, m: cr.where(m, x, x * 2), [True, False, False]),
    "embedding": (lambda x, i: F.embedding(i, x), [3, 1, 1]),
    "cross_entropy": (lambda x, i: F.cross_entropy(x, i), [0, 1, 2, 1]),
    "nll_loss": (lambda x, i: F.nll_loss(x, i), [0, 1, 2, 1]),
    "multi_margin_loss": (lambda x, i: F.multi_margin_loss(x, i), [0, 1, 2, 1]),
    "multilabel_margin_loss": (lambda x, i: F.multilabel_margin_loss(x[0], i), [2, 0, -1]),
    "max_unpool1d": (lambda x, i: F.max_unpool1d(x[None], i.expand(1, 4, 3), 2), [4, 0, 2]),
}


@pytest.mark.parametrize("name", OPERANDS)
def test_an_operand_of_positions_that_is_changed_before_backward(name: str) -> None:
    f, numbers = OPERANDS[name]
    x = leaf(4, 3)
    right = cr.autograd.grad((f(x, cr.tensor(numbers)) ** 2).sum(), x)[0]
    operand = cr.tensor(numbers)
    loss = (f(x, operand) ** 2).sum()
    operand.copy_(operand.flip(-1))
    assert not cr.equal(operand, cr.tensor(numbers))
    try:
        got = cr.autograd.grad(loss, x)[0]
    except RuntimeError as e:
        assert "modified by an inplace operation" in str(e)
        assert "copy_" in str(e)
        return
    np.testing.assert_array_equal(got.numpy(), right.numpy())


# What gives places beside values: the places are the user's to change, but not before backward.
PLACES: dict[str, Callable[[Any], Any]] = {
    "max": lambda x: x.max(0),
    "min, kept": lambda x: x.min(1, keepdim=True),
    "sort": lambda x: x.sort(0),
    "topk": lambda x: x.topk(2),
    "kthvalue": lambda x: x.kthvalue(2, 0),
    "median": lambda x: x.median(0),
    "mode": lambda x: x.mode(0),
    "cummax": lambda x: x.cummax(0),
    "max_pool1d": lambda x: F.max_pool1d(x, 2, return_indices=True),
    "max_pool2d, batched": lambda x: F.max_pool2d(x[None, None], 2, return_indices=True),
    "adaptive_max_pool1d": lambda x: F.adaptive_max_pool1d(x, 2, return_indices=True),
}


@pytest.mark.parametrize("name", PLACES)
def test_places_that_are_changed_before_backward(name: str) -> None:
    x = leaf(4, 3)
    right = cr.autograd.grad((PLACES[name](x)[0] ** 2).sum(), x)[0]
    values, places = PLACES[name](x)
    places.zero_()
    try:
        got = cr.autograd.grad((values**2).sum(), x)[0]
    except RuntimeError as e:
        assert "modified by an inplace operation" in str(e)
        return
    np.testing.assert_array_equal(got.numpy(), right.numpy())


def test_an_array_as_index_may_change() -> None:
    x, rows = leaf(4, 3), np.array([3, 1])
    y = x[rows]
    rows[:] = 0
    y.sum().backward()
    assert x.grad.sum(1).tolist() == [0, 3, 0, 3]


@pytest.mark.parametrize("change", ["mul_", "zero_", "fill_", "copy_", "setitem", "sin_", "+="])
def test_a_view_made_under_no_grad_is_not_changed_outside(change: str) -> None:
    x, s = cr.tensor([1.0, 2.0], requires_grad=True), cr.tensor(3.0, requires_grad=True)
    y = x * 2
    with cr.no_grad():
        v = y[:1]
        w = y.view(2)
    for part in (v, w, v[:]):
        with pytest.raises(RuntimeError, match="created in no_grad mode"):
            _change(part, change, s)
    (y**2).sum().backward()
    assert x.grad.tolist() == [8.0, 16.0]  # nothing was changed


def test_a_view_of_a_leaf_made_under_no_grad_is_not_changed_outside() -> None:
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    with cr.no_grad():
        v = x[:1]
        v.mul_(2)  # inside, it may be
    with pytest.raises(RuntimeError, match="created in no_grad mode"):
        v.mul_(3)
    assert x.tolist() == [2.0, 2.0]


def test_a_view_of_no_history_made_under_no_grad_may_be_changed_outside() -> None:
    y = cr.zeros(2)
    with cr.no_grad():
        v = y[:1]
    v.add_(1)
    assert y.tolist() == [1.0, 0.0]
    with pytest.raises(RuntimeError, match="created in no_grad mode"):
        v.mul_(cr.tensor(2.0, requires_grad=True))


def _change(v: Any, change: str, s: Any) -> None:
    if change == "setitem":
        v[0] = 5.0
    elif change == "+=":
        v += 1.0
    else:
        getattr(v, change)(*{"mul_": (s,), "fill_": (2.0,), "copy_": (cr.zeros(1),)}.get(change, ()))


def test_a_retained_gradient_is_that_of_the_last_value() -> None:
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    first, second, seen = y[:1], y[0:2], []
    for t in (y, first, second):
        t.retain_grad()
    y.register_hook(lambda g: seen.append(g.tolist()))
    first.mul_(3)
    second.mul_(5)
    y.sum().backward()
    # The views as they are now have no part in y's sum; the hook stays with the value that it was given for.
    assert (y.grad.tolist(), first.grad, second.grad) == ([1.0, 1.0], None, None)
    assert seen == [[15.0, 5.0]]
    assert x.grad.tolist() == [30.0, 10.0]


def test_tangents_follow_changes_of_shape_and_value() -> None:
    fwd = cr.autograd.forward_ad
    with fwd.dual_level():
        v = fwd.make_dual(cr.tensor([[1.0, 2.0, 3.0]]), cr.tensor([[1.0, 10.0, 100.0]])) * 1
        v[0, 0] = 0
        v[:, :2].mul_(3)
        assert fwd.unpack_dual(v).tangent.tolist() == [[0.0, 30.0, 100.0]]
        v.t_()
        assert fwd.unpack_dual(v).tangent.tolist() == [[0.0], [30.0], [100.0]]
        v.unsqueeze_(0)
        v.masked_fill_(v > 8, 0.0)
        assert fwd.unpack_dual(v).tangent.tolist() == [[[0.0], [30.0], [100.0]]]
        v.squeeze_().sin_()
        np.testing.assert_allclose(fwd.unpack_dual(v).tangent.numpy(), [0, 30 * np.cos(6), 100 * np.cos(3)], rtol=1e-5)


def test_what_is_no_float_takes_no_history() -> None:
    x = cr.tensor([1.5, 2.5], requires_grad=True)
    n, m = cr.zeros(2, dtype=cr.int64), cr.zeros(2, dtype=cr.bool)
    n.copy_(x)
    m[:1] = x[:1]
    assert (n.tolist(), m.tolist()) == ([1, 2], [True, False])
    assert not (n.requires_grad or m.requires_grad)


def test_a_mask_takes_values_with_leading_ones() -> None:
    x = cr.tensor([1.0, 2.0, 3.0])
    for start in (x.clone(), x.clone().requires_grad_() * 1):
        start[x > 1] = cr.tensor([[5.0, 6.0]])
        assert start.tolist() == [1.0, 5.0, 6.0]
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        cr.tensor(1.0).copy_(cr.tensor([2.0]))


def test_true_is_one_as_an_exponent() -> None:
    x = cr.tensor([2.0, 3.0], requires_grad=True)
    y = x**True + x**False
    assert y.tolist() == [3.0, 4.0]
    assert cr.autograd.grad(y.sum(), x)[0].tolist() == [1.0, 1.0]
