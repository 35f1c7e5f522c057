"""Special functions: the error function, gamma, Bessel and their relatives, with their derivatives.

The derivatives are from the NIST Digital Library of Mathematical Functions (dlmf.nist.gov); the section stands beside
each group. Values come from SciPy, imported when first needed; erf, erfc and lgamma do without it (the standard library
has them), as do the orthogonal polynomials (their three-term recurrences).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.base.extras import extra
from chainrule.core.op import elementwise
from chainrule.core.tracer import Tracer
from chainrule.ops.elementwise import exp, log, no_rule, only, sign, sinc_slope, where

_PI, _ROOT_PI, _ROOT_2 = math.pi, math.sqrt(math.pi), math.sqrt(2)


def _scipy(name: str) -> Any:
    return getattr(extra("scipy.special", "special", f"the special function {name}"), name)


def _numbers(name: str, args: tuple[Any, ...]) -> None:
    if any(isinstance(a, Tracer) for a in args):  # SciPy takes numbers alone, and is large: not loaded to say so
        raise TypeError(f"{name} is a function of numbers")


def scipy(name: str) -> Callable[..., Any]:
    """The kernel that calls `scipy.special.name` and keeps the operands' dtype."""

    def kernel(*args: Any) -> Any:
        _numbers(name, args)
        return _keep(_scipy(name)(*args), args)

    return kernel


def _keep(result: Any, args: tuple[Any, ...]) -> Any:
    return np.asarray(result).astype(np.result_type(*args), copy=False)[()]


def _by_element(name: str, f: Callable[[float], float]) -> Callable[[Any], Any]:
    """The kernel for a function of SciPy's that the standard library has too, for one number."""
    each = np.frompyfunc(f, 1, 1)

    def kernel(x: Any) -> Any:
        try:
            return _keep(_scipy(name)(x), (x,))
        except ImportError:
            return np.asarray(each(x)).astype(x.dtype)[()]

    return kernel


def _lgamma(x: float) -> float:
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)  # math.lgamma raises at its poles


_gammaln = _by_element("gammaln", _lgamma)

# --------------------------------------------------------------------------------------- error functions (DLMF 7)

erf = elementwise(
    "erf", _by_element("erf", math.erf), lambda x, out: exp(-x * x) * (2 / _ROOT_PI), types="float", js="erf(%0)",
    sympy="erf", tex="\\operatorname{erf} %0",
    why="erf is an area under the bell curve, so its slope is the bell curve", native="erf", steepest=1.0,
    doc="The error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x.\n"
    ">>> cr.erf(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.8427])",
)  # fmt: skip
erfc = elementwise(
    "erfc", _by_element("erfc", math.erfc), lambda x, out: exp(-x * x) * (-2 / _ROOT_PI), types="float",
    js="erfc(%0)", sympy="erfc", native="erfc",
    doc="1 - erf(x), exact to the last digits where erf is near 1.\n"
    ">>> cr.erfc(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 0.1573])",
)  # fmt: skip
erfinv = elementwise(
    "erfinv", scipy("erfinv"), lambda x, out: exp(out * out) * (_ROOT_PI / 2), types="float", sympy="erfinv",
    doc="The number whose error function each element is; NaN outside of [-1, 1].\n"
    ">>> cr.erfinv(cr.tensor([0.0, 0.5]))\ntensor([0.0000, 0.4769])",
)  # fmt: skip
erfcx = elementwise(
    "special_erfcx", scipy("erfcx"), lambda x, out: 2 * x * out - 2 / _ROOT_PI, types="float", publish=False,
    doc="exp(x**2) erfc(x), without underflow.\n"
    ">>> cr.special.erfcx(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 0.4276])",
)  # fmt: skip
ndtr = elementwise(
    "special_ndtr", scipy("ndtr"), lambda x, out: exp(x * x * -0.5) * (1 / math.sqrt(2 * _PI)),
    types="float", grad="MulBackward1", publish=False, sympy="(1 + erf(%0/sqrt(2)))/2",
    doc="The area under the standard normal density up to x.\n"
    ">>> cr.special.ndtr(cr.tensor([0.0, 1.0]))\ntensor([0.5000, 0.8413])",
)  # fmt: skip
ndtri = elementwise(
    "special_ndtri", scipy("ndtri"), lambda x, out: exp(out * out * 0.5) * math.sqrt(2 * _PI),
    types="float", publish=False,
    doc="The number up to which the area under the standard normal density is x.\n"
    ">>> cr.special.ndtri(cr.tensor([0.5, 0.975]))\ntensor([0.0000, 1.9600])",
)  # fmt: skip
log_ndtr = elementwise(
    "special_log_ndtr", scipy("log_ndtr"), times=lambda g, x, out: g * (_ROOT_2 / _ROOT_PI) / erfcx(x * (-1 / _ROOT_2)),
    types="float", publish=False,
    doc="The logarithm of the area under the standard normal density up to x, without underflow.\n"
    ">>> cr.special.log_ndtr(cr.tensor([0.0, -10.0]))\ntensor([ -0.6931, -53.2313])",
)  # fmt: skip

