"""Forward mode: dual levels, their nesting, and how they live together with reverse mode and in-place changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
import chainrule.autograd.forward_ad as fwAD
import chainrule.nn.functional as F


def f64(x):
    return cr.tensor(x, dtype=cr.float64)


def test_dual_numbers():
    with fwAD.dual_level():
        x = fwAD.make_dual(f64([0.5, 1.0]), f64([1.0, 2.0]))
        y = cr.exp(x) * cr.sin(x) + 3 / x
        value, tangent = fwAD.unpack_dual(y)
    a, t = np.array([0.5, 1.0]), np.array([1.0, 2.0])
    np.testing.assert_allclose(value.numpy(), np.exp(a) * np.sin(a) + 3 / a, rtol=1e-14)
    np.testing.assert_allclose(tangent.numpy(), t * (np.exp(a) * (np.sin(a) + np.cos(a)) - 3 / a**2), rtol=1e-13)
    assert fwAD.unpack_dual(value).tangent is None


def test_unpack_of_a_plain_tensor():
    x = f64(1.0)
    with fwAD.dual_level():
        assert fwAD.unpack_dual(x) == (x, None)
        assert fwAD.unpack_dual(x * 2).tangent is None


def test_a_tangent_does_not_outlive_its_level():
    with fwAD.dual_level():
        x = fwAD.make_dual(f64(2.0), f64(1.0))
    with fwAD.dual_level():
        assert fwAD.unpack_dual(x * 3).tangent is None
        y = fwAD.make_dual(f64(5.0), f64(1.0))
        assert fwAD.unpack_dual(x * y).tangent.item() == 2


def test_nested_levels():
    with fwAD.dual_level() as outer:
        x = fwAD.make_dual(f64(2.0), f64(1.0))
        with fwAD.dual_level() as inner:
            y = fwAD.make_dual(x, f64(1.0)) ** 3
            first = fwAD.unpack_dual(y).tangent
            assert first.item() == 12
            assert fwAD.unpack_dual(first, level=outer).tangent.item() == 12  # the second derivative, 6 x
            assert fwAD.unpack_dual(y, level=outer).tangent.item() == 12
            assert inner > outer
        with pytest.raises(RuntimeError, match="is not open"):
            fwAD.unpack_dual(y, level=inner)


def test_perturbations_are_not_confused():
    # d/dx (x d/dy (x + y)) = 1
    with fwAD.dual_level():
        x = fwAD.make_dual(f64(1.0), f64(1.0))
        with fwAD.dual_level():
            y = fwAD.make_dual(f64(1.0), f64(1.0))
            inner = fwAD.unpack_dual(x + y).tangent
        assert fwAD.unpack_dual(x * inner).tangent.item() == 1


def test_levels_by_hand():
    level = fwAD.enter_dual_level()
    x = fwAD.make_dual(f64(3.0), f64(1.0))
    assert fwAD.unpack_dual(x * x).tangent.item() == 6
    fwAD.exit_dual_level(level=level)
    with pytest.raises(RuntimeError, match="no level"):
        fwAD.exit_dual_level()
    with pytest.raises(RuntimeError, match="no level exists"):
        fwAD.make_dual(f64(1.0), f64(1.0))
    outer = fwAD.enter_dual_level()
    fwAD.enter_dual_level()
    with pytest.raises(RuntimeError, match="not the last one"):
        fwAD.exit_dual_level(level=outer)
    fwAD.exit_dual_level()
    fwAD.exit_dual_level()


def test_a_level_is_closed_by_an_exception():
    with pytest.raises(ZeroDivisionError), fwAD.dual_level():
        raise ZeroDivisionError
    with pytest.raises(RuntimeError, match="no level exists"):
        fwAD.make_dual(f64(1.0), f64(1.0))


@pytest.mark.parametrize(
    ("primal", "tangent", "message"),
    [
        (cr.ones(2), cr.ones(3), r"Tensor is of size \[2\] while the given forward gradient is of size \[3\]"),
        (cr.ones(2), cr.ones(2, dtype=cr.float64), "dtype"),
        (cr.ones(2).long(), cr.ones(2), "Expected primal to be floating point"),
        (cr.ones(2), cr.ones(2).long(), "Expected tangent to be floating point"),
    ],
)
def test_make_dual_checks(primal, tangent, message):
    with fwAD.dual_level(), pytest.raises((RuntimeError, ValueError), match=message):
        fwAD.make_dual(primal, tangent)


def test_forward_over_reverse():
    with fwAD.dual_level():
        p = f64([0.5, 2.0]).requires_grad_()
        x = fwAD.make_dual(p, f64([1.0, 0.0]))
        (g,) = cr.autograd.grad((cr.exp(x) * x[0]).sum(), x)
        value, tangent = fwAD.unpack_dual(g)
    e = np.exp([0.5, 2.0])
    np.testing.assert_allclose(value.numpy(), [e[0] * 0.5 + e.sum(), e[1] * 0.5], rtol=1e-14)
    np.testing.assert_allclose(tangent.numpy(), [2 * e[0] + 0.5 * e[0], e[1]], rtol=1e-14)


def test_reverse_over_forward():
    p = f64([0.5, 2.0]).requires_grad_()
    with fwAD.dual_level():
        tangent = fwAD.unpack_dual(cr.sin(fwAD.make_dual(p, f64([1.0, 3.0])))).tangent
    tangent.sum().backward()
    np.testing.assert_allclose(p.grad.numpy(), -np.sin([0.5, 2.0]) * [1, 3], rtol=1e-14)


def test_no_grad_does_not_stop_forward_mode():
    with cr.no_grad(), fwAD.dual_level():
        x = fwAD.make_dual(f64(2.0), f64(1.0))
        assert fwAD.unpack_dual(x**3).tangent.item() == 12


def test_in_place_changes_carry_tangents():
    with fwAD.dual_level():
        x = fwAD.make_dual(f64([1.0, 2.0]), f64([1.0, 1.0]))
        y = cr.zeros(2, dtype=cr.float64)
        y.add_(x * x)
        y.mul_(3)
        assert fwAD.unpack_dual(y).tangent.tolist() == [6, 12]


def test_in_place_changes_through_views_carry_tangents():
    with fwAD.dual_level():
        x = fwAD.make_dual(f64(3.0), f64(1.0))
        y = cr.zeros(2, 2, dtype=cr.float64)
        row = y[0]
        y[0, 1] = x * x
        assert fwAD.unpack_dual(y).tangent.tolist() == [[0, 6], [0, 0]]
        assert fwAD.unpack_dual(row * 2).tangent.tolist() == [0, 12]
        y.mul_(2)
        assert fwAD.unpack_dual(row).tangent.tolist() == [0, 12]
        row.zero_()
        assert not fwAD.unpack_dual(y).tangent.numpy().any()


@pytest.mark.parametrize("leaf", [False, True])
@pytest.mark.parametrize("changed", ["dual", "row", "column", "column, the dual gone"])
def test_what_was_made_dual_and_its_views_share_a_tangent(leaf, changed):
    with fwAD.dual_level(), cr.no_grad():
        p = f64([[1.0, 2.0], [3.0, 4.0]]).requires_grad_(leaf)
        dual = fwAD.make_dual(p, f64([[1.0, 2.0], [3.0, 4.0]]))
        row, column = dual[0], dual.t()[1]
        with cr.enable_grad():
            other = dual.view(4)
        want = np.array([[1.0, 2], [3, 4]])
        if changed == "dual":
            dual.mul_(5)
            want *= 5
        elif changed == "row":
            row.mul_(5)
            want[0] *= 5
        else:
            if "gone" in changed:
                del dual
            column.mul_(5)
            want[:, 1] *= 5
        seen = {"row": (row, want[0]), "column": (column, want[:, 1]), "view": (other, want.reshape(4))}
        if "gone" not in changed:
            seen["dual"] = (dual, want)
        for name, (x, tangent) in seen.items():
            assert fwAD.unpack_dual(x).tangent.tolist() == tangent.tolist(), name
        assert fwAD.unpack_dual(p).tangent is None


def test_tangents_of_two_levels_follow_their_own_duals():
    with fwAD.dual_level() as outer:
        x = fwAD.make_dual(f64([1.0, 2.0]), f64([1.0, 1.0]))
        with fwAD.dual_level() as inner:
            y = fwAD.make_dual(x, f64([10.0, 20.0]))
            y[:1].mul_(3)
            assert fwAD.unpack_dual(y, level=inner).tangent.tolist() == [30, 20]
            assert fwAD.unpack_dual(y, level=outer).tangent.tolist() == [3, 1]
            assert fwAD.unpack_dual(x, level=outer).tangent.tolist() == [3, 1]
            assert fwAD.unpack_dual(x, level=inner).tangent is None


def test_a_view_does_not_disturb_a_kept_result():
    with fwAD.dual_level():
        p = f64([[0.1, 0.2, 0.3]]).requires_grad_()
        x = fwAD.make_dual(p, f64([[1.0, 2.0, 3.0]]))
        y = cr.exp(x)  # kept for backward
        (g,) = cr.autograd.grad(y.mT.sum(), x)
        tangent = fwAD.unpack_dual(g).tangent
    np.testing.assert_allclose(tangent.numpy(), np.exp([[0.1, 0.2, 0.3]]) * [[1, 2, 3]], rtol=1e-14)


def test_float32_stays_float32():
    with fwAD.dual_level():
        x = fwAD.make_dual(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 1.0]))
        for y in (x * 2.0, cr.exp(x), x.sum(), cr.logsumexp(x, 0), x @ x, x.std()):
            value, tangent = fwAD.unpack_dual(y)
            assert value.dtype == tangent.dtype == cr.float32
            assert tangent.shape == value.shape


def test_against_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    a, t = rng.standard_normal((2, 3, 4))

    def run(lib, fw):
        with fw.dual_level():
            x = fw.make_dual(lib.tensor(a), lib.tensor(t))
            y = lib.tanh(x @ x.mT).sum(1).cumsum(0) * x.amax(1) / (1 + x.pow(2).mean())
            return [v.numpy() for v in fw.unpack_dual(y)]

    for ours, theirs in zip(run(cr, fwAD), run(torch, torch.autograd.forward_ad)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize(
    "choose",
    [
        lambda x: x.amax(0), lambda x: x.max(), lambda x: x.max(0)[0], lambda x: (-x).amin(0), lambda x: (-x).min(),
        lambda x: x.sort()[0][-1], lambda x: x.kthvalue(3, 0)[0], lambda x: x.cummax(0)[0][-1],
        lambda x: cr.zeros(1).scatter_reduce(0, cr.tensor([0, 0, 0]), x, "amax")[0], lambda x: x.norm(cr.inf),
        lambda x: F.max_pool1d(x[None], 3)[0, 0], lambda x: cr.where(x > 1, x, 0.0).sum(), lambda x: x.quantile(1.0),
        lambda x: F.hardtanh(x, 1, 5).sum(), lambda x: F.hardshrink(x, 1).sum(), lambda x: x.clamp(min=1).sum(),
    ],
)  # fmt: skip
def test_what_is_not_chosen_may_have_an_infinite_tangent(choose):
    """A slope of 0 by choice is no product with 0."""
    with fwAD.dual_level():
        x = fwAD.make_dual(cr.tensor([0.5, 2.0, -1.0]), cr.tensor([math.inf, 1.0, -math.inf]))
        assert abs(fwAD.unpack_dual(choose(x)).tangent.item()) == 1


def test_an_extreme_of_nan_has_no_slope():
    x = cr.tensor([[math.nan, 1.0], [3.0, 3.0]])
    t = cr.tensor([[1.0, 1.0], [1.0, 3.0]])
    for f in (cr.amax, cr.amin):
        with fwAD.dual_level():
            np.testing.assert_equal(fwAD.unpack_dual(f(fwAD.make_dual(x, t), 1)).tangent.numpy(), [math.nan, 2])
        slope = cr.func.vjp(lambda x, f=f: f(x, 1), x)[1](cr.ones(2))[0]
        np.testing.assert_equal(slope.numpy(), [[math.nan] * 2, [0.5, 0.5]])
