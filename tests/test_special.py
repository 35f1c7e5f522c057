"""Special functions against SciPy, against differences of themselves, and without SciPy."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.api.backward import grad

scipy_special = pytest.importorskip("scipy.special")

# Name in `special`, SciPy's, and where to try it.
UNARY = [
    ("airy_ai", lambda x: scipy_special.airy(x)[0], (-4, 4)), ("bessel_j0", "j0", (-9, 9)),
    ("bessel_j1", "j1", (-9, 9)), ("bessel_y0", "y0", (0.3, 9)), ("bessel_y1", "y1", (0.3, 9)),
    ("digamma", "psi", (0.2, 5)), ("psi", "psi", (-2.9, -2.1)), ("entr", "entr", (0.1, 3)), ("erf", "erf", (-3, 3)),
    ("erfc", "erfc", (-3, 3)), ("erfcx", "erfcx", (-2, 5)), ("erfinv", "erfinv", (-0.9, 0.9)),
    ("exp2", "exp2", (-3, 3)), ("expit", "expit", (-5, 5)), ("expm1", "expm1", (-2, 2)),
    ("gammaln", "gammaln", (0.2, 6)), ("i0", "i0", (-4, 4)), ("i0e", "i0e", (0.2, 4)), ("i1", "i1", (-4, 4)),
    ("i1e", "i1e", (0.2, 4)), ("log1p", "log1p", (-0.5, 3)), ("log_ndtr", "log_ndtr", (-30, 3)),
    ("logit", "logit", (0.1, 0.9)), ("modified_bessel_i0", "i0", (-3, 3)), ("modified_bessel_i1", "i1", (-3, 3)),
    ("modified_bessel_k0", "k0", (0.3, 4)), ("modified_bessel_k1", "k1", (0.3, 4)), ("ndtr", "ndtr", (-3, 3)),
    ("ndtri", "ndtri", (0.1, 0.9)), ("scaled_modified_bessel_k0", "k0e", (0.3, 4)),
    ("scaled_modified_bessel_k1", "k1e", (0.3, 4)), ("sinc", np.sinc, (-3, 3)),
    ("spherical_bessel_j0", lambda x: scipy_special.spherical_jn(0, x), (0.3, 9)),
]  # fmt: skip
BINARY = [
    ("gammainc", "gammainc", (0.5, 3), (0.5, 3), [1]), ("gammaincc", "gammaincc", (0.5, 3), (0.5, 3), [1]),
    ("xlog1py", "xlog1py", (0.5, 3), (0.5, 3), [0, 1]), ("xlogy", "xlogy", (0.5, 3), (0.5, 3), [0, 1]),
    ("zeta", "zeta", (2, 4), (0.5, 3), [1]),
]  # fmt: skip
POLYNOMIALS = [
    ("chebyshev_polynomial_t", lambda n, x: scipy_special.eval_chebyt(n, x)),
    ("chebyshev_polynomial_u", lambda n, x: scipy_special.eval_chebyu(n, x)),
    ("chebyshev_polynomial_v", lambda n, x: np.cos((n + 0.5) * np.arccos(x)) / np.cos(np.arccos(x) / 2)),
    ("chebyshev_polynomial_w", lambda n, x: np.sin((n + 0.5) * np.arccos(x)) / np.sin(np.arccos(x) / 2)),
    ("hermite_polynomial_h", lambda n, x: scipy_special.eval_hermite(n, x)),
    ("hermite_polynomial_he", lambda n, x: scipy_special.eval_hermitenorm(n, x)),
    ("laguerre_polynomial_l", lambda n, x: scipy_special.eval_laguerre(n, x)),
    ("legendre_polynomial_p", lambda n, x: scipy_special.eval_legendre(n, x)),
]


def reference(f: Any) -> Any:
    return getattr(scipy_special, f) if isinstance(f, str) else f


def slope(f: Any, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    return (f(x + h) - f(x - h)) / (2 * h)


@pytest.mark.parametrize(("name", "theirs", "span"), UNARY, ids=[f"{u[0]}{u[2]}" for u in UNARY])
def test_one_argument(name: str, theirs: Any, span: tuple[float, float]) -> None:
    f, ref = getattr(cr.special, name), reference(theirs)
    points = np.linspace(*span, 12)
    x = cr.tensor(points, requires_grad=True)
    y = f(x)
    np.testing.assert_allclose(y.detach().numpy(), ref(points), rtol=1e-9, atol=1e-12)
    (first,) = grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(first.detach().numpy(), slope(ref, points), rtol=1e-6, atol=1e-7)
    if first.requires_grad:
        (second,) = grad(first.sum(), x)
        ours = lambda a: grad(f(t := cr.tensor(a, requires_grad=True)).sum(), t)[0].numpy()  # noqa: E731
        np.testing.assert_allclose(second.numpy(), slope(ours, points), rtol=1e-5, atol=1e-6)
    assert f(cr.tensor(points, dtype=cr.float32)).dtype == cr.float32
    assert f(cr.tensor(points[3], dtype=cr.float32)).dtype == cr.float32
    assert tuple(f(cr.tensor(points[:0])).shape) == (0,)


@pytest.mark.parametrize(("name", "theirs", "a", "b", "smooth"), BINARY, ids=[row[0] for row in BINARY])
def test_two_arguments(name: str, theirs: str, a: Any, b: Any, smooth: list[int]) -> None:
    f, ref = getattr(cr.special, name), reference(theirs)
    args = [np.linspace(*a, 7), np.linspace(*b, 7)[::-1].copy()]
    xs = [cr.tensor(v, requires_grad=i in smooth) for i, v in enumerate(args)]
    y = f(*xs)
    np.testing.assert_allclose(y.detach().numpy(), ref(*args), rtol=1e-9)
    for i in smooth:
        numeric = slope(lambda v, i=i: ref(*[v if j == i else w for j, w in enumerate(args)]), args[i])
        np.testing.assert_allclose(grad(y.sum(), xs[i], retain_graph=True)[0].numpy(), numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "ref"), POLYNOMIALS, ids=[row[0] for row in POLYNOMIALS])
def test_polynomials(name: str, ref: Any) -> None:
    x, n = np.linspace(-0.9, 0.9, 7)[:, None], np.arange(9)
    f = getattr(cr.special, name)
    np.testing.assert_allclose(f(cr.tensor(x), cr.tensor(n)).numpy(), ref(n, x), rtol=1e-9, atol=1e-12)
    assert f(cr.tensor([0.5], dtype=cr.float32), 3).dtype == cr.float32
    if name.startswith("chebyshev"):
        shifted = getattr(cr.special, f"shifted_{name}")
        np.testing.assert_allclose(
            shifted(cr.tensor((x + 1) / 2), cr.tensor(n)).numpy(), ref(n, x), rtol=1e-7, atol=1e-9
        )


@pytest.mark.parametrize("n", range(5))
def test_polygamma_is_the_slope_of_the_one_before(n: int) -> None:
    points = np.array([-2.6, -1.3, -0.4, 0.3, 1.0, 2.5, 7.0])  # left of zero too, where SciPy has no values
    x = cr.tensor(points, requires_grad=True)
    (got,) = grad(cr.polygamma(n, x).sum(), x)
    numeric = slope(lambda a: cr.polygamma(n, cr.tensor(a)).numpy(), points, 1e-6)
    np.testing.assert_allclose(got.numpy(), numeric, rtol=1e-6)
    right = points[3:]
    np.testing.assert_allclose(cr.polygamma(n, cr.tensor(right)).numpy(), scipy_special.polygamma(n, right), rtol=1e-10)


def test_mvlgamma() -> None:
    x = cr.tensor([2.0, 3.5], dtype=cr.float64, requires_grad=True)
    expected = [scipy_special.multigammaln(v, 3) for v in (2.0, 3.5)]
    np.testing.assert_allclose(cr.special.multigammaln(x, 3).detach().numpy(), expected, rtol=1e-12)


def test_sympy_agrees_on_the_slopes_of_gamma() -> None:
    mpmath = pytest.importorskip("mpmath")
    x = cr.tensor([0.7, 3.2], dtype=cr.float64, requires_grad=True)
    (got,) = grad(cr.lgamma(x).sum(), x)
    np.testing.assert_allclose(got.numpy(), [float(mpmath.digamma(v)) for v in (0.7, 3.2)], rtol=1e-12)


ALONE = """
import sys
sys.modules["scipy"] = sys.modules["scipy.special"] = None  # as if it were not installed
import math, numpy as np, chainrule as cr
points = [-float("inf"), -1.5, -1.0, -0.0, 0.0, 0.5, 3.0, float("inf"), float("nan")]
x = cr.tensor(points, dtype=cr.float64)
for name in ("erf", "erfc"):
    got = getattr(cr, name)(x).tolist()
    assert np.array_equal(got, [getattr(math, name)(v) for v in points], equal_nan=True), got