# --------------------------------------------------------------------------------------------- entropy and its terms

entr = elementwise(
    "special_entr",
    scipy("entr"),
    times=lambda g, x, out: g * (-1 - log(x)),
    types="float",
    publish=False,
    sympy="-%0*log(%0)",
    doc="The entropy -x log(x); 0 at 0, minus infinity below.\n"
    ">>> cr.special.entr(cr.tensor([0.0, 0.5]))\ntensor([0.0000, 0.3466])",
)  # fmt: skip
xlog1py = elementwise(
    "special_xlog1py", scipy("xlog1py"), types="float", publish=False, sympy="%0*log(1 + %1)",
    times=(
        lambda g, x, y, out: where((x == 0) & (y <= -1), 0.0, xlog1py(g, y)),
        lambda g, x, y, out: g * x / (y + 1),
    ),
    grad="SpecialXlog1PyBackward0", numbers=("SpecialXlog1PyBackward1", "SpecialXlog1PyBackward2"),
    doc="x log(1 + y), and 0 where x is 0.\n"
    ">>> cr.special.xlog1py(cr.tensor([0.0, 2.0]), cr.tensor([-1.0, 3.0]))\ntensor([0.0000, 2.7726])",
)  # fmt: skip

# ------------------------------------------------------------------------------- gamma, zeta (DLMF 5.15, 8.8, 25.11)


def _zeta(x: Any, q: Any) -> Any:
    # SciPy's series starts at q > 0; below, for integers x, the terms before it are added here.
    zeta = _scipy("zeta")
    below = np.less(q, 0) & np.not_equal(q, np.floor(q)) & np.equal(x, np.floor(x))
    if not np.any(below):
        return _keep(zeta(x, q), (x, q))
    start = np.where(below, q, 1.0)
    steps = np.where(below, -np.floor(start), 0)
    total = np.where(below, zeta(x, start + steps), zeta(x, q))
    for k in range(int(np.max(steps))):
        total = total + np.where(below & (k < steps), np.where(below, start + k, 1.0) ** -np.asarray(x, float), 0.0)
    return _keep(total, (x, q))


def _polygamma(x: Any, *, n: int) -> Any:
    _numbers("polygamma", (x,))
    if n == 0:
        return _keep(_scipy("psi")(x), (x,))
    if n == 1:  # by reflection, so that it is exact left of zero as well
        left = np.less(x, 0.5)
        right = _scipy("zeta")(2.0, np.where(left, 1 - x, x))
        return _keep(np.where(left, (_PI / np.sin(_PI * x)) ** 2 - right, right), (x,))
    return _keep((-1.0) ** (n + 1) * math.factorial(n) * _zeta(float(n + 1), np.asarray(x, float)), (x,))


