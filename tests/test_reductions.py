"""Reductions, running totals, order and statistics: values against NumPy and SciPy, PyTorch's conventions as literals
(ties, NaN, empty tensors, names, messages), and, where PyTorch is installed, the same expressions run by both."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats

import chainrule as cr
from chainrule.autograd import grad, gradcheck, gradgradcheck

nan, inf = math.nan, math.inf


def draw(rng, *shape):
    """Distinct float64 numbers in random order: no ties, so that finite differences are safe."""
    n = math.prod(shape)
    return cr.tensor(((rng.permutation(n) + 1) / n * 3 - 1.4).reshape(shape), dtype=cr.float64)


def slope(f, values):
    """The gradient of f's summed result at a float32 tensor, as a list."""
    x = cr.tensor(values, requires_grad=True)
    return grad(f(x).sum(), x)[0].tolist()


# ---------------------------------------------------------------------------------------------------- values

VALUES = {
    "sum": (lambda x: x.sum(1), lambda a: a.sum(1)),
    "sum of two dims": (lambda x: x.sum((0, 2), keepdim=True), lambda a: a.sum((0, 2), keepdims=True)),
    "NumPy's spelling": (lambda x: cr.sum(x, axis=-1, keepdims=True), lambda a: a.sum(-1, keepdims=True)),
    "mean": (lambda x: x.mean(), lambda a: a.mean()),
    "prod": (lambda x: x.prod(2), lambda a: a.prod(2)),
    "amax": (lambda x: x.amax((0, 1)), lambda a: a.max((0, 1))),
    "amin": (lambda x: x.amin(), lambda a: a.min()),
    "argmax": (lambda x: x.argmax(), lambda a: a.argmax()),
    "argmin": (lambda x: x.argmin(1, keepdim=True), lambda a: a.argmin(1, keepdims=True)),
    "var": (lambda x: x.var(1), lambda a: a.var(1, ddof=1)),
    "std": (lambda x: x.std(0, correction=0), lambda a: a.std(0)),
    "std, older form": (lambda x: x.std(False), lambda a: a.std()),
    "logsumexp": (lambda x: x.logsumexp((0, 1)), lambda a: scipy.special.logsumexp(a, (0, 1))),
    "softmax": (lambda x: x.softmax(1), lambda a: scipy.special.softmax(a, 1)),
    "log_softmax": (lambda x: x.log_softmax(-1), lambda a: scipy.special.log_softmax(a, -1)),
    "cumsum": (lambda x: x.cumsum(1), lambda a: a.cumsum(1)),
    "cumprod": (lambda x: x.cumprod(0), lambda a: a.cumprod(0)),
    "logcumsumexp": (lambda x: x.logcumsumexp(2), lambda a: np.log(np.exp(a).cumsum(2))),
    "diff": (lambda x: x.diff(2, dim=1), lambda a: np.diff(a, 2, axis=1)),
    "trapezoid": (lambda x: cr.trapezoid(x, dx=0.5), lambda a: np.trapezoid(a, dx=0.5)),
    "cumulative_trapezoid": (
        lambda x: cr.cumulative_trapezoid(x, cr.tensor([0.0, 1, 3], dtype=cr.float64), dim=1),
        lambda a: scipy.integrate.cumulative_trapezoid(a, np.array([0.0, 1, 3]), axis=1),
    ),
    "gradient": (lambda x: cr.gradient(x, spacing=0.5)[0], lambda a: np.gradient(a, 0.5)[0]),
    "gradient at places": (
        lambda x: cr.gradient(x, spacing=(cr.tensor([0, 1, 4, 5.0]).double(),), dim=2, edge_order=2)[0],
        lambda a: np.gradient(a, np.array([0, 1, 4, 5.0]), axis=2, edge_order=2),
    ),
    "sort": (lambda x: x.sort(1, descending=True).values, lambda a: -np.sort(-a, 1)),
    "topk": (lambda x: x.topk(2, dim=0).values, lambda a: -np.sort(-a, 0)[:2]),
    "kthvalue": (lambda x: x.kthvalue(2, 1).values, lambda a: np.sort(a, 1)[:, 1]),
    "median": (lambda x: x.median(1).values, lambda a: np.median(a, 1)),
    "the lower median": (lambda x: x.median(), lambda a: np.sort(a.ravel())[(a.size - 1) // 2]),
    "quantile": (
        lambda x: x.quantile(cr.tensor([0.2, 0.9]).double(), 1), lambda a: np.quantile(a, np.float32([0.2, 0.9]), 1)
    ),
    "quantile, nearest": (
        lambda x: x.quantile(0.4, interpolation="nearest"), lambda a: np.quantile(a, 0.4, method="nearest")
    ),
    "cummax": (lambda x: x.cummax(1).values, lambda a: np.maximum.accumulate(a, 1)),
    "aminmax": (lambda x: x.aminmax(dim=0).min, lambda a: a.min(0)),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_value_and_slopes(name, rng):
    """The value is NumPy's or SciPy's; the slopes are finite differences', at first and at second order."""
    ours, theirs = VALUES[name]
    x = draw(rng, 2, 3, 4)
    got, want = ours(x), theirs(x.numpy())
    assert tuple(got.shape) == np.shape(want)
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-10, atol=1e-12)
    if got.is_floating_point():
        x.requires_grad_()
        assert gradcheck(ours, (x,))
        assert gradgradcheck(ours, (x,))


@pytest.mark.parametrize("name", VALUES)
def test_float32_stays(name, rng):
    """A float32 tensor gives float32 results and gradients wherever NumPy's own rules would widen them."""
    if name in ("cumulative_trapezoid", "gradient at places", "quantile"):
        pytest.skip("its second argument is float64")
    x = draw(rng, 2, 3, 4).float().requires_grad_()
    y = VALUES[name][0](x)
    assert y.dtype in (cr.float32, cr.int64)
    if y.dtype is cr.float32:
        assert grad(y.sum(), x)[0].dtype is cr.float32


def test_integers_count_in_int64():
    """Sums and products of narrow integers and bools do not overflow; what needs floats says so."""
    i = cr.tensor([100, 100], dtype=cr.int8)
    for y in (i.sum(), i.prod(), i.cumsum(0), i.cumprod(0), cr.tensor([True, True]).sum()):
        assert y.dtype is cr.int64
    assert (i.sum().item(), i.prod().item(), i.cumsum(0).tolist()) == (200, 10000, [100, 200])
    assert i.max().dtype is cr.int8
    assert i.sum(dtype=cr.int32).dtype is cr.int32
    with pytest.raises(RuntimeError, match=r"could not infer output dtype.*Got: Char"):
        i.mean()
    with pytest.raises(RuntimeError, match="std and var only support floating point"):
        i.std()


def test_long_columns_keep_their_digits():
    """Added one by one in float16, ones would stop counting at 2048; float32 loses digits of a long column."""
    assert cr.ones(5000, 2).half().sum(0).tolist() == [5000, 5000]
    x = cr.full((300_000, 2), 0.1)
    np.testing.assert_allclose(x.sum(0).numpy(), 300_000 * float(np.float32(0.1)), rtol=1e-7)


def test_uint8_truth_stays_uint8():
    """PyTorch's one exception: any and all of uint8 are uint8."""
    assert cr.tensor([0, 2], dtype=cr.uint8).any().dtype is cr.uint8
    assert cr.tensor([0, 2]).any().dtype is cr.bool


# ------------------------------------------------------------------------------------------- ties, zeros, NaN, infinity


def test_ties():
    """Of everything, equal extremes share the gradient; along a dimension the chosen element has it all."""
    assert slope(lambda x: x.max(), [1.0, 2.0, 2.0]) == [0, 0.5, 0.5]
    assert slope(lambda x: x.amax(0), [1.0, 2.0, 2.0]) == [0, 0.5, 0.5]
    assert slope(lambda x: x.max(0).values, [1.0, 2.0, 2.0]) == [0, 1, 0]
    assert slope(lambda x: x.median(), [2.0, 2.0, 2.0, 3.0]) == pytest.approx([1 / 3] * 3 + [0])
    assert slope(lambda x: x.cummax(0).values, [1.0, 1.0, 3.0, 2.0]) == [1, 1, 2, 0]
    assert cr.tensor([3, 1, 3, 1, 2, 2]).mode() == (1, 3)


def test_products_with_zeros():
    """A product's slopes are exact where factors are 0, at second order too: d2(xyz)/dx dy = z."""
    assert slope(lambda x: x.prod(), [2.0, 0.0, 3.0]) == [0, 6, 0]
    assert slope(lambda x: x.prod(), [0.0, 0.0, 3.0]) == [0, 0, 0]
    assert slope(lambda x: x.cumprod(0), [2.0, 0.0, 3.0]) == [1, 2 + 6, 0]
    x = cr.tensor([0.0, 0.0, 3.0], requires_grad=True)
    (g,) = grad(x.prod(), x, create_graph=True)
    assert grad(g[0], x)[0].tolist() == [0, 3, 0]


def test_far_exponents():
    """No overflow, and no 0 * inf, where exponentials lie further apart than a float reaches."""
    assert slope(lambda x: x.logcumsumexp(0), [0.0, -1000.0, 1000.0]) == [2, 0, 1]
    assert slope(lambda x: x.logsumexp(0), [0.0, 1000.0]) == [0, 1]
    assert slope(lambda x: x.logsumexp(0), [0.0, -inf]) == [1, 0]
    assert cr.tensor([0.0, -1000.0]).log_softmax(0).tolist() == [0, -1000]
    assert cr.tensor([-inf, -inf]).logsumexp(0).item() == -inf
    assert cr.tensor([-inf, 0.0]).logcumsumexp(0).tolist() == [-inf, 0]


def test_nan_is_greatest_and_spreads():
    """NaN wins extremes and medians, sorts last, and the nan-forms pass over it."""
    x = cr.tensor([1.0, nan, 3.0])
    assert x.max(0).indices.item() == 1
    assert math.isnan(x.min()) and math.isnan(x.median()) and math.isnan(x.quantile(0.1))
    assert x.argsort().tolist() == [0, 2, 1]
    assert x.argsort(descending=True).tolist() == [1, 2, 0]
    assert (x.nansum().item(), x.nanmean().item(), x.nanmedian().item(), x.nanquantile(0.5).item()) == (4, 2, 1, 2)
    assert slope(lambda x: x.nanmean(), [1.0, nan, 3.0]) == [0.5, 0, 0.5]


def test_no_spread_has_slope_0():
    """std at equal numbers: 0, not the NaN of 0/0."""
    assert slope(lambda x: x.std(), [1.0, 1.0, 1.0]) == [0, 0, 0]
    assert math.isnan(cr.tensor(1.0).std())


# ---------------------------------------------------------------------------------------------- empty and 0-dimensional


def test_empty():
    """What has a value over nothing gives it; an extreme says which dimension is empty."""
    e, e2 = cr.zeros(0), cr.zeros(3, 0)
    assert (e.sum().item(), e.prod().item(), e.any().item(), e.all().item()) == (0, 1, False, True)
    assert math.isnan(e.mean()) and math.isnan(e.std()) and math.isnan(e.median())
    assert e.logsumexp(0).item() == -inf
    assert tuple(e2.max(0).values.shape) == (0,)
    for f in (cr.max, cr.min, cr.amax, cr.amin):
        with pytest.raises(RuntimeError, match=r"Expected reduction dim to be specified for input.numel\(\) == 0"):
            f(e)
        with pytest.raises(IndexError, match=r"\(\): Expected reduction dim 1 to have non-zero size"):
            f(e2, 1)
    with pytest.raises(IndexError, match=r"argmax\(\): Expected reduction dim"):
        e.argmax()


def test_scalars_are_their_own_reduction():
    """A 0-d tensor takes dim 0 and -1, and stays 0-d."""
    for f in (
        lambda x: x.sum(0), lambda x: x.mean(-1), lambda x: x.max(0).values, lambda x: x.cumsum(0),
        lambda x: x.cumprod(0), lambda x: x.sort().values, lambda x: x.topk(1).values, lambda x: x.median(0).values,
        lambda x: x.prod(0), lambda x: x.logsumexp(0), lambda x: x.cummax(0).values, lambda x: x.mode().values,
        lambda x: x.amax(), lambda x: x.kthvalue(1).values, lambda x: x.quantile(0.3), lambda x: x.logcumsumexp(0),
    ):  # fmt: skip
        x = cr.tensor(2.5, requires_grad=True)
        y = f(x)
        assert tuple(y.shape) == () and y.item() == 2.5
        y.backward()
        assert x.grad.item() == 1


# ------------------------------------------------------------------------------------------------- names and forms

NAMES = {
    "SumBackward0": lambda x: x.sum(), "SumBackward1": lambda x: x.sum(0), "MeanBackward0": lambda x: x.mean(),
    "MeanBackward1": lambda x: x.mean(0), "ProdBackward0": lambda x: x.prod(), "ProdBackward1": lambda x: x.prod(0),
    "MaxBackward0": lambda x: x.max(0).values, "MaxBackward1": lambda x: x.max(), "MinBackward1": lambda x: x.min(),
    "AmaxBackward0": lambda x: x.amax(0), "VarBackward0": lambda x: x.var(), "StdBackward0": lambda x: x.std(0),
    "StdMeanBackward0": lambda x: cr.std_mean(x)[1], "NansumBackward0": lambda x: x.nansum(),
    "LogsumexpBackward0": lambda x: x.logsumexp(0), "SoftmaxBackward0": lambda x: x.softmax(0),
    "LogSoftmaxBackward0": lambda x: x.log_softmax(0), "CumsumBackward0": lambda x: x.cumsum(0),
    "CumprodBackward0": lambda x: x.cumprod(0), "CummaxBackward0": lambda x: x.cummax(0).values,
    "LogcumsumexpBackward0": lambda x: x.logcumsumexp(0), "SortBackward0": lambda x: x.sort().values,
    "TopkBackward0": lambda x: x.topk(1).values, "KthvalueBackward0": lambda x: x.kthvalue(1).values,
    "ModeBackward0": lambda x: x.mode().values, "MedianBackward0": lambda x: x.median(),
    "MedianBackward1": lambda x: x.median(0).values, "AminmaxBackward0": lambda x: x.aminmax().max,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_grad_fn_name(name):
    """`grad_fn` is called as PyTorch calls it."""
    assert NAMES[name](cr.ones(2, 2, requires_grad=True)).grad_fn.name() == name


def test_three_forms_of_max():
    """Everything; along a dimension, as a named tuple; of two tensors."""
    x = cr.tensor([[1.0, 5.0], [4.0, 2.0]])
    assert x.max().item() == 5
    got = x.max(dim=1)
    assert got.values.tolist() == [5, 4] and got[1].tolist() == [1, 0]
    assert repr(got) == "torch.return_types.max(\nvalues=tensor([5., 4.]),\nindices=tensor([1, 0]))"
    assert cr.max(x, cr.tensor(3.0)).tolist() == [[3, 5], [4, 3]]
    assert cr.min(x, other=cr.tensor(3.0)).tolist() == [[1, 3], [3, 2]]
    assert x.max(0, True).indices.tolist() == [[1, 0]]


def test_a_second_number_is_no_dimension():
    """`x.sum(0, 1)` would be read as keepdim=1: PyTorch refuses it, and so do we."""
    with pytest.raises(TypeError, match=r"argument 'keepdim' .position 2. must be bool, not int"):
        cr.ones(2, 3).sum(0, 1)
    with pytest.raises(IndexError, match="Dimension out of range"):
        cr.ones(2, 3).sum(2)
    with pytest.raises(RuntimeError, match="appears multiple times"):
        cr.ones(2, 3).sum((0, -2))


def test_short_way_equals_the_long_one(rng):
    """x.sum() and x.mean() have a short way of their own; it gives what `dim` over everything gives, in every mode."""
    x = draw(rng, 3, 4).requires_grad_()
    for short, long in ((x.sum(), x.sum((0, 1))), (cr.mean(x), cr.mean(x, dim=(0, 1)))):
        assert short.item() == long.item()
        assert grad(short, x)[0].tolist() == grad(long, x)[0].tolist()
    with cr.no_grad():
        assert x.sum().grad_fn is None
    (g,) = grad((x * x).sum(), x, create_graph=True)
    np.testing.assert_allclose(grad(g.mean(), x)[0].numpy(), np.full((3, 4), 2 / 12), rtol=1e-12)


# --------------------------------------------------------------------------------------------- search, sets and counts


def test_search(rng):
    """searchsorted and bucketize against NumPy, each row in its own sequence."""
    seq, x = np.sort(rng.random((3, 5)), 1), rng.random((3, 4))
    got = cr.searchsorted(cr.tensor(seq), cr.tensor(x), right=True)
    assert got.tolist() == [np.searchsorted(s, v, "right").tolist() for s, v in zip(seq, x)]
    assert cr.bucketize(cr.tensor([1.0, 4.0]), cr.tensor([1.0, 2.0, 3.0])).tolist() == [0, 3]
    assert cr.bucketize(2.5, cr.tensor([1.0, 2.0, 3.0]), out_int32=True).dtype is cr.int32
    with pytest.raises(RuntimeError, match=r"got boundaries tensor \[3, 5\] and input value tensor \[2, 4\]"):
        cr.searchsorted(cr.tensor(seq), cr.tensor(x[:2]))


def test_sets():
    """unique and unique_consecutive, with where each element went and how many there are; isin."""
    x = cr.tensor([3, 1, 1, 3, 3])
    values, inverse, counts = cr.unique(x, return_inverse=True, return_counts=True)
    assert (values.tolist(), inverse.tolist(), counts.tolist()) == ([1, 3], [1, 0, 0, 1, 1], [2, 3])
    values, inverse, counts = cr.unique_consecutive(x, return_inverse=True, return_counts=True)
    assert (values.tolist(), inverse.tolist(), counts.tolist()) == ([3, 1, 3], [0, 1, 1, 2, 2], [1, 2, 2])
    assert cr.unique(cr.tensor([[1, 2], [1, 2], [0, 3]]), dim=0).tolist() == [[0, 3], [1, 2]]
    assert cr.unique_consecutive(cr.tensor([[1, 1, 2], [3, 3, 4]]), dim=1).tolist() == [[1, 2], [3, 4]]
    assert len(cr.unique(cr.tensor([nan, nan]))) == 2
    assert cr.isin(x, cr.tensor([1, 7]), invert=True).tolist() == [True, False, False, True, True]


def test_nonzero():
    """Rows of indices, or one tensor per dimension; a 0-d tensor has no dimensions, or one."""
    x = cr.tensor([[0.0, 2.0], [3.0, 0.0]])
    assert x.nonzero().tolist() == x.argwhere().tolist() == [[0, 1], [1, 0]]
    assert [i.tolist() for i in x.nonzero(as_tuple=True)] == [[0, 1], [1, 0]]
    assert tuple(cr.tensor(1.0).nonzero().shape) == (1, 0)
    assert cr.tensor(1.0).nonzero(as_tuple=True)[0].tolist() == [0]


def test_counts(rng):
    """bincount, histc and histograms against NumPy."""
    i, w = rng.integers(0, 6, 40), rng.random(40)
    assert cr.tensor(i).bincount(minlength=9).tolist() == np.bincount(i, minlength=9).tolist()
    np.testing.assert_allclose(cr.bincount(cr.tensor(i), cr.tensor(w)).numpy(), np.bincount(i, w), rtol=1e-12)
    with pytest.raises(RuntimeError, match="non-negative"):
        cr.bincount(cr.tensor([-1]))
    a = rng.standard_normal((50, 2))
    x = cr.tensor(a)
    assert x.histc(7, -1, 1).tolist() == np.histogram(a, 7, (-1, 1))[0].tolist()
    hist, edges = x.histogram(5, density=True)
    want, at = np.histogram(a, 5, density=True)
    np.testing.assert_allclose(hist.numpy(), want, rtol=1e-10)
    np.testing.assert_allclose(edges.numpy(), at, rtol=1e-12)
    weight = rng.random(50)
    got = cr.histogramdd(x, [3, 4], weight=cr.tensor(weight))
    np.testing.assert_allclose(got.hist.numpy(), np.histogramdd(a, [3, 4], weights=weight)[0], rtol=1e-12)


def test_mode_is_scipys(rng):
    """The least of the commonest, along any dimension."""
    a = rng.integers(0, 4, (5, 6, 7))
    for dim in range(3):
        values, indices = cr.tensor(a).mode(dim)
        assert values.tolist() == scipy.stats.mode(a, axis=dim).mode.tolist()
        assert np.take_along_axis(a, np.expand_dims(indices.numpy(), dim), dim).squeeze(dim).tolist() == values.tolist()


# ------------------------------------------------------------------------------------------------ beside PyTorch itself

SAME = """
i.to(torch.uint8).all(0)
x.max(0) ; x.min(1, True) ; x.aminmax() ; x.median(0) ; x.nanmedian(0) ; i.mode(0) ; x.cummax(0) ; x.cummin(1)
x.sort(1, True) ; torch.sort(x, descending=True, stable=True) ; x.topk(2, largest=False) ; x.kthvalue(2)
n.max() ; n.amax() ; n.cummax(0) ; n.median(0) ; n.nanmedian(0) ; n.sort() ; n.quantile(0.4) ; n.nanquantile(0.4)
e.max() ; e.amin() ; e.argmax() ; e.aminmax() ; e2.max(1) ; e2.mode(1) ; e2.median(1) ; e2.kthvalue(1, 1) ; e2.max(0)
e.std() ; x.var(0, correction=2) ; x.var(0, correction=3) ; torch.std_mean(x) ; torch.var_mean(x, 0, keepdim=True)
x.topk(7) ; x.kthvalue(7) ; x.cumsum(3) ; i.mean() ; i.std() ; i.softmax(0) ; i.logsumexp(0) ; x.quantile(1.5)
i.bool().argmax() ; i.nanmean() ; x.histc(3, 5, 2) ; torch.diff(x, n=-1) ; torch.diff(torch.tensor(1.)) ; i.histc(3)
torch.trapezoid(x, torch.ones(5)) ; torch.gradient(x) ; torch.gradient(x, edge_order=2) ; i.bool().cumprod(0)
torch.histogram(torch.tensor([2., 2.]), 3) ; x.histogram(3) ; torch.histogramdd(x, [2, 2, 2]) ; torch.diff(i.bool())
torch.unique(i, return_inverse=True) ; torch.unique(torch.zeros(2, 0), dim=0) ; x.sum(0, 1) ; x.max(1, 2) ; x.sum(5)
torch.bincount(torch.tensor([1., 2.])) ; torch.bincount(i) ; torch.bincount(i[0], torch.tensor([1, 2, 3]))
torch.tensor(2.).sort() ; torch.tensor(2.).max(0) ; torch.zeros(0, 3).argmax(1) ; torch.zeros(0, 3).prod(0)
"""


@pytest.mark.parametrize("line", [e.strip() for e in re.split(r"[;\n]", SAME) if e.strip()])
def test_same_as_torch(line):
    """The same expression prints the same, or fails with the same kind of error and the same first words."""
    torch = pytest.importorskip("torch")

    def run(lib):
        x = lib.arange(6.0).reshape(2, 3)
        i = lib.arange(6).reshape(2, 3)
        n = lib.tensor([1.0, nan, 3.0, nan, 2.0])
        try:
            return repr(eval(line, {"torch": lib, "x": x, "i": i, "n": n, "e": lib.zeros(0), "e2": lib.zeros(3, 0)}))
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    theirs, ours = run(torch), run(cr)
    assert ours == theirs or (re.match(r"\w+Error: ", theirs) and ours.startswith(theirs.split("\n")[0][:60])), theirs


@pytest.mark.parametrize("x", [[-inf, -inf], [[-inf, -inf], [0.0, 1.0]], [[-inf, 2.0], [0.0, 1.0]]])
def test_logsumexp_of_nothing_but_minus_infinity_has_slope_0(x):
    # Nothing finite moves what is -inf, so the slope in whatever is added to it is 0; PyTorch's -inf + inf gives NaN.
    at = cr.tensor(x, dtype=cr.float64)
    slope = cr.func.grad(lambda x: cr.logsumexp(x, -1).sum())(at).numpy()
    e = np.exp(at.numpy())
    np.testing.assert_allclose(slope, e / np.maximum(e.sum(-1, keepdims=True), 1e-300))
    assert cr.func.hessian(lambda x: cr.logsumexp(x, -1).sum())(at).isfinite().all()


@pytest.mark.parametrize(
    ("x", "q", "right", "slopes"),
    [
        ([-inf, -inf, 1.0, 2.0], 0.25, -inf, [0.25, 0.75, 0, 0]), ([1.0, 2.0, -inf, inf], 0.3, -inf, [0.9, 0, 0.1, 0]),
        ([inf, inf, 1.0, 2.0], 0.9, inf, [0.3, 0.7, 0, 0]), ([-inf, 1.0, 2.0], 0.0, -inf, [1, 0, 0]),
        ([inf, 1.0, 2.0], 0.75, inf, [0.5, 0, 0.5]), ([-inf, inf], 0.5, nan, [0.5, 0.5]),
        ([inf, 1.0, 2.0], 0.25, 1.5, [0, 0.5, 0.5]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("run", [lambda f: f, cr.compile])
def test_quantiles_beside_infinities_are_shares_of_them(x, q, right, slopes, run):
    # low + (high - low) w would be inf - inf: (1 - w) low + w high has a value wherever the limit has one.
    x = cr.tensor(x, dtype=cr.float64, requires_grad=True)
    for f in (cr.quantile, cr.nanquantile):
        y = run(lambda x, f=f: f(x.detach(), q))(x)
        np.testing.assert_equal(y.item(), right)
        np.testing.assert_allclose(cr.func.grad(lambda x, f=f: f(x, q))(x).numpy(), slopes, atol=1e-15)


def test_areas_and_sums_of_small_integers_do_not_wrap():
    # The sums of neighbours do not fit; PyTorch's own wrap (its trapezoid of these is 330).
    y, x = cr.tensor([100, 101, 103], dtype=cr.int8), cr.tensor([3, 2, 0], dtype=cr.uint8)
    assert cr.trapezoid(y).item() == 202.5 and cr.cumulative_trapezoid(y).tolist() == [100.5, 202.5]
    assert cr.trapezoid(y, x).item() == -100.5 - 204 and cr.trapezoid(y, x.double()).dtype is cr.float64
    with pytest.raises(RuntimeError, match="received a bool input for `y`"):
        cr.trapezoid(y > 101)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "bool", "float16"])
@pytest.mark.parametrize(
    "call",
    [
        "x.sum()", "x.sum(0)", "x.prod()", "x.prod(0)", "x.cumsum(0)", "x.cumprod(1)", "x.mean()", "x.nansum()",
        "x.sum(dtype=lib.int8)", "x.prod(dtype=lib.int16)", "x.cumsum(0, dtype=lib.int8)", "x.mean(dtype=lib.float64)",
        "x.cumprod(0, dtype=lib.float32)", "x.mean(dtype=lib.int64)", "lib.logsumexp(x, 0)", "x.norm()", "x.var()",
        "lib.addbmm(x[:, :2], x[None], x.T[None])", "x @ x.T", "lib.softmax(x, 0, dtype=lib.float64)", "x.cov()",
        "x.index_add(0, lib.tensor([0, 0]), x)", "x.scatter_add(0, lib.zeros(1, 3, dtype=lib.int64), x)", "x.diff()",
    ],
)  # fmt: skip
def test_widths_in_which_sums_are_kept_are_those_of_torch(call, dtype):
    torch = pytest.importorskip("torch")
    found = []
    for lib in (torch, cr):
        x = lib.tensor([[100, 101, 102], [103, 104, 105]]).to(getattr(lib, dtype))
        try:
            y = eval(call, {"lib": lib, "x": x})
            found.append((str(y.dtype), np.asarray(y.tolist(), dtype=float)))
        except (RuntimeError, NotImplementedError) as refusal:
            found.append((str(refusal), None))
    theirs, ours = found
    if theirs[1] is None and dtype == "bool":
        return  # some have no kernel for truth values there
    assert ours[0].startswith(theirs[0])
    if theirs[1] is not None:
        np.testing.assert_allclose(ours[1], theirs[1], rtol=2e-3 if dtype == "float16" else 1e-5)
