"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""

from chainrule.api.reductions import Dim
from chainrule.base.dtypes import dtype
from chainrule.core.tensor import Operand
from chainrule.core.tensor import Tensor
from typing import Any
import builtins


def airy_ai(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Airy's function Ai.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.airy_ai(cr.tensor([0.0, 1.0]))
    tensor([0.3550, 0.1353])
    """
def airy_ai_prime(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slope of Airy's function Ai.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.airy_ai_prime(cr.tensor([0.0, 1.0]))
    tensor([-0.2588, -0.1591])
    """
def bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the first kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.bessel_j0(cr.tensor([0.5, 1.0]))
    tensor([0.9385, 0.7652])
    """
def bessel_j1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the first kind, of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.bessel_j1(cr.tensor([0.5, 1.0]))
    tensor([0.2423, 0.4401])
    """
def bessel_y0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the second kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.bessel_y0(cr.tensor([0.5, 1.0]))
    tensor([-0.4445,  0.0883])
    """
def bessel_y1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the second kind, of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.bessel_y1(cr.tensor([0.5, 1.0]))
    tensor([-1.4715, -0.7812])
    """
def chebyshev_polynomial_t(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the first kind, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.chebyshev_polynomial_t(cr.tensor([0.25, 0.5]), 3)
    tensor([-0.6875, -1.0000])
    """
def chebyshev_polynomial_u(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the second kind, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.chebyshev_polynomial_u(cr.tensor([0.25, 0.5]), 3)
    tensor([-0.8750, -1.0000])
    """
def chebyshev_polynomial_v(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the third kind, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.chebyshev_polynomial_v(cr.tensor([0.25, 0.5]), 3)
    tensor([-0.1250, -1.0000])
    """
def chebyshev_polynomial_w(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the fourth kind, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.chebyshev_polynomial_w(cr.tensor([0.25, 0.5]), 3)
    tensor([-1.6250, -1.0000])
    """
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slope of the logarithm of the gamma function.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.digamma(cr.tensor([1.0, 2.0]))
    tensor([-0.5772,  0.4228])
    """
def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The entropy -x log(x); 0 at 0, minus infinity below.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.entr(cr.tensor([0.0, 0.5]))
    tensor([0.0000, 0.3466])
    """
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: erf is an area under the bell curve, so its slope is the bell curve.

    >>> import chainrule as cr
    >>> cr.erf(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 - erf(x), exact to the last digits where erf is near 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.erfc(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
def erfcx(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(x**2) erfc(x), without underflow.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.erfcx(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.4276])
    """
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose error function each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.erfinv(cr.tensor([0.0, 0.5]))
    tensor([0.0000, 0.4769])
    """
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2 to the power of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of 2**x is 2**x times ln 2.

    >>> import chainrule as cr
    >>> cr.exp2(cr.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
def expit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logistic function 1 / (1 + exp(-x)).

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of the sigmoid s is s (1 - s).

    >>> import chainrule as cr
    >>> cr.sigmoid(cr.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(x) - 1, exact to the last digits near 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: exp is its own slope.

    >>> import chainrule as cr
    >>> cr.expm1(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
def gammainc(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The lower incomplete gamma function, divided by gamma: P(input, other).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.igamma(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))
    tensor([0.6321, 0.5940])
    """
def gammaincc(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The upper incomplete gamma function, divided by gamma: Q(input, other).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.igammac(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))
    tensor([0.3679, 0.4060])
    """
def gammaln(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of ln gamma is, by definition, digamma.

    >>> import chainrule as cr
    >>> cr.lgamma(cr.tensor([1.0, 5.0]))
    tensor([0.0000, 3.1781])
    """
def hermite_polynomial_h(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Hermite polynomial of physicists, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.hermite_polynomial_h(cr.tensor([0.25, 0.5]), 3)
    tensor([-2.8750, -5.0000])
    """
def hermite_polynomial_he(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Hermite polynomial of statisticians, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.hermite_polynomial_he(cr.tensor([0.25, 0.5]), 3)
    tensor([-0.7344, -1.3750])
    """
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.i0(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
def i0e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(-|x|) times the modified Bessel function of the first kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.i0e(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.4658])
    """
def i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.i1(cr.tensor([0.5, 1.0]))
    tensor([0.2579, 0.5652])
    """
def i1e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(-|x|) times the modified Bessel function of the first kind, of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.i1e(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2079])
    """
def laguerre_polynomial_l(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Laguerre polynomial, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.laguerre_polynomial_l(cr.tensor([0.25, 0.5]), 3)
    tensor([ 0.3411, -0.1458])
    """
def legendre_polynomial_p(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Legendre polynomial, of the degree that `other` gives.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.legendre_polynomial_p(cr.tensor([0.25, 0.5]), 3)
    tensor([-0.3359, -0.4375])
    """
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """log(1 + x), exact to the last digits near 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of ln(1 + x) is 1/(1 + x).

    >>> import chainrule as cr
    >>> cr.log1p(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the area under the standard normal density up to x, without underflow.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.log_ndtr(cr.tensor([0.0, -10.0]))
    tensor([ -0.6931, -53.2313])
    """
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """The log of softmax, exact where softmax itself would round to 0."""
def logit(input: Tensor, eps: float | None = None, *, out: Any = None) -> Tensor:
    """The inverse of the sigmoid, `log(x / (1 - x))`, of `input` clamped to [eps, 1 - eps] if `eps` is given."""
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False, *, keepdims: bool = False, out: Any = None) -> Tensor:
    """The log of the sum of the exponentials along `dim`, without overflow."""
def modified_bessel_i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.modified_bessel_i0(cr.tensor([0.5, 1.0]))
    tensor([1.0635, 1.2661])
    """
def modified_bessel_i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.modified_bessel_i1(cr.tensor([0.5, 1.0]))
    tensor([0.2579, 0.5652])
    """
def modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.modified_bessel_k0(cr.tensor([0.5, 1.0]))
    tensor([0.9244, 0.4210])
    """
def modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind, of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.modified_bessel_k1(cr.tensor([0.5, 1.0]))
    tensor([1.6564, 0.6019])
    """
def multigammaln(input: Tensor, p: int, *, out: Any = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, for input > (p - 1) / 2.

    Its definition (Mardia, Kent, Bibby: Multivariate Analysis, 1979): the sum of lgamma(input - j / 2) for
    j = 0 ... p - 1, plus p (p - 1) / 4 log(pi).
    """
def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The area under the standard normal density up to x.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.ndtr(cr.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
def ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number up to which the area under the standard normal density is x.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.ndtri(cr.tensor([0.5, 0.975]))
    tensor([0.0000, 1.9600])
    """
def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of the digamma function at `input`.

    >>> import chainrule as cr
    >>> cr.polygamma(1, cr.tensor([1.0]))
    tensor([1.6449])
    """
def psi(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slope of the logarithm of the gamma function.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.digamma(cr.tensor([1.0, 2.0]))
    tensor([-0.5772,  0.4228])
    """
def round(input: Tensor, *, decimals: int = 0, out: Any = None) -> Tensor:
    """The nearest integer, halves to the even one; or the nearest multiple of 10 to the power of `-decimals`.

    >>> import chainrule as cr
    >>> cr.round(cr.tensor([0.5, 1.5, 2.71828])), cr.round(cr.tensor([2.71828]), decimals=2)
    (tensor([0., 2., 3.]), tensor([2.7200]))
    """
def scaled_modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind times exp(x), of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.scaled_modified_bessel_k0(cr.tensor([0.5, 1.0]))
    tensor([1.5241, 1.1445])
    """
def scaled_modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind times exp(x), of order 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.scaled_modified_bessel_k1(cr.tensor([0.5, 1.0]))
    tensor([2.7310, 1.6362])
    """
def shifted_chebyshev_polynomial_t(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the first kind, of the degree that `other` gives, of 2x - 1.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.shifted_chebyshev_polynomial_t(cr.tensor([0.25, 0.5]), 3)
    tensor([1., -0.])
    """
def shifted_chebyshev_polynomial_u(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the second kind, of the degree that `other` gives, of 2x - 1.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.shifted_chebyshev_polynomial_u(cr.tensor([0.25, 0.5]), 3)
    tensor([1., -0.])
    """
def shifted_chebyshev_polynomial_v(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the third kind, of the degree that `other` gives, of 2x - 1.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.shifted_chebyshev_polynomial_v(cr.tensor([0.25, 0.5]), 3)
    tensor([1., 1.])
    """
def shifted_chebyshev_polynomial_w(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the fourth kind, of the degree that `other` gives, of 2x - 1.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.shifted_chebyshev_polynomial_w(cr.tensor([0.25, 0.5]), 3)
    tensor([ 1., -1.])
    """
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.sinc(cr.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
def softmax(input: Tensor, dim: int, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """Exponentials along `dim`, divided by their sum.

    >>> import chainrule as cr
    >>> cr.tensor([0.0, 0.0, 1000.0]).softmax(0)
    tensor([0., 0., 1.])
    """
def spherical_bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The spherical Bessel function of the first kind, of order 0: sin(x) / x.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.spherical_bessel_j0(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.8415])
    """
def xlog1py(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """x log(1 + y), and 0 where x is 0.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.xlog1py(cr.tensor([0.0, 2.0]), cr.tensor([-1.0, 3.0]))
    tensor([0.0000, 2.7726])
    """
def xlogy(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """x log(y), and 0 where x is 0.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.xlogy(cr.tensor([0.0, 2.0]), cr.tensor([0.0, 3.0]))
    tensor([0.0000, 2.1972])
    """
def zeta(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Hurwitz's zeta function: the sum of 1 / (k + other)**input over k = 0, 1, ...

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.special.zeta(cr.tensor([2.0, 4.0]), cr.tensor([1.0, 1.0]))
    tensor([1.6449, 1.0823])
    """