lgamma = elementwise(
    "lgamma", lambda x: _gammaln(np.where(x == -math.inf, math.inf, x)[()]),
    times=lambda g, x, out: g * digamma(x), types="float", js="lgamma(%0)",
    sympy="loggamma", tex="\\ln\\Gamma(%0)", why="the slope of ln gamma is, by definition, digamma",
    doc="The logarithm of the absolute value of the gamma function.\n"
    ">>> cr.lgamma(cr.tensor([1.0, 5.0]))\ntensor([0.0000, 3.1781])",
)  # fmt: skip
digamma = elementwise(
    "digamma", lambda x: _digamma(x), times=lambda g, x, out: g * polygamma(x, n=1), types="float", js="digamma(%0)",
    sympy="digamma",
    doc="The slope of the logarithm of the gamma function.\n"
    ">>> cr.digamma(cr.tensor([1.0, 2.0]))\ntensor([-0.5772,  0.4228])",
)  # fmt: skip


def _digamma(x: Any) -> Any:
    # At 0 PyTorch has the infinity of the zero's sign, SciPy NaN or one of them.
    return np.where(np.equal(x, 0), np.copysign(np.inf, -x), _scipy("psi")(x)).astype(x.dtype)[()]


polygamma = elementwise(
    "polygamma",
    _polygamma,
    times=lambda g, x, out, n=0: g * polygamma(x, n=n + 1),
    sympy=lambda x, n: x.function("polygamma", n),
    types="float",
    probe={"n": 1},
    publish=False,
)
igamma = elementwise(
    "igamma", scipy("gammainc"), refuse=only("f", "igamma_cpu"),
    times=(no_rule("igamma: input"), lambda g, a, x, out: g * exp((a - 1) * log(x) - x - lgamma(a))),
    doc="The lower incomplete gamma function, divided by gamma: P(input, other).\n"
    ">>> cr.igamma(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))\ntensor([0.6321, 0.5940])",
)  # fmt: skip
igammac = elementwise(
    "igammac", scipy("gammaincc"), refuse=only("f", "igammac_cpu"),
    times=(no_rule("igammac: input"), lambda g, a, x, out: -g * exp((a - 1) * log(x) - x - lgamma(a))),
    doc="The upper incomplete gamma function, divided by gamma: Q(input, other).\n"
    ">>> cr.igammac(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))\ntensor([0.3679, 0.4060])",
)  # fmt: skip
zeta = elementwise(
    "special_zeta", _zeta, types="float", publish=False,
    times=(no_rule("zeta"), lambda g, x, q, out: g * (-x * zeta(x + 1, q))),
    numbers=("SpecialZetaBackward1", "SpecialZetaBackward2"),
    doc="Hurwitz's zeta function: the sum of 1 / (k + other)**input over k = 0, 1, ...\n"
    ">>> cr.special.zeta(cr.tensor([2.0, 4.0]), cr.tensor([1.0, 1.0]))\ntensor([1.6449, 1.0823])",
)  # fmt: skip

# ------------------------------------------------------------------------------------- Bessel functions (DLMF 10)


def _bessel(name: str, kernel: str, d: Any, kind: str, values: str, **columns: Any) -> Any:
    doc = f"The {kind}.\n>>> cr.special.{name}(cr.tensor([0.5, 1.0]))\ntensor([{values}])"
    return elementwise(f"special_{name}", scipy(kernel), d, types="float", publish=False, doc=doc, **columns)


def _over(y: Any, x: Any) -> Any:
    # y / x where that tends to 1/2 at 0
    return where(x == 0, 0.5, y / where(x == 0, 1.0, x))


