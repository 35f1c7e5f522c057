"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""

from chainrule.api.reductions import Dim
from chainrule.base.dtypes import dtype
from chainrule.core.tensor import Operand
from chainrule.core.tensor import Tensor
from typing import Any
import builtins


def airy_ai(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise airy_ai."""
def airy_ai_prime(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise airy_ai_prime."""
def bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise bessel_j0."""
def bessel_j1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise bessel_j1."""
def bessel_y0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise bessel_y0."""
def bessel_y1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise bessel_y1."""
def chebyshev_polynomial_t(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise chebyshev_polynomial_t."""
def chebyshev_polynomial_u(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise chebyshev_polynomial_u."""
def chebyshev_polynomial_v(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise chebyshev_polynomial_v."""
def chebyshev_polynomial_w(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise chebyshev_polynomial_w."""
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise digamma."""
def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise entr."""
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """erf is an area under the bell curve, so its slope is the bell curve"""
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise erfc."""
def erfcx(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise erfcx."""
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise erfinv."""
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """the slope of 2**x is 2**x times ln 2"""
def expit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """the slope of the sigmoid s is s (1 - s)"""
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp is its own slope"""
def gammainc(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise igamma."""
def gammaincc(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise igammac."""
def gammaln(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """the slope of ln gamma is, by definition, digamma"""
def hermite_polynomial_h(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise hermite_polynomial_h."""
def hermite_polynomial_he(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise hermite_polynomial_he."""
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise i0."""
def i0e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise i0e."""
def i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise i1."""
def i1e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise i1e."""
def laguerre_polynomial_l(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise laguerre_polynomial_l."""
def legendre_polynomial_p(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise legendre_polynomial_p."""
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """the slope of ln(1 + x) is 1/(1 + x)"""
def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise log_ndtr."""
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """The log of softmax, exact where softmax itself would round to 0."""
def logit(input: Tensor, eps: float | None = None, *, out: Any = None) -> Tensor:
    """The inverse of the sigmoid, `log(x / (1 - x))`, of `input` clamped to [eps, 1 - eps] if `eps` is given."""
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False, *, keepdims: bool = False, out: Any = None) -> Tensor:
    """The log of the sum of the exponentials along `dim`, without overflow."""
def modified_bessel_i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise modified_bessel_i0."""
def modified_bessel_i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise modified_bessel_i1."""
def modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise modified_bessel_k0."""
def modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise modified_bessel_k1."""
def multigammaln(input: Tensor, p: int, *, out: Any = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, for input > (p - 1) / 2.

    Its definition (Mardia, Kent, Bibby: Multivariate Analysis, 1979): the sum of lgamma(input - j / 2) for
    j = 0 ... p - 1, plus p (p - 1) / 4 log(pi).
    """
def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise ndtr."""
def ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise ndtri."""
def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of the digamma function at `input`.

    >>> import chainrule as cr
    >>> cr.polygamma(1, cr.tensor([1.0]))
    tensor([1.6449])
    """
def psi(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise digamma."""
def round(input: Tensor, *, decimals: int = 0, out: Any = None) -> Tensor:
    """The nearest integer, halves to the even one; or the nearest multiple of 10 to the power of `-decimals`.

    >>> import chainrule as cr
    >>> cr.round(cr.tensor([0.5, 1.5, 2.71828])), cr.round(cr.tensor([2.71828]), decimals=2)
    (tensor([0., 2., 3.]), tensor([2.7200]))
    """
def scaled_modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise scaled_modified_bessel_k0."""
def scaled_modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise scaled_modified_bessel_k1."""
def shifted_chebyshev_polynomial_t(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise shifted_chebyshev_polynomial_t."""
def shifted_chebyshev_polynomial_u(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise shifted_chebyshev_polynomial_u."""
def shifted_chebyshev_polynomial_v(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise shifted_chebyshev_polynomial_v."""
def shifted_chebyshev_polynomial_w(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise shifted_chebyshev_polynomial_w."""
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise sinc."""
def softmax(input: Tensor, dim: int, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """Exponentials along `dim`, divided by their sum.

    >>> import chainrule as cr
    >>> cr.tensor([0.0, 0.0, 1000.0]).softmax(0)
    tensor([0., 0., 1.])
    """
def spherical_bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elementwise spherical_bessel_j0."""
def xlog1py(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise xlog1py."""
def xlogy(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise xlogy."""
def zeta(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Elementwise zeta."""