got = cr.lgamma(x).tolist()
inf = math.inf
expected = [inf, math.lgamma(-1.5), inf, inf, inf, math.lgamma(0.5), math.lgamma(3), inf, math.nan]
assert np.array_equal(got, expected, equal_nan=True)
assert cr.erf(cr.tensor(0.5)).dtype == cr.float32 and cr.erf(cr.zeros(0)).shape == (0,)
assert cr.special.legendre_polynomial_p(cr.tensor(0.5), 2).item() == -0.125
try:
    cr.special.bessel_j0(x)
except ImportError as e:
    print(e)
"""


def test_without_scipy() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'pip install "chainrule[special]"' in done.stdout


def test_unknown_name_is_explained() -> None:
    with pytest.raises(AttributeError, match="erfcx"):
        cr.special.erfcxx  # noqa: B018


def test_names_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    theirs = {n for n, f in vars(torch.special).items() if not n.startswith("_") and callable(f) and n.islower()}
    assert {n for n in theirs if not hasattr(cr.special, n)} == set()


@pytest.mark.parametrize("name", [u[0] for u in UNARY])
def test_special_values_as_in_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    points = [-math.inf, -3.0, -2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 40.0, math.inf, math.nan]
    theirs = getattr(torch.special, name)(torch.tensor(points, dtype=torch.float64)).numpy()
    ours = getattr(cr.special, name)(cr.tensor(points, dtype=cr.float64)).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)