i0 = elementwise(
    "i0", scipy("i0"), lambda x, out: i1(x), types="float", sympy="besseli(0, %0)",
    doc="The modified Bessel function of the first kind, of order 0.\n"
    ">>> cr.i0(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 1.2661])",
)  # fmt: skip
i0e = elementwise(
    "special_i0e", scipy("i0e"), lambda x, out: i1e(x) - sign(x) * out, types="float", grad="SpecialI0EBackward0",
    publish=False,
    doc="exp(-|x|) times the modified Bessel function of the first kind, of order 0.\n"
    ">>> cr.special.i0e(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 0.4658])",
)  # fmt: skip
i1 = _bessel(
    "i1", "i1", lambda x, out: i0(x) - _over(out, x), "modified Bessel function of the first kind, of order 1",
    "0.2579, 0.5652", sympy="besseli(1, %0)",
)  # fmt: skip
i1e = elementwise(
    "special_i1e", scipy("i1e"), lambda x, out: i0e(x) - sign(x) * out - _over(out, x), types="float",
    grad="SpecialI1EBackward0", publish=False,
    doc="exp(-|x|) times the modified Bessel function of the first kind, of order 1.\n"
    ">>> cr.special.i1e(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.2079])",
)  # fmt: skip
bessel_j0 = _bessel(
    "bessel_j0", "j0", lambda x, out: -bessel_j1(x), "Bessel function of the first kind, of order 0",
    "0.9385, 0.7652",
)  # fmt: skip
bessel_j1 = _bessel(
    "bessel_j1", "j1", lambda x, out: bessel_j0(x) - _over(out, x), "Bessel function of the first kind, of order 1",
    "0.2423, 0.4401",
)  # fmt: skip
bessel_y0 = _bessel(
    "bessel_y0", "y0", lambda x, out: -bessel_y1(x), "Bessel function of the second kind, of order 0",
    "-0.4445,  0.0883",
)  # fmt: skip
bessel_y1 = _bessel(
    "bessel_y1", "y1", lambda x, out: bessel_y0(x) - out / x, "Bessel function of the second kind, of order 1",
    "-1.4715, -0.7812",
)  # fmt: skip
modified_bessel_i0 = _bessel(
    "modified_bessel_i0", "i0", lambda x, out: i1(x), "modified Bessel function of the first kind, of order 0",
    "1.0635, 1.2661",
)  # fmt: skip
modified_bessel_i1 = _bessel(
    "modified_bessel_i1", "i1", lambda x, out: i0(x) - _over(out, x),
    "modified Bessel function of the first kind, of order 1",
    "0.2579, 0.5652",
)  # fmt: skip
modified_bessel_k0 = _bessel(
    "modified_bessel_k0", "k0", lambda x, out: -modified_bessel_k1(x),
    "modified Bessel function of the second kind, of order 0",
    "0.9244, 0.4210",
)  # fmt: skip
modified_bessel_k1 = _bessel(
    "modified_bessel_k1", "k1", lambda x, out: -modified_bessel_k0(x) - out / x,
    "modified Bessel function of the second kind, of order 1",
    "1.6564, 0.6019",
)  # fmt: skip
scaled_modified_bessel_k0 = _bessel(
    "scaled_modified_bessel_k0", "k0e", lambda x, out: out - scaled_modified_bessel_k1(x),
    "modified Bessel function of the second kind times exp(x), of order 0",
    "1.5241, 1.1445",
)  # fmt: skip
scaled_modified_bessel_k1 = _bessel(
    "scaled_modified_bessel_k1", "k1e", lambda x, out: out - scaled_modified_bessel_k0(x) - out / x,
    "modified Bessel function of the second kind times exp(x), of order 1",
    "2.7310, 1.6362",
)  # fmt: skip


def _airy(part: int) -> Callable[[Any], Any]:
    return lambda x: _keep(_scipy("airy")(x)[part], (x,))


airy_ai = elementwise(
    "special_airy_ai", _airy(0), lambda x, out: airy_ai_prime(x), types="float", publish=False,
    doc="Airy's function Ai.\n"
    ">>> cr.special.airy_ai(cr.tensor([0.0, 1.0]))\ntensor([0.3550, 0.1353])",
)  # fmt: skip  # DLMF 9.2: Ai'' = x Ai
airy_ai_prime = elementwise(
    "special_airy_ai_prime", _airy(1), lambda x, out: x * airy_ai(x), types="float", publish=False,
    doc="The slope of Airy's function Ai.\n"
    ">>> cr.special.airy_ai_prime(cr.tensor([0.0, 1.0]))\ntensor([-0.2588, -0.1591])",
)  # fmt: skip


def _spherical_j0(x: Any) -> Any:
    return np.where(np.isinf(x), 0.0, np.sinc(x / _PI)).astype(x.dtype)[()]


spherical_bessel_j0 = elementwise(
    "special_spherical_bessel_j0", _spherical_j0, lambda x, out: sinc_slope(x / _PI) / _PI, types="float",
    publish=False,
    doc="The spherical Bessel function of the first kind, of order 0: sin(x) / x.\n"
    ">>> cr.special.spherical_bessel_j0(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 0.8415])",
)  # fmt: skip

# ------------------------------------------------------------------------------- orthogonal polynomials (DLMF 18.9)

# Of degree 1, the step from degrees k (p) and k - 1 (q) to k + 1 (degree 0 is 1 for all of them), whose they are, and
# the values of degree 3 at 1/4 and 1/2.
_POLYNOMIALS: dict[str, tuple[Any, Any, str, str]] = {
    "chebyshev_polynomial_t": (
        lambda x: x, lambda k, x, p, q: 2 * x * p - q, "Chebyshev polynomial of the first kind", "-0.6875, -1.0000",
    ),
    "chebyshev_polynomial_u": (
        lambda x: 2 * x, lambda k, x, p, q: 2 * x * p - q, "Chebyshev polynomial of the second kind",
        "-0.8750, -1.0000",
    ),
    "chebyshev_polynomial_v": (
        lambda x: 2 * x - 1, lambda k, x, p, q: 2 * x * p - q, "Chebyshev polynomial of the third kind",
        "-0.1250, -1.0000",
    ),
    "chebyshev_polynomial_w": (
        lambda x: 2 * x + 1, lambda k, x, p, q: 2 * x * p - q, "Chebyshev polynomial of the fourth kind",
        "-1.6250, -1.0000",
    ),
    "hermite_polynomial_h": (
        lambda x: 2 * x, lambda k, x, p, q: 2 * x * p - 2 * k * q, "Hermite polynomial of physicists",
        "-2.8750, -5.0000",
    ),
    "hermite_polynomial_he": (
        lambda x: x, lambda k, x, p, q: x * p - k * q, "Hermite polynomial of statisticians", "-0.7344, -1.3750",
    ),
    "laguerre_polynomial_l": (
        lambda x: 1 - x, lambda k, x, p, q: ((2 * k + 1 - x) * p - k * q) / (k + 1), "Laguerre polynomial",
        " 0.3411, -0.1458",
    ),
    "legendre_polynomial_p": (
        lambda x: x, lambda k, x, p, q: ((2 * k + 1) * x * p - k * q) / (k + 1), "Legendre polynomial",
        "-0.3359, -0.4375",
    ),
}  # fmt: skip
_SHIFTED = {
    "t": "1., -0.",
    "u": "1., -0.",
    "v": "1., 1.",
    "w": " 1., -1.",
}  # the same, of x scaled from [0, 1] to [-1, 1]


def _polynomial(first: Any, step: Any, shifted: bool) -> Callable[[Any, Any], Any]:
    def kernel(x: Any, n: Any) -> Any:
        dtype = np.result_type(x, n)
        x, degree = np.broadcast_arrays(np.asarray(x, dtype), np.trunc(np.asarray(n, float)))
        finite = np.isfinite(degree)
        x = 2 * x - 1 if shifted else x
        q, p = np.ones_like(x), first(x)
        result = np.where(degree < 0, 0, np.where(degree == 0, q, np.where(finite, p, np.nan)))
        for k in range(1, int(np.max(degree, initial=0, where=finite))):
            q, p = p, step(k, x, p, q)
            result = np.where(degree == k + 1, p, result)
        return result.astype(dtype)[()]

    return kernel


def _publish_polynomial(name: str, first: Any, step: Any, whose: str, values: str, shifted: bool) -> None:
    elementwise(
        f"special_{name}", _polynomial(first, step, shifted), types="float", publish=False,
        doc=f"The {whose}, of the degree that `other` gives{', of 2x - 1' if shifted else ''}.\n"
        f">>> cr.special.{name}(cr.tensor([0.25, 0.5]), 3)\ntensor([{values}])",
    )  # fmt: skip


for _name, (_first, _step, _whose, _values) in _POLYNOMIALS.items():
    _publish_polynomial(_name, _first, _step, _whose, _values, False)
    if _name.startswith("chebyshev"):
        _publish_polynomial(f"shifted_{_name}", _first, _step, _whose, _SHIFTED[_name[-1]], True)
